//! The JSON Schema of the event, made from the same tables that validation reads.

use serde_json::{Map, Value, json};

use super::document::KEYS;
use super::event::{EventKind, Phase, SCHEMA_VERSION};
use super::seal::schema_name;
use super::topic::TOPIC;

/// The schema of a whole event (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let properties: Map<String, Value> = KEYS.iter().map(|key| ((*key).to_owned(), property(key))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_name(),
        "title": "brAInwav AgentEvent",
        "version": SCHEMA_VERSION,
        "x-topic": TOPIC,
        "x-compatibility": "FORWARD",
        "type": "object",
        "additionalProperties": false,
        "required": KEYS[..5],
        "properties": properties,
    })
}

fn property(key: &str) -> Value {
    match key {
        "timestamp" => json!({
            "type": "string",
            "format": "date-time",
            "description": "in UTC with Z; another offset is normalised",
        }),
        "agentId" | "correlationId" => json!({ "type": "string", "minLength": 1 }),
        "phase" => json!({ "enum": Phase::ALL.map(|(_, word)| word) }),
        "event" => json!({ "enum": EventKind::ALL.map(|(_, word)| word) }),
        _ => json!({ "type": "object" }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::schema;

    #[test]
    fn the_schema_names_what_validation_takes() {
        let schema = schema();
        assert_eq!(schema["required"], json!(["timestamp", "agentId", "phase", "event", "correlationId"]));
        assert_eq!(schema["properties"]["phase"]["enum"], json!(["planning", "execution", "completion"]));
        assert_eq!(schema["properties"]["event"]["enum"].as_array().unwrap().len(), 7);
        assert_eq!(schema["properties"].as_object().unwrap().len(), 8);
        for key in ["labels", "metrics", "outcome"] {
            assert_eq!(schema["properties"][key]["type"], "object");
        }
        assert_eq!(schema["additionalProperties"], false);
    }
}
