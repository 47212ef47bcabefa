//! `type = "http"`: whatever a receiver does, every event arrives, waits, or is a dead letter with the reason.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::receiver::{Receiver, Reply, Request};
use crate::support::spool;
use crate::support::{Output, TestEnv, wait_until};

const OK: Reply = Reply::Say("202 Accepted");

const FILE: &str = "[[telemetry.sink]]\ntype = \"file\"\npath = \"events.ndjson\"\n";

fn hook(receiver: &Receiver, more: &str) -> String {
    format!(
        "[[telemetry.sink]]\ntype = \"http\"\nname = \"hook\"\nurl = {:?}\n{more}\n",
        receiver.url("/T0PSECRET")
    )
}

fn with(lines: &str) -> TestEnv {
    let env = TestEnv::new();
    env.write_config(lines);
    env
}

/// Events with these names, accepted by one run.
#[track_caller]
pub fn emit(env: &TestEnv, names: &[String]) {
    let lines: String = names.iter().map(|n| format!("{{\"labels\":{{\"n\":\"{n}\"}}}}\n")).collect();
    fs::write(env.path("input"), lines).unwrap();
    let mut command = env.command(&["telemetry", "emit", "--stdin", "-q"]);
    command.stdin(fs::File::open(env.path("input")).unwrap());
    let _ = Output::of(command).expect_code(0);
}

pub fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("n{number:04}")).collect()
}

/// The names in a document, or in a batch of them.
fn names(body: &[u8]) -> Vec<String> {
    let document: Value = serde_json::from_slice(body).unwrap();
    let all = document.as_array().cloned().unwrap_or_else(|| vec![document]);
    all.iter().map(|one| one["data"]["labels"]["n"].as_str().unwrap().to_owned()).collect()
}

fn taken(requests: &[Request], is_taken: impl Fn(usize) -> bool) -> Vec<String> {
    let taken = requests.iter().enumerate().filter(|(number, _)| is_taken(*number));
    taken.flat_map(|(_, request)| names(&request.body)).collect()
}

pub fn flushed(env: &TestEnv, code: i32) -> Value {
    let output = env.run(&["telemetry", "flush", "--json", "--deadline", "30s"]).expect_code(code);
    assert!(!output.stdout.contains("T0PSECRET") && !output.stderr.contains("T0PSECRET"), "{output:?}");
    output.json()["sinks"][0].clone()
}

pub fn status(env: &TestEnv, code: i32) -> Value {
    env.run(&["telemetry", "status", "--json"]).expect_code(code).json()["sinks"][0].clone()
}

fn dead(env: &TestEnv, sink: &str) -> Vec<Value> {
    let path = spool::folder(env).join(format!("dead-{sink}.ndjson"));
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_passes_is_tried_again_until_it_arrives() {
    for first in [
        Reply::Say("429 Too Many Requests\r\nRetry-After: 1"),
        Reply::Say("503 Service Unavailable"),
        Reply::Say("500 Internal Server Error"),
        Reply::Close,
    ] {
        let receiver =
            Receiver::start(move |number, _| if number == 1 { first.clone() } else { OK }).resetting(1);
        let env = with(&hook(&receiver, "headers = [\"X-Own: T0PSECRET\"]"));
        emit(&env, &numbered(3));
        let report = flushed(&env, 0);
        assert_eq!((&report["delivered"], &report["dead"]), (&json!(3), &json!(0)));
        let requests = receiver.requests();
        assert_eq!(taken(&requests, |number| number != 1), numbered(3), "each alone, in order");
        assert_eq!(requests[1].body, requests[2].body, "under the same id");
        for request in &requests {
            assert!(request.head.starts_with("POST /T0PSECRET HTTP/1.1\r\n"), "{}", request.head);
            assert!(request.head.contains("\r\nContent-Type: application/cloudevents+json\r\n"));
            assert!(request.head.contains("\r\nX-Own: T0PSECRET\r\n"));
        }
    }
}

#[test]
fn nobody_waits_for_what_is_asked_for_too_late() {
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::Say("503 Service Unavailable\r\nRetry-After: 3600"),
        _ => OK,
    });
    let env = with(&hook(&receiver, ""));
    emit(&env, &numbered(2));
    assert!(flushed(&env, 3)["reason"].as_str().unwrap().contains("503"));
    assert_eq!((receiver.requests().len(), &status(&env, 1)["pending"]), (1, &json!(2)));
    assert_eq!(flushed(&env, 0)["delivered"], 2);
}

