//! Delivery in the background: it happens, it does not pile up, and it is in nobody's way.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::bus::{append, plan};
use crate::support::cache::turbo;
use crate::support::receiver::{Receiver, Reply};
use crate::support::spool;
use crate::support::spool::envelopes;
use crate::support::{Output, TestEnv, wait_until};

const FILE: &str = "[[telemetry.sink]]\ntype = \"file\"\npath = \"out.ndjson\"\n";

/// The binary with the settings as they are outside of tests.
fn command(env: &TestEnv, arguments: &[&str]) -> Command {
    let mut command = env.command(arguments);
    command.env_remove("BRAINWAV_TELEMETRY_FLUSH");
    command
}

fn run(env: &TestEnv, arguments: &[&str]) -> Output {
    Output::of(command(env, arguments))
}

fn with_config(lines: &str) -> TestEnv {
    let env = TestEnv::new();
    env.write_config(lines);
    env
}

/// Held by the run that waits for its turn to deliver to the file, and by the one that delivers to it.
const WAITING: &str = "waiting-file";
const RUNNING: &str = "sink-file";

fn lock_path(env: &TestEnv, name: &str) -> PathBuf {
    spool::folder(env).join(format!("{name}.lock"))
}

/// Takes a lock of the runs, as a run would.
fn hold(env: &TestEnv, name: &str) -> File {
    let _ = env.run(&["telemetry", "status"]);
    let file = File::options().create(true).truncate(false).write(true).open(lock_path(env, name)).unwrap();
    file.lock().unwrap();
    file
}

fn is_held(env: &TestEnv, name: &str) -> bool {
    File::open(lock_path(env, name)).is_ok_and(|file| file.try_lock().is_err())
}

fn wait_until_all_is_quiet(env: &TestEnv) {
    wait_until("nobody is at it", || !is_held(env, WAITING) && !is_held(env, RUNNING));
}

fn ids(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line["data"]["correlationId"].as_str().map(str::to_owned)).collect()
}

#[test]
fn what_emit_phase_and_exec_keep_is_delivered_without_being_asked_for() {
    let env = with_config(FILE);
    let out = env.workspace().join("out.ndjson");
    for number in 0..15 {
        let _ = run(&env, &["telemetry", "emit", "--correlation-id", &format!("n{number}")]).expect_code(0);
    }
    wait_until("events are delivered", || ids(&out).len() == 15);
    let _ = run(&env, &["telemetry", "phase", "start", "p", "--correlation-id", "p"]).expect_code(0);
    wait_until("the start is delivered", || ids(&out).len() == 16);
    let _ = run(&env, &["telemetry", "phase", "finish", "p", "--correlation-id", "p"]).expect_code(0);
    wait_until("the finish is delivered", || ids(&out).len() == 17);
    let _ = run(&env, &["telemetry", "exec", "--correlation-id", "x", "--", "true"]).expect_code(0);
    wait_until("both events are delivered", || ids(&out).len() == 19);
    fs::write(env.path("stream"), "{\"correlationId\":\"s\"}\n".repeat(3)).unwrap();
    let mut stream = command(&env, &["telemetry", "emit", "--stdin"]);
    stream.stdin(File::open(env.path("stream")).unwrap());
    let _ = Output::of(stream).expect_code(0);
    wait_until("the stream is delivered", || ids(&out).len() == 22);
    wait_until_all_is_quiet(&env);
    let _ = run(&env, &["telemetry", "flush"]).expect_code(0);
    assert_eq!(ids(&out).len(), 22, "each once");
}

#[test]
fn what_a_command_does_and_what_the_bridge_brings_is_delivered_too() {
    let env = with_config(FILE);
    let out = env.workspace().join("out.ndjson");
    let _ = turbo(&env, 4, 10_240);
    let _ = run(&env, &["prune-cache", "--max-size", "20KiB", "--min-age", "0s"]).expect_code(0);
    let told = envelopes(&env).len();
    assert!(told >= 2, "before and afterwards");
    wait_until("both are delivered", || ids(&out).len() == told);
    let queue = env.path("home").join(".cortex/a2a/default");
    fs::create_dir_all(&queue).unwrap();
    let envelope =
        r#"{"id":"7","type":"orchestration.task.created","source":"urn:a:b","specversion":"1.0","data":{}}"#;
    fs::write(queue.join("queue.jsonl"), format!("{envelope}\n")).unwrap();
    let _ = run(&env, &["telemetry", "bridge", "--queue", "default"]).expect_code(0);
    wait_until("the event of the bus is delivered", || ids(&out).len() == told + 1);
    wait_until("nobody is at it", || !is_held(&env, WAITING) && !is_held(&env, RUNNING));
}

