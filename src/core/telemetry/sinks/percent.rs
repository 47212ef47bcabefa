//! Percent-encoding (RFC 3986, section 2.1), as URLs and the variables of OpenTelemetry have it.

/// A text without it. What only looks like it is left as it is.
#[must_use]
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.filter(|code| code.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text as one part of a path: all but what section 2.3 calls unreserved is encoded.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut part = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            part.push(char::from(byte));
        } else {
            part.push_str(&format!("%{byte:02X}"));
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::{decoded, encoded};

    #[test]
    fn what_was_encoded_is_decoded() {
        for (text, expected) in
            [("a.b-c_d~1", "a.b-c_d~1"), ("urn:a/b?c#d", "urn%3Aa%2Fb%3Fc%23d"), ("é%", "%C3%A9%25")]
        {
            assert_eq!(encoded(text), expected);
            assert_eq!(decoded(expected), text);
        }
    }

    #[test]
    fn only_what_is_encoded_is_decoded() {
        let table = [
            ("", ""),
            ("a%20b", "a b"),
            ("%C3%A9", "é"),
            ("%", "%"),
            ("%4", "%4"),
            ("%+4", "%+4"),
            ("%zz%41", "%zzA"),
        ];
        for (text, expected) in table {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}
