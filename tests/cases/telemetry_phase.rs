//! `brainwav telemetry phase`: one run, two processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::spool::{envelopes, events};
use crate::support::{Output, TestEnv};

#[test]
fn start_and_finish_share_an_id_and_the_phase_is_valid_whatever_the_name() {
    for name in ["orchestration-run", "a b/../c", "\u{1f680}", "planning"] {
        let env = TestEnv::new();
        let started = env.run(&["telemetry", "phase", "start", name, "--label", "tool=nx"]).expect_code(0);
        let finished = env.run(&["telemetry", "phase", "finish", name, "--outcome", "code=0"]).expect_code(0);
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("", ""));
        let [start, finish] = &events(&env)[..] else { panic!("two events") };
        assert_eq!((&start["event"], &start["phase"]), (&json!("run_started"), &json!("execution")));
        assert_eq!((&finish["event"], &finish["phase"]), (&json!("run_finished"), &json!("completion")));
        assert_eq!(start["correlationId"], started.stdout.trim());
        assert_eq!(start["correlationId"], finish["correlationId"]);
        assert_eq!((&start["labels"]["run"], &start["labels"]["tool"]), (&json!(name), &json!("nx")));
        assert!(finish["metrics"]["duration_ms"].is_u64() && finish["outcome"]["code"] == 0, "{finish}");
        let again = env.run(&["telemetry", "phase", "finish", name]).expect_code(2);
        assert!(again.stderr.contains(&format!("no run {name:?} has begun")), "{}", again.stderr);
    }
}

#[test]
fn runs_with_ids_of_their_own_go_on_at_the_same_time() {
    let env = TestEnv::new();
    for id in ["one", "two"] {
        let start = env.run(&["telemetry", "phase", "start", "build", "--correlation-id", id]).expect_code(0);
        assert_eq!((start.stdout.trim(), start.stderr.as_str()), (id, ""));
    }
    for id in ["one", "two", "never-begun"] {
        let _ = env.run(&["telemetry", "phase", "finish", "build", "--correlation-id", id]).expect_code(0);
    }
    let ids: Vec<Value> = events(&env).iter().map(|event| event["correlationId"].clone()).collect();
    assert_eq!(ids, ["one", "two", "one", "two", "never-begun"]);
    let known: Vec<bool> =
        events(&env).iter().map(|event| event["metrics"]["duration_ms"].is_u64()).collect();
    assert_eq!(known, [false, false, true, true, false]);
    // The id that start made and printed finds the run as well.
    let start = env.run(&["telemetry", "phase", "start", "build"]).expect_code(0);
    let id = start.stdout.trim();
    let finish =
        env.run(&["telemetry", "phase", "finish", "build", "--correlation-id", id, "--json"]).expect_code(0);
    assert!(
        finish.json()["duration_ms"].is_u64() && finish.json()["correlation_id"] == id,
        "{}",
        finish.stdout
    );
}

#[test]
fn a_start_that_is_not_kept_has_not_begun() {
    let env = TestEnv::new();
    let _ = env.run(&["telemetry", "phase", "start", "build", "--correlation-id", ""]).expect_code(2);
    let nameless = env.run(&["telemetry", "phase", "start", ""]).expect_code(2);
    assert!(nameless.stderr.contains("NAME: found \"\"; write a text"), "{}", nameless.stderr);
    let _ = env.run(&["telemetry", "phase", "finish", "build"]).expect_code(2);
    let _ = env.run(&["telemetry", "phase", "start", "build"]).expect_code(0);
    let again = env.run(&["telemetry", "phase", "start", "build"]).expect_code(0);
    assert!(again.stderr.contains("was not finished"), "{}", again.stderr);
    // The second one is refused by the access list, and the first goes on.
    env.write_config("[telemetry]\ntopic = \"other\"\n");
    let _ = env.run(&["telemetry", "phase", "start", "build"]).expect_code(2);
    env.write_config("");
    let finish = env.run(&["telemetry", "phase", "finish", "build", "--json"]).expect_code(0);
    assert_eq!(finish.json()["correlation_id"], again.stdout.trim());
}

