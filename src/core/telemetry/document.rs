//! An event as a JSON document: read without trust, with everything that is wrong named at once.

use serde_json::{Map, Value};
use thiserror::Error;

use super::event::{AgentEvent, Draft, EventKind, Phase, fits_attribute};
use super::timestamp;

/// The keys of an event. Those up to and including `correlationId` are never missing in a whole one.
pub const KEYS: [&str; 8] =
    ["timestamp", "agentId", "phase", "event", "correlationId", "labels", "metrics", "outcome"];

/// The longest part of a value that an error shows, in characters.
const SHOWN: usize = 60;

/// One thing that is wrong with an event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {found}; {wanted}")]
pub struct Problem {
    /// The field.
    pub field: String,
    /// What stands there. It is not redacted yet.
    pub found: String,
    /// What may stand there.
    pub wanted: String,
}

impl Problem {
    /// Something that stands in a field, and what may stand there.
    #[must_use]
    pub fn new(field: &str, found: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self { field: field.to_owned(), found: found.into(), wanted: wanted.into() }
    }
}

/// Reads a document in which anything but the unknown may be missing.
///
/// # Errors
/// Everything that is wrong with it.
pub fn draft(document: Value) -> Result<Draft, Vec<Problem>> {
    let Value::Object(mut fields) = document else {
        let wanted = "an event is a JSON object such as {\"event\":\"run_started\"}";
        return Err(vec![Problem::new("event", found(&document), wanted)]);
    };
    let mut problems = Vec::new();
    let draft = Draft {
        timestamp: moment(&mut fields, &mut problems),
        agent_id: name(&mut fields, "agentId", &mut problems),
        phase: word(&mut fields, "phase", &Phase::ALL, &mut problems),
        kind: word(&mut fields, "event", &EventKind::ALL, &mut problems),
        correlation_id: name(&mut fields, "correlationId", &mut problems),
        labels: object(&mut fields, "labels", &mut problems),
        metrics: object(&mut fields, "metrics", &mut problems),
        outcome: object(&mut fields, "outcome", &mut problems),
    };
    for key in fields.keys() {
        problems.push(Problem::new(&shorten(key), "unknown field", format!("known are {}", KEYS.join(", "))));
    }
    if problems.is_empty() { Ok(draft) } else { Err(problems) }
}

/// Reads a document in which nothing may be missing: what the schema describes.
///
/// # Errors
/// Everything that is wrong with it.
pub fn whole(document: Value) -> Result<AgentEvent, Vec<Problem>> {
    let has = |key: &str| document.get(key).is_some();
    let missing: Vec<Problem> = KEYS[..5]
        .iter()
        .filter(|key| document.is_object() && !has(key))
        .map(|key| Problem::new(key, "missing", "every whole event has it"))
        .collect();
    match draft(document) {
        Err(problems) => Err([missing, problems].concat()),
        Ok(_) if !missing.is_empty() => Err(missing),
        Ok(draft) => draft
            .complete("", std::time::UNIX_EPOCH, || Ok(String::new()))
            .map_err(|error| vec![Problem::new("correlationId", error.to_string(), "give one")]),
    }
}

fn moment(fields: &mut Map<String, Value>, problems: &mut Vec<Problem>) -> Option<String> {
    let value = fields.remove("timestamp")?;
    let utc = value.as_str().and_then(timestamp::to_utc);
    if utc.is_none() {
        problems.push(Problem::new("timestamp", found(&value), format!("write {}", timestamp::WANTED)));
    }
    utc
}

fn name(fields: &mut Map<String, Value>, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
    match fields.remove(key)? {
        Value::String(text) if !text.is_empty() && text.chars().all(fits_attribute) => Some(text),
        Value::String(text) if !text.is_empty() => {
            let wanted = "write it without control characters, which no attribute of a CloudEvent may hold";
            problems.push(Problem::new(key, escaped(&text), wanted));
            None
        }
        other => {
            problems.push(Problem::new(key, found(&other), "write a text of at least one character"));
            None
        }
    }
}

