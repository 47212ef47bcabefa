//! Whether what one schema describes can be read by whoever knows another: every document that is valid under the new
//! schema has to be valid under the old one. What cannot be decided is told as a break, never passed over.

use serde_json::{Map, Value};

/// Words that describe and do not constrain.
const DESCRIBING: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "version",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// Every type of JSON Schema, for a schema that names none.
const TYPES: &[&str] = &["null", "boolean", "object", "array", "number", "string", "integer"];

/// Where a reader of the old schema would fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The place, as a path of fields from the event down; `*` stands for every field without a name of its own.
    pub at: String,
    /// What is written there that the reader does not take.
    pub reason: String,
}

/// All that a reader of the old schema cannot read of what the new one lets be written (FORWARD compatibility). Without
/// any, both can be mixed.
#[must_use]
pub fn breaks(old: &Value, new: &Value) -> Vec<Break> {
    let mut found = Vec::new();
    compare("event", old, new, &mut found);
    found
}

fn compare(at: &str, old: &Value, new: &Value, found: &mut Vec<Break>) {
    let mut tell = |reason: String| found.push(Break { at: at.to_owned(), reason });
    let anything = Value::Object(Map::new());
    let new = if *new == Value::Bool(true) { &anything } else { new };
    let (old, new) = match (old, new) {
        (Value::Bool(true), _) | (_, Value::Bool(false)) => return,
        (Value::Bool(false), _) => return tell("is written now, and was not allowed".to_owned()),
        (Value::Object(old), Value::Object(new)) => (old, new),
        _ => return tell("is no schema".to_owned()),
    };
    if old == new {
        return;
    }
    for (word, rule) in old {
        let is_members = word == "properties" || word == "additionalProperties";
        if is_members || word.starts_with("x-") || DESCRIBING.contains(&word.as_str()) {
            continue;
        }
        if let Some(reason) = broken(word, rule, new) {
            tell(reason);
        }
    }
    if types(new).contains(&"object") {
        members(at, old, new, found);
    }
    if types(new).contains(&"array")
        && let Some(items) = old.get("items")
    {
        compare(&format!("{at}[]"), items, new.get("items").unwrap_or(&Value::Bool(true)), found);
    }
}

/// Why what the new schema allows does not keep this rule of the old one.
fn broken(word: &str, rule: &Value, new: &Map<String, Value>) -> Option<String> {
    let now = new.get(word);
    let shown = || now.map_or_else(|| "anything".to_owned(), Value::to_string);
    let order = || now.and_then(Value::as_f64).partial_cmp(&rule.as_f64());
    let is_kept = match word {
        "type" => {
            let (old, mut now) = (names(rule), types(new));
            let is_any = now.len() == TYPES.len();
            now.retain(|kind| !(old.contains(kind) || *kind == "integer" && old.contains(&"number")));
            let kinds = if is_any { "of any type".to_owned() } else { now.join(" or ") };
            return (!now.is_empty()).then(|| format!("may be {kinds}, and was {}", old.join(" or ")));
        }
        "enum" => return missing(values(new), rule.as_array().map_or(&[], Vec::as_slice)),
        "const" => return missing(values(new), std::slice::from_ref(rule)),
        "required" => {
            let now = now.map(names).unwrap_or_default();
            let lost: Vec<&str> = names(rule).into_iter().filter(|name| !now.contains(name)).collect();
            return (!lost.is_empty())
                .then(|| format!("may be without {}, which was required", lost.join(", ")));
        }
        "minLength" | "minimum" | "minItems" | "minProperties" => {
            now.is_some() && order().is_some_and(|it| it.is_ge())
        }
        "maxLength" | "maximum" | "maxItems" | "maxProperties" => {
            now.is_some() && order().is_some_and(|it| it.is_le())
        }
        "items" => true,
        _ if now == Some(rule) => true,
        "format" | "pattern" => false,
        _ => return Some(format!("was {word} {rule}, which cannot be compared with what is now")),
    };
    (!is_kept).then(|| format!("has the {word} {}, and had {rule}", shown()))
}

/// The values that are written and were not allowed.
fn missing(now: Option<Vec<&Value>>, before: &[Value]) -> Option<String> {
    let Some(now) = now else {
        return Some("may be anything, and was one of a list".to_owned());
    };
    let more: Vec<String> =
        now.into_iter().filter(|value| !before.contains(value)).map(Value::to_string).collect();
    (!more.is_empty()).then(|| format!("may be {}, which was not allowed", more.join(" or ")))
}

/// The fields of an object: each that is written has to be one that was read.
fn members(at: &str, old: &Map<String, Value>, new: &Map<String, Value>, found: &mut Vec<Break>) {
    let none = Map::new();
    let named = |schema| Map::get(schema, "properties").and_then(Value::as_object).unwrap_or(&none);
    let rest = |schema| Map::get(schema, "additionalProperties").unwrap_or(&Value::Bool(true));
    let (before, now) = (named(old), named(new));
    for (name, schema) in now {
        compare(&format!("{at}.{name}"), before.get(name).unwrap_or(rest(old)), schema, found);
    }
    for (name, schema) in before.iter().filter(|(name, _)| !now.contains_key(*name)) {
        compare(&format!("{at}.{name}"), schema, rest(new), found);
    }
    compare(&format!("{at}.*"), rest(old), rest(new), found);
}

/// What may be written, where it is one of a list.
fn values(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    let listed = schema.get("enum").and_then(Value::as_array).map(|list| list.iter().collect());
    schema.get("const").map(|value| vec![value]).or(listed)
}

/// The types of what may be written.
fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match (schema.get("type"), values(schema)) {
        (Some(kind), _) => names(kind),
        (None, Some(values)) => values.into_iter().map(type_of).collect(),
        (None, None) => TYPES.to_vec(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// One name, or the names of a list.
fn names(value: &Value) -> Vec<&str> {
    value.as_array().map_or_else(
        || value.as_str().into_iter().collect(),
        |list| list.iter().filter_map(Value::as_str).collect(),
    )
}

#[cfg(test)]
#[path = "compatibility_tests.rs"]
mod tests;
