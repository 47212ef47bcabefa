//! `brainwav telemetry bridge --queue`: each envelope of a queue arrives, whatever happens to the queue and the reader.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::bus::{append, bridge_queue, envelope, plan, plans, queue, spooled, spooled_plans, text};
use crate::support::signals::endings;
use crate::support::{Output, TestEnv, wait_until};

fn names(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| number.to_string()).collect()
}

/// Starts the command, without anything to say to it.
fn start(env: &TestEnv, arguments: &[&str]) -> Child {
    let mut command = env.command(&[&["telemetry", "bridge", "--queue", "default"], arguments].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn each_run_goes_on_where_the_last_one_ended_and_a_torn_line_waits() {
    let env = TestEnv::new();
    queue(&env);
    assert_eq!(bridge_queue(&env, &["--json"]).expect_code(0).json()["lines"], 0, "a queue may be empty");
    let whole = plan("2");
    let (head, rest) = whole.split_at(40);
    append(&env, &format!("{}{head}", plans(0..2)));
    for events in [2, 0] {
        assert_eq!(bridge_queue(&env, &["--json"]).expect_code(0).json()["events"], events);
    }
    append(&env, &format!("{rest}broken\n{}", plan("3")));
    let output = bridge_queue(&env, &[]).expect_code(1);
    assert!(output.stderr.contains("line 4: it is no JSON"), "{}", output.stderr);
    assert_eq!(spooled_plans(&env), names(0..4));
    assert_eq!(bridge_queue(&env, &["-q"]).expect_code(0).stdout, "", "what was told is not told again");
}

#[test]
fn the_end_of_a_call_is_joined_with_a_start_of_an_earlier_run() {
    let env = TestEnv::new();
    let line = |id: &str, kind: &str, data: &Value| append(&env, &format!("{}\n", envelope(id, kind, data)));
    line("s", "tool.execution.started", &json!({"tool": "search", "correlationId": "c", "session": "one"}));
    assert_eq!(bridge_queue(&env, &["--json"]).expect_code(0).json()["open_calls"], 1);
    let _ = bridge_queue(&env, &[]).expect_code(0);
    line("f", "tool.execution.completed", &json!({"correlationId": "c", "status": "success"}));
    let report = bridge_queue(&env, &["--json"]).expect_code(0).json();
    assert_eq!((&report["joined"], &report["open_calls"]), (&json!(1), &json!(0)));
    let end = &spooled(&env)[1]["data"]["labels"];
    assert_eq!((&end["tool"], &end["session"]), (&json!("search"), &json!("one")));
}

#[test]
fn while_others_append_each_envelope_arrives_once() {
    const WRITERS: usize = 4;
    const RUNS: usize = 12;
    const EACH_RUN: usize = 60;
    let env = TestEnv::new();
    queue(&env);
    let runs = AtomicUsize::new(0);
    let written: Vec<String> = thread::scope(|scope| {
        let (env, runs) = (&env, &runs);
        let write = |writer: usize| {
            // They write as long as it is read, and not so much that each run takes longer than the last.
            let mut numbers = (writer..).step_by(WRITERS);
            let mut written = Vec::new();
            while runs.load(Ordering::SeqCst) < RUNS {
                if written.len() > EACH_RUN * (1 + runs.load(Ordering::SeqCst)) {
                    thread::sleep(Duration::from_millis(1));
                    continue;
                }
                let name = numbers.next().unwrap().to_string();
                append(env, &plan(&name));
                written.push(name);
            }
            written
        };
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        // What fails is looked at when the writers have ended.
        let bridged: Vec<Output> = (1..=RUNS)
            .map(|run| {
                let output = bridge_queue(env, &["-q"]);
                runs.store(run, Ordering::SeqCst);
                output
            })
            .collect();
        bridged.into_iter().for_each(|output| drop(output.expect_code(0)));
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let _ = bridge_queue(&env, &[]).expect_code(0);
    let found = spooled_plans(&env);
    assert_eq!(found.len(), written.len(), "none comes twice");
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), written.into_iter().collect());
}

fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| text(&event["id"])).collect()
}

#[cfg(debug_assertions)]
#[test]
fn killed_between_the_events_and_the_cursor_it_brings_the_same_events_again() {
    let env = TestEnv::new();
    append(&env, &plans(0..5));
    let mut command = env.command(&["telemetry", "bridge", "--queue", "default"]);
    command.env("BRAINWAV_FAULT", "spooled");
    assert_eq!(Output::of(command).signal(), Some(9));
    let first = spooled(&env);
    append(&env, &plan("5"));
    let _ = bridge_queue(&env, &[]).expect_code(0);
    let all = spooled(&env);
    assert_eq!((first.len(), all.len()), (5, 11));
    assert_eq!(all[..5], all[5..10], "the same under the same ids");
    assert_eq!(ids(&all).into_iter().collect::<BTreeSet<_>>().len(), 6);
}

