//! What a run came to.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;

#[must_use]
#[derive(Debug)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub status: ExitStatus,
}

impl From<std::process::Output> for Output {
    fn from(output: std::process::Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
            status: output.status,
        }
    }
}

impl Output {
    pub fn of(mut command: Command) -> Self {
        Self::from(command.output().expect("the program starts"))
    }

    /// The exit code as a shell sees it.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Fails with everything that was said unless the exit code is this one.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{error}\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
        })
    }

    /// The entry of a process in a document of `health`.
    #[track_caller]
    pub fn process(&self, pid: u32) -> Value {
        self.find("processes", pid).unwrap_or_else(|| panic!("{pid} is not listed in {}", self.stdout))
    }

    pub fn lists(&self, pid: u32) -> bool {
        self.find("processes", pid).is_some()
    }

    /// How `reap` judged a process: its class and its verdict.
    pub fn judged(&self, pid: u32) -> Option<(String, String)> {
        let entry = self.find("candidates", pid)?;
        Some((entry["class"].as_str()?.to_owned(), entry["verdict"].as_str()?.to_owned()))
    }

    /// What `reap` says against ending a process.
    pub fn reasons_to_keep(&self, pid: u32) -> String {
        self.find("candidates", pid).map(|entry| entry["against"].to_string()).unwrap_or_default()
    }

    /// What the document says became of a process.
    pub fn outcome(&self, pid: u32) -> Option<String> {
        let document = self.json();
        let health = document["termination"]["outcomes"].clone();
        let outcomes = if health.is_null() { document["outcomes"].clone() } else { health };
        let found = outcomes.as_array()?.iter().find(|entry| entry["pid"] == pid)?;
        found["outcome"].as_str().map(str::to_owned)
    }

    /// The kinds of the findings of a process, none if it is not listed.
    pub fn findings(&self, pid: u32) -> Vec<String> {
        let process = self.find("processes", pid).unwrap_or_default();
        let findings = process["findings"].as_array().cloned().unwrap_or_default();
        findings.iter().filter_map(|finding| finding["kind"].as_str().map(str::to_owned)).collect()
    }

    /// What speaks against a finding for a process.
    pub fn against(&self, pid: u32) -> String {
        self.find("processes", pid).unwrap_or_default()["against"].to_string()
    }

    fn find(&self, list: &str, pid: u32) -> Option<Value> {
        self.json()[list].as_array()?.iter().find(|entry| entry["pid"] == pid).cloned()
    }
}

/// Says which part of a test this machine or this user does not allow.
#[allow(clippy::print_stderr, reason = "whoever runs the tests has to see what was not tested")]
pub fn not_tested(reason: &str) {
    eprintln!("not tested here: {reason}");
}

pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// A command that runs in namespaces of its own, or `None` (with a word about it) where this user may not
/// make any.
pub fn unshare(flags: &[&str]) -> Option<Command> {
    // Root needs no user namespace, and in one it could not inspect the processes outside.
    let user: &[&str] = if is_root() { &[] } else { &["--user", "--map-root-user"] };
    let all = [user, &["--mount"], flags].concat();
    let probe =
        Command::new("unshare").args(&all).arg("true").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        not_tested(&format!("this user may not make namespaces ({flags:?})"));
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(&all);
    Some(command)
}
