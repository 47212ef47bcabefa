//! Texts as JSON and URLs write them.

use super::json::NotJson;

/// The end of the text in quotes that begins at `at`, the quotes included, and whether it has escapes.
///
/// # Errors
/// When it has no end, or holds what JSON does not allow in one.
pub fn quoted(text: &[u8], at: usize) -> Result<(usize, bool), NotJson> {
    let mut end = at + 1;
    let mut escaped = false;
    loop {
        match *text.get(end).ok_or(NotJson)? {
            b'"' => return Ok((end + 1, escaped)),
            b'\\' => {
                escaped = true;
                end += escape_length(&text[end..])?;
            }
            0..0x20 => return Err(NotJson),
            _ => end += 1,
        }
    }
}

fn escape_length(text: &[u8]) -> Result<usize, NotJson> {
    match text.get(1) {
        Some(b'u') if unit(&text[2..]).is_some() => Ok(6),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        _ => Err(NotJson),
    }
}

/// Four hexadecimal digits.
fn unit(text: &[u8]) -> Option<u32> {
    hex(text.get(..4)?)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

/// What the inside of a text in quotes means. Half a surrogate pair becomes the replacement character.
pub fn decoded(text: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let length = if text[at] == b'\\' { decode_one(&text[at..], &mut result) } else { 0 };
        if length == 0 {
            result.push(text[at]);
        }
        at += length.max(1);
    }
    result
}

/// Decodes one escape of JSON, and returns its length; 0 if it is none.
fn decode_one(text: &[u8], into: &mut Vec<u8>) -> usize {
    let plain = match text.get(1) {
        Some(b'u') => return decode_unit(text, into),
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
        _ => return 0,
    };
    into.push(plain);
    2
}

fn decode_unit(text: &[u8], into: &mut Vec<u8>) -> usize {
    let Some(first) = unit(&text[2..]) else { return 0 };
    let low = || text.get(6..8).filter(|next| *next == b"\\u").and_then(|_| unit(&text[8..]));
    let low = low().filter(|low| (0xdc00..0xe000).contains(low) && (0xd800..0xdc00).contains(&first));
    let point = low.map_or(first, |low| 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00));
    let letter = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
    into.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    if low.is_some() { 12 } else { 6 }
}

/// The character of ASCII that is written as an entity of HTML at the beginning of this, and the length of the entity.
pub fn entity(text: &[u8]) -> Option<(u8, usize)> {
    const NAMED: [(&[u8], u8); 5] =
        [(b"quot", b'"'), (b"apos", b'\''), (b"amp", b'&'), (b"lt", b'<'), (b"gt", b'>')];
    let rest = text.strip_prefix(b"&")?;
    let name = &rest[..rest.iter().take(8).position(|byte| *byte == b';')?];
    let number = |digits: &[u8], base: u32| {
        let digit = |sum: u32, digit: &u8| Some(sum * base + char::from(*digit).to_digit(base)?);
        u8::try_from(digits.iter().try_fold(0, digit)?).ok().filter(u8::is_ascii)
    };
    let byte = match name {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        name => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    (byte > 0).then_some((byte, name.len() + 2))
}

/// A text with its escapes of any kind undone: `\u0061`, `\x61`, `\/`, `%61`, `&#97;`. It only tells what may be hidden, and
/// is never shown.
pub fn unmasked(text: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let byte =
            |from: usize| rest.get(from..from + 2).and_then(hex).and_then(|byte| u8::try_from(byte).ok());
        let (length, value) = match rest {
            [b'\\', b'u', ..] => {
                at += decode_unit(rest, &mut result).max(1);
                continue;
            }
            [b'\\', b'x', ..] if byte(2).is_some() => (4, byte(2)),
            [b'%', ..] if byte(1).is_some() => (3, byte(1)),
            [b'\\', b'/', ..] => (2, Some(b'/')),
            [b'&', ..] => entity(rest).map_or((1, Some(b'&')), |(byte, length)| (length, Some(byte))),
            [first, ..] => (1, Some(*first)),
            [] => break,
        };
        result.extend(value);
        at += length;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::{decoded, quoted, unmasked};

    #[test]
    fn escapes_mean_what_serde_says_they_mean() {
        for text in [r#""a""#, r#""a\"b\\""#, r#""\u0041\ud83d\ude00\/\n\t\r\b\f""#, "\"ü\"", r#""""#] {
            let (end, escaped) = quoted(text.as_bytes(), 0).unwrap();
            assert_eq!((end, escaped), (text.len(), text.contains('\\')), "{text}");
            let expected: String = serde_json::from_str(text).unwrap();
            assert_eq!(decoded(&text.as_bytes()[1..end - 1]), expected.as_bytes(), "{text}");
        }
        for text in ["\"", "\"a", r#""\"#, r#""\x""#, r#""\u12""#, "\"a\nb\""] {
            assert!(quoted(text.as_bytes(), 0).is_err(), "{text}");
        }
        assert_eq!(decoded(br"\ud83d"), "\u{fffd}".as_bytes());
    }

    #[test]
    fn nothing_hides_behind_escapes() {
        for text in [r"\u0061b", r"\x61b", "%61b", r"\u0061\u0062"] {
            assert_eq!(unmasked(text.as_bytes()), b"ab", "{text}");
        }
        assert_eq!(unmasked(b"&quot;a&#61;&#x62;&amp;&lt;"), b"\"a=b&<");
        for text in ["a&b;c", "&nothing;", "&#300;", "&#;", "&", "a\\b", "a%b", "\\", "%", "%6", r"\x", ""] {
            assert_eq!(unmasked(text.as_bytes()), text.as_bytes(), "{text}");
        }
        assert_eq!(unmasked(br"\u00"), b"u00");
        assert_eq!(unmasked(br"https:\/\/a"), b"https://a");
    }
}
