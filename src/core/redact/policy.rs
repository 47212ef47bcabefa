//! What is done with what is found.

use std::borrow::Cow;
use std::fmt;

use hmac_sha256::HMAC;
use thiserror::Error;

use super::class::Class;
use super::scan::{Sight, scan};

/// What stands in the place of a secret, unless another marker is asked for.
pub const MARKER: &str = "[brAInwav-REDACTED]";

/// How a pseudonym begins. Digits, a check that only the holder of the key can make, and a bracket follow.
const PSEUDONYM: &[u8] = b"[brAInwav-ID-";
/// Hexadecimal digits that tell one from another: 64 bits.
const DIGITS: usize = 16;
/// Hexadecimal digits of the check: a secret that looks like a pseudonym passes with a chance of one in 4 billion.
const CHECK: usize = 8;

/// The longest marker.
const LONGEST_MARKER: usize = 128;

/// The least for a key that cannot be guessed: 128 bits.
const SHORTEST_KEY: usize = 16;

/// What becomes of what is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The marker stands in its place.
    Mask,
    /// Nothing stands in its place; a member of an object goes with its name.
    Remove,
    /// The same name stands in the place of the same content, and only the key tells which.
    Pseudonym(PseudonymKey),
}

/// The key of pseudonyms. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PseudonymKey(Vec<u8>);

impl PseudonymKey {
    /// Makes a key of bytes that nobody else knows.
    ///
    /// # Errors
    /// When there are fewer than 16: pseudonyms of addresses and cards could then be tried out.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, PolicyError> {
        let bytes = bytes.into();
        if bytes.len() < SHORTEST_KEY {
            Err(PolicyError::ShortKey { length: bytes.len() })
        } else {
            Ok(Self(bytes))
        }
    }

    fn hex(&self, kind: &[u8], content: &[u8], count: usize) -> Vec<u8> {
        let mut mac = HMAC::new(&self.0);
        mac.update(kind);
        mac.update(content);
        let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
        mac.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).take(count).collect()
    }

    fn pseudonym(&self, class: Class, content: &[u8]) -> Vec<u8> {
        let digits = self.hex(b"\x00", &canonical(class, content), DIGITS);
        let check = self.hex(b"\x01", &digits, CHECK);
        [PSEUDONYM, &digits, &check, b"]"].concat()
    }

    /// The length of the pseudonym of ours that the text begins with, or nothing.
    fn own(&self, text: &[u8]) -> usize {
        let length = PSEUDONYM.len() + DIGITS + CHECK + 1;
        let Some(digits) = text.get(..length).and_then(|own| own.strip_prefix(PSEUDONYM)) else { return 0 };
        let (digits, check) = digits[..DIGITS + CHECK].split_at(DIGITS);
        if text[length - 1] == b']' && self.hex(b"\x01", digits, CHECK) == check { length } else { 0 }
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PseudonymKey")
    }
}

/// One person has one name, however the address or the number is written.
fn canonical(class: Class, content: &[u8]) -> Vec<u8> {
    match class {
        Class::Email => content.to_ascii_lowercase(),
        Class::Card | Class::Iban | Class::SocialSecurity => {
            content.iter().copied().filter(u8::is_ascii_alphanumeric).collect()
        }
        _ => content.to_vec(),
    }
}

/// How far is looked. What lies beyond is replaced as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects and lists within each other.
    pub depth: usize,
    /// Bytes of one text, names included.
    pub text_bytes: usize,
    /// Bytes of one document or line.
    pub document_bytes: usize,
}

impl Default for Limits {
    /// Deeper and longer than any event is: a mebibyte is what one write to a spool was proved to keep whole.
    fn default() -> Self {
        Self { depth: 64, text_bytes: 1 << 20, document_bytes: 1 << 20 }
    }
}

/// What is looked for, and what is done with it.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What becomes of it.
    pub action: Action,
    /// What stands in its place.
    pub marker: String,
    /// Names, or paths with dots from the root, of what is left alone with everything in it.
    pub preserve: Vec<String>,
    /// Names or paths of what may pass, after it was looked at; everything else is taken out. `None` for no such list.
    pub allow: Option<Vec<String>>,
    /// Whether what people said is taken out too: prompts, results, addresses behind such names.
    pub content: bool,
    /// How far is looked.
    pub limits: Limits,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            action: Action::Mask,
            marker: MARKER.to_owned(),
            preserve: Vec::new(),
            allow: None,
            content: true,
            limits: Limits::default(),
        }
    }
}

