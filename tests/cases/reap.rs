//! `reap` on real processes, class by class.

#![cfg(all(target_os = "linux", not(feature = "portable")))]

use std::fs::File;
use std::io::pipe;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use crate::support::server::{SERVER, WORKER};
use crate::support::{Output, Server, TestEnv, is_alive, wait_until};

pub fn reap(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "reap", "orphans", "--min-age", "0s"], arguments].concat())
}

fn socket() -> (UnixStream, OwnedFd) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (ours, theirs.into())
}

#[track_caller]
pub fn assert_judged(output: &Output, server: &Server, class: &str, verdict: &str) {
    let judged = output.judged(server.pid);
    assert_eq!(judged, Some((class.to_owned(), verdict.to_owned())), "{}", output.stdout);
}

#[test]
fn an_orphan_by_pipe_or_by_socket_is_ended_and_one_with_a_client_is_not() {
    let env = TestEnv::new();
    let (reader, writer) = pipe().unwrap();
    let by_pipe = Server::orphan(&env, SERVER, reader, "");
    let (ours, theirs) = socket();
    let by_socket = Server::orphan(&env, SERVER, theirs, "");
    let (_client, held) = socket();
    let in_use = Server::orphan(&env, SERVER, held, "");
    let output = reap(&env, &[]).expect_code(0);
    for server in [&by_pipe, &by_socket, &in_use] {
        assert_judged(&output, server, "connected", "keep");
    }
    drop(writer);
    drop(ours);
    let output = reap(&env, &[]).expect_code(0);
    for server in [&by_pipe, &by_socket] {
        assert_eq!(output.outcome(server.pid).as_deref(), Some("terminated"), "{}", output.stdout);
        assert!(!server.is_running());
    }
    assert!(in_use.is_running());
}

#[test]
fn a_disconnected_server_of_a_living_parent_is_ended() {
    let env = TestEnv::new();
    let (ours, theirs) = socket();
    let gone = Server::child(&env, SERVER, theirs, &[]);
    let (_client, held) = socket();
    let in_use = Server::child(&env, SERVER, held, &[]);
    drop(ours);
    let output = reap(&env, &[]).expect_code(0);
    assert_judged(&output, &gone, "disconnected", "end");
    assert!(!gone.is_running() && in_use.is_running());
}

#[test]
fn what_was_made_independent_on_purpose_is_kept() {
    let env = TestEnv::new();
    let file = env.workspace().join("input");
    std::fs::write(&file, "").unwrap();
    let null = Server::orphan(&env, SERVER, Stdio::null(), "");
    let by_file = Server::orphan(&env, SERVER, File::open(&file).unwrap(), "");
    let session = Server::orphan(&env, SERVER, Stdio::null(), "setsid");
    // As it comes: a pipe with a name, that nobody writes to any more.
    let fifo = env.workspace().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let both = File::options().read(true).write(true).open(&fifo).unwrap();
    let by_fifo = Server::orphan(&env, SERVER, File::open(&fifo).unwrap(), "");
    drop(both);
    let output = reap(&env, &[]).expect_code(0);
    let words =
        [(&null, "/dev/null"), (&by_file, "a file"), (&session, "/dev/null"), (&by_fifo, "a named pipe")];
    for (server, word) in words {
        assert_judged(&output, server, "daemon", "keep");
        let against = output.reasons_to_keep(server.pid);
        assert!(against.contains(&format!("its stdin is {word},")), "{against}");
        assert!(server.is_running());
    }
}

#[test]
fn a_leaked_end_that_somebody_else_holds_looks_alive() {
    let env = TestEnv::new();
    let (reader, writer) = pipe().unwrap();
    let third = writer.try_clone().unwrap();
    let server = Server::orphan(&env, SERVER, reader, "");
    drop(writer);
    let output = reap(&env, &[]).expect_code(0);
    assert_judged(&output, &server, "connected", "keep");
    drop(third);
    let _output = reap(&env, &[]).expect_code(0);
    assert!(!server.is_running());
}

#[test]
fn wrappers_go_with_their_server() {
    let env = TestEnv::new();
    let (reader, writer) = pipe().unwrap();
    // As npx does it: a shell of `-c` waits for the server, and hands its own stdin on.
    let server = Server::wrapped_orphan(&env, SERVER, reader);
    let output = reap(&env, &[]).expect_code(0);
    assert_judged(&output, &server, "connected", "keep");
    drop(writer);
    let output = reap(&env, &[]).expect_code(0);
    assert_judged(&output, &server, "orphan_chain", "end");
    let wrapper = output.json()["candidates"][0]["wrapper_pids"][0].as_u64().unwrap();
    let wrapper = u32::try_from(wrapper).unwrap();
    assert_eq!(output.outcome(wrapper).as_deref(), Some("terminated"));
    assert!(!server.is_running() && !is_alive(wrapper));
}

#[test]
fn one_that_was_started_again_is_reported_and_ended_on_request() {
    let env = TestEnv::new();
    let (_client, end) = socket();
    let first = Server::child(&env, SERVER, end, &[]);
    let (_other_client, end) = socket();
    let elsewhere = Server::child(&env, SERVER, end, &[]);
    let output = reap(&env, &[]).expect_code(0);
    assert_judged(&output, &first, "connected", "keep");
    wait_until("the clock has moved on", || {
        let (_client, end) = socket();
        let again = first.again(SERVER, end);
        let output = reap(&env, &[]).expect_code(0);
        let found = output.judged(first.pid) == Some(("superseded".to_owned(), "report".to_owned()));
        if found {
            assert_judged(&output, &again, "connected", "keep");
            let _output = reap(&env, &["--superseded"]).expect_code(0);
            assert!(!first.is_running() && again.is_running() && elsewhere.is_running());
        }
        found
    });
}

