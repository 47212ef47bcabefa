//! An envelope as it came: of the original bus, or a CloudEvent in structured JSON form.

use serde_json::{Map, Value};

use crate::core::telemetry::trace::is_traceparent;

/// How much of a `traceparent` says the same in every version: version, trace, span and flags.
const TRACEPARENT: usize = 55;

/// What an envelope says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    /// Its id.
    pub id: String,
    /// Where it comes from; the ids of one source differ.
    pub source: Option<String>,
    /// What it is about.
    pub kind: String,
    /// When it was written.
    pub time: Option<String>,
    /// Whom it is about.
    pub subject: Option<String>,
    /// What it belongs together with.
    pub correlation_id: Option<String>,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// What it carries.
    pub data: Map<String, Value>,
}

impl Received {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it. Nothing of its content is in that.
    pub fn read(line: &[u8]) -> Result<Self, &'static str> {
        let Ok(document) = serde_json::from_slice(line) else { return Err("it is no JSON") };
        let Value::Object(mut envelope) = document else { return Err("it is no envelope") };
        if envelope.get("specversion").is_some_and(|version| version != "1.0") {
            return Err("its envelope is of no known version");
        }
        let Some(id) = text(&mut envelope, "id") else { return Err("its envelope has no id") };
        let Some(kind) = text(&mut envelope, "type") else { return Err("its envelope has no type") };
        let Some(Value::Object(data)) = envelope.remove("data") else {
            return Err("its envelope carries no object as data");
        };
        let correlation_id =
            ["correlationId", "correlationid"].into_iter().find_map(|name| text(&mut envelope, name));
        let traceparent = text(&mut envelope, "traceparent").filter(|parent| is_traceparent(parent));
        Ok(Self {
            id,
            source: text(&mut envelope, "source"),
            kind,
            time: text(&mut envelope, "time"),
            subject: text(&mut envelope, "subject"),
            correlation_id,
            // A later version may say more behind it, which nobody here understands.
            traceparent: traceparent.and_then(|parent| parent.get(..TRACEPARENT).map(str::to_owned)),
            data,
        })
    }
}

fn text(envelope: &mut Map<String, Value>, name: &str) -> Option<String> {
    match envelope.remove(name)? {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Received;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn both_forms_of_an_envelope_say_the_same() {
        let form = |correlation: &str| {
            let line = format!(
                r#"{{"id":"i","type":"t","source":"urn:a","specversion":"1.0","time":"2026-01-01T00:00:00Z",
                "subject":"planner","{correlation}":"c","traceparent":"{PARENT}","headers":{{}},"data":{{"a":1}}}}"#
            );
            Received::read(line.as_bytes()).unwrap()
        };
        let cortex = form("correlationId");
        assert_eq!(cortex, form("correlationid"));
        assert_eq!((cortex.id.as_str(), cortex.kind.as_str()), ("i", "t"));
        assert_eq!(
            (cortex.correlation_id.as_deref(), cortex.subject.as_deref()),
            (Some("c"), Some("planner"))
        );
        assert_eq!((cortex.traceparent.as_deref(), &cortex.data["a"]), (Some(PARENT), &1.into()));
    }

    #[test]
    fn what_is_no_envelope_is_told_without_its_content() {
        let table: &[(&[u8], &str)] = &[
            (b"hunter22", "no JSON"),
            (b"{\"id\":\"i\",\"type\":\"t\",\"data\":{}", "no JSON"),
            (b"\xff\xfe", "no JSON"),
            (b"[]", "no envelope"),
            (b"7", "no envelope"),
            (br#"{"type":"t","data":{}}"#, "no id"),
            (br#"{"id":"","type":"t","data":{}}"#, "no id"),
            (br#"{"id":7,"type":"t","data":{}}"#, "no id"),
            (br#"{"id":"i","data":{}}"#, "no type"),
            (br#"{"id":"i","type":"t"}"#, "no object as data"),
            (br#"{"id":"i","type":"t","data":"hunter22"}"#, "no object as data"),
            (br#"{"id":"i","type":"t","data":{},"specversion":"0.3"}"#, "no known version"),
            (br#"{"id":"i","type":"t","data":{},"specversion":1.0}"#, "no known version"),
        ];
        for (line, expected) in table {
            let problem = Received::read(line).unwrap_err();
            assert!(problem.contains(expected), "{problem}: {}", String::from_utf8_lossy(line));
        }
        assert!(Received::read(&b"[".repeat(100_000)).is_err());
    }

    #[test]
    fn a_trace_that_is_none_is_left_out_and_a_later_one_is_cut() {
        for (given, expected) in [
            ("nonsense", None),
            (&format!("01{}-later\\\"", &PARENT[2..]), Some(format!("01{}", &PARENT[2..]))),
            (PARENT, Some(PARENT.to_owned())),
        ] {
            let line = format!(r#"{{"id":"i","type":"t","data":{{}},"traceparent":"{given}"}}"#);
            assert_eq!(Received::read(line.as_bytes()).unwrap().traceparent, expected, "{given}");
        }
    }
}
