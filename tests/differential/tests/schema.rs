//! The printed schema, as an independent validator reads it, and what is accepted are the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../support/agent_events.rs"]
mod agent_events;

use std::time::UNIX_EPOCH;

use agent_events::{Dice, event};
use brainwav::core::redact::{Counts, Redactor};
use brainwav::core::telemetry::compatibility::breaks;
use brainwav::core::telemetry::document::{draft, whole};
use brainwav::core::telemetry::schema::{async_api, schema};
use brainwav::core::telemetry::seal::{Label, Sealer};
use brainwav::core::telemetry::topic::TOPIC;
use brainwav::core::telemetry::trace::Carriers;
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::meta::is_valid(schema), "{schema}");
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

/// A moment that may be wrong in each of its parts. Years 0 and 9999 are left out: in some offsets they are moments of RFC
/// 3339 that have no year of four digits in UTC, which no schema can say.
fn moment(dice: &mut Dice) -> String {
    let mut number = |most: usize| dice.roll(most + 1);
    let year = 1 + number(9997);
    let (month, day) = (number(13), number(32));
    let (hour, minute, second) = (number(24), number(60), number(60));
    let (offset_hours, offset_minutes) = (number(24), number(60));
    let fraction = ["", "", "", ".", ".5", ".123456789", ".1234567890", ",5"];
    let zone = format!("{offset_hours:02}:{offset_minutes:02}");
    let zones = ["Z", "Z", "z", "", &format!("+{zone}"), &format!("-{zone}"), "+0100", " Z"];
    let between = *dice.pick(&["T", "T", "T", "T", "t", " "]);
    let (fraction, zone) = (*dice.pick(&fraction), *dice.pick(&zones));
    format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}{fraction}{zone}")
}

#[test]
fn validation_and_schema_agree_about_generated_events() {
    let validator = validator(&schema());
    let mut dice = Dice(11);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let event = event(&mut dice);
        let (ours, theirs) = (whole(event.clone()).is_ok(), validator.is_valid(&event));
        assert_eq!(ours, theirs, "{event}");
        accepted += usize::from(ours);
    }
    assert!((1000..10_000).contains(&accepted), "{accepted} of 20000 are valid");
}

#[test]
fn validation_and_schema_agree_about_moments() {
    let validator = validator(&schema());
    let mut dice = Dice(13);
    let mut accepted = 0;
    for _ in 0..50_000 {
        let event = json!({"timestamp": moment(&mut dice), "agentId": "a", "phase": "planning",
            "event": "reroute", "correlationId": "c"});
        let (ours, theirs) = (whole(event.clone()).is_ok(), validator.is_valid(&event));
        assert_eq!(ours, theirs, "{event}");
        accepted += usize::from(ours);
    }
    assert!((2000..25_000).contains(&accepted), "{accepted} of 50000 are valid");
}

/// Every envelope that we write is one that the AsyncAPI document describes, and what is broken is none.
#[test]
fn envelopes_are_what_the_document_of_the_bus_says() {
    let mut document = async_api(TOPIC);
    document["$ref"] = json!("#/components/messages/agentEvent/payload");
    let validator = jsonschema::options().should_validate_formats(true).build(&document).unwrap();
    let sealer = Sealer::new(Redactor::default(), Carriers::default(), "urn:cortex-os:runtime", TOPIC);
    let mut dice = Dice(17);
    let mut sealed = 0;
    for _ in 0..3000 {
        let Ok(draft) = draft(event(&mut dice)) else { continue };
        let event = draft.complete("agent", UNIX_EPOCH, || Ok("id".to_owned())).unwrap();
        let label = Label { id: "1", cause: (sealed % 2 == 0).then_some("0"), ..Label::default() };
        let mut line = Vec::new();
        sealer.seal(&event, label, &mut Counts::default(), &mut line).unwrap();
        let envelope: Value = serde_json::from_slice(&line).unwrap();
        assert!(validator.is_valid(&envelope), "{envelope}");
        sealed += 1;
        for name in ["specversion", "id", "source", "type", "data"] {
            let mut broken = envelope.clone();
            broken[name] = json!(7);
            assert!(!validator.is_valid(&broken), "{broken}");
        }
    }
    assert!(sealed > 200, "{sealed}");
}

/// Changes something in a schema, as an earlier or later version may have it otherwise.
fn changed(dice: &mut Dice, schema: &mut Value) {
    let words = ["run_started", "tool_result", "reroute", "planning", "run-started"];
    let (pointer, value) = match dice.roll(8) {
        0 => ("/required", json!([*dice.pick(&["timestamp", "agentId", "labels", "agentID"])])),
        1 => ("/required", json!([])),
        2 => ("/additionalProperties", json!(dice.roll(2) == 0)),
        3 => ("/properties/agentId/minLength", json!(dice.roll(3))),
        4 => ("/properties/event/enum", json!([*dice.pick(&words), *dice.pick(&words)])),
        5 => ("/properties/phase", json!({"type": *dice.pick(&["string", "null", "number"])})),
        6 => ("/properties/labels", json!({"type": "object", "required": ["a"]})),
        _ => ("/properties/correlationId", json!({"type": ["string", "null", "integer"]})),
    };
    *schema.pointer_mut(pointer).unwrap() = value;
    if dice.roll(4) == 0 {
        let name = *dice.pick(&["outcome", "metrics", "labels"]);
        let properties = schema["properties"].as_object_mut().unwrap();
        // Whatever it was before, there is another pointer for it from now on.
        let _ = properties.insert("agentID".to_owned(), properties.get(name).cloned().unwrap_or_default());
    }
}

/// Where no break is told, there is none: whatever is valid under the new schema is valid under the old one.
#[test]
fn what_is_called_compatible_is_it() {
    let mut dice = Dice(19);
    let events: Vec<Value> = (0..3000).map(|_| event(&mut dice)).collect();
    let (mut compatible, mut broken) = (0, 0);
    for _ in 0..600 {
        let mut pair = [schema(), schema()];
        for schema in &mut pair {
            for _ in 0..dice.roll(3) {
                changed(&mut dice, schema);
            }
        }
        let [old, new] = pair;
        if !breaks(&old, &new).is_empty() {
            broken += 1;
            continue;
        }
        compatible += 1;
        let (reads, writes) = (validator(&old), validator(&new));
        for event in events.iter().filter(|event| writes.is_valid(event)) {
            assert!(reads.is_valid(event), "{event}\nold {old}\nnew {new}");
        }
    }
    assert!(compatible > 60 && broken > 60, "{compatible} and {broken}");
}
