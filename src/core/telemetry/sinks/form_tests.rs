//! Envelopes on the wire.

use serde_json::{Value, json};

use super::Form;
use crate::core::telemetry::sinks::samples::{plain, record};

#[test]
fn a_cloud_event_is_the_envelope_as_it_was_spooled() {
    let text = Form::CloudEvents.bytes(&plain("one")).unwrap();
    assert_eq!(text, serde_json::to_vec(&plain("one").envelope).unwrap());
    let document: Value = serde_json::from_slice(&text).unwrap();
    let is_allowed =
        |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    assert!(document.as_object().unwrap().keys().all(is_allowed), "{document}");
}

#[test]
fn the_original_has_its_own_names() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let causation = "0b5a9d6e-54f1-4c5c-9f6a-3f2f4b1c2d3e";
    let attributes =
        json!({"traceparent": trace, "causationid": causation, "subject": "s", "expirytime": "never"});
    let text = Form::Cortex.bytes(&record("one", &attributes, &json!({}))).unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    let names: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "id type source specversion time subject datacontenttype causationId correlationId ttlMs headers \
                    traceparent data";
    assert_eq!(names.join(" "), expected);
    assert_eq!(
        (&document["ttlMs"], &document["headers"], &document["causationId"]),
        (&json!(60_000), &json!({}), &json!(causation))
    );
    assert_eq!(document["correlationId"].as_str().unwrap().len(), 36, "a UUID: {document}");
    assert_eq!(document["data"]["correlationId"], "run-42");
}

#[test]
fn several_are_lines_or_an_array() {
    for form in [Form::CloudEvents, Form::Cortex] {
        let batch = [plain("one"), plain("two")];
        let array: Value = serde_json::from_slice(&form.array(&batch).unwrap()).unwrap();
        assert_eq!((&array[0]["id"], &array[1]["id"]), (&json!("one"), &json!("two")));
        assert_eq!(form.array(&[]).unwrap(), b"[]");
        let lines = String::from_utf8(form.lines(&batch).unwrap()).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, *array.as_array().unwrap());
    }
}
