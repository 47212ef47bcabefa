//! The event and its envelope described for other programs, from the same tables that validation reads.

use serde_json::{Map, Value, json};

use super::document::KEYS;
use super::event::{EventKind, NOT_IN_ATTRIBUTES, Phase, SCHEMA_VERSION};
use super::seal::schema_name;
use super::topic::TOPIC;

/// What [`super::timestamp::to_utc`] reads, the days of a month aside, for which there is the format.
const MOMENT: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\
                      (\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// The schema of a whole event (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let properties: Map<String, Value> = KEYS.iter().map(|key| ((*key).to_owned(), property(key))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_name(),
        "title": "brAInwav AgentEvent",
        // The registry of the original bus lists only what has one.
        "description": "What an agent or a tool did, at which point of a run, and what came of it.",
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
            "pattern": MOMENT,
            "description": "in UTC with Z; another offset is normalised",
        }),
        "agentId" | "correlationId" => json!({
            "type": "string",
            "minLength": 1,
            "pattern": format!("^[^{NOT_IN_ATTRIBUTES}]*$"),
            "description": "stands in an attribute of the CloudEvent, so without control characters",
        }),
        "phase" => json!({ "enum": Phase::ALL.map(|(_, word)| word) }),
        "event" => json!({ "enum": EventKind::ALL.map(|(_, word)| word) }),
        _ => json!({ "type": "object" }),
    }
}

/// The AsyncAPI 3.0 document of a topic: its channel, the envelope and the event.
#[must_use]
pub fn async_api(topic: &str) -> Value {
    let mut event = schema();
    if let Value::Object(event) = &mut event {
        // It stands in a document that says so itself.
        event.retain(|word, _| !word.starts_with('$') && !word.starts_with("x-") && word != "version");
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "brAInwav telemetry",
            "version": SCHEMA_VERSION,
            "description": "Events of agents and tools as CloudEvents 1.0. Compatibility: FORWARD.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": { "agentEvents": {
            "address": topic,
            "messages": { "agentEvent": { "$ref": "#/components/messages/agentEvent" } },
        } },
        "operations": { "emitAgentEvent": {
            "action": "send",
            "channel": { "$ref": "#/channels/agentEvents" },
            "messages": [{ "$ref": "#/channels/agentEvents/messages/agentEvent" }],
        } },
        "components": {
            "messages": { "agentEvent": {
                "name": "AgentEvent",
                "contentType": "application/cloudevents+json",
                "correlationId": { "location": "$message.payload#/correlationid" },
                "payload": envelope(topic),
            } },
            "schemas": { "AgentEvent": event },
        },
    })
}

/// The envelope around it: CloudEvents 1.0 with the extensions that we write.
fn envelope(topic: &str) -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    json!({
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text,
            "source": { "type": "string", "format": "uri-reference", "minLength": 1 },
            "type": { "const": topic },
            "subject": text,
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": { "const": "application/json" },
            "dataschema": { "const": schema_name() },
            "correlationid": text,
            "causationid": text,
            "traceparent": text,
            "tracestate": text,
            "baggage": text,
            "cicdpipelinename": text,
            "cicdpipelinerunid": text,
            "cicdpipelinerunurl": text,
            "vcsrefname": text,
            "vcsrefrevision": text,
            "data": { "$ref": "#/components/schemas/AgentEvent" },
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{async_api, schema};

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

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let document = async_api("topic");
        let text = document.to_string();
        let pointers: Vec<&str> =
            text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(pointers.len(), 4);
        for pointer in pointers {
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        assert_eq!(document.pointer("/channels/agentEvents/address").unwrap(), "topic");
        assert_eq!(document["components"]["schemas"]["AgentEvent"]["required"], schema()["required"]);
    }
}
