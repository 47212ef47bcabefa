//! `health --enforce`: it ends exactly what exceeds its limits.

use std::process::Stdio;

use crate::support::signals::endings;
use crate::support::{Actor, Output, Script, TestEnv, is_alive, wait_until};

const OVER: &[&str] = &["--max-memory", "1MiB", "--grace", "20s"];

fn enforce(env: &TestEnv, arguments: &[&str]) -> Output {
    env.health(&[&["--enforce"], OVER, arguments].concat())
}

#[test]
fn the_target_ends_with_what_it_started_and_nobody_else() {
    let env = TestEnv::new();
    let mut target = Actor::vitest(&env, Script::Family);
    let family = target.descendants();
    assert!(family.len() >= 2, "{family:?}");
    let mut neighbour = Actor::node(&env, "server.js", &[], Script::Family);
    let neighbours = neighbour.descendants();
    let output = enforce(&env, &[]).expect_code(0);
    assert_eq!(output.outcome(target.pid()).as_deref(), Some("terminated"));
    for pid in family {
        assert_eq!(output.outcome(pid).as_deref(), Some("terminated"), "{pid}");
        assert!(!is_alive(pid), "{pid}");
    }
    assert!(!target.is_running());
    assert!(neighbour.is_running() && neighbours.iter().all(|pid| is_alive(*pid)));
    assert_eq!(
        output.json()["termination"]["outcomes"].as_array().unwrap().len(),
        1 + output_family(&output)
    );
}

fn output_family(output: &Output) -> usize {
    let outcomes = output.json()["termination"]["outcomes"].clone();
    outcomes.as_array().unwrap().iter().filter(|entry| entry["role"] == "descendant").count()
}

#[test]
fn the_human_report_names_each_outcome() {
    let env = TestEnv::new();
    let target = Actor::vitest(&env, Script::Family);
    let output = env.run(&[&["health", "--enforce"], OVER].concat()).expect_code(0);
    assert!(output.stdout.contains(&target.pid().to_string()), "{}", output.stdout);
    assert!(output.stdout.matches("ended by SIGTERM").count() >= 3, "{}", output.stdout);
    assert!(output.stdout.contains(&format!("started by {}", target.pid())), "{}", output.stdout);
}

#[test]
fn who_ignores_sigterm_is_killed_after_the_grace() {
    let env = TestEnv::new();
    let mut target = Actor::vitest(&env, Script::IgnoreTerminate);
    let output = env.health(&["--enforce", "--max-memory", "1MiB", "--grace", "300ms"]).expect_code(0);
    assert_eq!(output.outcome(target.pid()).as_deref(), Some("killed"));
    assert!(!target.is_running());
}

#[test]
fn stubborn_children_of_an_obedient_parent_are_killed_too() {
    let env = TestEnv::new();
    let target = Actor::vitest(&env, Script::StubbornFamily);
    let family = target.descendants();
    assert!(!family.is_empty());
    let output = env.health(&["--enforce", "--max-memory", "1MiB", "--grace", "300ms"]).expect_code(0);
    assert_eq!(output.outcome(target.pid()).as_deref(), Some("terminated"));
    for pid in family {
        assert_eq!(output.outcome(pid).as_deref(), Some("killed"));
        assert!(!is_alive(pid));
    }
}

#[test]
fn a_stopped_process_ends_by_sigterm() {
    let env = TestEnv::new();
    let target = Actor::vitest(&env, Script::Wait);
    target.signal("STOP");
    let output = enforce(&env, &[]).expect_code(0);
    assert_eq!(output.outcome(target.pid()).as_deref(), Some("terminated"));
}

#[test]
fn a_process_in_another_session_ends_too() {
    let env = TestEnv::new();
    let target = Actor::vitest(
        &env,
        Script::Run("exec 3<&0\nsetsid sh -c ': >ready; while read -r line; do :; done' x <&3 &\nwait"),
    );
    let family = target.descendants();
    assert_eq!(family.len(), 1);
    let output = enforce(&env, &[]).expect_code(0);
    assert_eq!(output.outcome(family[0]).as_deref(), Some("terminated"));
}

