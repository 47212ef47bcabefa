//! What the program may cost: packages, memory at start, file descriptors.
//!
//! Limits of the operating system are the judge, never a clock: a run that keeps within them succeeds on a busy
//! machine too. How fast it is, and what it costs with thousands of processes, is for benches/compare.sh to tell.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "what could not be measured is said")]

#[path = "support/cargo.rs"]
mod ask;

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output, Stdio};

use ask::cargo;
use brainwav::core::process::builtin;

/// Packages of the binary, itself included.
const MOST_PACKAGES: usize = 120;

/// Memory of its own (data, heap and the stacks of threads) for a run that only says its version.
const VERSION_KIB: u32 = 2 * 1024;

/// The same for one look: three threads more, each with a stack of two megabytes that it hardly touches, belong
/// to a machine with thousands of processes.
const LOOK_KIB: u32 = 16 * 1024;

/// Enough for the streams, the process table, the state and its lock, however many processes there are.
const MOST_DESCRIPTORS: u32 = 16;

/// So little that no program can start: where one starts all the same, the limit is not enforced.
const NOTHING_KIB: u32 = 64;

/// A folder of its own, and a configuration by which only processes in it are looked at closely.
struct Surroundings {
    root: tempfile::TempDir,
}

impl Surroundings {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let narrowed =
            |name: &str| format!("[[process]]\nname = \"{name}\"\ncwd = \"{}/**\"\n", root.path().display());
        let rules: String = builtin::rules().iter().map(|rule| narrowed(&rule.name)).collect();
        fs::write(root.path().join("brainwav.toml"), rules).unwrap();
        Self { root }
    }

    /// Runs the program under a limit of the shell, such as `-n 16`.
    fn run(&self, limit: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(format!("ulimit {limit} || exit 99; exec \"$0\" \"$@\""))
            .arg(env!("CARGO_BIN_EXE_brainwav"))
            .args(arguments)
            .current_dir(self.root.path())
            .env_clear()
            .env("HOME", self.root.path())
            .env("BRAINWAV_STATE_DIR", self.root.path().join("state"))
            .stdin(Stdio::null());
        command.output().expect("the shell starts")
    }

    #[track_caller]
    fn succeeds(&self, limit: &str, arguments: &[&str]) {
        let output = self.run(limit, arguments);
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(
            output.status.success(),
            "ulimit {limit}: {arguments:?}: {}: {stderr}{stdout}",
            output.status
        );
        assert_eq!(stderr, "", "ulimit {limit}: {arguments:?}");
        assert!(stdout.contains("brAInwav"), "ulimit {limit}: {arguments:?}: {stdout}");
    }
}

/// The packages that go into the binary on this platform.
fn packages(features: &[&str]) -> BTreeSet<String> {
    let tree = ["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--locked"];
    let shown = cargo(&[&tree, features].concat());
    // A package that was shown before ends with a star.
    let name_and_version = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    shown.lines().map(name_and_version).collect()
}

#[test]
fn the_binary_consists_of_few_packages() {
    for features in [&[][..], &["--features", "portable"]] {
        let packages = packages(features);
        assert!(packages.iter().any(|package| package.starts_with("brainwav ")), "{packages:?}");
        assert!(packages.len() > 20, "{packages:?}");
        let count = packages.len();
        assert!(count <= MOST_PACKAGES, "{count} packages, at most {MOST_PACKAGES}: {packages:#?}");
    }
}

/// `ulimit -d` bounds what a process may write to and shares with nobody. Linux alone counts all of that.
#[test]
#[cfg(target_os = "linux")]
fn it_starts_with_little_memory() {
    let surroundings = Surroundings::new();
    if surroundings.run(&format!("-d {NOTHING_KIB}"), &["--version"]).status.success() {
        eprintln!("not measured here: this system does not enforce ulimit -d");
        return;
    }
    surroundings.succeeds(&format!("-d {VERSION_KIB}"), &["--version"]);
    for arguments in [&["health"][..], &["health", "--json"], &["config", "show"], &["completions", "zsh"]] {
        surroundings.succeeds(&format!("-d {LOOK_KIB}"), arguments);
    }
}

#[test]
fn it_works_with_few_descriptors() {
    let surroundings = Surroundings::new();
    let runs: &[&[&str]] = &[
        &["--version"],
        &["health", "--json"],
        &["health", "--json", "--top", "3"],
        &["health", "--enforce", "--json"],
        &["config", "show"],
        &["config", "check"],
    ];
    for arguments in runs {
        surroundings.succeeds(&format!("-n {MOST_DESCRIPTORS}"), arguments);
    }
    let starved = surroundings.run("-n 4", &["health"]);
    assert_eq!(starved.status.code(), Some(4), "a look that is not possible is never clean: {starved:?}");
}

/// A database in a workspace may be made up to harm; see .cargo/config.toml.
#[test]
fn sqlite_has_no_more_than_is_used() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let mut options = connection.prepare("SELECT compile_options FROM pragma_compile_options").unwrap();
    let options: BTreeSet<String> =
        options.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(options.contains("OMIT_LOAD_EXTENSION"), "{options:?}");
    for (part, begin) in [("FTS3", "ENABLE_FTS3"), ("FTS5", "ENABLE_FTS5"), ("R*Tree", "ENABLE_RTREE")] {
        assert!(!options.iter().any(|option| option.starts_with(begin)), "{part}: {options:?}");
    }
}