fn word<T: Copy>(
    fields: &mut Map<String, Value>,
    key: &str,
    all: &[(T, &'static str)],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let value = fields.remove(key)?;
    let known = all.iter().find(|(_, word)| value.as_str() == Some(word)).map(|(known, _)| *known);
    if known.is_none() {
        let words: Vec<&str> = all.iter().map(|(_, word)| *word).collect();
        problems.push(Problem::new(key, found(&value), format!("allowed are {}", words.join(", "))));
    }
    known
}

fn object(
    fields: &mut Map<String, Value>,
    key: &str,
    problems: &mut Vec<Problem>,
) -> Option<Map<String, Value>> {
    match fields.remove(key)? {
        Value::Object(object) => Some(object),
        other => {
            problems.push(Problem::new(key, found(&other), "write an object, or leave the field out"));
            None
        }
    }
}

fn found(value: &Value) -> String {
    match value {
        Value::Object(_) => "found an object".to_owned(),
        Value::Array(_) => "found a list".to_owned(),
        other => format!("found {}", shorten(&other.to_string())),
    }
}

/// A text with what nobody would see in it.
fn escaped(text: &str) -> String {
    format!("found {}", shorten(&format!("{text:?}")))
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{draft, whole};

    fn problems(document: Value) -> Vec<String> {
        draft(document).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_mistake_names_the_field_the_value_and_what_is_allowed() {
        let table = [
            (
                json!({"phase": "orchestration-run"}),
                "phase: found \"orchestration-run\"; allowed are planning, ",
            ),
            (json!({"phase": null}), "phase: found null; allowed are "),
            (json!({"event": "run-started"}), "event: found \"run-started\"; allowed are run_started, "),
            (json!({"event": 7}), "event: found 7; "),
            (json!({"agentId": ""}), "agentId: found \"\"; write a text of at least one character"),
            (
                json!({"agentId": "a\u{1}\u{9b}"}),
                "agentId: found \"a\\u{1}\\u{9b}\"; write it without control",
            ),
            (json!({"correlationId": "a\nb"}), "correlationId: found \"a\\nb\"; write it without control"),
            (json!({"correlationId": {}}), "correlationId: found an object; "),
            (json!({"timestamp": "yesterday"}), "timestamp: found \"yesterday\"; write a moment such as 20"),
            (json!({"labels": "x"}), "labels: found \"x\"; write an object, "),
            (json!({"metrics": null}), "metrics: found null; "),
            (json!({"outcome": [1]}), "outcome: found a list; "),
            (json!({"agentID": "a"}), "agentID: unknown field; known are timestamp, agentId, "),
            (json!([]), "event: found a list; an event is a JSON object "),
            (json!({"x".repeat(200): 1}), "xxxx"),
        ];
        for (document, expected) in table {
            let found = problems(document.clone());
            assert_eq!(found.len(), 1, "{document}: {found:?}");
            assert!(found[0].starts_with(expected), "{document}: {found:?}");
            assert!(found[0].len() < 300, "{found:?}");
        }
    }

    #[test]
    fn all_mistakes_are_named_at_once() {
        let document = json!({"phase": 1, "event": 2, "agentId": 3, "labels": 4, "x": 5, "y": 6});
        assert_eq!(problems(document).len(), 6);
        assert_eq!(whole(json!({"phase": "x"})).unwrap_err().len(), 5);
    }

    #[test]
    fn what_is_right_is_read_and_offsets_are_normalised() {
        let document = json!({
            "timestamp": "2026-01-01T01:00:00+01:00", "agentId": "a", "phase": "planning",
            "event": "plan_created", "correlationId": "c", "labels": {"a": {"b": [1]}}, "outcome": {},
        });
        let event = whole(document).unwrap();
        assert_eq!(event.timestamp, "2026-01-01T00:00:00Z");
        assert_eq!(event.labels.unwrap()["a"]["b"][0], 1);
        assert!(event.outcome.unwrap().is_empty() && event.metrics.is_none());
        assert_eq!(draft(json!({})).unwrap(), super::Draft::default());
        assert_eq!(whole(json!({})).unwrap_err().len(), 5);
        assert_eq!(whole(json!("x")).unwrap_err().len(), 1);
    }
}