#[test]
fn what_would_be_said_of_every_event_makes_no_dead_letters() {
    let answers = [
        "301 Moved Permanently\r\nLocation: /elsewhere",
        "302 Found\r\nLocation: /elsewhere",
        "308 Permanent Redirect\r\nLocation: /elsewhere",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "407 Proxy Authentication Required",
        "415 Unsupported Media Type",
    ];
    for answer in answers {
        let is_put_right = Arc::new(AtomicBool::new(false));
        let is_right = Arc::clone(&is_put_right);
        let receiver = Receiver::start(move |_, _| {
            if is_right.load(Ordering::SeqCst) {
                OK
            } else {
                Reply::With(answer, b"token T0PSECRETT0PSECRET")
            }
        });
        let env = with(&hook(&receiver, "batch = 10"));
        emit(&env, &numbered(5));
        let report = flushed(&env, 3);
        assert_eq!((&report["delivered"], &report["dead"]), (&json!(0), &json!(0)), "{answer}");
        assert_eq!(receiver.requests().len(), 1, "{answer}: asked once in a run");
        let status = status(&env, 1);
        let reason = status["last_failure"]["reason"].as_str().unwrap();
        assert!(status["pending"] == 5 && reason.contains(&answer[..3]), "{status}");
        is_put_right.store(true, Ordering::SeqCst);
        assert_eq!(flushed(&env, 0)["delivered"], 5, "{answer}");
        assert_eq!(taken(&receiver.requests()[1..], |_| true), numbered(5));
        assert!(receiver.requests().iter().all(|request| request.path() == "/T0PSECRET"), "{answer}");
    }
}

#[test]
fn a_refused_batch_is_divided_until_the_culprits_are_known() {
    for answer in ["400 Bad Request", "413 Content Too Large", "422 Unprocessable Content"] {
        let is_bad = |name: &String| ["n0003", "n0017"].contains(&name.as_str());
        let receiver = Receiver::start(move |_, request| {
            if names(&request.body).iter().any(is_bad) { Reply::With(answer, b"no") } else { OK }
        });
        let env = with(&hook(&receiver, "batch = 25"));
        emit(&env, &numbered(20));
        let report = flushed(&env, 1);
        assert_eq!((&report["delivered"], &report["dead"]), (&json!(18), &json!(2)), "{answer}");
        let arrived: Vec<String> = receiver
            .requests()
            .iter()
            .map(|request| names(&request.body))
            .filter(|names| !names.iter().any(is_bad))
            .flatten()
            .collect();
        let good: Vec<String> = numbered(20).into_iter().filter(|name| !is_bad(name)).collect();
        assert_eq!(arrived, good, "{answer}: each once and in order");
        let dead = dead(&env, "hook");
        let names: Vec<&Value> = dead.iter().map(|one| &one["envelope"]["data"]["labels"]["n"]).collect();
        assert_eq!(names, ["n0003", "n0017"]);
        assert!(dead[0]["reason"].as_str().unwrap().contains(&answer[..3]), "{dead:?}");
        let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    }
}

