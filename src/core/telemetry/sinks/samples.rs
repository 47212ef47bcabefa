//! Events for tests.

use serde_json::{Value, json};

use crate::core::telemetry::json::Document;
use crate::core::telemetry::sink::Record;

/// A record of these attributes, and of these of the event, laid over those of a plain `tool_result`.
pub fn record(id: &str, attributes: &Value, event: &Value) -> Record {
    let mut envelope = json!({
        "specversion": "1.0",
        "id": id,
        "source": "urn:cortex-os:runtime",
        "type": "cortex.telemetry.agent.event",
        "time": "2025-03-01T12:00:01.500Z",
        "datacontenttype": "application/json",
        "correlationid": "run-42",
        "data": {
            "timestamp": "2025-03-01T12:00:01Z",
            "agentId": "agent-7",
            "phase": "execution",
            "event": "tool_result",
            "correlationId": "run-42",
            "labels": {"tool": "search"},
            "metrics": {"duration_ms": 250, "rows": 3, "ratio": 0.5},
            "outcome": {"status": "success"},
        },
    });
    lay_over(&mut envelope, attributes);
    lay_over(&mut envelope["data"], event);
    Record { id: id.to_owned(), envelope: Document::of(&envelope).unwrap() }
}

fn lay_over(object: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => {
                object.as_object_mut().unwrap().shift_remove(name);
            }
            value => object[name] = value.clone(),
        }
    }
}

/// A plain one.
pub fn plain(id: &str) -> Record {
    record(id, &json!({}), &json!({}))
}
