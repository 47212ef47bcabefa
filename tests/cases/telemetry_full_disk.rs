//! A disk that is full: what was accepted arrives once, and delivery makes room again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Output, TestEnv, unshare};

const FILE: &str = "[[telemetry.sink]]\ntype = \"file\"\npath = \"events.ndjson\"\n";

/// Emits until the disk is full; prints how many events were accepted.
const FILL: &str =
    "n=0; while \"$B\" telemetry emit --label n=$1-$n 2>/dev/null; do n=$((n + 1)); done; echo $n\n";

/// Runs a script with the state on a disk of 64 KiB that has nothing else on it; nothing where this user may not.
fn on_a_small_disk(env: &TestEnv, script: &str) -> Option<Output> {
    let mut command = unshare(&[])?;
    let state = env.state();
    fs::create_dir_all(&state).unwrap();
    let mount = "mount -t tmpfs -o size=64k,mode=700 none \"$BRAINWAV_STATE_DIR\" || exit 99\n";
    command.args(["sh", "-c", &format!("{mount}fill() {{ {FILL} }}\n{script}")]);
    command
        .current_dir(env.workspace())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin");
    command.env("B", env!("CARGO_BIN_EXE_brainwav")).env("HOME", env.path("home"));
    command.env("BRAINWAV_STATE_DIR", state).env("BRAINWAV_TELEMETRY_FLUSH", "manual");
    Some(Output::of(command))
}

fn names(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let values = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    values.map(|value| value["data"]["labels"]["n"].as_str().unwrap().to_owned()).collect()
}

/// The numbers that a script has printed, one a line.
fn numbers(output: &Output) -> Vec<usize> {
    output.stdout.lines().filter_map(|line| line.parse().ok()).collect()
}

#[test]
fn what_is_delivered_makes_room_and_comes_once() {
    let env = TestEnv::new();
    env.write_config(FILE);
    let script = "for round in 1 2 3; do fill $round; \"$B\" telemetry flush -q || exit; done
        \"$B\" telemetry status --json >status";
    let Some(output) = on_a_small_disk(&env, script) else { return };
    let accepted = numbers(&output.expect_code(0));
    assert!(accepted.len() == 3 && accepted.iter().all(|count| *count > 20), "{accepted:?}");
    let arrived = names(&env.workspace().join("events.ndjson"));
    let expected: Vec<String> = (1..)
        .zip(&accepted)
        .flat_map(|(round, count)| (0..*count).map(move |n| format!("{round}-{n}")))
        .collect();
    assert_eq!(arrived, expected, "each once");
    let status = fs::read(env.workspace().join("status")).unwrap();
    let status: Value = serde_json::from_slice(&status).unwrap();
    assert_eq!(status["sinks"][0]["delivered"], accepted.iter().sum::<usize>());
    assert!(status["sinks"][0]["last_failure"].is_null(), "{status}");
}

#[test]
fn a_full_disk_is_told_once_and_what_a_sink_refuses_is_kept_all_the_same() {
    let env = TestEnv::new();
    env.write_config(FILE);
    // A line that is no event, in front of all the others.
    let script = "\"$B\" telemetry emit --label n=first || exit
        for segment in \"$BRAINWAV_STATE_DIR\"/telemetry/spool-*/segment-*; do echo torn >>\"$segment\"; done
        fill 1; \"$B\" telemetry emit; echo code $?
        \"$B\" telemetry flush -q; echo flush $?
        cat \"$BRAINWAV_STATE_DIR\"/telemetry/spool-*/dead-file.ndjson
        \"$B\" telemetry emit --label n=last && \"$B\" telemetry flush -q";
    let Some(output) = on_a_small_disk(&env, script) else { return };
    let output = output.expect_code(0);
    assert!(
        ["code 3\n", "flush 1\n", "\"line\":\"torn\""].iter().all(|part| output.stdout.contains(part)),
        "{output:?}"
    );
    assert_eq!(output.stderr.matches("No space left on device").count(), 1, "{}", output.stderr);
    let arrived = names(&env.workspace().join("events.ndjson"));
    let different: BTreeSet<&String> = arrived.iter().collect();
    assert_eq!((arrived.len(), different.len()), (numbers(&output)[0] + 2, arrived.len()));
}

/// The disk is no other than that of everybody else here.
#[test]
fn a_disk_with_room_keeps_some_aside() {
    let env = TestEnv::new();
    env.write_config(FILE);
    let _ = env.run(&["telemetry", "emit"]).expect_code(0);
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    let found =
        Command::new("find").arg(env.state()).args(["-name", "reserve", "-size", "+31k"]).output().unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap().lines().count(), 1);
}
