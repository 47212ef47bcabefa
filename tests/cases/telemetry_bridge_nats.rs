//! `brainwav telemetry bridge --nats`: each envelope of a stream arrives, and is acknowledged no sooner.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::bus::{envelope, plan, spooled, spooled_plans, text};
use crate::support::jetstream::JetStream;
use crate::support::signals::endings;
use crate::support::{Output, TestEnv, wait_until};

fn command(env: &TestEnv, url: &str, arguments: &[&str]) -> Command {
    env.command(&[&["telemetry", "bridge", "--nats", url], arguments].concat())
}

fn bridge(env: &TestEnv, server: &JetStream, arguments: &[&str]) -> Output {
    Output::of(command(env, &server.url(), arguments))
}

fn publish(server: &JetStream, names: std::ops::Range<usize>) {
    names.for_each(|name| server.publish(&plan(&name.to_string())));
}

fn ids(env: &TestEnv) -> Vec<String> {
    spooled(env).iter().map(|event| text(&event["id"])).collect()
}

#[test]
fn each_run_brings_what_came_since_the_last_one() {
    let env = TestEnv::new();
    let server = JetStream::start(true);
    let report = bridge(&env, &server, &["--json"]).expect_code(0).json();
    assert_eq!((&report["lines"], &report["source"]), (&json!(0), &json!("nats")));
    assert_eq!((&report["stream"], &report["consumer"]), (&json!("BUS"), &json!("brainwav-bridge")));
    // More than one batch.
    publish(&server, 0..600);
    for events in [600, 0] {
        assert_eq!(bridge(&env, &server, &["--json"]).expect_code(0).json()["events"], events);
        assert_eq!(server.left(), 0);
    }
    assert_eq!(spooled_plans(&env), (0..600).map(|name| name.to_string()).collect::<Vec<_>>());
    assert!(server.words().iter().all(|(_, word)| word == "+ACK"));
}

#[test]
fn what_is_no_envelope_is_told_and_does_not_come_again() {
    let env = TestEnv::new();
    let server = JetStream::start(true);
    publish(&server, 0..1);
    server.publish("no json");
    server.publish("");
    server.publish(&envelope("u", "cortex.health.check", &json!({})).to_string());
    let output = bridge(&env, &server, &[]).expect_code(1);
    assert!(output.stderr.contains("message 2: it is no JSON"), "{}", output.stderr);
    assert!(output.stderr.contains("message 3: it is no JSON"), "{}", output.stderr);
    let words: Vec<String> = server.words().into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, ["+ACK", "+TERM", "+TERM", "+ACK"]);
    assert_eq!(bridge(&env, &server, &["--json"]).expect_code(0).json()["lines"], 0);
}

#[test]
fn the_end_of_a_call_is_joined_with_a_start_of_an_earlier_run() {
    let env = TestEnv::new();
    let server = JetStream::start(true);
    let say = |id: &str, kind: &str, data: &Value| server.publish(&envelope(id, kind, data).to_string());
    say("s", "tool.execution.started", &json!({"tool": "search", "correlationId": "c", "session": "one"}));
    assert_eq!(bridge(&env, &server, &["--json"]).expect_code(0).json()["open_calls"], 1);
    say("f", "tool.execution.completed", &json!({"correlationId": "c", "status": "success"}));
    let report = bridge(&env, &server, &["--json"]).expect_code(0).json();
    assert_eq!((&report["joined"], &report["open_calls"]), (&json!(1), &json!(0)));
    assert_eq!(spooled(&env)[1]["data"]["labels"]["tool"], "search");
}

#[test]
fn what_was_emitted_by_ourselves_does_not_come_back() {
    let env = TestEnv::new();
    let server = JetStream::start(true);
    let _ = env.run(&["telemetry", "emit"]).expect_code(0);
    let own = spooled(&env).remove(0);
    server.publish(&own.to_string());
    let report = bridge(&env, &server, &["--json"]).expect_code(0).json();
    assert_eq!((&report["agent_events"], &report["events"]), (&json!(1), &json!(0)));
    assert_eq!((server.left(), spooled(&env).len()), (0, 1));
}