#[test]
fn a_dry_run_says_the_same_and_does_nothing() {
    let env = TestEnv::new();
    let mut target = Actor::vitest(&env, Script::Family);
    let family = target.descendants();
    for arguments in [&["-n"][..], &["--enforce", "--dry-run"]] {
        let output = env.health(&[OVER, arguments].concat()).expect_code(1);
        assert_eq!(output.outcome(target.pid()).as_deref(), Some("would_end"));
        for pid in &family {
            assert_eq!(output.outcome(*pid).as_deref(), Some("would_end"));
        }
        assert_eq!(output.json()["mode"], "dry_run");
    }
    assert!(target.is_running() && family.iter().all(|pid| is_alive(*pid)));
}

#[test]
fn more_than_one_run_may_end_is_refused_as_a_whole() {
    let env = TestEnv::new();
    let mut actors = [0, 1, 2].map(|_| Actor::vitest(&env, Script::Wait));
    let output = enforce(&env, &["--max-batch", "2"]).expect_code(3);
    assert!(output.stderr.contains("3 processes would be ended, more than the 2"), "{}", output.stderr);
    assert_eq!(output.json()["termination"]["refused"]["processes_planned"], 3);
    assert!(actors.iter_mut().all(Actor::is_running));
    let output = enforce(&env, &["--no-batch-limit"]).expect_code(0);
    assert!(actors.iter_mut().all(|actor| !actor.is_running()), "{}", output.stdout);
}

#[test]
fn the_limit_of_a_batch_counts_what_is_taken_along() {
    let env = TestEnv::new();
    let mut target = Actor::vitest(&env, Script::Family);
    let size = 1 + target.descendants().len();
    let _refused = enforce(&env, &["--max-batch", &(size - 1).to_string()]).expect_code(3);
    assert!(target.is_running());
    let _ended = enforce(&env, &["--max-batch", &size.to_string()]).expect_code(0);
    assert!(!target.is_running());
}

#[test]
fn an_interrupt_in_the_grace_ends_the_run_by_that_signal_and_claims_nothing() {
    for (name, number) in endings() {
        let env = TestEnv::new();
        let mut target = Actor::vitest(&env, Script::IgnoreTerminate);
        let mut command =
            env.command(&["health", "--json", "--enforce", "--max-memory", "1MiB", "--grace", "600s"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("SIGTERM has come", || target.file("terminated").exists());
        let kill =
            std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let output = Output::from(child.wait_with_output().unwrap());
        assert_eq!(output.signal(), Some(number), "{output:?}");
        assert_eq!(output.outcome(target.pid()).as_deref(), Some("interrupted"));
        assert!(target.is_running());
    }
}

#[test]
fn two_runs_that_end_processes_exclude_each_other_and_a_look_is_free() {
    let env = TestEnv::new();
    let mut target = Actor::vitest(&env, Script::IgnoreTerminate);
    let mut command =
        env.command(&["health", "--json", "--enforce", "--max-memory", "1MiB", "--grace", "600s"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("SIGTERM has come", || target.file("terminated").exists());
    let output = enforce(&env, &[]).expect_code(75);
    assert!(output.stderr.contains("another run holds the lock"), "{}", output.stderr);
    let _look = env.health(OVER).expect_code(1);
    let _dry_run = env.health(&[OVER, &["-n"]].concat()).expect_code(1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(target.is_running());
    // The kernel took the lock back from the run that was killed.
    let _free = env.health(&["--enforce", "--max-memory", "1MiB", "--grace", "100ms"]).expect_code(0);
    assert!(!target.is_running());
}

#[test]
fn nothing_to_end_is_success() {
    let env = TestEnv::new();
    let mut actor = Actor::vitest(&env, Script::Wait);
    let _output = env.health(&["--enforce"]).expect_code(0);
    assert!(actor.is_running());
}

#[test]
fn a_quiet_run_speaks_when_it_did_something_and_only_then() {
    let env = TestEnv::new();
    let target = Actor::vitest(&env, Script::Wait);
    let arguments = &[&["-q", "health", "--enforce"], OVER].concat();
    let output = env.run(arguments).expect_code(0);
    assert!(output.stdout.contains(&target.pid().to_string()), "{}", output.stdout);
    assert_eq!(env.run(arguments).expect_code(0).stdout, "");
}