#[test]
fn killed_anywhere_it_loses_nothing() {
    const LINES: usize = 6000;
    let env = TestEnv::new();
    append(&env, &plans(0..LINES));
    let expected = bridge_queue(&env, &["-n"]).expect_code(0).stdout;
    let expected: Vec<Value> = expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(expected.len(), LINES);
    for round in 0..15 {
        let mut child = start(&env, &["-q"]);
        thread::sleep(Duration::from_millis(round * 7));
        child.kill().unwrap();
        let _ = child.wait_with_output().unwrap();
    }
    let _ = bridge_queue(&env, &[]).expect_code(0);
    let found: BTreeSet<String> = ids(&spooled(&env)).into_iter().collect();
    assert_eq!(found, ids(&expected).into_iter().collect());
}

#[test]
fn a_queue_that_is_moved_copied_cut_or_replaced_loses_nothing() {
    type Change = fn(&TestEnv);
    let table: &[(&str, Change)] = &[
        ("moved", |env| fs::rename(queue(env), queue(env).with_extension("jsonl.1")).unwrap()),
        ("moved under a date", |env| {
            fs::rename(queue(env), queue(env).with_extension("jsonl.2026")).unwrap();
        }),
        ("copied and cut", |env| {
            fs::copy(queue(env), queue(env).with_extension("jsonl.1")).unwrap();
            fs::File::options().write(true).truncate(true).open(queue(env)).unwrap();
        }),
        ("moved twice", move_twice),
    ];
    for (what, change) in table {
        let env = TestEnv::new();
        append(&env, &plans(0..3));
        let _ = bridge_queue(&env, &[]).expect_code(0);
        append(&env, &plans(3..5));
        change(&env);
        append(&env, &plans(7..9));
        let report = bridge_queue(&env, &["--json"]).expect_code(0).json();
        assert_eq!(report["restarted"], false, "{what}: {report}");
        let expected = if *what == "moved twice" { names(0..9) } else { names((0..5).chain(7..9)) };
        assert_eq!(spooled_plans(&env), expected, "{what}");
        assert_eq!(bridge_queue(&env, &["--json"]).expect_code(0).json()["lines"], 0, "{what}");
    }
}

fn move_twice(env: &TestEnv) {
    fs::rename(queue(env), queue(env).with_extension("jsonl.2")).unwrap();
    append(env, &plans(5..7));
    fs::rename(queue(env), queue(env).with_extension("jsonl.1")).unwrap();
}

#[test]
fn another_queue_in_its_place_is_read_from_its_beginning() {
    let env = TestEnv::new();
    append(&env, &plans(0..3));
    let _ = bridge_queue(&env, &[]).expect_code(0);
    // Cut in place and longer than before, so that neither number nor length tells it.
    fs::write(queue(&env), plans(10..20)).unwrap();
    let output = bridge_queue(&env, &[]).expect_code(0);
    assert!(output.stderr.contains("another one than at the last run"), "{}", output.stderr);
    fs::remove_file(queue(&env)).unwrap();
    assert_eq!(bridge_queue(&env, &[]).expect_code(0).stderr, "", "whoever reads it too has taken it away");
    append(&env, &plans(20..22));
    let _ = bridge_queue(&env, &[]).expect_code(0);
    assert_eq!(spooled_plans(&env), names((0..3).chain(10..22)));
}

#[test]
fn a_line_that_was_torn_when_the_queue_was_moved_is_told_once() {
    let env = TestEnv::new();
    append(&env, &plans(0..2));
    let _ = bridge_queue(&env, &[]).expect_code(0);
    append(&env, "{\"torn");
    fs::rename(queue(&env), queue(&env).with_extension("jsonl.1")).unwrap();
    let _ = bridge_queue(&env, &[]).expect_code(0);
    append(&env, &plan("2"));
    let output = bridge_queue(&env, &[]).expect_code(1);
    assert!(output.stderr.contains("line 3: nobody ended it"), "{}", output.stderr);
    let _ = bridge_queue(&env, &[]).expect_code(0);
    assert_eq!(spooled_plans(&env), names(0..3));
}

