//! Secrets in a text: behind their names, and by their shape.

use super::MARKER;
use super::key::{names_count, names_secret};

/// How well-known credentials begin, and how long they are at least.
const SHAPES: &[(&str, usize)] = &[
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 22),
    ("glpat-", 20),
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("xoxa-", 16),
    ("AKIA", 20),
    ("ASIA", 20),
    ("AIza", 35),
    ("npm_", 36),
    ("pypi-", 20),
    ("hf_", 20),
    ("SG.", 20),
    ("dapi", 32),
    ("hvs.", 20),
    ("dop_v1_", 20),
    ("eyJ", 30),
];

/// What stands between words. A value behind the name of a secret goes up to the next of these.
fn separates(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '"' | '\'' | ',' | '=' | ':' | '?' | '&' | ';' | '|' | '{' | '}' | '(' | ')' | '<' | '>'
        )
}

/// What the next word is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Word,
    /// It stands behind the name of a secret; a number there may be a count.
    Secret {
        may_be_count: bool,
    },
    /// It stands behind `Bearer` or `Basic`.
    Credential,
}

/// Takes secrets out of a text: what stands behind a name of one (`--token x`, `token=x`, `"token": "x"`,
/// `Token: x`), behind `Bearer` and `Basic`, in the user part of an URL, and what has the shape of a credential.
pub fn redact(text: &str) -> String {
    let text = redact_user_parts(text);
    let mut result = String::with_capacity(text.len());
    let mut next = Next::Word;
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let word = &rest[..word_end(rest, next, result.chars().next_back())];
        let gap = &rest[word.len()..]
            [..rest[word.len()..].find(|letter| !separates(letter)).unwrap_or(rest.len() - word.len())];
        result.push_str(shown(word, next));
        result.push_str(gap);
        if !word.is_empty() {
            next = after(word, gap, next);
        }
        rest = &rest[word.len() + gap.len()..];
    }
    result
}

/// A secret in quotes goes up to the quote, any other up to white space; a word ends at any separator.
fn word_end(text: &str, next: Next, before: Option<char>) -> usize {
    let quote = before.filter(|letter| matches!(letter, '"' | '\''));
    let ends = |letter: char| match (next, quote) {
        (Next::Secret { .. }, Some(quote)) => letter == quote,
        (Next::Secret { .. }, None) => letter.is_whitespace() || matches!(letter, '&' | '"' | '\'' | ';'),
        _ => separates(letter),
    };
    // A scheme behind the name of a secret is no secret, what follows it is.
    let end = text.find(ends).unwrap_or(text.len());
    let first = &text[..text.find(separates).unwrap_or(text.len())];
    if is_scheme(first) { first.len() } else { end }
}

fn shown(word: &str, next: Next) -> &str {
    let is_secret = match next {
        Next::Word => has_shape(word),
        Next::Secret { may_be_count } => !(is_scheme(word) || may_be_count && is_count(word)),
        Next::Credential => word.len() >= 6 || has_shape(word),
    };
    if is_secret && !word.is_empty() { MARKER } else { word }
}

fn after(word: &str, gap: &str, now: Next) -> Next {
    if is_scheme(word) {
        return Next::Credential;
    }
    let is_value = matches!(now, Next::Secret { .. });
    let assigns = gap.contains(['=', ':']);
    let is_option = word.starts_with('-') && !gap.is_empty() && gap.chars().all(char::is_whitespace);
    if !is_value && (assigns || is_option) && names_secret(word) {
        return Next::Secret { may_be_count: names_count(word) };
    }
    Next::Word
}

fn is_scheme(word: &str) -> bool {
    word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic")
}

/// Behind `token` a number is a count; behind `password` it is a password.
pub fn is_count(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.len() <= 7
}

fn has_shape(text: &str) -> bool {
    let is_token = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/'))
    };
    SHAPES.iter().any(|(start, length)| text.starts_with(start) && text.len() >= *length) && is_token(text)
}

/// `scheme://user:password@host` without the user and the password.
fn redact_user_parts(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://").map(|at| at + 3) {
        let (before, behind) = rest.split_at(at);
        result.push_str(before);
        let ends =
            |letter: char| letter.is_whitespace() || matches!(letter, '/' | '?' | '#' | '"' | '\'' | ',');
        let authority = &behind[..behind.find(ends).unwrap_or(behind.len())];
        let user = authority.rfind('@').unwrap_or(0);
        if user > 0 {
            result.push_str(MARKER);
        }
        result.push_str(&authority[user..]);
        rest = &behind[authority.len()..];
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_by_name_and_by_shape() {
        let table = [
            ("ghp_0123456789abcdefghij0123", "[R]"),
            ("Authorization: Bearer abcdef123456", "Authorization: Bearer [R]"),
            ("Authorization: abcdef123456", "Authorization: [R]"),
            ("X-API-Key: abc,def", "X-API-Key: [R]"),
            ("postgres://me:pw@host/db", "postgres://[R]@host/db"),
            ("a postgres://me:pw@host/db b http://x:y@z", "a postgres://[R]@host/db b http://[R]@z"),
            ("https://host/a?access_token=abc&x=1", "https://host/a?access_token=[R]&x=1"),
            ("API_KEY=abcd", "API_KEY=[R]"),
            ("sh -c 'API_KEY=\"a b c\" node x'", "sh -c 'API_KEY=\"[R]\" node x'"),
            ("--opt=sk-abcdefghijklmnopqrstuv", "--opt=[R]"),
            ("npm exec x-mcp --api-key SEKRET --y", "npm exec x-mcp --api-key [R] --y"),
            ("npm exec x-mcp --password=1234567", "npm exec x-mcp --password=[R]"),
            ("{\"apiKey\":\"SE KRET\",\"a\": 1}", "{\"apiKey\":\"[R]\",\"a\": 1}"),
            ("{\"max_tokens\": 4096}", "{\"max_tokens\": 4096}"),
            ("max_tokens=4096", "max_tokens=4096"),
            ("token=4096", "token=4096"),
            ("token=40961234", "token=[R]"),
            ("pin=4711", "pin=[R]"),
            ("https://host/path@v1", "https://host/path@v1"),
            ("http://127.0.0.1:3026/health", "http://127.0.0.1:3026/health"),
            ("@modelcontextprotocol/server-memory", "@modelcontextprotocol/server-memory"),
            ("a  b\tc", "a  b\tc"),
            ("", ""),
            ("token", "token"),
            ("=", "="),
        ];
        for (text, expected) in table {
            assert_eq!(redact(text), expected.replace("[R]", super::MARKER), "{text}");
        }
    }

    #[test]
    fn every_text_can_be_redacted() {
        let parts = [
            "--token", " ", "\"", "'", "=", ":", "ü", "Bearer", "://", "@", "{", "x", "\u{202e}", "password",
        ];
        for one in parts {
            for two in parts {
                for three in parts {
                    let _ = redact(&format!("{one}{two}{three}"));
                }
            }
        }
    }
}