#[test]
fn a_sink_that_hangs_delays_no_other() {
    let receiver = Receiver::start(|_, _| Reply::Hang);
    let env = with(&format!("{}{FILE}", hook(&receiver, "timeout = \"1h\"")));
    emit(&env, &numbered(50));
    let mut flush = env.command(&["telemetry", "flush", "--deadline", "1h"]);
    let mut flush = flush.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the other sink has everything", || {
        let status = env.run(&["telemetry", "status", "--json"]).json();
        status["sinks"][1]["pending"] == 0
    });
    let text = fs::read_to_string(env.workspace().join("events.ndjson")).unwrap();
    assert_eq!(text.lines().count(), 50);
    wait_until("it is asked", || !receiver.requests().is_empty());
    assert!(flush.try_wait().unwrap().is_none(), "the first one still hangs");
    flush.kill().unwrap();
    flush.wait().unwrap();
    let started = Instant::now();
    let report = env.run(&["telemetry", "flush", "--json", "--deadline", "1s"]).expect_code(3).json();
    assert!(started.elapsed() < Duration::from_secs(60), "the deadline holds");
    assert!(report["sinks"][0]["reason"].as_str().unwrap().contains("in time"), "{report}");
    assert_eq!((&report["sinks"][1]["end"], &report["sinks"][1]["delivered"]), (&json!("done"), &json!(0)));
    assert_eq!(status(&env, 1)["pending"], 50);
}

#[test]
fn what_was_accepted_arrives_though_runs_are_killed_and_the_receiver_is_moody() {
    let receiver = Receiver::start(|number, _| match number % 7 {
        2 => Reply::Say("503 Service Unavailable"),
        4 => Reply::Close,
        5 => Reply::Say("429 Too Many Requests\r\nRetry-After: 0"),
        _ => OK,
    })
    .resetting(2);
    let env = with(&hook(&receiver, "batch = 20"));
    let all = numbered(600);
    for part in all.chunks(100) {
        emit(&env, part);
        let seen = receiver.requests().len();
        let mut flush = env.command(&["telemetry", "flush", "-q"]);
        let mut flush = flush.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("it delivers", || {
            receiver.requests().len() > seen + 2 || flush.try_wait().unwrap().is_some()
        });
        flush.kill().unwrap();
        flush.wait().unwrap();
    }
    assert_eq!(flushed(&env, 0)["dead"], 0);
    let arrived = taken(&receiver.requests(), |number| ![2, 4, 5].contains(&(number % 7)));
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), all.into_iter().collect());
}

#[test]
fn secrets_lie_in_files_that_nobody_else_can_read() {
    let receiver = Receiver::start(|_, _| OK);
    let env = with("[[telemetry.sink]]\ntype = \"http\"\nurl-file = \"url\"\nheaders-file = \"headers\"\n");
    let (url, headers) = (env.workspace().join("url"), env.workspace().join("headers"));
    fs::write(&url, receiver.url("/T0PSECRET\n")).unwrap();
    fs::write(&headers, "# for the collector\n\nAuthorization: Bearer T0PSECRET\n").unwrap();
    emit(&env, &numbered(1));
    for (path, mode) in [(&url, 0o644), (&url, 0o600), (&headers, 0o640)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        if mode != 0o600 {
            let output = env.run(&["telemetry", "flush"]).expect_code(2);
            assert!(output.stderr.contains("others may read it"), "{}", output.stderr);
        }
    }
    fs::set_permissions(&headers, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(flushed(&env, 0)["delivered"], 1);
    assert!(receiver.requests()[0].head.contains("\r\nAuthorization: Bearer T0PSECRET\r\n"));
    fs::write(&headers, "T0PSECRET").unwrap();
    let output = env.run(&["telemetry", "flush"]).expect_code(2);
    assert!(output.stderr.contains("no colon") && !output.stderr.contains("T0PSECRET"), "{}", output.stderr);
    env.write_config(&hook(&receiver, "headers = [\"X-Own: T0PSECRET\"]"));
    let shown = env.run(&["config", "show", "--json"]).expect_code(0).stdout;
    assert!(
        shown.contains("X-Own") && shown.contains("127.0.0.1") && !shown.contains("T0PSECRET"),
        "{shown}"
    );
}
