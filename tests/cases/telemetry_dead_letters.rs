//! What a sink will never take is kept, with the reason, where whoever looks for it is told.

use std::fs::{self, File};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::spool;

const FILE: &str = "[[telemetry.sink]]\ntype = \"file\"\npath = \"events.ndjson\"\n";

/// Writes lines into the spool that are no events.
fn spool_lines(env: &TestEnv, lines: &str) {
    let _ = env.run(&["telemetry", "emit"]).expect_code(0);
    let folder = spool::folder(env);
    let last = TestEnv::file_names(&folder).into_iter().rfind(|name| name.starts_with("segment-")).unwrap();
    let path = folder.join(last);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}{lines}")).unwrap();
}

fn letters(env: &TestEnv) -> PathBuf {
    spool::folder(env).join("dead-file.ndjson")
}

#[test]
fn whoever_has_moved_them_away_has_a_sink_without_problems() {
    let env = TestEnv::new();
    env.write_config(FILE);
    spool_lines(&env, "no event\n");
    let flush = env.run(&["telemetry", "flush"]).expect_code(1);
    let path = letters(&env).display().to_string();
    assert!(flush.stderr.contains(&path) && flush.stdout.contains("but the dead letters"), "{flush:?}");
    let status = env.run(&["telemetry", "status"]).expect_code(1);
    assert!(status.stderr.contains(&path), "{}", status.stderr);
    let told = env.run(&["telemetry", "status", "--json"]).expect_code(1).json()["sinks"][0].clone();
    assert_eq!(
        (&told["dead"], &told["dead_total"], &told["dead_letters"]),
        (&json!(1), &json!(1), &json!(path))
    );
    fs::rename(&path, env.path("looked-at")).unwrap();
    let told = env.run(&["telemetry", "status", "--json"]).expect_code(0).json()["sinks"][0].clone();
    assert_eq!((&told["dead"], &told["dead_total"]), (&json!(0), &json!(1)));
    let flush = env.run(&["telemetry", "flush"]).expect_code(0);
    assert!(flush.stdout.contains("has everything") && !flush.stdout.contains("dead letters"), "{flush:?}");
}

#[test]
fn they_are_redacted_as_the_settings_have_it() {
    let env = TestEnv::new();
    env.write_config(&format!("[telemetry.redact]\ncontent = false\npreserve = [\"email\"]\n{FILE}"));
    spool_lines(&env, "{\"prompt\":\"hello\",\"email\":\"a@example.com\",\"password\":\"hunter22\"}\n");
    let _ = env.run(&["telemetry", "flush"]).expect_code(1);
    let text = fs::read_to_string(letters(&env)).unwrap();
    let letter: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(letter["envelope"]["prompt"], "hello", "{text}");
    assert!(text.contains("a@example.com") && !text.contains("hunter22"), "{text}");
}

#[test]
fn a_lock_of_the_spool_that_nobody_lets_go_stops_nobody_for_long() {
    let env = TestEnv::new();
    env.write_config(FILE);
    let _ = env.run(&["telemetry", "emit"]).expect_code(0);
    let lock = File::open(spool::folder(&env).join("spool.lock")).unwrap();
    lock.lock().unwrap();
    for arguments in [
        &["telemetry", "emit"][..],
        &["telemetry", "phase", "start", "p"],
        &["telemetry", "flush", "--deadline", "200ms"],
    ] {
        let output = env.run(arguments).expect_code(75);
        assert!(output.stderr.contains("spool.lock") && output.stderr.contains("hint"), "{}", output.stderr);
    }
    drop(lock);
    let _ = env.run(&["telemetry", "emit"]).expect_code(0);
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(fs::read_to_string(env.workspace().join("events.ndjson")).unwrap().lines().count(), 2);
}
