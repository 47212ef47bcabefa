//! The one table of what credentials look like by themselves.
//!
//! A row is how it begins, what letters follow, and how many at least. Nothing has to be compiled: a bitmap over the
//! first two letters, made when the program is built, tells of nearly every word that it is none of these.

use super::class::Class;

/// What follows the beginning.
#[derive(Clone, Copy)]
enum Body {
    /// Letters and digits.
    Alnum,
    /// Those, `-` and `_`, and at least one digit: an ordinary word with hyphens has none.
    Words,
    /// Those and `.`, `/`, `+`, `=`, and at least one digit.
    Dotted,
    /// Exactly this many capitals and digits.
    Capitals,
    /// Exactly this many hexadecimal digits.
    Hex,
    /// Three parts of base64url, or five.
    Jwt,
    /// Up to the end of the block, or of the text.
    Pem,
    /// A blank, and a credential.
    Bearer,
    /// A blank, and `user:password` in base64.
    Basic,
}

struct Shape {
    start: &'static str,
    body: Body,
    least: usize,
    class: Class,
}

const fn service(start: &'static str, body: Body, least: usize) -> Shape {
    Shape { start, body, least, class: Class::ServiceToken }
}

const fn other(start: &'static str, body: Body, least: usize, class: Class) -> Shape {
    Shape { start, body, least, class }
}

/// Beginnings and lengths as the services document them; lengths are taken a little shorter, for older forms.
const SHAPES: &[Shape] = &[
    other("eyJ", Body::Jwt, 10, Class::Jwt),
    other("BEGIN ", Body::Pem, 0, Class::PrivateKey),
    other("AGE-SECRET-KEY-1", Body::Alnum, 40, Class::PrivateKey),
    other("Bearer", Body::Bearer, 6, Class::Authorization),
    other("bearer", Body::Bearer, 6, Class::Authorization),
    other("BEARER", Body::Bearer, 6, Class::Authorization),
    other("Basic", Body::Basic, 8, Class::Authorization),
    other("basic", Body::Basic, 8, Class::Authorization),
    other("BASIC", Body::Basic, 8, Class::Authorization),
    service("AKIA", Body::Capitals, 16),
    service("ASIA", Body::Capitals, 16),
    service("ABIA", Body::Capitals, 16),
    service("ACCA", Body::Capitals, 16),
    service("ghp_", Body::Alnum, 16),
    service("gho_", Body::Alnum, 16),
    service("ghu_", Body::Alnum, 16),
    service("ghs_", Body::Alnum, 16),
    service("ghr_", Body::Alnum, 16),
    service("github_pat_", Body::Words, 11),
    service("glpat-", Body::Dotted, 14),
    service("gldt-", Body::Words, 14),
    service("glrt-", Body::Dotted, 14),
    service("glcbt-", Body::Words, 14),
    service("glptt-", Body::Words, 14),
    service("glft-", Body::Words, 14),
    service("glsoat-", Body::Words, 14),
    service("glagent-", Body::Words, 14),
    service("sk-", Body::Words, 17),
    service("sk_live_", Body::Alnum, 8),
    service("sk_test_", Body::Alnum, 8),
    service("rk_live_", Body::Alnum, 8),
    service("rk_test_", Body::Alnum, 8),
    service("whsec_", Body::Dotted, 16),
    service("AIza", Body::Words, 31),
    service("ya29.", Body::Words, 20),
    service("GOCSPX-", Body::Words, 16),
    service("1//0", Body::Words, 30),
    service("xoxb-", Body::Words, 11),
    service("xoxp-", Body::Words, 11),
    service("xoxa-", Body::Words, 11),
    service("xoxr-", Body::Words, 11),
    service("xoxs-", Body::Words, 11),
    service("xoxe-", Body::Words, 11),
    service("xoxe.", Body::Words, 11),
    service("xoxc-", Body::Words, 11),
    service("xoxd-", Body::Words, 11),
    service("xapp-", Body::Words, 11),
    service("hooks.slack.com/services/", Body::Dotted, 20),
    service("npm_", Body::Alnum, 32),
    service("pypi-", Body::Words, 16),
    service("hf_", Body::Alnum, 17),
    service("SG.", Body::Dotted, 17),
    service("dapi", Body::Hex, 32),
    service("hvs.", Body::Words, 16),
    service("hvb.", Body::Words, 16),
    service("hvr.", Body::Words, 16),
    service("dop_v1_", Body::Alnum, 13),
    service("doo_v1_", Body::Alnum, 13),
    service("dor_v1_", Body::Alnum, 13),
    service("AC", Body::Hex, 32),
    service("SK", Body::Hex, 32),
    service("gsk_", Body::Alnum, 20),
    service("xai-", Body::Alnum, 20),
    service("r8_", Body::Alnum, 20),
    service("pplx-", Body::Alnum, 20),
    service("nvapi-", Body::Words, 20),
    service("glsa_", Body::Words, 20),
    service("dckr_pat_", Body::Words, 16),
    service("lin_api_", Body::Alnum, 20),
    service("figd_", Body::Words, 20),
    service("shpat_", Body::Alnum, 20),
    service("rubygems_", Body::Alnum, 20),
    service("sntrys_", Body::Dotted, 20),
    service("sntryu_", Body::Alnum, 20),
    service("PMAK-", Body::Words, 20),
    service("ATATT3", Body::Dotted, 20),
];

