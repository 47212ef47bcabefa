//! `brainwav telemetry schema --register`: what it adds is there, what is there stays, and what it could not do it says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::receiver::{Receiver, Reply};
use crate::support::registry::{self, Shared};

const SUBJECT: &str = "cortex.telemetry.agent.event-value";

fn start(contents: &Shared) -> Receiver {
    let contents = Shared::clone(contents);
    Receiver::start(move |_, request| registry::answer(&contents, request))
}

fn register(env: &TestEnv, url: &str, more: &[&str], code: i32) -> Value {
    let arguments = [&["telemetry", "schema", "--register", url, "--json"], more].concat();
    env.run(&arguments).expect_code(code).json()
}

fn schema(env: &TestEnv) -> Value {
    env.run(&["telemetry", "schema"]).expect_code(0).json()
}

/// The methods and paths that were asked for, in order.
fn asked(receiver: &Receiver) -> Vec<String> {
    receiver.requests().iter().map(|request| format!("{} {}", request.method(), request.path())).collect()
}

#[test]
fn a_schema_is_registered_once() {
    let (env, contents) = (TestEnv::new(), Shared::default());
    let receiver = start(&contents);
    let url = receiver.url("/");
    let look = register(&env, &url, &["-n"], 1);
    assert_eq!((&look["state"], &look["sets_compatibility"]), (&json!("would-register"), &json!(true)));
    assert!(contents.lock().unwrap().subjects.is_empty() && contents.lock().unwrap().levels.is_empty());
    let first = register(&env, &url, &[], 0);
    assert_eq!(first["schema"], "brainwav.telemetry-schema-registration/1");
    assert_eq!(first["registry"], receiver.url(""));
    assert_eq!((&first["subject"], &first["state"]), (&json!(SUBJECT), &json!("registered")));
    assert_eq!((&first["id"], &first["subject_version"]), (&json!(1), &json!(1)));
    assert_eq!((&first["compatibility"], &first["sets_compatibility"]), (&json!("FORWARD"), &json!(true)));
    assert_eq!(contents.lock().unwrap().subjects[SUBJECT], [(1, schema(&env))]);
    assert_eq!(contents.lock().unwrap().levels[SUBJECT], "FORWARD");
    let before = asked(&receiver).len();
    for dry in [&[][..], &["-n"]] {
        let again = register(&env, &url, dry, 0);
        assert_eq!(
            (&again["state"], &again["sets_compatibility"]),
            (&json!("already-registered"), &json!(false))
        );
    }
    let changes = |request: &String| request.starts_with("PUT") || request.ends_with("/versions");
    assert!(!asked(&receiver)[before..].iter().any(changes), "{:?}", asked(&receiver));
    let quiet = env.run(&["telemetry", "schema", "--register", &url, "-q"]).expect_code(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn a_level_that_was_chosen_stays_and_judges() {
    let env = TestEnv::new();
    let mut other = schema(&env);
    let events = other.pointer_mut("/properties/event/enum").unwrap().as_array_mut().unwrap();
    events.pop();
    for (level, code, state, versions) in [("FORWARD", 1, "incompatible", 1), ("NONE", 0, "registered", 2)] {
        let contents = Shared::default();
        contents.lock().unwrap().subjects.insert("mine".to_owned(), vec![(1, other.clone())]);
        contents.lock().unwrap().levels.insert("mine".to_owned(), level.to_owned());
        let receiver = start(&contents);
        let url = receiver.url("");
        let arguments = ["--subject", "mine"];
        let dry = register(&env, &url, &[&arguments[..], &["-n"]].concat(), 1);
        assert_eq!(dry["state"], if code == 1 { "incompatible" } else { "would-register" });
        assert_eq!(contents.lock().unwrap().subjects["mine"].len(), 1);
        let document = register(&env, &url, &arguments, code);
        assert_eq!((&document["state"], &document["compatibility"]), (&json!(state), &json!(level)));
        assert_eq!(document["reasons"].as_array().unwrap().is_empty(), code == 0, "{document}");
        assert_eq!(contents.lock().unwrap().subjects["mine"].len(), versions);
        assert_eq!(contents.lock().unwrap().levels["mine"], level);
    }
}

#[test]
fn the_topic_names_the_subject_and_odd_names_stay_one_part_of_the_path() {
    let (env, contents) = (TestEnv::new(), Shared::default());
    env.write_config("[telemetry]\ntopic = \"cortex.mcp.event\"");
    let receiver = start(&contents);
    let elsewhere =
        env.run(&["telemetry", "schema", "--register", &receiver.url("/registry")]).expect_code(4);
    assert!(elsewhere.stderr.contains("check the path of the url"), "{}", elsewhere.stderr);
    register(&env, &receiver.url(""), &["-n"], 1);
    register(&env, &receiver.url(""), &["-n", "--subject", "a/../b?c"], 1);
    let asked = asked(&receiver);
    assert_eq!(asked[0], "POST /registry/subjects/cortex.mcp.event-value");
    assert_eq!(asked[1], "POST /subjects/cortex.mcp.event-value");
    assert_eq!(asked[3], "POST /subjects/a%2F..%2Fb%3Fc");
}

#[test]
fn a_registry_that_only_reads_is_compared_with() {
    let env = TestEnv::new();
    let ours = schema(&env);
    let missing = json!({ "error": "Schema not found", "schemaId": "x" });
    let other = json!({ "type": "object" });
    for (head, body, code, state) in [
        ("200 OK", json!({ "schema": ours, "schemaId": "x" }), 0, "served"),
        ("200 OK", json!({ "schema": other, "schemaId": "x" }), 1, "differs"),
        ("404 Not Found", missing, 1, "absent"),
    ] {
        let receiver = Receiver::start(move |_, request| match request.method() {
            "GET" => Reply::Made(head, body.to_string().into_bytes()),
            method => {
                Reply::Made("404 Not Found", format!("Cannot {method} {}", request.path()).into_bytes())
            }
        });
        let document = register(&env, &receiver.url(""), &[], code);
        assert_eq!((&document["state"], &document["compatibility"]), (&json!(state), &Value::Null));
        let name = "/schemas/urn%3Acortex-os%3Aschema%3Acortex.telemetry.agent.event%3A1.0.0";
        assert_eq!(asked(&receiver)[1], format!("GET {name}"));
        let human = env.run(&["telemetry", "schema", "--register", &receiver.url("")]).expect_code(code);
        assert_eq!(human.stderr.contains("reads its schemas from a folder"), code == 1, "{}", human.stderr);
    }
}

#[test]
fn what_could_not_be_done_is_said() {
    let env = TestEnv::new();
    let not_there = br#"{"error_code":40401,"message":"Subject not found"}"#;
    let denied = br#"{"error_code":403,"message":"no right to write"}"#;
    for (number, reply, code, expected) in [
        (0, Reply::Say("401 Unauthorized"), 4, "--headers-file"),
        (0, Reply::Say("302 Found\r\nLocation: http://example.com/"), 4, "a redirect, which is not followed"),
        (0, Reply::With("200 OK", b"<html>hello"), 4, "something that no schema registry says"),
        (0, Reply::Close, 4, "the schema registry at http://127.0.0.1:"),
        (
            2,
            Reply::With("403 Forbidden", denied),
            3,
            "the compatibility FORWARD could not be set: it answered 403",
        ),
        (3, Reply::Say("503 Service Unavailable"), 3, "it answered 503"),
        // It said yes, and has nothing.
        (9, Reply::Close, 3, "it took the schema and does not find it afterwards"),
    ] {
        let receiver = Receiver::start(move |at, request| match (at == number, request.method()) {
            (true, _) => reply.clone(),
            (false, "POST") if !request.path().ends_with("/versions") => {
                Reply::With("404 Not Found", not_there)
            }
            (false, "GET") => Reply::With("404 Not Found", not_there),
            (false, _) => Reply::With("200 OK", b"{\"id\":1}"),
        });
        let output = env.run(&["telemetry", "schema", "--register", &receiver.url("")]).expect_code(code);
        assert!(output.stderr.contains(expected) && output.stdout.is_empty(), "{}", output.stderr);
    }
}

#[test]
fn what_lets_in_is_sent_and_never_shown() {
    let (env, contents) = (TestEnv::new(), Shared::default());
    let file = env.workspace().join("headers");
    fs::write(&file, "# for the registry\nAuthorization: Bearer made-up-and-secret\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let receiver = start(&contents);
    let url = receiver.url("").replace("http://", "http://me:hidden-word@");
    let arguments = ["telemetry", "schema", "--register", &url, "--headers-file", "headers", "-vv"];
    let output = env.run(&arguments).expect_code(0);
    let lines = receiver.requests();
    assert!(
        lines.iter().all(|request| request.head.contains("\r\nAuthorization: Bearer made-up-and-secret\r\n"))
    );
    assert!(!output.stdout.contains("secret") && !output.stderr.contains("secret"));
    assert!(!output.stdout.contains("hidden") && !output.stderr.contains("hidden"), "{}", output.stdout);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let output = env.run(&arguments).expect_code(2);
    assert!(
        output.stderr.contains("--headers-file: cannot read headers: others may read it"),
        "{}",
        output.stderr
    );
}

#[test]
fn wrong_use_asks_nobody() {
    let env = TestEnv::new();
    let receiver = start(&Shared::default());
    let url = receiver.url("");
    for (arguments, expected) in [
        (&["--register", "registry"][..], "--register: url: it has no scheme"),
        (&["--register", "ftp://x"], "its scheme has to be http or https"),
        (&["--register", &url, "--asyncapi"], "cannot be used with"),
        (&["--register", &url, "--check", "x"], "cannot be used with"),
        (&["--register", &url, "--subject", ""], "--subject"),
        (&["--subject", "x"], "--register"),
        (&["--register", &url, "--authorities", "/nowhere"], "--authorities: cannot read /nowhere"),
    ] {
        let output = env.run(&[&["telemetry", "schema"], arguments].concat()).expect_code(2);
        assert!(output.stderr.contains(expected), "{}", output.stderr);
    }
    assert_eq!(asked(&receiver), Vec::<String>::new());
}
