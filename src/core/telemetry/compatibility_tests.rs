use serde_json::{Value, json};

use super::breaks;
use crate::core::telemetry::schema::schema;

/// What breaks, as `place: reason`.
fn found(old: &Value, new: &Value) -> Vec<String> {
    breaks(old, new).into_iter().map(|one| format!("{}: {}", one.at, one.reason)).collect()
}

#[test]
fn a_reader_of_the_old_schema_takes_what_is_only_narrower() {
    let object = |properties: Value, rest: Value, required: Value| json!({"type": "object", "properties": properties, "additionalProperties": rest, "required": required});
    let text = json!({"type": "string"});
    let table = [
        (json!({}), json!({"type": "string"})),
        (json!(true), json!(true)),
        (json!({"type": "string"}), json!(false)),
        (json!({"type": ["string", "null"]}), json!({"type": "null"})),
        (json!({"type": "number"}), json!({"type": "integer"})),
        (json!({"type": "string"}), json!({"const": "a"})),
        (json!({"enum": ["a", "b"]}), json!({"enum": ["b"]})),
        (json!({"enum": ["a", "b"]}), json!({"const": "b"})),
        (json!({"type": "string", "minLength": 1}), json!({"type": "string", "minLength": 2})),
        (json!({"maxLength": 9}), json!({"maxLength": 9, "pattern": "^a"})),
        (json!({"title": "x", "x-any": 1, "$id": "1"}), json!({"title": "y", "$id": "2"})),
        (
            object(json!({"a": text}), json!(false), json!([])),
            object(json!({"a": text}), json!(false), json!(["a"])),
        ),
        (object(json!({"a": text}), json!(false), json!([])), object(json!({}), json!(false), json!([]))),
        (object(json!({}), json!(true), json!([])), object(json!({"a": text}), json!(false), json!([]))),
        (
            object(json!({}), json!({"type": "string"}), json!([])),
            object(json!({"a": text}), json!(false), json!([])),
        ),
        (
            json!({"type": ["object", "string"], "required": ["a"]}),
            json!({"type": "object", "required": ["a", "b"]}),
        ),
        (json!({"items": {"type": "number"}}), json!({"type": "array", "items": {"type": "integer"}})),
        (json!({"items": {"type": "number"}}), json!({"type": "string"})),
    ];
    for (old, new) in table {
        assert_eq!(found(&old, &new), [""; 0], "{old}\n{new}");
    }
}

/// The old schema, the new one, and what breaks.
const BREAKING: &[(&str, &str, &[&str])] = &[
    (r#"{"type": "string"}"#, "{}", &["event: may be of any type, and was string"]),
    ("false", "{}", &["event: is written now, and was not allowed"]),
    (r#"{"type": "integer"}"#, r#"{"type": "number"}"#, &["event: may be number, and was integer"]),
    (r#"{"type": "string"}"#, r#"{"enum": ["a", 1]}"#, &["event: may be integer, and was string"]),
    (r#"{"enum": ["a"]}"#, r#"{"enum": ["a", "b"]}"#, &["event: may be \"b\", which was not allowed"]),
    (r#"{"const": "a"}"#, r#"{"const": "b"}"#, &["event: may be \"b\", which was not allowed"]),
    (r#"{"enum": ["a"]}"#, r#"{"type": "string"}"#, &["event: may be anything, and was one of a list"]),
    (r#"{"minLength": 1}"#, r#"{"type": "string"}"#, &["event: has the minLength anything, and had 1"]),
    (r#"{"maximum": 5}"#, r#"{"maximum": 6}"#, &["event: has the maximum 6, and had 5"]),
    (r#"{"pattern": "a"}"#, r#"{"pattern": "b"}"#, &["event: has the pattern \"b\", and had \"a\""]),
    (
        r#"{"required": ["a", "b"]}"#,
        r#"{"type": "object", "required": ["b"]}"#,
        &["event: may be without a, which was required"],
    ),
    (
        r#"{"additionalProperties": false}"#,
        r#"{"type": "object"}"#,
        &["event.*: is written now, and was not allowed"],
    ),
    (
        r#"{"properties": {"a": {"type": "string"}}}"#,
        r#"{"type": "object"}"#,
        &["event.a: may be of any type, and was string"],
    ),
    (
        r#"{"properties": {"a": {"properties": {"b": {"enum": [1]}}}}, "additionalProperties": false}"#,
        r#"{"properties": {"a": {"properties": {"b": {"const": 2}}}, "c": {}}, "additionalProperties": false}"#,
        &["event.a.b: may be 2, which was not allowed", "event.c: is written now, and was not allowed"],
    ),
    (
        r#"{"items": {"type": "string"}}"#,
        r#"{"type": "array"}"#,
        &["event[]: may be of any type, and was string"],
    ),
    (r#"{"allOf": [{}]}"#, "{}", &["event: was allOf [{}], which cannot be compared with what is now"]),
    ("[]", "{}", &["event: is no schema"]),
];

#[test]
fn everything_that_it_would_not_take_is_named() {
    for (old, new, expected) in BREAKING {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(found(&read(old), &read(new)), *expected, "{old}\n{new}");
    }
}

#[test]
fn each_change_of_our_schema_breaks_in_one_direction() {
    let now = schema();
    assert!(breaks(&now, &now).is_empty());
    let changes: [(&str, Value, bool); 5] = [
        // What an earlier version may have been, and whether it can read what is written now.
        ("/properties/event/enum", json!(["run_started", "run_finished"]), false),
        ("/required", json!(["timestamp"]), true),
        ("/additionalProperties", json!(true), true),
        ("/properties/labels", json!({"type": "object", "maxProperties": 4}), false),
        ("/properties/agentId/minLength", json!(2), false),
    ];
    for (pointer, value, expected) in changes {
        let mut old = now.clone();
        *old.pointer_mut(pointer).unwrap() = value;
        assert_eq!(breaks(&old, &now).is_empty(), expected, "{pointer}");
        assert_eq!(breaks(&now, &old).is_empty(), !expected, "{pointer}: the other way round");
    }
}
