//! Text as random as a key is, unless its form says that it is the name of something: a UUID, a digest, a trace.

use super::class::Class;
use super::shape::{Span, run_end};

/// The fewest letters that count: sixteen random bytes in base64 are 22.
const LEAST: usize = 20;
/// The fewest in small letters and digits, or capitals and digits: shorter ones are names of jobs and containers.
const LEAST_ONE_CASE: usize = 32;

/// Beginnings of what services call their calls, messages and runs: random, and meant to be seen.
const IDENTIFIERS: &[&str] = &[
    "toolu_",
    "call_",
    "msg_",
    "req_",
    "chatcmpl-",
    "resp_",
    "run_",
    "thread_",
    "asst_",
    "step_",
    "evt_",
    "batch_",
    "file-",
    "fc_",
    "rs_",
    "sha1-",
    "sha256-",
    "sha384-",
    "sha512-",
    "md5-",
];

/// Hexadecimal digests, and what traces are called, have these lengths; two less is a digest as the name of a file in
/// a folder named after its first two.
const DIGESTS: [usize; 9] = [32, 38, 40, 48, 56, 62, 64, 96, 128];

/// The run of letters that begins at `at`, if it is long enough to be looked at.
#[inline]
pub fn long_run(text: &[u8], at: usize) -> Option<usize> {
    // A look at where it would have to go on spares nearly every word the rest.
    if !text.get(at + LEAST - 1).is_some_and(is_letter) {
        return None;
    }
    let end = run_end(text, at, is_letter);
    (end - at >= LEAST).then_some(end)
}

/// Whether this run is as random as a key.
pub fn random(text: &[u8], start: usize, end: usize) -> Option<Span> {
    let run = &text[start..end];
    let parts = || run.split(|byte| !byte.is_ascii_alphanumeric());
    // What is hexadecimal belongs to a UUID, or is short. Words of a path are no part of a key, and what mktemp makes up
    // between them is too short for one.
    let is_word = |part: &[u8]| part.len() > 2 && part.iter().all(u8::is_ascii_lowercase);
    let others = || parts().filter(|part| !part.iter().all(u8::is_ascii_hexdigit) && !is_word(part));
    if !parts().any(is_random) && !is_random_together(others) {
        return None;
    }
    let is_identifier = IDENTIFIERS.iter().any(|begin| run.starts_with(begin.as_bytes()));
    // A Go module sum is `h1:` and base64.
    let is_named = is_identifier || text[..start].ends_with(b"h1:") || text[..start].ends_with(b"sha256:");
    (!is_named).then_some(Span { start, end, class: Class::HighEntropy })
}

/// A key in base64 may be cut into short parts by its own letters.
fn is_random_together<'t, I: Iterator<Item = &'t [u8]>>(parts: impl Fn() -> I) -> bool {
    let length = parts().map(<[u8]>::len).sum();
    length >= LEAST && {
        let found = texture(parts().flatten());
        found.digits > 1 && found.mixes > 1 && found.is_random_mixture(length)
    }
}

const fn is_letter(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-')
}

/// How the letters of a part follow each other.
#[derive(Default)]
struct Texture {
    upper: usize,
    lower: usize,
    digits: usize,
    /// Two capitals in a row, and digits among letters: rare in names of any style.
    oddities: usize,
    /// A digit after a capital or before a small letter, which is one kind of them.
    mixes: usize,
    /// Between letters and digits.
    changes: usize,
    distinct: u32,
}

impl Texture {
    /// Whether capitals, small letters and digits follow each other as they do by chance.
    const fn is_random_mixture(&self, length: usize) -> bool {
        // With one digit alone, it takes more to tell it from a name with its acronyms.
        let share = if self.digits > 1 { 8 } else { 5 };
        let is_mixed = self.upper > 1 && self.lower > 1 && self.digits > 0 && self.distinct >= 10;
        is_mixed && self.oddities >= 3 && self.oddities * share >= length
    }
}

