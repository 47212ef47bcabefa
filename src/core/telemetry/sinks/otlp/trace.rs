//! Which trace an event belongs to: W3C Trace Context, and an id made from the correlation where there is none.

use hmac_sha256::Hash;

use crate::core::telemetry::sink::Record;

/// The id of a trace.
pub type TraceId = [u8; 16];

/// The id of a span.
pub type SpanId = [u8; 8];

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace: TraceId,
    /// The span that was open when the event was made.
    pub span: Option<SpanId>,
    /// The flags of the trace, such as "sampled".
    pub flags: u8,
}

impl TraceContext {
    /// That of `traceparent`; without one the trace is a digest of the correlation id, so that processes that know
    /// nothing of each other share it.
    #[must_use]
    pub fn of(traceparent: Option<&str>, correlation: Option<&str>) -> Option<Self> {
        traceparent.and_then(parse).or_else(|| correlation.map(from_correlation))
    }
}

/// The span that an event closes: the one of the attribute `spanid` (16 hexadecimal digits), by which children may
/// already know it, or one of its own that stays the same on every delivery.
#[must_use]
pub fn own_span(given: Option<&str>, id: &str) -> SpanId {
    let given = given.filter(|id| id.len() == 16).and_then(hex::<8>);
    given.filter(|id| id.iter().any(|byte| *byte != 0)).unwrap_or_else(|| digest("span ", id))
}

/// The span that the one of an event is in: the attribute `parentspanid`, or what `traceparent` names. There is none
/// where that is the very span that ends here, or only follows from the correlation id, which nobody has opened.
#[must_use]
pub fn parent_span(record: &Record, context: &TraceContext, own: SpanId) -> Option<SpanId> {
    if record.attribute("spanid").is_some() {
        return record.attribute("parentspanid").filter(|id| id.len() == 16).and_then(hex::<8>);
    }
    let digest = record.attribute("correlationid").map(|id| Hash::hash(id.as_bytes()));
    let is_derived =
        |span: &SpanId| digest.is_some_and(|digest| digest[..16] == context.trace && digest[16..24] == *span);
    context.span.filter(|span| *span != own && !is_derived(span))
}

fn from_correlation(id: &str) -> TraceContext {
    let mut trace = [0; 16];
    trace.copy_from_slice(&Hash::hash(id.as_bytes())[..16]);
    TraceContext { trace, span: None, flags: 1 }
}

fn digest(what: &str, id: &str) -> SpanId {
    let (mut hash, mut span) = (Hash::new(), [0; 8]);
    hash.update(what);
    hash.update(id);
    span.copy_from_slice(&hash.finalize()[..8]);
    span
}

/// `version-trace-span-flags`. A later version may have more behind it.
fn parse(text: &str) -> Option<TraceContext> {
    let mut parts = text.trim().split('-');
    let [version, trace, span, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let [version] = hex::<1>(version)?;
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    let (trace, span, [flags]) = (hex::<16>(trace)?, hex::<8>(span)?, hex::<1>(flags)?);
    let is_set = |id: &[u8]| id.iter().any(|byte| *byte != 0);
    (is_set(&trace) && is_set(&span)).then_some(TraceContext { trace, span: Some(span), flags })
}

/// Bytes in lower-case hexadecimal digits, exactly as many.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(digits[0])? << 4 | digit(digits[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::event::Event;
    use super::{SpanId, TraceContext, parent_span, parse};
    use crate::core::telemetry::sink::Record;
    use crate::core::telemetry::sinks::samples::{plain, record};

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    fn context(record: &Record) -> Option<TraceContext> {
        Event::of(record).trace
    }

    fn own_span(record: &Record) -> SpanId {
        Event::of(record).span.unwrap().id
    }

    #[test]
    fn a_context_is_that_of_the_w3c() {
        let table = [
            (format!("00-{TRACE}-{SPAN}-01"), true),
            (format!("01-{TRACE}-{SPAN}-00-later"), true),
            (format!("00-{TRACE}-{SPAN}-01-x"), false),
            (format!("ff-{TRACE}-{SPAN}-01"), false),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), false),
            (format!("00-{}-{SPAN}-01", "0".repeat(32)), false),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), false),
            (format!("00-{TRACE}-{SPAN}"), false),
            (format!("00-{TRACE}é-{SPAN}-01"), false),
            (String::new(), false),
        ];
        for (text, expected) in table {
            assert_eq!(parse(&text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn without_a_context_the_correlation_makes_the_trace() {
        let (one, two) = (context(&plain("one")).unwrap(), context(&plain("two")).unwrap());
        assert_eq!(one, two);
        assert_eq!(one.span, None);
        let hex: String = one.trace.iter().map(|byte| format!("{byte:02x}")).collect();
        // `printf run-42 | sha256sum`
        assert_eq!(hex, "92234f8bb000a4aaec76c3fc1624a580");
        let given = record("one", &json!({"traceparent": format!("00-{TRACE}-{SPAN}-00")}), &json!({}));
        assert_eq!(context(&given).unwrap().flags, 0);
        let none = record("one", &json!({"correlationid": null}), &json!({"correlationId": null}));
        assert_eq!(context(&none), None);
    }

    #[test]
    fn the_parent_is_a_span_that_somebody_has_opened() {
        let given = format!("00-{TRACE}-{SPAN}-01");
        // `printf run-42 | sha256sum`, its first sixteen bytes and the eight behind them.
        let derived = "00-92234f8bb000a4aaec76c3fc1624a580-08bde97845e4a916-01";
        let table = [
            (json!({"traceparent": given}), Some("b7ad6b7169203331")),
            (json!({"traceparent": given, "spanid": SPAN}), None),
            (
                json!({"traceparent": given, "spanid": SPAN, "parentspanid": "00f067aa0ba902b7"}),
                Some("00f067aa0ba902b7"),
            ),
            (json!({"traceparent": given, "spanid": SPAN, "parentspanid": "é"}), None),
            (json!({"traceparent": derived}), None),
            (json!({}), None),
        ];
        for (attributes, expected) in table {
            let record = record("one", &attributes, &json!({}));
            let context = context(&record).unwrap();
            let parent = parent_span(&record, &context, own_span(&record));
            let parent = parent.map(|span| span.map(|byte| format!("{byte:02x}")).concat());
            assert_eq!(parent.as_deref(), expected, "{attributes}");
        }
    }

    #[test]
    fn a_span_stays_the_same() {
        assert_eq!(own_span(&plain("one")), own_span(&plain("one")));
        assert_ne!(own_span(&plain("one")), own_span(&plain("two")));
        let known = record("one", &json!({"spanid": SPAN}), &json!({}));
        assert_eq!(own_span(&known)[0], 0xb7);
        let wrong = record("one", &json!({"spanid": "0000000000000000"}), &json!({}));
        assert_eq!(own_span(&wrong), own_span(&plain("one")));
    }
}
