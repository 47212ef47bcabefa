//! What no message of ours may repeat: the secrets that stand on our own command line, whatever was wrong with them.
//!
//! A message is written in many places, and each of them can forget. So it is looked at once, where it goes out.

use std::borrow::Cow;

use super::MARKER;
use super::command_line::secret_words;
use super::scan::{Sight, scan};
use crate::core::process::CommandLine;

/// Our messages are prose: a colon assigns nothing in them (`--credentials: cannot read x`), and paths have to stay.
const SIGHT: Sight = Sight { personal: false, content: false, entropy: false, lone_key: false, prose: true };

/// So much of the beginning of a long secret tells that it is there: a message may show only a part of it.
const TELLING: usize = 12;

/// A shorter one is looked for as a word alone: as a part of others it would stand everywhere.
const SHORT: usize = 5;

/// Secrets that were given to us. They are never shown, not even for debugging.
#[derive(Clone, Default)]
pub struct Confidential(Vec<String>);

impl Confidential {
    /// Those among the words of a command line.
    #[must_use]
    pub fn of(words: &[&[u8]]) -> Self {
        let words = without_files(words);
        let found = secret_words(CommandLine::from_words(&words).arguments());
        // A message may show a text as Rust or JSON write it.
        let written = |secret: &String| {
            let [debug, json] = [format!("{secret:?}"), serde_json::Value::from(secret.as_str()).to_string()];
            let inside = |text: &str| text.get(1..text.len() - 1).unwrap_or_default().to_owned();
            [secret.clone(), inside(&debug), inside(&json)]
        };
        let mut all: Vec<String> = found.iter().flat_map(written).filter(|text| !text.is_empty()).collect();
        // A secret that is a part of another one must not cut that into pieces.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.dedup();
        Self(all)
    }

    /// A message without them, and without what has the shape of one, wherever it came from.
    #[must_use]
    pub fn hide<'t>(&self, message: &'t str) -> Cow<'t, str> {
        let mut message = Cow::Borrowed(message);
        for secret in &self.0 {
            if let Some(hidden) = without(&message, secret) {
                message = Cow::Owned(hidden);
            }
        }
        let own = |text: &[u8]| if text.starts_with(MARKER.as_bytes()) { MARKER.len() } else { 0 };
        let spans = scan(message.as_bytes(), SIGHT, &own).spans;
        let ranges: Vec<(usize, usize)> = spans.iter().map(|span| (span.start, span.end)).collect();
        if ranges.is_empty() { message } else { Cow::Owned(marked(&message, &ranges)) }
    }
}

/// A text with a marker in these places.
pub fn marked(text: &str, ranges: &[(usize, usize)]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in ranges {
        result.push_str(text.get(at..*start).unwrap_or_default());
        result.push_str(MARKER);
        at = *end;
    }
    result + text.get(at..).unwrap_or_default()
}

/// Our option `--credentials` names a file, and where that is has to be said; what is no path may be the secret itself.
fn without_files<'a>(words: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let is_path =
        |word: &[u8]| ["/", "./", "../", "~/"].iter().any(|start| word.starts_with(start.as_bytes()));
    let is_file = |at: usize| at > 0 && words[at - 1] == b"--credentials" && is_path(words[at]);
    (0..words.len()).filter(|at| !is_file(*at)).map(|at| words[at]).collect()
}

fn without(message: &str, secret: &str) -> Option<String> {
    let telling = secret.char_indices().nth(TELLING).map_or(secret, |(end, _)| &secret[..end]);
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(start) = message.get(at..).and_then(|rest| rest.find(telling)).map(|found| at + found) {
        let same = |pair: &(char, char)| pair.0 == pair.1;
        let pairs = message[start..].chars().zip(secret.chars()).take_while(same);
        at = start + pairs.map(|(letter, _)| letter.len_utf8()).sum::<usize>();
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let is_part =
            is_letter(message[..start].chars().next_back()) || is_letter(message[at..].chars().next());
        if secret.len() >= SHORT || !is_part {
            ranges.push((start, at));
        }
    }
    (!ranges.is_empty()).then(|| marked(message, &ranges))
}

#[cfg(test)]
mod tests {
    use super::{Confidential, MARKER};

    #[track_caller]
    fn check(words: &[&str], table: &[(&str, &str)]) {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let confidential = Confidential::of(&words);
        for (message, expected) in table {
            let expected = expected.replace("[R]", MARKER);
            assert_eq!(confidential.hide(message), expected, "{message}");
            assert_eq!(confidential.hide(&expected), expected, "again: {message}");
        }
    }

    #[test]
    fn no_message_repeats_a_secret_of_the_command_line() {
        check(
            &["x", "--metric", "password=hunter22x", "--token", "a \"b\" and more than that", "--pin", "47"],
            &[
                ("--metric password: found \"hunter22x\"; write", "--metric password: found \"[R]\"; write"),
                ("found \"a \\\"b\\\" and more than that\"", "found \"[R]\""),
                ("found a \"b\" and mor…", "found [R]…"),
                ("pin 47, not 4711", "pin [R], not 4711"),
                ("hunter22", "hunter22"),
                ("", ""),
            ],
        );
        check(&["x", "curl --token=abcdef -u ann:secret1"], &[("abcdef ann:secret1", "[R] [R]")]);
    }

    #[test]
    fn what_has_the_shape_of_a_secret_is_hidden_and_our_own_words_are_not() {
        check(&["x", "--credentials", "/a/b.creds"], &[("no file /a/b.creds", "no file /a/b.creds")]);
        check(&["x", "--credentials", "SUABC"], &[("no file SUABC", "no file [R]")]);
        check(
            &["x", "emit"],
            &[
                ("the topic \"ghp_0123456789abcdef0123\" is", "the topic \"[R]\" is"),
                ("cannot reach https://ann:pw@host/x", "cannot reach https://[R]@host/x"),
                ("found \"password=abc\"", "found \"password=[R]\""),
                ("line 3: {\"password\": \"abc\"}", "line 3: {\"password\": \"[R]\"}"),
                ("--credentials: cannot read /home/ann/x", "--credentials: cannot read /home/ann/x"),
                ("--credentials FILE, --token abc", "--credentials FILE, --token abc"),
                ("usage: brainwav x --user=NAME", "usage: brainwav x --user=NAME"),
                ("mail ann@example.com", "mail ann@example.com"),
            ],
        );
    }
}