/// Ended at the latest when this is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It is not waited for before, so its number is its own.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_follows_a_queue_has_no_child_left_of_its_deliveries() {
    let env = with_config(FILE);
    let out = env.workspace().join("out.ndjson");
    append(&env, &plan("0"));
    let arguments = ["telemetry", "bridge", "--queue", "default", "--follow"];
    let mut command = command(&env, &arguments);
    let bridge = Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    for delivered in 1..4 {
        wait_until("an event is delivered", || ids(&out).len() == delivered);
        wait_until_all_is_quiet(&env);
        append(&env, &plan(&delivered.to_string()));
    }
    wait_until("the last event is delivered", || ids(&out).len() == 4);
    let pid = bridge.0.id();
    let children = || fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    wait_until("it has no child", || children().is_empty());
    drop(bridge);
    wait_until_all_is_quiet(&env);
}

#[test]
fn nothing_is_started_that_nobody_wants() {
    let stdout = "[[telemetry.sink]]\ntype = \"stdout\"\n";
    let off = format!("{FILE}enabled = false\n");
    let manual = format!("[telemetry]\nflush = \"manual\"\n{FILE}");
    for (lines, options) in
        [("", &[][..]), (stdout, &[]), (off.as_str(), &[]), (manual.as_str(), &[]), (FILE, &["--no-flush"])]
    {
        let env = with_config(lines);
        for arguments in [&["emit"][..], &["phase", "start", "p"], &["phase", "finish", "p"], &["exec"]] {
            let behind: &[&str] = if arguments == ["exec"] { &["--", "true"] } else { &[] };
            let all = [&["telemetry"], arguments, options, behind].concat();
            let output = run(&env, &all).expect_code(0);
            assert_eq!(output.stderr, "", "{all:?}");
        }
        assert!(spool::folder(&env).join("segment-0000000001.ndjson").exists());
        assert!(!lock_path(&env, WAITING).exists(), "{lines} {options:?}: nobody looked who is at it");
    }
}

#[test]
fn stdout_is_left_alone_and_keeps_what_it_needs() {
    let env = with_config(&format!("{FILE}[[telemetry.sink]]\ntype = \"stdout\"\n"));
    let output = run(&env, &["telemetry", "emit", "--correlation-id", "a"]).expect_code(0);
    assert_eq!(output.stdout, "");
    wait_until("the file has it", || ids(&env.workspace().join("out.ndjson")) == ["a"]);
    wait_until_all_is_quiet(&env);
    let shown = run(&env, &["telemetry", "flush", "--sink", "stdout"]).expect_code(0);
    assert_eq!(shown.stdout.lines().count(), 1, "{}", shown.stdout);
}

