//! Random identifiers: UUIDs of version 4 (RFC 9562) and the ids of spans.

use std::io;

/// A pool that is filled with so much at once: 256 UUIDs, for a stream of events.
const POOL: usize = 4096;

/// The first filling, in bytes: what a process needs that emits one event.
const FIRST: usize = 64;

/// Where random bytes come from.
pub type Entropy = fn(&mut [u8]) -> io::Result<()>;

/// Makes identifiers.
#[derive(Debug)]
pub struct Identifiers {
    entropy: Entropy,
    pool: Vec<u8>,
    used: usize,
}

impl Identifiers {
    /// Takes randomness from there, and sees at once whether there is any.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(entropy: Entropy) -> io::Result<Self> {
        let mut pool = vec![0; FIRST];
        entropy(&mut pool)?;
        Ok(Self { entropy, pool, used: 0 })
    }

    /// A UUID of version 4.
    ///
    /// # Errors
    /// When there is no randomness left: an id that could be another's is none.
    pub fn uuid(&mut self) -> io::Result<String> {
        let mut bytes = self.take::<16>()?;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Ok(hyphenated(&bytes))
    }

    /// The id of a span: 16 hexadecimal digits that are not all zero.
    ///
    /// # Errors
    /// As [`Self::uuid`].
    pub fn span(&mut self) -> io::Result<String> {
        let mut bytes = self.take::<8>()?;
        bytes[0] |= 1;
        Ok(hex(&bytes))
    }

    fn take<const LENGTH: usize>(&mut self) -> io::Result<[u8; LENGTH]> {
        if self.pool.len() - self.used < LENGTH {
            self.pool.resize(POOL, 0);
            (self.entropy)(&mut self.pool)?;
            self.used = 0;
        }
        let mut bytes = [0; LENGTH];
        bytes.copy_from_slice(&self.pool[self.used..self.used + LENGTH]);
        self.used += LENGTH;
        Ok(bytes)
    }
}

/// Hexadecimal digits in small letters.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The text form of a UUID.
#[must_use]
pub fn hyphenated(bytes: &[u8; 16]) -> String {
    let text = hex(bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// The UUID of version 8 (RFC 9562) that follows from a digest: always the same.
#[must_use]
pub fn derived(digest: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    hyphenated(&bytes)
}

/// Whether this is the text form of a UUID, of whatever version.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    let is_right = |(at, letter): (usize, u8)| match at {
        8 | 13 | 18 | 23 => letter == b'-',
        _ => letter.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Identifiers, is_uuid};

    fn counted(bytes: &mut [u8]) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        for piece in bytes.chunks_mut(8) {
            let number = NEXT.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            piece.copy_from_slice(&number.to_le_bytes()[..piece.len()]);
        }
        Ok(())
    }

    #[test]
    fn ids_have_their_form_and_are_never_the_same() {
        let mut ids = Identifiers::new(counted).unwrap();
        let mut seen = BTreeSet::new();
        for _ in 0..2000 {
            let uuid = ids.uuid().unwrap();
            assert!(is_uuid(&uuid) && uuid.as_bytes()[14] == b'4', "{uuid}");
            assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
            assert!(seen.insert(uuid));
            let span = ids.span().unwrap();
            assert_eq!(span.len(), 16);
            assert!(seen.insert(span));
        }
        for text in ["", "0", "00000000-0000-4000-8000-00000000000g", "00000000+0000-4000-8000-000000000000"]
        {
            assert!(!is_uuid(text), "{text}");
        }
    }

    #[test]
    fn without_randomness_there_is_no_id() {
        assert!(Identifiers::new(|_| Err(io::Error::other("none"))).is_err());
    }
}
