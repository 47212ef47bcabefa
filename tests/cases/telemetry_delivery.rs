//! `brainwav telemetry flush` and `status`: from the spool to every sink, at least once.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::spool;
use crate::support::{Output, SetAtTheEnd, TestEnv};

const FILE: &str = "[[telemetry.sink]]\ntype = \"file\"\npath = \"events.ndjson\"\n";

fn with_sinks(lines: &str) -> TestEnv {
    let env = TestEnv::new();
    env.write_config(lines);
    env
}

#[track_caller]
fn emit(env: &TestEnv, names: &[&str]) {
    for name in names {
        let _ = env.run(&["telemetry", "emit", "--label", &format!("n={name}")]).expect_code(0);
    }
}

/// The label `n` of every line that is an envelope.
fn names(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let values = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.filter_map(|value| value["data"]["labels"]["n"].as_str().map(str::to_owned)).collect()
}

fn sink<'a>(document: &'a Value, name: &str) -> &'a Value {
    let sinks = document["sinks"].as_array().unwrap();
    sinks.iter().find(|sink| sink["sink"] == name).unwrap_or_else(|| panic!("no {name} in {document}"))
}

#[test]
fn every_sink_gets_every_event_once_and_the_spool_is_empty_then() {
    let env = with_sinks(&format!("{FILE}[[telemetry.sink]]\ntype = \"queue\"\n"));
    emit(&env, &["1", "2", "3"]);
    let status = env.run(&["telemetry", "status", "--json"]).expect_code(0).json();
    assert_eq!((&status["schema"], &status["spooled"]), (&json!("brainwav.telemetry-status/1"), &json!(3)));
    assert_eq!(
        (&sink(&status, "file")["pending"], &sink(&status, "queue")["pending"]),
        (&json!(3), &json!(3))
    );
    assert!(
        env.run(&["telemetry", "flush", "-n"]).expect_code(1).stdout.contains("brAInwav telemetry: 3 events")
    );
    let report = env.run(&["telemetry", "flush", "--json"]).expect_code(0).json();
    assert_eq!(report["schema"], "brainwav.telemetry-flush/1");
    assert_eq!(
        (&sink(&report, "file")["delivered"], &sink(&report, "file")["end"]),
        (&json!(3), &json!("done"))
    );
    emit(&env, &["4"]);
    let again = env.run(&["telemetry", "flush"]).expect_code(0);
    assert!(
        again.stdout.starts_with("brAInwav telemetry flush: 2 deliveries to 2 sinks"),
        "{}",
        again.stdout
    );
    assert_eq!(names(&env.workspace().join("events.ndjson")), ["1", "2", "3", "4"]);
    let queue = env.path("home").join(".cortex/a2a/default/queue.jsonl");
    assert_eq!(names(&queue), ["1", "2", "3", "4"]);
    let line: Value =
        serde_json::from_str(fs::read_to_string(queue).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!((&line["ttlMs"], &line["headers"]), (&json!(60_000), &json!({})));
    assert_eq!(line["correlationId"].as_str().unwrap().len(), 36, "a UUID: {line}");
    let status = env.run(&["telemetry", "status", "--json"]).expect_code(0).json();
    assert_eq!((&status["spool_bytes"], &sink(&status, "file")["delivered"]), (&json!(0), &json!(4)));
}

#[test]
fn stdout_is_a_sink_and_a_closed_one_loses_nothing() {
    let env = with_sinks("[[telemetry.sink]]\ntype = \"stdout\"\n");
    emit(&env, &["1", "2"]);
    let mut closed = env.command(&["telemetry", "flush"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    closed.stdout(writer).stderr(Stdio::piped());
    let _ = Output::of(closed).expect_code(3);
    let output = env.run(&["telemetry", "flush"]).expect_code(0);
    let ids: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ids.len(), 2, "{}", output.stdout);
    assert!(output.stderr.contains("2 deliveries"), "{}", output.stderr);
}

#[test]
fn a_dead_sink_delays_no_other_and_gets_everything_later() {
    let dead = "[[telemetry.sink]]\ntype = \"file\"\nname = \"dead\"\npath = \"blocked/events.ndjson\"\n";
    let env = with_sinks(&format!("{dead}{FILE}"));
    let blocked = env.workspace().join("blocked");
    fs::write(&blocked, "a file where a folder has to be").unwrap();
    emit(&env, &["1", "2"]);
    let report = env.run(&["telemetry", "flush", "--deadline", "300ms", "--json"]).expect_code(3).json();
    assert_eq!(
        (&sink(&report, "dead")["end"], &sink(&report, "file")["end"]),
        (&json!("stopped"), &json!("done"))
    );
    assert_eq!(names(&env.workspace().join("events.ndjson")), ["1", "2"]);
    let status = env.run(&["telemetry", "status", "--json"]).expect_code(1).json();
    assert_eq!(
        (&sink(&status, "dead")["pending"], &sink(&status, "file")["pending"]),
        (&json!(2), &json!(0))
    );
    assert!(sink(&status, "dead")["last_failure"]["reason"].as_str().unwrap().contains("blocked"));
    // Those who are not asked keep what they need.
    emit(&env, &["3"]);
    let _ = env.run(&["telemetry", "flush", "--sink", "file"]).expect_code(0);
    fs::remove_file(&blocked).unwrap();
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(names(&blocked.join("events.ndjson")), ["1", "2", "3"]);
    assert_eq!(names(&env.workspace().join("events.ndjson")), ["1", "2", "3"]);
    assert_eq!(env.run(&["telemetry", "status"]).expect_code(0).stderr, "");
}

#[test]
fn a_line_that_is_no_envelope_becomes_a_dead_letter() {
    let env = with_sinks(FILE);
    emit(&env, &["1"]);
    let segment = spool::folder(&env).join("segment-0000000001.ndjson");
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, format!("{{\"torn password=hunter22\n{text}{{\"id\":\"ha")).unwrap();
    let report = env.run(&["telemetry", "flush", "--json"]).expect_code(1).json();
    assert_eq!((&sink(&report, "file")["delivered"], &sink(&report, "file")["dead"]), (&json!(1), &json!(2)));
    let dead = fs::read_to_string(spool::folder(&env).join("dead-file.ndjson")).unwrap();
    assert!(dead.lines().count() == 2 && dead.contains("\"reason\"") && !dead.contains("hunter22"), "{dead}");
    let _ = env.run(&["telemetry", "status"]).expect_code(1);
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
}

#[test]
fn wrong_sinks_are_usage_errors() {
    for (lines, arguments, expected) in [
        ("", &["telemetry", "flush"][..], "there is no sink"),
        (FILE, &["telemetry", "flush", "--sink", "other"], "known are file"),
        ("[[telemetry.sink]]\ntype = \"file\"\n", &["telemetry", "flush"], "has no path"),
        ("[[telemetry.sink]]\ntype = \"fil\"\n", &["telemetry", "flush"], "file"),
        ("[[telemetry.sink]]\ntype = \"file\"\npaht = \"x\"\n", &["telemetry", "flush"], "did you mean"),
    ] {
        let output = with_sinks(lines).run(arguments).expect_code(2);
        assert!(output.stderr.contains(expected), "{lines}: {}", output.stderr);
    }
}

#[test]
fn a_sink_that_is_configured_wrongly_holds_up_no_other() {
    let wrong = "[[telemetry.sink]]\ntype = \"http\"\n";
    let env = with_sinks(&format!("{wrong}{FILE}"));
    emit(&env, &["1"]);
    let output = env.run(&["telemetry", "flush"]).expect_code(2);
    assert!(output.stderr.contains("url"), "{}", output.stderr);
    assert_eq!(names(&env.workspace().join("events.ndjson")), ["1"]);
    let status = env.run(&["telemetry", "status", "--json"]).expect_code(1).json();
    assert_eq!(
        (&sink(&status, "http")["pending"], &sink(&status, "file")["pending"]),
        (&json!(1), &json!(0))
    );
    assert!(sink(&status, "http")["last_failure"]["reason"].as_str().unwrap().contains("url"));
    env.write_config(FILE);
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
}

#[test]
fn two_runs_at_once_deliver_each_event_once() {
    let env = with_sinks(FILE);
    let lines: String = (0..3000).map(|n| format!("{{\"labels\":{{\"n\":\"{n}\"}}}}\n")).collect();
    fs::write(env.path("input"), lines).unwrap();
    let mut command = env.command(&["telemetry", "emit", "--stdin"]);
    command.stdin(fs::File::open(env.path("input")).unwrap());
    let _ = Output::of(command).expect_code(0);
    let runs: Vec<Child> = (0..4)
        .map(|_| {
            env.command(&["telemetry", "flush"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for run in runs {
        let output = Output::from(run.wait_with_output().unwrap());
        assert!([0, 75].contains(&output.code()), "{output:?}");
    }
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    let expected: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
    assert_eq!(names(&env.workspace().join("events.ndjson")), expected);
}

/// A pause of up to so many microseconds, other ones for each writer.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// Lets the child run, or kills it somewhere on its way. Whether it ended well.
    fn decide(&mut self, mut child: Child, longest: u64) -> bool {
        if self.roll(3) == 0 {
            thread::sleep(Duration::from_micros(self.roll(longest)));
            child.kill().unwrap();
        }
        child.wait().unwrap().success()
    }
}

/// Emits single events and streams, kills a third of both, and returns the names that were accepted.
fn write_and_kill(env: &TestEnv, writer: u64) -> Vec<String> {
    let mut dice = Dice(writer + 1);
    let mut accepted = Vec::new();
    for round in 0..12 {
        let count = if round % 2 == 0 { 1 } else { 40 };
        let batch: Vec<String> = (0..count).map(|n| format!("w{writer}-r{round}-e{n}")).collect();
        let lines: String = batch.iter().map(|n| format!("{{\"labels\":{{\"n\":\"{n}\"}}}}\n")).collect();
        let input = env.path(&format!("input-{writer}"));
        fs::write(&input, lines).unwrap();
        let source = if count == 1 { ["--json-event", "-"].as_slice() } else { &["--stdin"] };
        let mut command = env.command(&[&["telemetry", "emit", "-q"], source].concat());
        command.stdin(fs::File::open(&input).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
        if dice.decide(command.spawn().unwrap(), 60_000) {
            accepted.extend(batch);
        }
    }
    accepted
}

#[test]
fn what_was_accepted_arrives_whoever_is_killed_in_the_meantime() {
    let env = with_sinks(&format!("{FILE}[[telemetry.sink]]\ntype = \"queue\"\n"));
    let is_over = AtomicBool::new(false);
    let accepted: Vec<String> = thread::scope(|scope| {
        let flusher = scope.spawn(|| {
            let mut dice = Dice(99);
            while !is_over.load(Ordering::SeqCst) {
                let mut command = env.command(&["telemetry", "flush", "-q"]);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                dice.decide(command.spawn().unwrap(), 100_000);
            }
        });
        let over = SetAtTheEnd(&is_over);
        let env = &env;
        let writers: Vec<_> =
            (0..16).map(|writer| scope.spawn(move || write_and_kill(env, writer))).collect();
        let accepted = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        drop(over);
        flusher.join().unwrap();
        accepted
    });
    assert!(accepted.len() > 1000, "{} events were accepted", accepted.len());
    let last = env.run(&["telemetry", "flush", "--json"]);
    assert!([0, 1].contains(&last.code()), "torn lines of killed writers are dead letters: {last:?}");
    let queue = env.path("home").join(".cortex/a2a/default/queue.jsonl");
    for (sink, path) in [("file", env.workspace().join("events.ndjson")), ("queue", queue)] {
        let arrived: BTreeSet<String> = names(&path).into_iter().collect();
        let lost: Vec<&String> = accepted.iter().filter(|name| !arrived.contains(*name)).collect();
        assert!(lost.is_empty(), "{sink} lost {lost:?}");
        assert_whole(&path, &spool::folder(&env).join(format!("dead-{sink}.ndjson")), &accepted);
    }
}

/// What is no whole line was begun by a run that was killed, and came again: so nothing of it is accepted and missing.
/// Nothing that was accepted is a dead letter.
#[track_caller]
fn assert_whole(path: &Path, dead: &Path, accepted: &[String]) {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let torn: Vec<&&str> = lines.iter().filter(|line| serde_json::from_str::<Value>(line).is_err()).collect();
    for part in torn {
        assert!(lines.iter().any(|line| line.len() > part.len() && line.starts_with(*part)), "torn: {part}");
    }
    let dead = fs::read_to_string(dead).unwrap_or_default();
    for name in accepted {
        assert!(!dead.contains(&format!("\"{name}\"")), "{name} is a dead letter: {dead}");
    }
}

#[test]
fn an_interrupted_run_ends_by_the_signal_and_goes_on_later() {
    let env = with_sinks(FILE);
    emit(&env, &["1"]);
    // Whoever holds the lock of the file keeps the sink waiting.
    let path = env.workspace().join("events.ndjson");
    let held = fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
    held.lock().unwrap();
    let child =
        env.command(&["telemetry", "flush", "--deadline", "1h"]).stdout(Stdio::null()).spawn().unwrap();
    let lock = spool::folder(&env).join("sink-file.lock");
    let patience = Instant::now() + Duration::from_secs(60);
    while !lock.exists() && Instant::now() < patience {
        thread::sleep(Duration::from_millis(5));
    }
    let _ = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = Output::from(child.wait_with_output().unwrap());
    assert_eq!(output.signal(), Some(2), "{output:?}");
    drop(held);
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(names(&path), ["1"]);
}

#[test]
fn events_go_to_the_sinks_of_their_own_workspace_alone() {
    let env = with_sinks(FILE);
    let other = env.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("brainwav.toml"), FILE).unwrap();
    let other = other.to_str().unwrap();
    let at_other = |arguments: &[&str]| env.run(&[arguments, &["--workspace", other]].concat());
    emit(&env, &["1"]);
    let _ = at_other(&["telemetry", "emit", "--label", "n=2"]).expect_code(0);
    let status = env.run(&["telemetry", "status"]).expect_code(0);
    assert!(status.stdout.contains("1 event in the spool"), "{}", status.stdout);
    let hint = format!("brainwav telemetry flush --workspace {other} delivers them");
    assert!(status.stderr.contains(&hint), "{}", status.stderr);
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(names(&env.workspace().join("events.ndjson")), ["1"]);
    assert!(!Path::new(other).join("events.ndjson").exists());
    let _ = at_other(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(names(&Path::new(other).join("events.ndjson")), ["2"]);
    assert_eq!(env.run(&["telemetry", "status"]).expect_code(0).stderr, "");
}

#[test]
fn sinks_of_the_user_get_the_events_of_every_workspace_without_sinks() {
    let env = TestEnv::new();
    let own = env.path("home").join(".config/brainwav");
    fs::create_dir_all(&own).unwrap();
    let out = env.path("all.ndjson");
    let lines = format!("[[telemetry.sink]]\ntype = \"file\"\npath = {:?}\n", out.display());
    fs::write(own.join("config.toml"), lines).unwrap();
    let other = env.path("other");
    fs::create_dir(&other).unwrap();
    emit(&env, &["1"]);
    let _ = env.run(&["telemetry", "emit", "--label", "n=2", "--workspace", other.to_str().unwrap()]);
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(names(&out), ["1", "2"]);
}

#[test]
fn what_an_earlier_configuration_has_left_is_told_and_can_be_delivered() {
    let env = with_sinks("");
    emit(&env, &["1"]);
    env.write_config(FILE);
    emit(&env, &["2"]);
    let output = env.run(&["telemetry", "flush"]).expect_code(0);
    let left = env.state().join("telemetry").display().to_string();
    assert!(output.stderr.contains(&format!("flush --spool {left}")), "{}", output.stderr);
    let out = env.workspace().join("events.ndjson");
    assert_eq!(names(&out), ["2"]);
    let output = env.run(&["telemetry", "flush", "--spool", &left]).expect_code(0);
    assert_eq!((names(&out), output.stderr.as_str()), (vec!["2".to_owned(), "1".to_owned()], ""));
    let strange = env.path("home").display().to_string();
    let output = env.run(&["telemetry", "flush", "--spool", &strange]).expect_code(2);
    assert!(output.stderr.contains("no spool of yours"), "{}", output.stderr);
}

#[test]
fn a_configuration_that_is_named_for_one_run_takes_nothing_from_the_sinks_of_others() {
    let env = with_sinks(FILE);
    emit(&env, &["1"]);
    let named = env.path("ci.toml");
    let out = env.path("ci.ndjson");
    fs::write(&named, format!("[[telemetry.sink]]\ntype = \"file\"\npath = {:?}\n", out.display())).unwrap();
    let _ = env.run(&["telemetry", "flush", "--config", named.to_str().unwrap()]).expect_code(0);
    assert!(!out.exists());
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(names(&env.workspace().join("events.ndjson")), ["1"]);
}

#[test]
fn events_after_somebody_has_removed_the_segments_arrive() {
    let env = with_sinks(FILE);
    for name in ["1", "2"] {
        emit(&env, &[name]);
        let _ = env.run(&["telemetry", "flush"]).expect_code(0);
        for file in
            TestEnv::file_names(&spool::folder(&env)).iter().filter(|name| name.starts_with("segment-"))
        {
            fs::remove_file(spool::folder(&env).join(file)).unwrap();
        }
    }
    assert_eq!(names(&env.workspace().join("events.ndjson")), ["1", "2"]);
}
