//! `brainwav telemetry schema`: the printed schema and what is accepted are the same, and earlier ones are compared.

use std::fs;

use brainwav::core::telemetry::document::whole;
use regex::bytes::Regex;
use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::agent_events::{Dice, event};

/// Whether a value is valid by the words that the schema uses; one that is not known here fails the test. A validator of
/// others is asked by `tests/differential`.
fn is_valid(schema: &Value, value: &Value) -> bool {
    schema.as_object().unwrap().iter().all(|(word, rule)| match word.as_str() {
        "$schema" | "$id" | "title" | "version" | "description" | "format" | "x-topic"
        | "x-compatibility" => true,
        "type" => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "string" => value.is_string(),
            other => panic!("type {other}"),
        },
        "enum" => rule.as_array().unwrap().contains(value),
        "minLength" => {
            value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap())
        }
        "pattern" => {
            let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| pattern.is_match(text.as_bytes()))
        }
        "required" => {
            let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
            !value.is_object() || rule.as_array().unwrap().iter().all(has)
        }
        "additionalProperties" => {
            assert_eq!(rule, false);
            let is_known = |key: &String| schema["properties"].get(key).is_some();
            value.as_object().is_none_or(|fields| fields.keys().all(is_known))
        }
        "properties" => value.as_object().is_none_or(|fields| {
            fields.iter().all(|(key, value)| rule.get(key).is_none_or(|schema| is_valid(schema, value)))
        }),
        other => panic!("unknown word {other}"),
    })
}

#[test]
fn the_printed_schema_and_the_validation_agree() {
    let env = TestEnv::new();
    let schema = env.run(&["telemetry", "schema"]).expect_code(0).json();
    assert_eq!(schema["$id"], "urn:cortex-os:schema:cortex.telemetry.agent.event:1.0.0");
    let mut dice = Dice(7);
    let mut accepted = 0;
    for _ in 0..5000 {
        let event = event(&mut dice);
        let (ours, theirs) = (whole(event.clone()).is_ok(), is_valid(&schema, &event));
        assert_eq!(ours, theirs, "{event}");
        accepted += usize::from(ours);
    }
    assert!((200..2500).contains(&accepted), "{accepted} of 5000 are valid");
    for other in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(whole(other.clone()).is_ok(), is_valid(&schema, &other));
    }
}

#[test]
fn the_document_of_the_bus_names_the_topic_of_the_configuration() {
    let env = TestEnv::new();
    env.write_config("[telemetry]\ntopic = \"cortex.mcp.event\"");
    let document = env.run(&["telemetry", "schema", "--asyncapi"]).expect_code(0).json();
    let channel = &document["channels"]["agentEvents"];
    assert_eq!((&document["asyncapi"], &channel["address"]), (&json!("3.0.0"), &json!("cortex.mcp.event")));
}

#[test]
fn an_earlier_schema_is_compared_with_the_one_of_today() {
    let env = TestEnv::new();
    let printed = env.run(&["telemetry", "schema"]).expect_code(0).stdout;
    let asyncapi = env.run(&["telemetry", "schema", "--asyncapi"]).expect_code(0).stdout;
    let fewer = printed.replace("\"reroute\",", "");
    let wider = printed.replace("\"outcome\"", "\"earlier\"");
    assert!(fewer != printed && wider != printed);
    for (text, code, expected) in [
        (&printed, 0, "can read what is written now"),
        (&asyncapi, 0, "can read what is written now"),
        (
            &fewer,
            1,
            "1 place breaks its readers\n\n  event.event: may be \"reroute\", which was not allowed\n",
        ),
        (&wider, 1, "  event.outcome: is written now, and was not allowed\n"),
    ] {
        fs::write(env.workspace().join("old.json"), text).unwrap();
        let output = env.run(&["telemetry", "schema", "--check", "old.json"]).expect_code(code);
        assert!(output.stdout.starts_with("brAInwav telemetry schema: version 1.0.0 against old.json: "));
        assert!(output.stdout.contains(expected), "{}", output.stdout);
        let document =
            env.run(&["telemetry", "schema", "--check", "old.json", "--json"]).expect_code(code).json();
        assert_eq!(document["schema"], "brainwav.telemetry-schema-check/1");
        assert_eq!(document["compatible"], code == 0);
        assert_eq!(document["breaks"].as_array().unwrap().is_empty(), code == 0);
    }
}

#[test]
fn what_is_no_schema_is_not_called_compatible() {
    let env = TestEnv::new();
    for (text, code, expected) in [
        (None, 4, "cannot read"),
        (Some("{"), 2, "no JSON Schema"),
        (Some("[]"), 2, "no object"),
        (Some("{}"), 2, "describes no fields"),
        (Some("{\"name\":\"x\",\"properties\":7}"), 2, "describes no fields"),
        (Some("{\"asyncapi\":\"3.0.0\",\"properties\":{}}"), 2, "components.schemas.AgentEvent"),
        (
            Some("{\"asyncapi\":\"3.0.0\",\"components\":{\"schemas\":{\"AgentEvent\":{}}}}"),
            2,
            "describes no fields",
        ),
        (Some("{\"required\":[\"more\"],\"properties\":{}}"), 1, ""),
        (Some("{\"properties\":{}}"), 0, ""),
    ] {
        let _ = fs::remove_file(env.workspace().join("old.json"));
        if let Some(text) = text {
            fs::write(env.workspace().join("old.json"), text).unwrap();
        }
        let output = env.run(&["telemetry", "schema", "--check", "old.json"]).expect_code(code);
        assert!(output.stderr.contains(expected), "{}", output.stderr);
    }
}
