//! Base 64 (RFC 4648).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const URL_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes in base 64 with the letters of section 5, which a URL may hold, without padding.
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    unpadded(URL_ALPHABET, bytes)
}

/// Bytes in base 64, padded.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = unpadded(ALPHABET, bytes);
    text.push_str(["", "==", "="][bytes.len() % 3]);
    text
}

fn unpadded(alphabet: &[u8; 64], bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
        let letters = (0..=group.len()).map(|at| char::from(alphabet[bits >> (18 - 6 * at) & 63]));
        text.extend(letters);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{encode, encode_url};

    #[test]
    fn it_is_that_of_the_rfc() {
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, expected) in table {
            assert_eq!(encode(plain.as_bytes()), expected);
        }
        assert_eq!(encode(&[0xfb, 0xff]), "+/8=");
        assert_eq!(encode_url(&[0xfb, 0xff]), "-_8");
    }
}