/// What is wrong with a policy.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PolicyError {
    /// The marker cannot stand in a line, or is none.
    #[error("the marker has to be 1 to 128 printable characters")]
    Marker,
    /// The marker would be taken for a secret itself.
    #[error("the marker {0:?} looks like a secret itself, and would be replaced again")]
    SecretMarker(String),
    /// The key can be guessed.
    #[error(
        "the key for pseudonyms has {length} bytes, and needs at least 16 so that nobody can try them all"
    )]
    ShortKey {
        /// How many there were.
        length: usize,
    },
}

impl Policy {
    /// Whether it can be followed.
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let is_printable = !self.marker.chars().any(char::is_control) && self.marker.trim() == self.marker;
        if self.marker.is_empty() || self.marker.len() > LONGEST_MARKER || !is_printable {
            return Err(PolicyError::Marker);
        }
        let alone = scan(self.marker.as_bytes(), self.sight(), &|_| 0);
        let is_clean = alone.spans.is_empty() && !alone.escaped && !self.marker.contains(['"', '\\']);
        if is_clean { Ok(()) } else { Err(PolicyError::SecretMarker(self.marker.clone())) }
    }

    pub(super) const fn sight(&self) -> Sight {
        Sight { personal: true, content: self.content, entropy: true, lone_key: false, prose: false }
    }

    /// The length of the marker or pseudonym of ours that a text begins with, or nothing.
    pub(super) fn own(&self, text: &[u8]) -> usize {
        if text.first() != self.marker.as_bytes().first() && text.first() != PSEUDONYM.first() {
            return 0;
        }
        match &self.action {
            _ if text.starts_with(self.marker.as_bytes()) => self.marker.len(),
            Action::Pseudonym(key) => key.own(text),
            _ => 0,
        }
    }

    /// What stands in the place of this content.
    pub(super) fn replacement(&self, class: Class, content: &[u8]) -> Cow<'_, [u8]> {
        match &self.action {
            Action::Mask => self.marker.as_bytes().into(),
            Action::Remove => Cow::Borrowed(&[]),
            Action::Pseudonym(key) => key.pseudonym(class, content).into(),
        }
    }

    pub(super) fn removes(&self) -> bool {
        self.action == Action::Remove
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Class, Policy, PolicyError, PseudonymKey};

    fn key(text: &str) -> PseudonymKey {
        PseudonymKey::new(text).unwrap()
    }

    #[test]
    fn a_pseudonym_depends_on_content_and_key_alone_and_is_known_again() {
        let one = key("0123456789abcdef");
        let name = one.pseudonym(Class::Email, b"Ann@example.com");
        assert_eq!(name, one.pseudonym(Class::Email, b"ann@example.com"));
        assert_ne!(name, one.pseudonym(Class::Email, b"ben@example.com"));
        assert_ne!(name, key("another key of ours").pseudonym(Class::Email, b"ann@example.com"));
        assert_eq!(
            one.pseudonym(Class::Card, b"4111 1111 1111 1111"),
            one.pseudonym(Class::Card, b"4111111111111111")
        );
        assert_eq!(one.own(&name), name.len());
        assert_eq!(one.own(&[&name[..], b" and more"].concat()), name.len());
        assert_eq!(key("another key of ours").own(&name), 0, "only the holder of the key makes one");
        let mut forged = name;
        forged[20] ^= 1;
        assert_eq!(one.own(&forged), 0);
        assert_eq!(format!("{one:?}"), "PseudonymKey");
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let check = |marker: &str| Policy { marker: marker.to_owned(), ..Policy::default() }.check();
        for marker in ["[brAInwav-REDACTED]", "***", "REDACTED", "<hidden>", "x"] {
            assert_eq!(check(marker), Ok(()), "{marker}");
        }
        for marker in ["", "a\nb", " a", &"x".repeat(129)] {
            assert_eq!(check(marker), Err(PolicyError::Marker), "{marker}");
        }
        for marker in ["a@example.com", "password=x", "a\"b", "%41"] {
            assert!(matches!(check(marker), Err(PolicyError::SecretMarker(_))), "{marker}");
        }
        assert_eq!(PseudonymKey::new("short"), Err(PolicyError::ShortKey { length: 5 }));
        assert!(
            !Policy::default().removes() && Policy { action: Action::Remove, ..Policy::default() }.removes()
        );
    }
}
