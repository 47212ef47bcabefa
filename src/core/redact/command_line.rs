//! Command lines without the secrets in them.

use super::MARKER;
use super::name::{Named, is_count, named};
use super::scan::{Sight, scan};
use super::value::is_long_option;
use crate::core::process::Arguments;

/// Secrets alone: whose folder it is and what it works on is what a command line is shown for.
const SIGHT: Sight = Sight { personal: false, content: false, entropy: false, lone_key: true };

/// Options that take a user, and of some programs a password with it.
const USER: [&str; 4] = ["-u", "-U", "--user", "--proxy-user"];

/// The arguments as text, secrets taken out: behind `--token=`, behind `--token` as the next argument, by the
/// shape of the value, and behind `-u` and the like where it is a name with a password. Bytes that are no UTF-8
/// become the replacement character.
#[must_use]
pub fn redacted_words(arguments: Arguments<'_>) -> Vec<String> {
    let mut words = Vec::new();
    let mut option = None;
    let mut is_user = false;
    for argument in arguments.iter() {
        let text = String::from_utf8_lossy(argument);
        if option.take().is_some_and(|option| is_value_of(option, &text)) {
            is_user = false;
            words.push(MARKER.to_owned());
            continue;
        }
        if std::mem::replace(&mut is_user, USER.contains(&&*text)) && has_password(&text) {
            words.push(MARKER.to_owned());
            continue;
        }
        let is_option = text.starts_with('-') && !text.contains(['=', ' ']);
        option = is_option.then(|| names_secret(&text)).flatten();
        words.push(redact_argument(&text));
    }
    words
}

/// Whether a name and a password stand here, as `curl` takes them.
fn has_password(text: &str) -> bool {
    text.split_once(':').is_some_and(|(name, password)| !name.is_empty() && !password.is_empty())
}

fn names_secret(name: &str) -> Option<Named> {
    named(name.as_bytes()).filter(|named| !named.is_content())
}

/// Whether this is what an option was given: another long option is not, and a small number behind `--token` is a
/// count. A secret may well begin with a dash.
fn is_value_of(option: Named, text: &str) -> bool {
    !is_long_option(text.as_bytes()) && is_secret(option, text)
}

fn is_secret(named: Named, text: &str) -> bool {
    named != Named::Token || !is_count(text.as_bytes())
}

/// The value behind `--name=` may hold spaces and anything else, so it goes as a whole.
fn redact_argument(text: &str) -> String {
    let (name, value) = text.split_once('=').unwrap_or_default();
    match names_secret(name).filter(|_| is_name(name) && !value.is_empty()) {
        Some(named) if is_secret(named, value) => format!("{name}={MARKER}"),
        Some(_) => text.to_owned(),
        None => redact(text),
    }
}

/// Takes secrets out of a text.
fn redact(text: &str) -> String {
    let own = |text: &[u8]| if text.starts_with(MARKER.as_bytes()) { MARKER.len() } else { 0 };
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for span in scan(text.as_bytes(), SIGHT, &own).spans {
        result.push_str(text.get(at..span.start).unwrap_or_default());
        result.push_str(MARKER);
        at = span.end;
    }
    result + text.get(at..).unwrap_or_default()
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
            (&["curl", "-u", "ann:abc", "x:y"], &["curl", "-u", "[R]", "x:y"]),
            (&["curl", "-U", "a:b:c", "--user", "d:e"], &["curl", "-U", "[R]", "--user", "[R]"]),
            (&["curl", "--proxy-user", "a:b"], &["curl", "--proxy-user", "[R]"]),
            (&["sudo", "-u", "ann", "a:b", "-u", "x:"], &["sudo", "-u", "ann", "a:b", "-u", "x:"]),
            (&["x", "-u", "-u", "a:b", "-u"], &["x", "-u", "-u", "[R]", "-u"]),
            (&["sh", "-c", "TOKEN=abc; node x"], &["sh", "-c", "TOKEN=[R]"]),
        ];
        for (words, expected) in table {
            let expected: Vec<String> =
                expected.iter().map(|word| word.replace("[R]", super::MARKER)).collect();
            assert_eq!(redacted_words(CommandLine::from_words(words).arguments()), expected, "{words:?}");
        }
    }
}