#[test]
fn what_is_no_file_of_the_user_is_refused_and_not_waited_for() {
    type Make = fn(&TestEnv);
    let table: &[(&str, Make)] = &[
        ("symbolic link", |env| {
            fs::write(env.path("elsewhere"), plan("1")).unwrap();
            symlink(env.path("elsewhere"), queue(env)).unwrap();
        }),
        ("no file", |env| {
            assert!(Command::new("mkfifo").arg(queue(env)).status().unwrap().success());
        }),
        ("no file", |env| fs::create_dir(queue(env)).unwrap()),
        ("everybody may write to it", |env| {
            append(env, &plan("1"));
            fs::set_permissions(queue(env), fs::Permissions::from_mode(0o666)).unwrap();
        }),
    ];
    for (expected, make) in table {
        let env = TestEnv::new();
        make(&env);
        let output = bridge_queue(&env, &[]).expect_code(4);
        assert!(
            output.stderr.contains(expected) && output.stderr.contains("queue.jsonl"),
            "{}",
            output.stderr
        );
        assert!(spooled(&env).is_empty());
    }
}

#[test]
fn two_runs_at_once_bring_each_event_once() {
    let env = TestEnv::new();
    append(&env, &plans(0..3000));
    let runs: Vec<Child> = (0..4).map(|_| start(&env, &["-q"])).collect();
    for run in runs {
        let output = Output::from(run.wait_with_output().unwrap());
        assert!([0, 75].contains(&output.code()), "{output:?}");
    }
    assert_eq!(spooled_plans(&env), names(0..3000));
    let held = fs::File::open(env.state().join("telemetry/bridge-default.lock")).unwrap();
    held.lock().unwrap();
    append(&env, &plan("3000"));
    let output = bridge_queue(&env, &[]).expect_code(75);
    assert!(output.stderr.contains("another run holds the lock"), "{}", output.stderr);
    assert_eq!(bridge_queue(&env, &["-n"]).expect_code(0).stdout.lines().count(), 1, "to look takes no lock");
    drop(held);
    let _ = bridge_queue(&env, &[]).expect_code(0);
    assert_eq!(spooled_plans(&env).len(), 3001);
}

#[test]
fn a_full_spool_moves_no_cursor() {
    let env = TestEnv::new();
    env.write_config("[telemetry]\nspool-size = \"1MiB\"\n");
    append(&env, &plans(0..4000));
    let output = bridge_queue(&env, &["--json"]).expect_code(3);
    assert!(output.stderr.contains("is full"), "{}", output.stderr);
    let told = output.json()["events"].as_u64().unwrap();
    assert!(told > 0 && told == spooled(&env).len() as u64, "{told}");
    env.write_config("");
    let _ = bridge_queue(&env, &[]).expect_code(0);
    let found: BTreeSet<String> = spooled_plans(&env).into_iter().collect();
    assert_eq!(found, names(0..4000).into_iter().collect());
}

#[test]
fn a_cursor_that_cannot_be_read_costs_nothing_but_the_same_events_again() {
    let env = TestEnv::new();
    append(&env, &plans(0..3));
    let _ = bridge_queue(&env, &[]).expect_code(0);
    let path = env.state().join("telemetry/bridge-default.json");
    fs::write(&path, "{\"version\":1,\"cur").unwrap();
    let output = bridge_queue(&env, &[]).expect_code(0);
    assert!(output.stderr.contains("bridge-default.json: it is torn"), "{}", output.stderr);
    let all = spooled(&env);
    assert_eq!((all.len(), &all[..3]), (6, &all[3..]));
    assert!(path.with_extension("json.unreadable-1").exists());
}

#[test]
fn it_follows_a_queue_until_it_is_told_to_end() {
    for (signal, number) in endings() {
        let env = TestEnv::new();
        append(&env, &plan("0"));
        let child = start(&env, &["--follow"]);
        wait_until("the first event is there", || spooled(&env).len() == 1);
        append(&env, &plan("1"));
        wait_until("the second event is there", || spooled(&env).len() == 2);
        fs::rename(queue(&env), queue(&env).with_extension("jsonl.1")).unwrap();
        append(&env, &plan("2"));
        wait_until("the third event is there", || spooled(&env).len() == 3);
        let status =
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let output = Output::from(child.wait_with_output().unwrap());
        assert_eq!(output.signal(), Some(number), "{output:?}");
        assert!(output.stdout.contains("3 events of 3 envelopes"), "{}", output.stdout);
        assert_eq!(bridge_queue(&env, &["--json"]).expect_code(0).json()["lines"], 0, "the cursor was kept");
    }
}