/// For each first letter, the second letters that a row has, as bits modulo 64.
static GATE: [u64; 128] = gate();

const fn gate() -> [u64; 128] {
    let mut gate = [0; 128];
    let mut row = 0;
    while row < SHAPES.len() {
        let start = SHAPES[row].start.as_bytes();
        gate[start[0] as usize] |= 1 << (start[1] % 64);
        row += 1;
    }
    gate
}

/// Something found: from where to where, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What it is.
    pub class: Class,
}

/// The credential that begins with the word at `at`, which is known to begin a word.
#[inline]
pub fn shaped(text: &[u8], at: usize) -> Option<Span> {
    let [first, second, ..] = text[at..] else { return None };
    if GATE[usize::from(first & 127)] >> (second % 64) & 1 == 0 { None } else { look_up(text, at) }
}

#[cold]
fn look_up(text: &[u8], at: usize) -> Option<Span> {
    let word = &text[at..];
    let begins = |start: &[u8]| start[0] == word[0] && start[1] == word[1] && word.starts_with(start);
    SHAPES.iter().filter(|shape| begins(shape.start.as_bytes())).find_map(|shape| shape.span(text, at))
}

impl Shape {
    fn span(&self, text: &[u8], at: usize) -> Option<Span> {
        let begin = at + self.start.len();
        let (start, end) = match self.body {
            Body::Alnum => (at, self.run(text, begin, u8::is_ascii_alphanumeric)?),
            Body::Words => (at, self.run_with_digit(text, begin, is_word)?),
            Body::Dotted => (at, self.run_with_digit(text, begin, is_dotted)?),
            Body::Capitals => {
                (at, self.exact(text, begin, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())?)
            }
            Body::Hex => (at, self.exact(text, begin, u8::is_ascii_hexdigit)?),
            Body::Jwt => (at, self.jwt(text, begin)?),
            Body::Pem => pem(text, at)?,
            Body::Bearer => self.bearer(text, begin)?,
            Body::Basic => self.basic(text, begin)?,
        };
        Some(Span { start, end, class: self.class })
    }

    /// The end of the letters, if there are enough.
    fn run(&self, text: &[u8], begin: usize, fits: fn(&u8) -> bool) -> Option<usize> {
        let end = run_end(text, begin, fits);
        (end - begin >= self.least).then_some(end)
    }

    /// The end of the letters, if one of the first is a digit.
    fn run_with_digit(&self, text: &[u8], begin: usize, fits: fn(&u8) -> bool) -> Option<usize> {
        let first = self.run(within(text, begin), begin, fits)?;
        let has_digit = text[begin..first].iter().any(u8::is_ascii_digit);
        has_digit.then(|| run_end(text, first, fits))
    }

    fn exact(&self, text: &[u8], begin: usize, fits: fn(&u8) -> bool) -> Option<usize> {
        let end = run_end(text, begin, fits);
        let is_whole = text.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        (end - begin == self.least && is_whole).then_some(end)
    }

    fn jwt(&self, text: &[u8], begin: usize) -> Option<usize> {
        let header = self.run(within(text, begin), begin, is_word)?;
        let payload = (text.get(header) == Some(&b'.')).then(|| run_end(text, header + 1, is_word))?;
        let mut end = payload;
        while text.get(end) == Some(&b'.') && text.get(end + 1).is_some_and(is_word) {
            end = run_end(text, end + 1, is_word);
        }
        (payload - header > self.least).then_some(end)
    }

    /// `Bearer of good news` is none: a credential has a digit, or is long.
    fn bearer(&self, text: &[u8], begin: usize) -> Option<(usize, usize)> {
        let start = after_blank(text, begin)?;
        let end = run_end(text, start, is_credential);
        let has_digit = text[start..end].iter().any(u8::is_ascii_digit);
        (end - start >= self.least && (has_digit || end - start >= 20)).then_some((start, end))
    }

    fn basic(&self, text: &[u8], begin: usize) -> Option<(usize, usize)> {
        let start = after_blank(text, begin)?;
        let end = run_end(text, start, is_credential);
        (end - start >= self.least && decodes_to_pair(&text[start..end])).then_some((start, end))
    }
}

/// What begins a credential is looked for so far, in bytes. Without an end, a text that begins one at each word would
/// be read to its end from each.
const FAR: usize = 1024;

fn within(text: &[u8], begin: usize) -> &[u8] {
    &text[..text.len().min(begin + FAR)]
}

/// The end of the bytes that fit.
pub fn run_end(text: &[u8], begin: usize, fits: fn(&u8) -> bool) -> usize {
    let rest = text.get(begin..).unwrap_or_default();
    begin + rest.iter().position(|byte| !fits(byte)).unwrap_or(rest.len())
}

const fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

const fn is_dotted(byte: &u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'/' | b'+' | b'=')
}

/// `token68` of RFC 9110.
const fn is_credential(byte: &u8) -> bool {
    is_dotted(byte) || matches!(byte, b'~')
}

/// Blanks, also as URLs write them.
fn after_blank(text: &[u8], at: usize) -> Option<usize> {
    let end = run_end(text, at, |byte| matches!(byte, b' ' | b'\t'));
    let escaped = text[at..].starts_with(b"%20").then_some(at + 3);
    if end > at { Some(end) } else { escaped }
}

/// Whether this is base64 of a text with a colon.
fn decodes_to_pair(text: &[u8]) -> bool {
    let mut bits = 0_u32;
    let mut held = 0;
    let mut pair = false;
    for letter in text.iter().filter(|letter| **letter != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            let byte = (bits >> held & 0xff) as u8;
            pair |= byte == b':';
            if byte.is_ascii_control() {
                return false;
            }
        }
    }
    pair
}

/// A private key from its first to its last hyphen, or to the end of the text where it has none.
fn pem(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = at.checked_sub(5).filter(|start| &text[*start..at] == b"-----")?;
    // A torn header is the header of a key all the same.
    find(&text[at..(at + 40).min(text.len())], b"PRIVATE KEY")?;
    let end = find(&text[at..], b"-----END").map(|end| at + end + 8);
    let end =
        end.and_then(|end| find(&text[end..(end + 80).min(text.len())], b"-----").map(|tail| end + tail + 5));
    Some((start, end.unwrap_or(text.len())))
}

/// Where the first of these stands.
pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// An Azure client secret around a `~`: three letters, a digit, `Q~`, and 31 to 34 more.
pub fn azure(text: &[u8], tilde: usize) -> Option<Span> {
    let fits: fn(&u8) -> bool = |byte| is_word(byte) || matches!(byte, b'.' | b'~');
    let start = tilde.checked_sub(5)?;
    let head = &text[start..tilde];
    let is_secret = head[..3].iter().all(fits) && head[3].is_ascii_digit() && head[4] == b'Q';
    let end = is_secret.then(|| run_end(within(text, tilde), tilde + 1, fits))?;
    (31..=40).contains(&(end - tilde - 1)).then_some(Span { start, end, class: Class::ServiceToken })
}

#[cfg(test)]
mod tests {
    use super::{Body, SHAPES, azure, find, shaped};

    /// A body of the right letters, which no service has ever given out.
    fn body(shape: &super::Shape) -> String {
        let length = shape.least.max(1);
        match shape.body {
            Body::Capitals => "EXAMPLE7".repeat(9)[..length].to_owned(),
            Body::Hex => "0a1b".repeat(9)[..length].to_owned(),
            Body::Jwt => format!("{0}.eyJ{0}.{0}", "example0".repeat(3)),
            Body::Pem => "PRIVATE KEY-----\nexample\n-----END PRIVATE KEY-----".to_owned(),
            Body::Bearer => " example-0".to_owned(),
            Body::Basic => " ZXhhbXBsZTpleGFtcGxl".to_owned(),
            _ => "example0".repeat(9)[..length.max(8)].to_owned(),
        }
    }

    #[test]
    fn every_row_of_the_table_is_found_and_a_shorter_one_is_not() {
        for shape in SHAPES {
            let before = if matches!(shape.body, Body::Pem) { "-----" } else { "" };
            let text = format!("{before}{}{}", shape.start, body(shape));
            let found = shaped(text.as_bytes(), before.len()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.end, found.class), (text.len(), shape.class), "{text}");
            if shape.least > 0 {
                let short = format!("{}{}", shape.start, &body(shape)[..3]);
                assert_eq!(shaped(short.as_bytes(), 0), None, "{short}");
            }
        }
    }

    #[test]
    fn what_comes_close_is_none() {
        for text in [
            "AKIAEXAMPLE7EXAMPLE77",
            "AKIAEXAMPLE7EXAMPLE7more",
            "sk-toggleable-content-of-a-page",
            "eyJabc.def",
            "Bearer of good news",
            "Basic authentication failed",
            "Basic QWxsIGlzIHdlbGw=",
            "bearer",
            "Basic",
            "ghp_short",
            "hf_transformers",
            "BEGIN PUBLIC KEY-----",
            "SKIP",
            "ACCEPT",
            "",
        ] {
            assert_eq!(shaped(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn an_azure_client_secret_stands_around_its_mark() {
        let text = format!("ex08Q~{}", "Example.".repeat(4));
        assert!(azure(text.as_bytes(), 5).is_none_or(|found| found.start == 0));
        let text = format!("is ex_8Q~{}", "Example.".repeat(4));
        assert_eq!(azure(text.as_bytes(), 8).map(|found| (found.start, found.end)), Some((3, text.len())));
        assert_eq!(azure(b"a~b", 1), None);
        assert_eq!(find(b"abc", b"bc"), Some(1));
    }
}
