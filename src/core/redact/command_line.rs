//! Command lines without the secrets in them.

use super::MARKER;
use super::key::{names_count, names_secret};
use super::value::{is_count, redact};
use crate::core::process::Arguments;

/// The arguments as text, secrets taken out: behind `--token=`, behind `--token` as the next argument, and by
/// the shape of the value. Bytes that are no UTF-8 become the replacement character.
#[must_use]
pub fn redacted_words(arguments: Arguments<'_>) -> Vec<String> {
    let mut words = Vec::new();
    let mut option: Option<String> = None;
    for argument in arguments.iter() {
        let text = String::from_utf8_lossy(argument);
        if option.take().is_some_and(|option| is_value_of(&option, &text)) {
            words.push(MARKER.to_owned());
            continue;
        }
        let is_option = text.starts_with('-') && !text.contains(['=', ' ']) && names_secret(&text);
        option = is_option.then(|| text.clone().into_owned());
        words.push(redact_argument(&text));
    }
    words
}

/// Whether this is what an option was given: another long option is not, and a small number behind `--token` is a
/// count. A secret may well begin with a dash.
fn is_value_of(option: &str, text: &str) -> bool {
    let is_option =
        text.strip_prefix("--").is_some_and(|name| name.starts_with(|letter: char| letter.is_alphabetic()));
    !(is_option || names_count(option) && is_count(text))
}

/// The value behind `--name=` may hold spaces and anything else, so it goes as a whole.
fn redact_argument(text: &str) -> String {
    match text.split_once('=') {
        Some((name, value)) if is_name(name) && names_secret(name) && !value.is_empty() => {
            if names_count(name) && is_count(value) { text.to_owned() } else { format!("{name}={MARKER}") }
        }
        _ => redact(text),
    }
}

fn is_name(text: &str) -> bool {
    text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::redacted_words;
    use crate::core::process::CommandLine;

    #[test]
    fn no_secret_of_a_command_line_is_shown() {
        let table: &[(&[&str], &[&str])] = &[
            (&["node", "a.js", "--token=abc def"], &["node", "a.js", "--token=[R]"]),
            (&["node", "--api-key", "abc", "x"], &["node", "--api-key", "[R]", "x"]),
            (&["node", "--token", "--verbose"], &["node", "--token", "--verbose"]),
            (&["env", "API_KEY=abc", "node"], &["env", "API_KEY=[R]", "node"]),
            (&["npx", "x", "postgres://u:p@h/d"], &["npx", "x", "postgres://[R]@h/d"]),
            (&["curl", "-H", "Authorization: Bearer 0123456"], &["curl", "-H", "Authorization: Bearer [R]"]),
            (&["npm exec x --token=abc --y"], &["npm exec x --token=[R] --y"]),
            (&["x", "--max-tokens", "5"], &["x", "--max-tokens", "5"]),
            (&["x", "--token", "5", "--pin", "4711"], &["x", "--token", "5", "--pin", "[R]"]),
            (&["x", "--api-key", "-SEKRET", "--key", "a"], &["x", "--api-key", "[R]", "--key", "[R]"]),
            (&["x", "--header", "X-API-Key: SEKRET"], &["x", "--header", "X-API-Key: [R]"]),
            (&["x", "--config", "{\"apiKey\":\"S\"}"], &["x", "--config", "{\"apiKey\":\"[R]\"}"]),
            (&["sh", "-c", "srv --api-key X; a"], &["sh", "-c", "srv --api-key [R]; a"]),
            (&["sh", "-c", "TOKEN=abc; node x"], &["sh", "-c", "TOKEN=[R]"]),
        ];
        for (words, expected) in table {
            let expected: Vec<String> =
                expected.iter().map(|word| word.replace("[R]", super::MARKER)).collect();
            assert_eq!(redacted_words(CommandLine::from_words(words).arguments()), expected, "{words:?}");
        }
    }
}
