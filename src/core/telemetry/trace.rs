//! The trace that an event belongs to, after W3C Trace Context.

use hmac_sha256::Hash;

use super::uuid::hex;

/// What was handed to this process in its environment, as it stands there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carriers {
    /// `TRACEPARENT`.
    pub traceparent: Option<String>,
    /// `TRACESTATE`.
    pub tracestate: Option<String>,
    /// `BAGGAGE`.
    pub baggage: Option<String>,
}

/// The longest of the carriers that is handed on, in bytes: what W3C Baggage asks everybody to carry.
const LONGEST: usize = 8192;

impl Carriers {
    /// Keeps what is right. State without a parent belongs to nothing.
    #[must_use]
    pub fn checked(self) -> Self {
        let fits = |text: &String| text.len() <= LONGEST && !text.chars().any(char::is_control);
        let traceparent = self.traceparent.filter(|text| is_traceparent(text));
        let tracestate = self.tracestate.filter(|_| traceparent.is_some()).filter(fits);
        Self { traceparent, tracestate, baggage: self.baggage.filter(fits) }
    }

    /// The context of an event: what was handed to us, or what follows from the correlation id, so that processes
    /// which know nothing of each other but that join one trace.
    #[must_use]
    pub fn traceparent(&self, correlation_id: &str) -> String {
        self.traceparent.clone().unwrap_or_else(|| {
            let digest = Hash::hash(correlation_id.as_bytes());
            format!("00-{}-{}-01", hex(&digest[..16]), hex(&digest[16..24]))
        })
    }
}

/// The same trace with another span in it.
#[must_use]
pub fn with_span(traceparent: &str, span: &str) -> String {
    let (trace, flags) =
        (traceparent.get(3..35).unwrap_or_default(), traceparent.get(53..55).unwrap_or("01"));
    format!("00-{trace}-{span}-{flags}")
}

/// Whether this is a `traceparent`: version, trace, span and flags in small hexadecimal digits, neither id all zero.
/// A later version may add parts at the end.
#[must_use]
pub fn is_traceparent(text: &str) -> bool {
    let is_hex =
        |part: &str| part.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit));
    let is_id = |part: &str, length: usize| {
        part.len() == length && is_hex(part) && part.bytes().any(|digit| digit != b'0')
    };
    let mut parts = text.splitn(5, '-');
    let mut next = || parts.next().unwrap_or_default();
    let (version, trace, span, flags) = (next(), next(), next(), next());
    let is_version = version.len() == 2 && is_hex(version) && version != "ff";
    let is_end = parts.next().is_none() || version != "00";
    is_version && is_id(trace, 32) && is_id(span, 16) && flags.len() == 2 && is_hex(flags) && is_end
}

#[cfg(test)]
mod tests {
    use super::{Carriers, is_traceparent, with_span};

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn only_what_is_right_is_a_traceparent() {
        let table = [
            (PARENT, true),
            ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false),
            ("00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01", false),
            ("", false),
        ];
        for (text, expected) in table {
            assert_eq!(is_traceparent(text), expected, "{text}");
        }
    }

    #[test]
    fn a_trace_follows_from_the_environment_or_from_the_correlation_id() {
        let given = |parent: &str| {
            let text = |text: &str| Some(text.to_owned());
            Carriers { traceparent: text(parent), tracestate: text("a=b"), baggage: text("c=d") }.checked()
        };
        assert_eq!(given(PARENT).traceparent("c"), PARENT);
        let none = given("broken");
        assert_eq!((none.tracestate.as_deref(), none.baggage.as_deref()), (None, Some("c=d")));
        // The first bytes of SHA-256("abc"), as FIPS 180-2 gives it.
        let derived = none.traceparent("abc");
        assert_eq!(derived, "00-ba7816bf8f01cfea414140de5dae2223-b00361a396177a9c-01");
        assert!(is_traceparent(&derived));
        assert_ne!(derived, none.traceparent("abd"));
        let inner = with_span(&derived, "0123456789abcdef");
        assert_eq!(inner, "00-ba7816bf8f01cfea414140de5dae2223-0123456789abcdef-01");
    }
}
