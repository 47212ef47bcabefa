//! An event as OTLP sees it, taken from the envelope once.

use std::time::{SystemTime, UNIX_EPOCH};

use super::convention;
use super::trace::{SpanId, TraceContext, own_span};
use crate::core::telemetry::ci;
use crate::core::telemetry::json::{Json, Object};
use crate::core::telemetry::sink::Record;

/// What is known of an event.
#[derive(Debug)]
pub struct Event<'r> {
    /// The record that it was taken from.
    pub record: &'r Record,
    /// The attributes of the envelope that are called `type`, `source` and `subject`.
    pub origin: [Option<&'r str>; 3],
    /// What happened, such as `tool_result`; empty when the envelope holds no such event.
    pub name: &'r str,
    /// Who did it.
    pub agent: Option<&'r str>,
    /// What it belongs to.
    pub correlation: Option<&'r str>,
    /// When it happened, in nanoseconds since 1970.
    pub time: Option<u64>,
    /// When it was put into its envelope, likewise.
    pub observed: Option<u64>,
    /// The trace.
    pub trace: Option<TraceContext>,
    /// The tool.
    pub tool: Option<&'r str>,
    /// What kind of failure it tells of.
    pub failure: Option<&'r str>,
    /// The span that it ends.
    pub span: Option<Ended>,
    /// The CI run that it comes from, by the names of OpenTelemetry.
    pub run: Vec<(&'static str, &'r str)>,
}

/// A span that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Its id.
    pub id: SpanId,
    /// When it began, in nanoseconds since 1970.
    pub start: u64,
    /// When it ended, likewise.
    pub end: u64,
}

impl<'r> Event<'r> {
    /// Takes an event from its envelope. What is not there is left open: an event of any kind becomes a log record.
    #[must_use]
    pub fn of(record: &'r Record) -> Self {
        let envelope = record.envelope.object();
        let attributes = ["type", "source", "subject", "time", "traceparent", "correlationid", "spanid"];
        let [kind, source, subject, time, traceparent, outer, span] = texts(envelope, attributes);
        let data = record.data();
        let names = ["event", "agentId", "timestamp", "correlationId"];
        let [name, agent, timestamp, inner] = data.map_or([None; 4], |data| texts(data, names));
        let objects = data.map_or([None; 3], |data| data.pick(["labels", "outcome", "metrics"]));
        let [labels, outcome, metrics] = objects.map(|value| value.and_then(Json::as_object));
        let correlation = inner.or(outer).filter(|id| !id.is_empty());
        let observed = time.and_then(nanoseconds);
        // In events of our own both say the same.
        let happened = if timestamp == time { observed } else { timestamp.and_then(nanoseconds) };
        let run = ci::NAMES.into_iter().zip(texts(envelope, ci::NAMES.map(|(_, own)| own)));
        let mut event = Self {
            record,
            origin: [kind, source, subject],
            name: name.unwrap_or_default(),
            agent,
            correlation,
            time: happened.or(observed),
            observed,
            trace: TraceContext::of(traceparent, correlation),
            tool: labels.and_then(convention::tool),
            failure: outcome.and_then(convention::failure),
            span: None,
            run: run.filter_map(|((name, _), value)| Some((name, value?))).collect(),
        };
        event.span = event.ended(metrics, span);
        event
    }

    fn ended(&self, metrics: Option<Object<'_>>, span: Option<&str>) -> Option<Ended> {
        let ends = convention::ends_a_span(self.name) && self.trace.is_some();
        let (end, duration) = (self.time.filter(|_| ends)?, convention::duration(metrics?)?);
        Some(Ended { id: own_span(span, &self.record.id), start: end.checked_sub(duration)?, end })
    }

    /// What its span is called, and in short what it says, in parts.
    #[must_use]
    pub fn title<'t>(&self, what: &'t str) -> [&'t str; 3]
    where
        'r: 't,
    {
        match self.tool.or(self.agent) {
            Some(subject) => [what, " ", subject],
            None => [what, "", ""],
        }
    }
}

/// Members that are texts.
fn texts<'d, const N: usize>(object: Object<'d>, names: [&str; N]) -> [Option<&'d str>; N] {
    object.pick(names).map(|value| value.and_then(Json::as_str))
}

/// A time of RFC 3339 in UTC, in nanoseconds since 1970.
fn nanoseconds(text: &str) -> Option<u64> {
    let time: SystemTime = humantime::parse_rfc3339(text).ok()?;
    u64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Event;
    use crate::core::telemetry::json::Document;
    use crate::core::telemetry::sinks::samples::record;

    const SECOND: u64 = 1_740_830_401_000_000_000;

    #[test]
    fn a_duration_makes_a_span_of_what_ends() {
        let table = [
            (json!({}), Some(SECOND - 250_000_000)),
            (json!({"event": "run_finished"}), Some(SECOND - 250_000_000)),
            (json!({"event": "tool_invoked"}), None),
            (json!({"metrics": {}}), None),
            (json!({"metrics": null}), None),
            (json!({"metrics": {"duration_ms": 9e15}}), None),
            (json!({"timestamp": "1969-01-01T00:00:00Z"}), Some(SECOND + 250_000_000)),
        ];
        for (changes, start) in table {
            let record = record("one", &json!({}), &changes);
            let event = Event::of(&record);
            assert_eq!(event.span.map(|span| span.start), start, "{changes}");
        }
    }

    #[test]
    fn what_is_no_agent_event_is_still_an_event() {
        for data in [Value::Null, json!("text"), json!([1])] {
            let mut record = record("one", &json!({"correlationid": null}), &json!({}));
            let mut envelope = serde_json::to_value(&record.envelope).unwrap();
            envelope["data"] = data;
            record.envelope = Document::of(&envelope).unwrap();
            let event = Event::of(&record);
            assert_eq!((event.name, event.agent, event.span), ("", None, None));
            assert_eq!(event.time, Some(SECOND + 500_000_000));
            assert_eq!(event.title("event").concat(), "event");
        }
    }
}
