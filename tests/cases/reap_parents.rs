//! Who takes in the children of the dead, and who only looks like that.

#![cfg(all(target_os = "linux", not(feature = "portable")))]

use std::io::pipe;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::reap::{assert_judged, reap};
use crate::support::server::{SERVER, call_player};
use crate::support::{Server, TestEnv};

/// A process with this name and these arguments that has taken in a server, for as long as the server has its lifeline.
struct Subreaper {
    child: Child,
    server: Server,
}

impl Subreaper {
    /// `name` is what the kernel calls it, the first of the words what it calls itself.
    fn new(env: &TestEnv, name: &str, words: &[&str], stdin: impl Into<Stdio>) -> Self {
        let mut child = None;
        let server = Server::below(env, SERVER, |folder, start| {
            call_player(folder, name);
            let mut command = Command::new(folder.join(name));
            command.arg0(words[0]).args(&words[1..]).current_dir(folder).stdin(stdin).stdout(Stdio::null());
            command.env_clear().env("PATH", "/usr/bin:/bin");
            command.env("PLAYER_ROLE", "subreaper").env("PLAYER_START", start);
            child = Some(command.spawn().expect("it starts"));
        });
        Self { child: child.expect("it was started"), server }
    }
}

impl Drop for Subreaper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_orphan_set_is_more_than_process_1() {
    let env = TestEnv::new();
    let set: [(&str, &[&str], &str); 4] = [
        ("systemd", &["systemd", "--user"], "systemd --user"),
        ("systemd", &["/usr/lib/systemd/systemd", "--user"], "systemd --user"),
        ("init", &["/init"], "the init of WSL"),
        ("Relay(123)", &["/init"], "the init of WSL"),
    ];
    let others: [(&str, &[&str]); 4] = [
        ("systemd", &["systemd"]),
        ("systemd-helper", &["systemd", "--user"]),
        ("init", &["init"]),
        ("client", &["Relay(123)"]),
    ];
    let start = |name: &str, words: &[&str]| {
        let (reader, client) = pipe().unwrap();
        (Subreaper::new(&env, name, words, reader), client)
    };
    let orphans = set.map(|(name, words, reaper)| (start(name, words), reaper));
    let children = others.map(|(name, words)| start(name, words));
    let output = reap(&env, &["-n"]).expect_code(0);
    for (orphan, _) in orphans.iter().map(|(orphan, _)| orphan).chain(&children) {
        assert_judged(&output, &orphan.server, "connected", "keep");
    }
    let orphans = orphans.map(|((orphan, _client), reaper)| (orphan, reaper));
    let children = children.map(|(child, _client)| child);
    let output = reap(&env, &["-n"]).expect_code(1);
    for (orphan, reaper) in &orphans {
        assert_judged(&output, &orphan.server, "orphan", "end");
        let entries = output.json()["candidates"].as_array().unwrap().clone();
        let entry = entries.into_iter().find(|entry| entry["pid"] == orphan.server.pid).unwrap();
        assert!(entry["evidence"].to_string().contains(&format!("it hangs on {reaper}")), "{entry}");
    }
    for child in &children {
        assert_judged(&output, &child.server, "disconnected", "end");
    }
}
