use serde_json::{Value, json};

use super::super::document;
use super::super::envelope::{Cortex, record};
use super::super::trace::Carriers;
use super::{LONGEST, Label, SealError, Sealer};
use crate::core::redact::{Action, Counts, MARKER, Policy, Redactor};

const ID: &str = "11111111-2222-4333-8444-555555555555";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn document(changes: &Value) -> Value {
    let mut document = json!({
        "timestamp": "2026-01-01T00:00:00.000Z", "agentId": "a", "phase": "execution",
        "event": "tool_result", "correlationId": "c",
    });
    for (key, value) in changes.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

fn sealed_by(policy: Policy, carriers: Carriers, changes: &Value) -> Result<Value, SealError> {
    let event = document::whole(document(changes)).unwrap();
    let sealer = Sealer::new(Redactor::new(policy).unwrap(), carriers.checked(), "urn:x:y", "topic");
    let mut line = b"before".to_vec();
    let result = sealer.seal(&event, Label { id: ID, ..Label::default() }, &mut Counts::default(), &mut line);
    let line = line.strip_prefix(b"before").unwrap();
    match result {
        Ok(correlation) => {
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let envelope: Value = serde_json::from_slice(line).unwrap();
            assert_eq!(envelope["correlationid"], correlation);
            Ok(envelope)
        }
        Err(error) => {
            assert!(line.is_empty(), "nothing of it is written");
            Err(error)
        }
    }
}

fn sealed(changes: &Value) -> Value {
    sealed_by(Policy::default(), Carriers::default(), changes).unwrap()
}

#[test]
fn the_envelope_is_a_cloud_event() {
    let envelope =
        sealed(&json!({"labels": {"tool": "search"}, "metrics": {"ms": 1.5}, "outcome": {"ok": true}}));
    assert_eq!(envelope["specversion"], "1.0");
    assert_eq!(envelope["id"], ID);
    assert_eq!((&envelope["source"], &envelope["type"]), (&json!("urn:x:y"), &json!("topic")));
    assert_eq!((&envelope["subject"], &envelope["time"]), (&json!("a"), &json!("2026-01-01T00:00:00.000Z")));
    assert_eq!(envelope["correlationid"], "c");
    assert!(envelope["dataschema"].as_str().unwrap().ends_with(":cortex.telemetry.agent.event:1.0.0"));
    for (name, value) in envelope.as_object().unwrap() {
        let fits = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        assert!(name.len() <= 20 && name.bytes().all(fits), "{name}");
        assert!(value.is_string() || name == "data", "{name}");
    }
    let expected = document(&json!({
        "labels": {"brAInwav": "privacy-redacted", "tool": "search"}, "metrics": {"ms": 1.5}, "outcome": {"ok": true},
    }));
    assert_eq!(envelope["data"], expected);
    assert!(document::whole(envelope["data"].clone()).is_ok(), "what is sealed is still an event");
}

#[test]
fn no_attribute_holds_a_control_character() {
    let draft = super::super::event::Draft {
        agent_id: Some("a\u{1}b\u{85}".to_owned()),
        correlation_id: Some("c\n\u{fffe}".to_owned()),
        ..Default::default()
    };
    let event = draft.complete("", std::time::UNIX_EPOCH, || unreachable!("there is an id")).unwrap();
    let sealer = Sealer::new(Redactor::default(), Carriers::default(), "urn:x:y", "topic");
    let label = Label { id: ID, cause: Some("x\ty"), ..Label::default() };
    let mut line = Vec::new();
    let id = sealer.seal(&event, label, &mut Counts::default(), &mut line).unwrap();
    let envelope: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(
        (&envelope["subject"], &envelope["data"]["agentId"]),
        (&json!("a\\u0001b\\u0085"), &envelope["subject"])
    );
    assert_eq!((id.as_str(), &envelope["causationid"]), ("c\\u000a\\ufffe", &json!("x\\u0009y")));
    assert!(document::whole(envelope["data"].clone()).is_ok());
}

#[test]
fn nothing_that_must_not_be_seen_gets_into_it() {
    let secret = "ann@example.com";
    let envelope = sealed(&json!({
        "agentId": secret, "correlationId": format!("run of {secret}"),
        "labels": {"password": "hunter22", secret: 1, "brAInwav": "hunter22"}, "metrics": {"tokens_used": 12},
        "outcome": {"deep": [{"apiKey": "hunter22"}], "text": format!("{{\"pin\":\"hunter22\",\"x\":\"{secret}\"}}")},
    }));
    let text = envelope.to_string();
    assert!(!text.contains(secret) && !text.contains("hunter22"), "{text}");
    assert_eq!(envelope["subject"], MARKER);
    assert_eq!(envelope["data"]["metrics"]["tokens_used"], 12);
    assert_eq!(envelope["data"]["labels"]["brAInwav"], "privacy-redacted");
    assert_eq!(envelope["correlationid"], envelope["data"]["correlationId"]);
    let carriers = Carriers {
        traceparent: Some(PARENT.to_owned()),
        tracestate: Some("a=b".to_owned()),
        baggage: Some(format!("user={secret}")),
    };
    let envelope = sealed_by(Policy::default(), carriers, &json!({})).unwrap();
    assert_eq!((&envelope["traceparent"], &envelope["tracestate"]), (&json!(PARENT), &json!("a=b")));
    assert_eq!(envelope["baggage"], format!("user={MARKER}"));
}

#[test]
fn every_policy_leaves_a_valid_event() {
    let removing = Policy { action: Action::Remove, ..Policy::default() };
    let allowing = Policy { allow: Some(vec!["labels.tool".to_owned()]), ..Policy::default() };
    let strictest = Policy { action: Action::Remove, ..allowing.clone() };
    for (policy, labels) in [
        (removing, json!({"tool": "x", "b": 1})),
        (allowing, json!({"tool": "x", "b": MARKER, "password": MARKER})),
        (strictest, json!({"tool": "x"})),
    ] {
        let changes = json!({"agentId": "ann@example.com", "labels": {"tool": "x", "b": 1, "password": "p"}});
        let envelope = sealed_by(policy, Carriers::default(), &changes).unwrap();
        let mut expected = labels;
        expected["brAInwav"] = json!("privacy-redacted");
        assert_eq!(envelope["data"]["labels"], expected);
        assert!(document::whole(envelope["data"].clone()).is_ok());
    }
}

#[test]
fn what_is_too_long_is_refused() {
    for count in [LONGEST / 7, LONGEST / 8 - 60] {
        let numbers = vec![1_234_567; count];
        let error = sealed_by(Policy::default(), Carriers::default(), &json!({"metrics": {"all": numbers}}));
        let error = error.unwrap_err();
        assert!(matches!(error, SealError::TooLong { .. } | SealError::NotRedacted(_)), "{error}");
    }
    let odd = "quote \" backslash \\ snow \u{2603}";
    assert_eq!(sealed(&json!({"agentId": odd}))["subject"], odd);
}

#[test]
fn the_original_form_has_its_names() {
    let line = sealed(&json!({"labels": {"tool": "search"}})).to_string();
    let record = record(line.as_bytes()).unwrap();
    assert_eq!((record.id.as_str(), record.attribute("type")), (ID, Some("topic")));
    let cortex = serde_json::to_value(Cortex(&record)).unwrap();
    let names = "id type source specversion time subject datacontenttype dataschema correlationId ttlMs headers \
                 traceparent data";
    let found: Vec<&str> = cortex.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(found, names.split_whitespace().collect::<Vec<_>>());
    assert_eq!((&cortex["ttlMs"], &cortex["headers"]), (&json!(60_000), &json!({})));
    assert_eq!(cortex["data"], serde_json::to_value(&record.envelope).unwrap()["data"]);
}

#[test]
fn the_context_that_came_with_an_event_goes_before_that_of_the_process() {
    let carriers = Carriers { traceparent: Some(PARENT.to_owned()), ..Carriers::default() };
    let event = document::whole(document(&json!({}))).unwrap();
    let sealer = Sealer::new(Redactor::default(), carriers, "urn:x:y", "topic");
    // A later version may end in anything.
    let theirs = PARENT.replacen("00", "01", 1) + "-\"";
    for (given, expected) in [(None, PARENT), (Some(theirs.as_str()), theirs.as_str())] {
        let (mut line, label) = (Vec::new(), Label { id: ID, traceparent: given, ..Label::default() });
        sealer.seal(&event, label, &mut Counts::default(), &mut line).unwrap();
        let envelope: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(envelope["traceparent"], expected);
    }
}

#[test]
fn a_span_of_its_own_is_in_the_one_that_was_handed_over() {
    const SPAN: &str = "00f067aa0ba902b7";
    for (handed, expected) in [(Some(PARENT.to_owned()), Some("b7ad6b7169203331")), (None, None)] {
        let carriers = Carriers { traceparent: handed, ..Carriers::default() };
        let sealer = Sealer::new(Redactor::default(), carriers.checked(), "urn:x:y", "topic");
        let event = document::whole(document(&json!({}))).unwrap();
        let mut line = Vec::new();
        let label = Label { id: ID, span: Some(SPAN), ..Label::default() };
        sealer.seal(&event, label, &mut Counts::default(), &mut line).unwrap();
        let record = record(line.trim_ascii()).unwrap();
        assert!(record.attribute("traceparent").unwrap().contains(SPAN));
        assert_eq!(record.attribute("spanid"), Some(SPAN));
        assert_eq!(record.attribute("parentspanid"), expected);
    }
    assert_eq!(sealed(&json!({})).get("spanid"), None);
}

#[test]
fn the_run_of_a_ci_stands_in_the_envelope_without_secrets() {
    let run = vec![
        ("cicdpipelinerunid", "17".to_owned()),
        ("cicdpipelinerunurl", "https://user:hunter22@ci.example.com/17".to_owned()),
    ];
    let sealer = Sealer::new(Redactor::default(), Carriers::default(), "urn:x:y", "topic").of_run(&run);
    let event = document::whole(document(&json!({}))).unwrap();
    let mut line = Vec::new();
    let label = Label { id: ID, ..Label::default() };
    sealer.seal(&event, label, &mut Counts::default(), &mut line).unwrap();
    let envelope: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(envelope["cicdpipelinerunid"], "17");
    let url = envelope["cicdpipelinerunurl"].as_str().unwrap();
    assert!(url.contains("ci.example.com") && !url.contains("hunter22"), "{url}");
    let is_allowed = |name: &String| name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_lowercase());
    assert!(envelope.as_object().unwrap().keys().all(is_allowed));
}