#[cfg(debug_assertions)]
#[test]
fn killed_before_it_has_acknowledged_it_brings_the_same_events_again() {
    let env = TestEnv::new();
    let server = JetStream::start(true);
    publish(&server, 0..5);
    let mut first = command(&env, &server.url(), &[]);
    first.env("BRAINWAV_FAULT", "spooled");
    assert_eq!(Output::of(first).signal(), Some(9));
    assert_eq!((ids(&env).len(), server.left()), (5, 5), "on the disk, and not acknowledged");
    server.hand_out_again();
    publish(&server, 5..6);
    let _ = bridge(&env, &server, &[]).expect_code(0);
    let ids = ids(&env);
    assert_eq!((ids.len(), server.left()), (11, 0));
    assert_eq!(ids[..5], ids[5..10], "the same under the same ids");
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 6);
}

#[test]
fn what_a_full_spool_does_not_take_is_not_acknowledged() {
    const MESSAGES: usize = 4000;
    let env = TestEnv::new();
    env.write_config("[telemetry]\nspool-size = \"1MiB\"\n");
    let server = JetStream::start(true);
    publish(&server, 0..MESSAGES);
    let output = bridge(&env, &server, &[]).expect_code(3);
    assert!(output.stderr.contains("telemetry flush makes room"), "{}", output.stderr);
    let (kept, acknowledged) = (ids(&env).len(), server.words().len());
    assert!(0 < acknowledged && acknowledged <= kept && kept < MESSAGES, "{acknowledged} {kept}");
    assert_eq!(server.left(), MESSAGES - acknowledged);
}

#[test]
fn it_follows_a_stream_until_it_is_told_to_end() {
    for (signal, number) in endings() {
        let env = TestEnv::new();
        let server = JetStream::start(true);
        publish(&server, 0..1);
        let mut command = command(&env, &server.url(), &["--follow"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("the first event is there", || spooled(&env).len() == 1);
        publish(&server, 1..3);
        wait_until("all are acknowledged", || server.left() == 0);
        let id = child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
        let output = Output::from(child.wait_with_output().unwrap());
        assert_eq!(output.signal(), Some(number), "{output:?}");
        assert!(output.stdout.contains("3 events of 3 envelopes"), "{}", output.stdout);
    }
}

#[test]
fn a_server_that_cannot_be_read_is_told_with_what_to_do() {
    let env = TestEnv::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output =
        Output::of(command(&env, &format!("nats://me:hunter22@127.0.0.1:{closed}"), &[])).expect_code(4);
    assert!(
        output.stderr.contains("check the address") && !output.stderr.contains("hunter22"),
        "{}",
        output.stderr
    );
    let output = bridge(&env, &JetStream::start(false), &[]).expect_code(4);
    assert!(output.stderr.contains("no JetStream") && output.stderr.contains("is lost"), "{}", output.stderr);
    let server = JetStream::start(true);
    let output = bridge(&env, &server, &["--stream", "OTHER"]).expect_code(4);
    assert!(output.stderr.contains("stream not found"), "{}", output.stderr);
    server.set_consumer(&json!({"ack_policy": "none"}));
    let output = bridge(&env, &server, &[]).expect_code(4);
    assert!(output.stderr.contains("--consumer"), "{}", output.stderr);
    assert!(spooled(&env).is_empty());
}

#[test]
fn what_the_command_line_says_wrongly_is_a_usage_error() {
    let env = TestEnv::new();
    fs::write(env.path("creds"), "none").unwrap();
    let creds = env.path("creds").display().to_string();
    let table: &[(&str, &[&str], &str)] = &[
        ("http://host", &[], "--nats"),
        ("nats://host", &["--prefix", "a.>"], "--prefix"),
        ("nats://host", &["--consumer", "a/b"], "--consumer"),
        ("nats://host", &["--credentials", &creds], "--credentials"),
        ("nats://host", &["--authorities", "nowhere"], "--authorities"),
        ("nats://host", &["--queue", "default"], "--queue"),
        ("nats://host", &["-n"], "--dry-run"),
    ];
    for (url, arguments, expected) in table {
        let output = Output::of(command(&env, url, arguments)).expect_code(2);
        assert!(output.stderr.contains(expected), "{arguments:?}: {}", output.stderr);
    }
    let output = env.run(&["telemetry", "bridge", "--stdin", "--stream", "A"]).expect_code(2);
    assert!(output.stderr.contains("--stream"), "{}", output.stderr);
    let _ = env.run(&["telemetry", "bridge", "--stdin"]).expect_code(0);
}