fn texture<'t>(letters: impl Iterator<Item = &'t u8>) -> Texture {
    let mut found = Texture::default();
    let mut seen = 0_u128;
    let mut before = 0_u8;
    for byte in letters {
        match byte {
            b'A'..=b'Z' => found.upper += 1,
            b'a'..=b'z' => found.lower += 1,
            _ => found.digits += 1,
        }
        let mixed = before.is_ascii_uppercase() && byte.is_ascii_digit()
            || before.is_ascii_digit() && byte.is_ascii_lowercase();
        found.mixes += usize::from(mixed);
        found.oddities += usize::from(mixed || before.is_ascii_uppercase() && byte.is_ascii_uppercase());
        found.changes += usize::from(before != 0 && before.is_ascii_digit() != byte.is_ascii_digit());
        seen |= 1 << (byte & 127);
        before = *byte;
    }
    found.distinct = seen.count_ones();
    found
}

fn is_random(part: &[u8]) -> bool {
    if part.len() < 16 {
        return false;
    }
    let found = texture(part.iter());
    let is_hex = part.iter().all(u8::is_ascii_hexdigit);
    if is_hex && DIGESTS.contains(&part.len()) {
        return false;
    }
    if found.upper > 1 && found.lower > 1 {
        return found.is_random_mixture(part.len());
    }
    let is_long = part.len() >= LEAST_ONE_CASE && found.distinct >= 10;
    is_long && found.digits > 1 && found.changes * 5 >= part.len()
}

#[cfg(test)]
mod tests {
    use super::{long_run, random};

    fn is_found(text: &str) -> bool {
        long_run(text.as_bytes(), 0).is_some_and(|end| random(text.as_bytes(), 0, end).is_some())
    }

    /// The same letters on every run, from a generator of George Marsaglia's.
    fn letters(mut seed: u64, alphabet: &[u8], count: usize) -> String {
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            char::from(alphabet[usize::try_from(seed % alphabet.len() as u64).unwrap()])
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn nearly_every_random_key_is_found() {
        let base62 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let base64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (alphabet, length) in [(&base62[..], 24), (base62, 32), (base62, 40), (base64, 40), (base64, 64)]
        {
            let found = (1..=500).filter(|seed| is_found(&letters(*seed * 7919, alphabet, length))).count();
            assert!(found >= 475, "{found} of 500 with {length} of {} letters", alphabet.len());
        }
        let lower = (1..=500).filter(|seed| is_found(&letters(*seed * 7919, &base62[26..], 40))).count();
        assert!(lower >= 450, "{lower} of 500");
    }

    #[test]
    fn what_only_names_something_is_left_alone() {
        for text in [
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "brAInwav-3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "3F2504E04F8911D39A0C0305E82C3301",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0af7651916cd43dd8448eb211c80319c",
            "sha512-Fa8nMJTs2BDKd30T0SFBkyHWDgSlJvSkXXxWEbH0dSGyTO2ryIDRjIIhSyZkLyzTSTs0pNjcvwh9bDbZKgt8HA",
            "toolu_01A09q90qw90lq917835lq9",
            "call_DF8xJ2lqYVn6Gs0VFoMgsQr9",
            "packages/core/src/components/UserProfile2/index",
            "getV2UserById3Async",
            "thisIsAnOrdinaryNameInCamelCase",
            "SCREAMING_SNAKE_CASE_NAME_1234",
            "20240506T101112Z12345",
            "release-PROJ-HTTP-API-Fix-v2-final-XYZ",
            "objects/da/39a3ee5e6b4b0d3255bfef95601890afd80709",
            "a-package-name-with-many-hyphens-1234",
            "11111111111111111111",
            "aaaaaaaaaaaaaaaaaaaaaaaaA1",
            "short",
        ] {
            assert!(!is_found(text), "{text}");
        }
    }
}
