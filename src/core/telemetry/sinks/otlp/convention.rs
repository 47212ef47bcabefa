//! What things are called: the semantic conventions, in one table.
//!
//! Those of generative AI are in development and will change: this is what release 1.37 calls them, and the only place
//! that knows.

use crate::core::telemetry::json::{Json, Object};

/// The attribute of an operation.
pub const OPERATION: &str = "gen_ai.operation.name";
/// The agent's id.
pub const AGENT_ID: &str = "gen_ai.agent.id";
/// The agent's name.
pub const AGENT_NAME: &str = "gen_ai.agent.name";
/// What events of one piece of work share.
pub const CONVERSATION: &str = "gen_ai.conversation.id";
/// The tool that was called.
pub const TOOL_NAME: &str = "gen_ai.tool.name";
/// What kind of failure it was, in few different words.
pub const ERROR_TYPE: &str = "error.type";
/// By which a receiver can tell an event that arrived twice.
pub const RECORD_ID: &str = "log.record.uid";
/// The type of the envelope.
pub const EVENT_TYPE: &str = "cloudevents.event_type";
/// The source of the envelope.
pub const EVENT_SOURCE: &str = "cloudevents.event_source";
/// The subject of the envelope.
pub const EVENT_SUBJECT: &str = "cloudevents.event_subject";

/// The number of events.
pub const EVENTS_METRIC: &str = "brainwav.events";
/// How long what ended took, in seconds.
pub const DURATION_METRIC: &str = "brainwav.operation.duration";

/// What has no convention is named below this.
pub const OWN: &str = "brainwav.";

/// The kinds of events: the operation that each is part of, and whether it ends one, which makes it a span where its
/// duration is known.
const EVENTS: [(&str, &str, bool); 7] = [
    ("run_started", "invoke_agent", false),
    ("run_finished", "invoke_agent", true),
    ("plan_created", "plan", false),
    ("plan_revised", "plan", false),
    ("reroute", "invoke_workflow", false),
    ("tool_invoked", "execute_tool", false),
    ("tool_result", "execute_tool", true),
];

/// Labels that name a tool.
const TOOL_LABELS: [&str; 4] = ["tool", "toolName", "tool_name", TOOL_NAME];

/// Metrics that tell a duration, and how many nanoseconds one of them is.
const DURATIONS: [(&str, f64); 5] = [
    ("duration_ms", 1e6),
    ("durationMs", 1e6),
    ("duration_seconds", 1e9),
    ("durationSeconds", 1e9),
    ("duration_s", 1e9),
];

/// What `outcome.status` says of a failure: the states of the tool events, and what else is commonly written.
const FAILURES: [&str; 9] = [
    "error",
    "failed",
    "failure",
    "rate_limited",
    "forbidden",
    "validation_failed",
    "timeout",
    "killed",
    "denied",
];

/// The operation that an event is part of.
#[must_use]
pub fn operation(event: &str) -> Option<&'static str> {
    EVENTS.iter().find(|(name, ..)| *name == event).map(|(_, operation, _)| *operation)
}

/// Whether an event ends what has a duration.
#[must_use]
pub fn ends_a_span(event: &str) -> bool {
    EVENTS.iter().any(|(name, _, ends)| *name == event && *ends)
}

/// The tool that the labels name.
#[must_use]
pub fn tool(labels: Object<'_>) -> Option<&str> {
    TOOL_LABELS.iter().find_map(|name| labels.get(name)?.as_str())
}

/// The duration among the metrics, in nanoseconds.
#[must_use]
pub fn duration(metrics: Object<'_>) -> Option<u64> {
    let (value, unit) =
        DURATIONS.iter().find_map(|(name, unit)| Some((metrics.get(name)?.as_f64()?, *unit)))?;
    let nanoseconds = value * unit;
    // Beyond two to the power of 63 nanoseconds lie 292 years.
    (nanoseconds.is_finite() && (0.0..9.2e18).contains(&nanoseconds)).then_some(nanoseconds as u64)
}

/// What kind of failure an outcome is; `None` when it is none.
#[must_use]
pub fn failure(outcome: Object<'_>) -> Option<&str> {
    let status = outcome.get("status").and_then(Json::as_str);
    let status = status.filter(|status| FAILURES.contains(status))?;
    let code = ["errorCode", "error_code", ERROR_TYPE].iter().find_map(|name| outcome.get(name)?.as_str());
    Some(code.unwrap_or(status))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{duration, ends_a_span, failure, operation, tool};
    use crate::core::telemetry::json::Document;

    fn object(value: &Value) -> Document {
        Document::of(value).unwrap()
    }

    #[test]
    fn events_are_operations() {
        let table = [
            ("run_started", Some("invoke_agent"), false),
            ("run_finished", Some("invoke_agent"), true),
            ("plan_revised", Some("plan"), false),
            ("tool_result", Some("execute_tool"), true),
            ("something_else", None, false),
        ];
        for (event, expected, ends) in table {
            assert_eq!((operation(event), ends_a_span(event)), (expected, ends), "{event}");
        }
    }

    #[test]
    fn a_duration_has_a_unit() {
        let table = [
            (json!({"duration_ms": 12}), Some(12_000_000)),
            (json!({"durationMs": 0.5}), Some(500_000)),
            (json!({"duration_seconds": 2}), Some(2_000_000_000)),
            (json!({"duration_ms": 0}), Some(0)),
            (json!({"duration_ms": -1}), None),
            (json!({"duration_ms": 1e300}), None),
            (json!({"duration_ms": "12"}), None),
            (json!({"duration": 12}), None),
        ];
        for (metrics, expected) in &table {
            assert_eq!(duration(object(metrics).object()), *expected, "{metrics}");
        }
    }

    #[test]
    fn a_failure_has_a_kind() {
        let table = [
            (json!({"status": "success"}), None),
            (json!({"status": "success", "errorCode": "E"}), None),
            (json!({"status": "error"}), Some("error")),
            (json!({"status": "rate_limited", "errorCode": "429"}), Some("429")),
            (json!({}), None),
            (json!({"status": 1}), None),
        ];
        for (outcome, expected) in &table {
            assert_eq!(failure(object(outcome).object()), *expected, "{outcome}");
        }
        assert_eq!(tool(object(&json!({"toolName": "grep"})).object()), Some("grep"));
        assert_eq!(tool(object(&json!({"tool": 1})).object()), None);
    }
}
