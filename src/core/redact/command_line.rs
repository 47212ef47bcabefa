//! Command lines without the secrets in them.

use std::borrow::Cow;

use super::MARKER;
use super::confidential::marked;
use super::login::{has_password, login_within, takes_login};
use super::name::{Named, named};
use super::scan::{Sight, scan};
use super::value::is_long_option;
use crate::core::process::Arguments;

/// Secrets alone: whose folder it is and what it works on is what a command line is shown for.
const SIGHT: Sight = Sight { personal: false, content: false, entropy: false, lone_key: true, prose: false };

/// An argument, and where in it secrets stand.
type Looked<'a> = (Cow<'a, str>, Vec<(usize, usize)>);

/// The arguments as text, secrets taken out: behind `--token=`, behind `--token` as the next argument, by the
/// shape of the value, and behind `-u` and the like where it is a name with a password. Bytes that are no UTF-8
/// become the replacement character.
#[must_use]
pub fn redacted_words(arguments: Arguments<'_>) -> Vec<String> {
    looked_at(arguments).map(|(text, secrets)| marked(&text, &secrets)).collect()
}

/// Those secrets themselves.
pub fn secret_words(arguments: Arguments<'_>) -> Vec<String> {
    let cut = |(text, secrets): Looked<'_>| {
        secrets.iter().filter_map(|(start, end)| Some(text.get(*start..*end)?.to_owned())).collect::<Vec<_>>()
    };
    looked_at(arguments).flat_map(cut).collect()
}

fn looked_at(arguments: Arguments<'_>) -> impl Iterator<Item = Looked<'_>> {
    let mut option = None;
    arguments.iter().map(move |argument| {
        let text = String::from_utf8_lossy(argument);
        if option.take().is_some_and(|option| is_value_of(option, &text)) {
            let all = vec![(0, text.len())];
            return (text, all);
        }
        option = if takes_login(text.as_bytes()) {
            Some(Named::Login)
        } else {
            let is_option = text.starts_with('-') && !text.contains(['=', ' ']);
            is_option.then(|| names_secret(&text)).flatten()
        };
        let secrets = secrets_in(&text);
        (text, secrets)
    })
}

fn names_secret(name: &str) -> Option<Named> {
    named(name.as_bytes()).filter(|named| !named.is_content())
}

/// Whether this is what an option was given: another long option is not, and a small number behind `--token` is a
/// count. A secret may well begin with a dash.
fn is_value_of(option: Named, text: &str) -> bool {
    !is_long_option(text.as_bytes()) && option.hides(text.as_bytes())
}

/// The value behind `--name=` may hold spaces and anything else, so it goes as a whole.
fn secrets_in(text: &str) -> Vec<(usize, usize)> {
    if let Some(start) =
        login_within(text.as_bytes()).filter(|start| has_password(&text.as_bytes()[*start..]))
    {
        return vec![(start, text.len())];
    }
    let (name, value) = text.split_once('=').unwrap_or_default();
    match names_secret(name).filter(|_| is_name(name) && !value.is_empty()) {
        Some(named) if named.hides(value.as_bytes()) => vec![(name.len() + 1, text.len())],
        Some(_) => Vec::new(),
        None => found_in(text),
    }
}

fn found_in(text: &str) -> Vec<(usize, usize)> {
    let own = |text: &[u8]| if text.starts_with(MARKER.as_bytes()) { MARKER.len() } else { 0 };
    scan(text.as_bytes(), SIGHT, &own).spans.iter().map(|span| (span.start, span.end)).collect()
}

/// A line that somebody wrote, such as one of a configuration, without its secrets. Whose it is stays.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    marked(text, &found_in(text))
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
            (&["curl", "--user=ann:p w", "-uann:pw"], &["curl", "--user=[R]", "-u[R]"]),
            (&["docker", "run", "-u", "1000:1000", "-u0:0"], &["docker", "run", "-u", "1000:1000", "-u0:0"]),
            (&["ps", "-u", "root", "-U", "root"], &["ps", "-u", "root", "-U", "root"]),
            (&["git", "push", "-u", "https://host/x"], &["git", "push", "-u", "https://host/x"]),
            (&["env", "PGPASSWORD=abc", "SSHPASS=abc"], &["env", "PGPASSWORD=[R]", "SSHPASS=[R]"]),
            (&["x", "--pass", "abc", "--pw", "12"], &["x", "--pass", "[R]", "--pw", "[R]"]),
            (&["ffmpeg", "-pass", "1", "--bypass", "x"], &["ffmpeg", "-pass", "1", "--bypass", "x"]),
            (&["sh", "-c", "curl -u ann:pw x"], &["sh", "-c", "curl -u [R] x"]),
            (&["sh", "-c", "PGPASSWORD=ab psql; y"], &["sh", "-c", "PGPASSWORD=[R]"]),
            (&["sh", "-c", "x; PGPASSWORD=ab psql"], &["sh", "-c", "x; PGPASSWORD=[R] psql"]),
            (&["sh", "-c", "TOKEN=abc; node x"], &["sh", "-c", "TOKEN=[R]"]),
        ];
        for (words, expected) in table {
            let expected: Vec<String> =
                expected.iter().map(|word| word.replace("[R]", super::MARKER)).collect();
            assert_eq!(redacted_words(CommandLine::from_words(words).arguments()), expected, "{words:?}");
        }
    }
}
