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

#[cfg(test)]
mod tests {
    use super::decoded;

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
