//! Runs that meet another one, and runs that are told to stop.

#![cfg(target_os = "linux")]

use serde_json::Value;

use crate::support::cache::{HOUR, file, grow_old, hash, left, stopped, turbo};
use crate::support::signals::endings;
use crate::support::{Actor, Output, Script, TestEnv};

const KIB: usize = 1024;

fn prune(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "prune-cache"], arguments].concat())
}

#[test]
fn a_second_run_in_a_workspace_waits_for_nobody_and_one_in_another_goes_on() {
    let env = TestEnv::new();
    let folder = turbo(&env, 3, 300 * KIB);
    let other = env.path("other");
    file(&other.join(".turbo/cache").join(format!("{}.tar.zst", hash(1))), KIB, HOUR);
    file(&other.join("brainwav.toml"), 0, HOUR);
    std::os::unix::fs::symlink(env.workspace(), env.path("link")).unwrap();
    let mut first = env.command(&["prune-cache", "--max-size", "0B"]);
    first.env("BRAINWAV_FAULT", "planned:stop");
    let first = stopped(first, |_| {
        let output = prune(&env, &["--max-size", "1KiB"]).expect_code(75);
        assert!(output.stderr.contains("another run holds the lock"), "{}", output.stderr);
        let link = env.path("link").display().to_string();
        drop(prune(&env, &["--max-size", "1KiB", "--workspace", &link]).expect_code(75));
        assert_eq!(left(&folder), [1, 2, 3]);
        drop(prune(&env, &["--max-size", "1KiB", "-n"]).expect_code(1));
        let other = other.display().to_string();
        let output = prune(&env, &["--max-size", "0B", "--workspace", &other]).expect_code(0);
        assert_eq!(output.store("turbo")["removed"]["entries"], 1);
    });
    drop(first.expect_code(0));
    assert_eq!(left(&folder), [0; 0]);
}

fn send(signal: &str, pid: u32) {
    let kill = std::process::Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status();
    assert!(kill.unwrap().success());
}

#[test]
fn a_signal_ends_a_run_at_any_instant_and_the_next_one_finishes_it() {
    for (signal, number) in endings() {
        for instant in ["opened", "planned", "outputs", "deleting"] {
            let env = TestEnv::new();
            let folder = turbo(&env, 4, 300 * KIB);
            let mut command = env.command(&["--json", "prune-cache", "turbo", "--max-size", "700KiB"]);
            command.env("BRAINWAV_FAULT", format!("{instant}:stop"));
            // While it is stopped, so that it comes at this instant and at no other.
            let output = stopped(command, |pid| send(signal, pid));
            assert_eq!(output.signal(), Some(number), "{signal} {instant}: {}", output.stderr);
            let document = output.json();
            assert_eq!(document["interrupted_by_signal"], number, "{signal} {instant}");
            assert_eq!(document["exit_code"], 128 + number, "{signal} {instant}");
            let store = output.store("turbo");
            match instant {
                "opened" | "planned" => {
                    assert_eq!(
                        (&store["removed"]["entries"], left(&folder).len()),
                        (&0.into(), 4),
                        "{signal}"
                    );
                }
                _ => assert_eq!(store["freed_bytes"], 0, "{signal} {instant}: it is still in the trash"),
            }
            drop(prune(&env, &["turbo", "--max-size", "700KiB"]).expect_code(0));
            assert_eq!(left(&folder), [1], "{signal} {instant}");
            assert_eq!(TestEnv::file_names(&folder).len(), 2, "{signal} {instant}: no trash is left");
        }
    }
}

#[test]
fn a_signal_ends_the_walk_through_a_cache_and_no_number_is_said() {
    let env = TestEnv::new();
    env.write_config("[cache.own]\npath = \"own\"\nmax-size = \"0B\"\n");
    let file_of = |entry: u32| env.workspace().join(format!("own/{entry}/inner/file"));
    (0..20).for_each(|entry| file(&file_of(entry), KIB, HOUR * 9));
    for (signal, number) in endings() {
        let mut command = env.command(&["--json", "prune-cache", "own"]);
        command.env("BRAINWAV_FAULT", "opened:stop");
        let output = stopped(command, |pid| send(signal, pid));
        assert_eq!(output.signal(), Some(number), "{}", output.stderr);
        let store = output.store("own");
        assert_eq!((&store["verdict"], &store["reason"]), (&"interrupted".into(), &Value::Null));
        assert!(store["size_bytes"].is_null() && (0..20).all(|entry| file_of(entry).exists()));
    }
}

#[test]
fn a_signal_ends_the_wait_and_nothing_is_done() {
    let env = TestEnv::new();
    let entry = env.workspace().join("node_modules/.cache/webpack/web");
    file(&entry.join("data"), KIB, HOUR * 24 * 40);
    grow_old(&entry, HOUR * 24 * 40);
    let mut tool = Actor::node(&env, "node_modules/some-tool/bin.js", &[], Script::Wait);
    let mut command = env.command(&["--json", "prune-cache", "webpack", "--wait", "1h"]);
    command.env("BRAINWAV_FAULT", "waiting:stop");
    let output = stopped(command, |pid| send("TERM", pid));
    assert_eq!(output.signal(), Some(15), "{}", output.stderr);
    assert!(entry.exists());
    assert!(tool.is_running());
}