#[test]
fn one_that_a_launcher_started_again_is_reported_and_ended_with_its_launcher() {
    let env = TestEnv::new();
    let (_client, end) = socket();
    let first = Server::wrapped_child(&env, SERVER, end);
    let (_other_client, end) = socket();
    let elsewhere = Server::wrapped_child(&env, SERVER, end);
    assert_judged(&reap(&env, &[]).expect_code(0), &first, "connected", "keep");
    wait_until("the clock has moved on", || {
        let (_client, end) = socket();
        let again = first.again_wrapped(SERVER, end);
        let output = reap(&env, &[]).expect_code(0);
        let found = output.judged(first.pid) == Some(("superseded".to_owned(), "report".to_owned()));
        if found {
            for server in [&again, &elsewhere] {
                assert_judged(&output, server, "connected", "keep");
            }
            let wrapper = first.starter().unwrap();
            let output = reap(&env, &["--superseded"]).expect_code(0);
            assert!(output.outcome(wrapper).is_some(), "{}", output.stdout);
            assert!(!first.is_running() && again.is_running() && elsewhere.is_running());
        }
        found
    });
}

#[test]
fn a_worker_without_its_runner_is_ended_and_one_with_it_is_not() {
    let env = TestEnv::new();
    let channel = [("NODE_CHANNEL_FD", "0")];
    let (runner, end) = socket();
    let orphan = Server::child(&env, WORKER, end, &channel);
    let (_runner, held) = socket();
    let busy = Server::child(&env, WORKER, held, &channel);
    let without = Server::child(&env, WORKER, Stdio::null(), &[]);
    drop(runner);
    let output = reap(&env, &[]).expect_code(0);
    assert_judged(&output, &orphan, "worker", "end");
    assert_judged(&output, &busy, "connected", "keep");
    assert_judged(&output, &without, "connected", "keep");
    assert!(!orphan.is_running() && busy.is_running() && without.is_running());
}

#[test]
fn the_young_are_not_judged() {
    let env = TestEnv::new();
    let (reader, writer) = pipe().unwrap();
    let server = Server::orphan(&env, SERVER, reader, "");
    drop(writer);
    let output = env.run(&["--json", "reap", "orphans"]).expect_code(0);
    assert_judged(&output, &server, "orphan", "keep");
    assert!(server.is_running());
}

#[test]
fn a_dry_run_names_what_a_run_would_end_and_ends_nothing() {
    let env = TestEnv::new();
    let (reader, writer) = pipe().unwrap();
    let server = Server::orphan(&env, SERVER, reader, "");
    drop(writer);
    let output = reap(&env, &["-n"]).expect_code(1);
    assert_eq!(output.outcome(server.pid).as_deref(), Some("would_end"));
    assert!(server.is_running());
    // The server and its child are two.
    let _refused = reap(&env, &["--max-batch", "1"]).expect_code(3);
    assert!(server.is_running());
    let _ended = reap(&env, &["--max-batch", "2"]).expect_code(0);
    assert!(!is_alive(server.pid));
}

#[test]
fn a_program_of_the_protected_set_is_left_alone() {
    let env = TestEnv::new();
    env.write_config("[protect]\nprogram = [\"@modelcontextprotocol/server-test\"]\n");
    let (reader, writer) = pipe().unwrap();
    let server = Server::orphan(&env, SERVER, reader, "");
    drop(writer);
    let output = reap(&env, &[]).expect_code(1);
    assert_judged(&output, &server, "orphan", "end");
    assert!(server.is_running());
    assert!(output.stdout.contains("protected set"), "{}", output.stdout);
}

#[test]
fn a_zombie_is_shown_with_its_parent_and_never_counted_as_collected() {
    let env = TestEnv::new();
    // Who takes the place of the shell does not know of its child.
    let script = "sleep 0.2 & : >ready; exec cat";
    let parent = crate::support::Actor::vitest(&env, crate::support::Script::Run(script));
    let arguments = ["--json", "reap", "zombies", "--scope", "workspace"];
    let row = |output: &Output| {
        let zombies = output.json()["zombies"].as_array().unwrap().clone();
        zombies.into_iter().find(|row| row["parent_pid"] == parent.pid())
    };
    wait_until("the zombie is there", || {
        row(&env.run(&arguments)).is_some_and(|found| found["nudge"] == "not_asked")
    });
    let told =
        row(&env.run(&[&arguments[..], &["--nudge"]].concat()).expect_code(1)).expect("it is still there");
    assert_eq!((told["nudge"].as_str(), told["left"].as_u64()), (Some("told"), Some(1)));
    assert!(told["dead_for_at_least_seconds"].as_f64() > Some(0.0));
    let human = env.run(&["reap", "zombies", "--scope", "workspace", "--nudge"]).expect_code(1);
    assert!(human.stdout.contains("1 left: restart it"), "{}", human.stdout);
}

#[test]
fn the_tables_fit_into_80_columns() {
    let env = TestEnv::new();
    let (reader, writer) = pipe().unwrap();
    let server = Server::orphan(&env, SERVER, reader, "");
    drop(writer);
    for arguments in [&["-n", "--all", "-v"][..], &["-n"], &["--all"]] {
        let start = ["reap", "--scope", "workspace", "--min-age", "0s"];
        let output = env.run(&[&start[..], arguments].concat());
        assert!(output.stdout.contains(&server.pid.to_string()), "{}", output.stdout);
        for line in output.stdout.lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    }
}