fn in_background(env: &TestEnv) -> Child {
    command(env, &["-q", "telemetry", "flush", "--background"]).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn one_delivers_and_one_waits_at_most() {
    let env = with_config(FILE);
    let _ = run(&env, &["telemetry", "emit", "--no-flush", "--correlation-id", "a"]).expect_code(0);
    let running = hold(&env, RUNNING);
    let mut runs: Vec<Child> = (0..6).map(|_| in_background(&env)).collect();
    wait_until("all but one have left", || {
        runs.retain_mut(|run| run.try_wait().unwrap().is_none_or(|status| !status.success()));
        runs.len() == 1
    });
    assert!(is_held(&env, WAITING));
    // What is kept now is for the one that waits.
    let _ = run(&env, &["telemetry", "emit", "--correlation-id", "b"]).expect_code(0);
    assert!(!env.workspace().join("out.ndjson").exists());
    drop(running);
    assert!(runs[0].wait().unwrap().success());
    assert_eq!(ids(&env.workspace().join("out.ndjson")), ["a", "b"]);
}

#[test]
fn a_run_in_the_background_waits_for_one_in_front() {
    let env = with_config(FILE);
    let _ = run(&env, &["telemetry", "emit", "--no-flush", "--correlation-id", "a"]).expect_code(0);
    let sink = hold(&env, RUNNING);
    let _ = run(&env, &["telemetry", "flush"]).expect_code(75);
    let mut child = in_background(&env);
    wait_until("it waits", || is_held(&env, WAITING));
    assert!(!env.workspace().join("out.ndjson").exists());
    drop(sink);
    assert!(child.wait().unwrap().success());
    assert_eq!(ids(&env.workspace().join("out.ndjson")), ["a"]);
}

/// An event reaches who takes it while a run of before still hangs at somebody who does not.
#[test]
fn a_sink_that_hangs_is_in_no_others_way() {
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap();
    let of_receiver = Arc::clone(&gate);
    let receiver = Receiver::start(move |_, _| {
        drop(of_receiver.lock());
        Reply::Say("202 Accepted")
    });
    let hook =
        format!("[[telemetry.sink]]\ntype = \"http\"\nname = \"hook\"\nurl = {:?}\n", receiver.url("/"));
    let env = with_config(&format!("{hook}timeout = \"1h\"\n{FILE}"));
    let out = env.workspace().join("out.ndjson");
    let names: Vec<String> = (0..4).map(|number| format!("n{number}")).collect();
    for (at, name) in names.iter().enumerate() {
        let _ = run(&env, &["telemetry", "emit", "--correlation-id", name]).expect_code(0);
        wait_until("the file has it", || ids(&out) == names[..=at]);
        wait_until("and the other hangs", || receiver.requests().len() == 1);
        wait_until("the file is free", || !is_held(&env, RUNNING) && !is_held(&env, WAITING));
        assert!(is_held(&env, "sink-hook"), "the first run is still at it");
    }
    assert_eq!(receiver.requests().len(), 1);
    wait_until("one waits for it", || is_held(&env, "waiting-hook"));
    drop(closed);
    wait_until("it has everything", || receiver.requests().len() == names.len());
    wait_until("nobody is at it", || !is_held(&env, "waiting-hook") && !is_held(&env, "sink-hook"));
}

#[test]
fn a_run_in_the_background_leaves_alone_who_has_asked_for_that() {
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::Say("429 Too Many Requests\r\nRetry-After: 3600"),
        _ => Reply::Say("202 Accepted"),
    });
    let hook =
        format!("[[telemetry.sink]]\ntype = \"http\"\nname = \"hook\"\nurl = {:?}\n", receiver.url("/"));
    let env = with_config(&hook);
    for number in 0..4 {
        let id = format!("n{number}");
        let _ = run(&env, &["telemetry", "emit", "--no-flush", "--correlation-id", &id]).expect_code(0);
        let _ = in_background(&env).wait().unwrap();
        assert_eq!(receiver.requests().len(), 1, "{number}");
    }
    let status = run(&env, &["telemetry", "status", "--json"]).expect_code(1).json()["sinks"][0].clone();
    assert!(status["retry_at"].is_string(), "{status}");
    assert!(status["last_failure"]["reason"].as_str().unwrap().contains("429"), "{status}");
    assert!(run(&env, &["telemetry", "status"]).expect_code(1).stdout.contains("left alone"));
    // Somebody who waits for it tries, and is told.
    let flush = run(&env, &["telemetry", "flush"]).expect_code(0);
    assert!(flush.stderr.contains("asked to be left alone"), "{}", flush.stderr);
    let status = run(&env, &["telemetry", "status", "--json"]).expect_code(0).json()["sinks"][0].clone();
    assert!(status["retry_at"].is_null() && status["delivered"] == 4, "{status}");
}

/// While the run lives, nobody waits for the end of a stream that it was handed, and no signal to the group of the caller
/// comes to it.
#[test]
fn the_caller_is_not_held_up_and_cannot_take_it_along() {
    let env = with_config(FILE);
    let running = hold(&env, RUNNING);
    let mut caller = Command::new("sh");
    caller.args(["-c", "\"$0\" telemetry emit --correlation-id a 3>&1 4>&2", env!("CARGO_BIN_EXE_brainwav")]);
    caller.current_dir(env.workspace()).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    caller.env("HOME", env.path("home")).env("BRAINWAV_STATE_DIR", env.state()).process_group(0);
    let caller = caller.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let group = caller.id();
    // This comes to an end when nobody holds the streams any more.
    let output = Output::from(caller.wait_with_output().unwrap()).expect_code(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    wait_until("a run waits", || is_held(&env, WAITING));
    let left = Command::new("kill").args(["-TERM", "--", &format!("-{group}")]).output().unwrap();
    assert!(!left.status.success(), "nobody is left in the group");
    assert!(is_held(&env, WAITING));
    drop(running);
    wait_until("it delivers", || ids(&env.workspace().join("out.ndjson")) == ["a"]);
    wait_until_all_is_quiet(&env);
}

#[test]
fn a_full_spool_gets_room_by_itself() {
    let env = with_config(&format!("[telemetry]\nspool-size = \"1MiB\"\n{FILE}"));
    let label = format!("big={}", "1 ".repeat(50_000));
    let emit =
        |option: &[&str]| run(&env, &[&["telemetry", "emit", "--label", &label], option].concat()).code();
    wait_until("the spool is full", || emit(&["--no-flush"]) == 3);
    let refused = emit(&[]);
    assert!([0, 3].contains(&refused), "{refused}");
    wait_until("there is room", || emit(&[]) == 0);
    wait_until_all_is_quiet(&env);
}

#[test]
fn a_state_folder_that_is_named_from_here_is_the_same_for_the_run() {
    let env = with_config(FILE);
    let mut emit = command(&env, &["telemetry", "emit", "--correlation-id", "a"]);
    emit.env("BRAINWAV_STATE_DIR", "../state");
    let _ = Output::of(emit).expect_code(0);
    wait_until("it is delivered", || ids(&env.workspace().join("out.ndjson")) == ["a"]);
    wait_until_all_is_quiet(&env);
}
