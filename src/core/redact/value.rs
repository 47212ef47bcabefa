//! Values that give themselves away as secrets, whatever stands before them.

use super::MARKER;
use super::key::names_secret;

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

/// Takes what is secret by its shape out of a text: credentials of known shapes, the user part of URLs,
/// secret query parameters, what follows `Bearer` and `Basic`, and `KEY=value` pairs with a secret key.
pub fn redact(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut after_scheme = false;
    for part in
        text.split_inclusive(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ','))
    {
        let word = part
            .trim_end_matches(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ','));
        let end = &part[word.len()..];
        if after_scheme && word.len() >= 6 {
            result.push_str(MARKER);
        } else {
            result.push_str(&redact_word(word));
        }
        if !word.is_empty() {
            after_scheme = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
        }
        result.push_str(end);
    }
    result
}

fn redact_word(word: &str) -> String {
    let word = redact_user_part(word);
    let mut result = String::with_capacity(word.len());
    for part in word.split_inclusive(['?', '&', ';', '|']) {
        let body = part.trim_end_matches(['?', '&', ';', '|']);
        result.push_str(&redact_pair(body));
        result.push_str(&part[body.len()..]);
    }
    result
}

fn redact_pair(text: &str) -> String {
    match text.split_once(['=', ':']) {
        Some((key, value))
            if !value.is_empty() && !value.starts_with("//") && names_secret(key) && !is_number(value) =>
        {
            format!("{}{MARKER}", &text[..=key.len()])
        }
        Some((key, value)) if has_shape(value) => format!("{}{MARKER}", &text[..=key.len()]),
        _ if has_shape(text) => MARKER.to_owned(),
        _ => text.to_owned(),
    }
}

/// A number behind `token` is a count.
pub fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() || matches!(text, "true" | "false")
}

fn has_shape(text: &str) -> bool {
    let is_token = |text: &str| {
        text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=')
        })
    };
    SHAPES.iter().any(|(start, length)| text.starts_with(start) && text.len() >= *length) && is_token(text)
}

/// `scheme://user:password@host` without the user and the password.
fn redact_user_part(word: &str) -> String {
    let Some(start) = word.find("://").map(|at| at + 3) else { return word.to_owned() };
    let rest = &word[start..];
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    match authority.rfind('@') {
        Some(at) => format!("{}{MARKER}{}", &word[..start], &rest[at..]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_by_shape() {
        let table = [
            ("ghp_0123456789abcdefghij0123", "[R]"),
            ("Authorization: Bearer abcdef123456", "Authorization: Bearer [R]"),
            ("postgres://me:pw@host/db", "postgres://[R]@host/db"),
            ("https://host/a?access_token=abc&x=1", "https://host/a?access_token=[R]&x=1"),
            ("API_KEY=abcd", "API_KEY=[R]"),
            ("--opt=sk-abcdefghijklmnopqrstuv", "--opt=[R]"),
            ("max_tokens=4096", "max_tokens=4096"),
            ("token=4096", "token=4096"),
            ("https://host/path@v1", "https://host/path@v1"),
            ("http://127.0.0.1:3026/health", "http://127.0.0.1:3026/health"),
            ("@modelcontextprotocol/server-memory", "@modelcontextprotocol/server-memory"),
            ("basic auth", "basic auth"),
            ("a  b\tc", "a  b\tc"),
        ];
        for (text, expected) in table {
            assert_eq!(redact(text), expected.replace("[R]", super::MARKER), "{text}");
        }
    }
}
