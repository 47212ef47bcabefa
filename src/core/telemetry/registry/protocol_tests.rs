//! Answers of registries, and of those who are none.

use serde_json::json;

use super::{Found, Served, Unsettled, Verdict, compared, done, found, level, offer, served, taken};
use crate::core::telemetry::sinks::answer::Answer;

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, body: body.as_bytes().to_owned(), ..Answer::default() }
}

#[test]
fn a_schema_is_offered_as_text() {
    let body = offer(&json!({ "type": "object" }));
    assert_eq!(body, json!({ "schemaType": "JSON", "schema": "{\"type\":\"object\"}" }));
}

#[test]
fn what_a_look_finds() {
    let table = [
        (200, r#"{"subject":"s","id":7,"version":2,"schema":"{}"}"#, Some(Found::Here { id: 7, version: 2 })),
        (
            404,
            r#"{"error_code":40401,"message":"Subject not found"}"#,
            Some(Found::Not { has_subject: false }),
        ),
        (404, r#"{"error_code":40403,"message":"Schema not found"}"#, Some(Found::Not { has_subject: true })),
        (404, "Cannot POST /subjects/s", Some(Found::NotSpoken)),
        (405, "", Some(Found::NotSpoken)),
        (200, r#"{"id":7}"#, None),
        (200, "<html>", None),
        (404, r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#, None),
        (401, r#"{"error_code":40101,"message":"who are you?"}"#, None),
        (302, "", None),
        (500, "", None),
    ];
    for (status, body, expected) in table {
        assert_eq!(found(&answer(status, body)).ok(), expected, "{status} {body}");
    }
}

#[test]
fn a_subject_has_a_level_or_none() {
    assert_eq!(level(&answer(200, r#"{"compatibilityLevel":"FULL"}"#)), Ok(Some("FULL".to_owned())));
    assert_eq!(level(&answer(404, r#"{"error_code":40408,"message":"none"}"#)), Ok(None));
    assert!(level(&answer(200, "{}")).is_err() && level(&answer(403, "")).is_err());
}

#[test]
fn what_is_offered_is_taken_or_breaks_something() {
    assert_eq!(taken(&answer(200, r#"{"id":1}"#)), Ok(Verdict::Fits));
    let Ok(Verdict::Breaks(reasons)) = taken(&answer(409, r#"{"error_code":409,"message":"no more id"}"#))
    else {
        panic!()
    };
    assert_eq!(reasons, ["it answered 409: no more id"]);
    let refused = taken(&answer(422, r#"{"error_code":42201,"message":"Invalid schema"}"#));
    assert_eq!(refused, Err(Unsettled::new("it answered 422 (it cannot use the content): Invalid schema")));
    for (status, expected) in [(401, true), (403, true), (422, false), (503, false)] {
        assert_eq!(done(&answer(status, "")).unwrap_err().is_denied, expected, "{status}");
    }
    assert_eq!(compared(&answer(200, r#"{"is_compatible":true}"#)), Ok(Verdict::Fits));
    let reasons = Verdict::Breaks(vec!["x".to_owned()]);
    assert_eq!(compared(&answer(200, r#"{"is_compatible":false,"messages":["x"]}"#)), Ok(reasons));
    assert!(compared(&answer(200, "{}")).is_err() && compared(&answer(404, "{}")).is_err());
    assert!(done(&answer(204, "")).is_ok() && done(&answer(405, "")).is_err());
}

#[test]
fn the_registry_of_the_original_bus_is_known_by_its_answers() {
    let schema = json!({ "type": "object" });
    let body = json!({ "schema": schema, "schemaId": "s", "timestamp": "2026-01-01T00:00:00Z" }).to_string();
    assert_eq!(served(&answer(200, &body)), Ok(Served::Schema(schema)));
    let missing = r#"{"error":"Schema not found","schemaId":"s"}"#;
    assert_eq!(served(&answer(404, missing)), Ok(Served::Nothing));
    for (status, body) in
        [(404, "Cannot GET /schemas/s"), (200, "[]"), (200, "hello"), (500, missing), (404, "{}")]
    {
        assert!(served(&answer(status, body)).is_err(), "{status} {body}");
    }
}