/// How many runs are remembered, wherever.
fn remembered(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_run = name.starts_with("phase-") && name.ends_with(".json");
        if path.is_dir() { remembered(&path) } else { usize::from(is_run) }
    };
    entries.map(count).sum()
}

#[test]
fn without_an_id_the_run_that_was_started_last_finishes() {
    let env = TestEnv::new();
    let phase = |arguments: &[&str], code| {
        env.run(&[&["telemetry", "phase"], arguments, &["--json"]].concat()).expect_code(code)
    };
    for id in ["one", "two"] {
        assert_eq!(phase(&["start", "build", "--correlation-id", id], 0).stderr, "");
    }
    let last = phase(&["finish", "build"], 0).json();
    assert!(last["correlation_id"] == "two" && last["duration_ms"].is_u64(), "{last}");
    // It is over under both, and the other one goes on.
    assert!(phase(&["finish", "build", "--correlation-id", "two"], 0).json()["duration_ms"].is_null());
    let _ = phase(&["finish", "build"], 2);
    assert!(phase(&["finish", "build", "--correlation-id", "one"], 0).json()["duration_ms"].is_u64());
    // What finishes under its id is not the last one of its name any more.
    let _ = phase(&["start", "build", "--correlation-id", "three"], 0);
    let _ = phase(&["finish", "build", "--correlation-id", "three"], 0);
    let _ = phase(&["finish", "build"], 2);
    // One without an id is found by its name alone, so the next one makes it forgotten.
    let _ = phase(&["start", "build"], 0);
    assert!(phase(&["start", "build", "--correlation-id", "four"], 0).stderr.contains("not finished"));
    assert_eq!(remembered(&env.state()), 2);
    let _ = phase(&["finish", "build"], 0);
    assert_eq!(remembered(&env.state()), 0);
}

#[test]
fn an_id_that_is_all_secret_still_joins_both_ends() {
    let env = TestEnv::new();
    env.write_config("[telemetry.redact]\nmode = \"remove\"\n");
    let id = "ann@example.com";
    let start = env.run(&["telemetry", "phase", "start", "build", "--correlation-id", id]).expect_code(0);
    assert_eq!(start.stdout, "[brAInwav-REDACTED]\n");
    let _ = env.run(&["telemetry", "phase", "finish", "build"]).expect_code(0);
    let emitted = env.run(&["telemetry", "emit", "--correlation-id", id, "--json"]).expect_code(0).json();
    let ids: Vec<Value> = events(&env).iter().map(|event| event["correlationId"].clone()).collect();
    assert_eq!((ids.len(), &emitted["correlation_id"]), (3, &json!("[brAInwav-REDACTED]")));
    assert!(ids.iter().all(|id| *id == emitted["correlation_id"]), "{ids:?}");
}

#[test]
fn the_trace_is_handed_on_to_what_runs_in_between() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let script = "eval \"$(\"$BRAINWAV\" telemetry phase start build --export)\" && \"$BRAINWAV\" telemetry emit \
        && \"$BRAINWAV\" telemetry phase finish build && echo \"$TRACEPARENT/$TRACESTATE/$BAGGAGE\"";
    for (given, expected) in [(None, "//b=1"), (Some(parent), "/a=1/b=1")] {
        let env = TestEnv::new();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).current_dir(env.workspace()).env_remove("TRACEPARENT");
        command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
        command.env("HOME", env.path("home")).env("BRAINWAV_TELEMETRY_FLUSH", "manual");
        command
            .envs([("TRACESTATE", "a=1"), ("BAGGAGE", "b=1")])
            .envs(given.map(|given| ("TRACEPARENT", given)));
        let stdout = Output::of(command).expect_code(0).stdout;
        let traces: Vec<String> = envelopes(&env)
            .iter()
            .map(|envelope| envelope["traceparent"].as_str().unwrap()[3..35].to_owned())
            .collect();
        assert!(traces.len() == 3 && traces.iter().all(|trace| *trace == traces[0]), "{traces:?}");
        assert!(stdout.trim().ends_with(expected) && stdout[3..].starts_with(&traces[0]), "{stdout}");
        assert!(given.is_none_or(|given| stdout.starts_with(given)), "{stdout}");
    }
}
