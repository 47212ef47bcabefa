//! A prune of a cache of Nx that is killed or interrupted at any instant, and the next one, with no build in between.

#![cfg(target_os = "linux")]

use std::path::PathBuf;

use rusqlite::Connection;
use rustix::process::{Signal, kill_process};

use crate::support::cache::{HOUR, file};
use crate::support::stopped::stopped_at;
use crate::support::{Output, TestEnv, nx};

const KIB: usize = 1024;
const OLD: [&str; 3] = ["3", "4", "5"];
const YOUNG: [&str; 2] = ["1", "2"];

/// The cache of a workspace with the databases of two versions and notes of Nx 19 beside it, as upgrades leave them.
struct Upgraded {
    env: TestEnv,
    cache: PathBuf,
    databases: [Connection; 2],
}

impl Upgraded {
    fn new() -> Self {
        let env = TestEnv::new();
        nx::workspace(&env, "{}");
        let cache = env.workspace().join(".nx/cache");
        let data = env.workspace().join(".nx/workspace-data");
        let databases = ["20.8.4", "23.1.3"].map(|version| nx::database(&data, version));
        for (hashes, age) in [(&YOUNG[..], HOUR), (&OLD[..], HOUR * 9)] {
            for hash in hashes {
                let entry = nx::entry(&cache, hash, KIB, HOUR * 9);
                for inner in ["a", "b", "c"] {
                    file(&entry.join(inner).join("file"), KIB, HOUR * 9);
                }
                file(&cache.join("terminalOutputs").join(hash), KIB, HOUR * 9);
                databases.iter().for_each(|database| nx::row(database, hash, age));
            }
        }
        file(&cache.join("5.commit"), 4, HOUR * 9);
        Self { env, cache, databases }
    }

    fn until_they_may_go(&self) {
        nx::until_it_may_go(&self.cache.join("5"));
    }

    fn command(&self) -> std::process::Command {
        self.env.command(&["--json", "prune-cache", "nx", "--max-age", "5h", "--min-age", "0s"])
    }

    fn kill_at(&self, fault: &str) {
        let mut command = self.command();
        command.env("BRAINWAV_FAULT", fault);
        let output = Output::of(command);
        assert_eq!(output.signal(), Some(9), "{fault}: {}", output.stderr);
    }

    /// That every trace of the old entries is gone, and every part of the young ones is there.
    #[track_caller]
    fn is_whole(&self, what: &str) {
        assert_eq!(TestEnv::file_names(&self.cache), ["1", "2", "terminalOutputs"], "{what}");
        assert_eq!(TestEnv::file_names(&self.cache.join("terminalOutputs")), YOUNG, "{what}");
        assert_eq!(self.databases.each_ref().map(nx::rows), [YOUNG, YOUNG], "{what}");
        for hash in YOUNG {
            assert_eq!(TestEnv::file_names(&self.cache.join(hash)), ["a", "b", "c", "dist"], "{what}");
        }
        let names = TestEnv::file_names(&self.env.state());
        assert!(!names.iter().any(|name| name.starts_with("cache-journal")), "{what}: {names:?}");
    }
}

#[test]
fn what_a_killed_run_has_left_is_cleared_up_by_the_next_one() {
    let faults = [
        "planned",
        "noted",
        "committed",
        "rows",
        "struck",
        "renamed",
        "checked",
        "outputs",
        "deleting",
        "removing",
    ];
    let caches = faults.map(|fault| (fault, Upgraded::new()));
    caches[9].1.until_they_may_go();
    for (fault, cache) in caches {
        cache.kill_at(fault);
        drop(Output::of(cache.command()).expect_code(0));
        cache.is_whole(fault);
    }
}

#[test]
fn a_run_that_clears_up_may_be_killed_too() {
    let caches = ["settling", "removing"].map(|fault| (fault, Upgraded::new()));
    caches[1].1.until_they_may_go();
    for (fault, cache) in caches {
        cache.kill_at("deleting");
        cache.kill_at(fault);
        drop(Output::of(cache.command()).expect_code(0));
        cache.is_whole(fault);
    }
}

#[test]
fn half_of_an_entry_is_not_put_back_for_a_database_that_is_seen_only_now() {
    let cache = Upgraded::new();
    cache.until_they_may_go();
    cache.kill_at("removing");
    let elsewhere = cache.env.workspace().join("data");
    let database = nx::database(&elsewhere, "23.1.3");
    OLD.iter().for_each(|hash| nx::row(&database, hash, HOUR * 9));
    let mut command = cache.env.command(&["--json", "prune-cache", "nx"]);
    command.env("NX_WORKSPACE_DATA_DIRECTORY", &elsewhere);
    let store = Output::of(command).expect_code(0).store("nx");
    assert!(!store["notes"].to_string().contains("put back"), "{store}");
    cache.is_whole("removing");
}

#[test]
fn a_whole_entry_is_put_back_for_it() {
    let cache = Upgraded::new();
    cache.until_they_may_go();
    cache.kill_at("deleting");
    let elsewhere = cache.env.workspace().join("data");
    let database = nx::database(&elsewhere, "23.1.3");
    nx::row(&database, "3", HOUR * 9);
    let mut command = cache.env.command(&["--json", "prune-cache", "nx"]);
    command.env("NX_WORKSPACE_DATA_DIRECTORY", &elsewhere);
    let store = Output::of(command).expect_code(0).store("nx");
    assert!(store["notes"].to_string().contains("1 entry that an interrupted run had taken out"), "{store}");
    assert_eq!(TestEnv::file_names(&cache.cache.join("3")), ["a", "b", "c", "dist"]);
}

#[test]
fn an_interruption_while_an_earlier_run_is_cleared_up_tells_what_went() {
    let caches = ["settling", "removing"].map(|instant| (instant, Upgraded::new()));
    caches[1].1.until_they_may_go();
    for (instant, cache) in caches {
        cache.kill_at("deleting");
        let output = stopped_at(cache.command(), instant, |pid| kill_process(pid, Signal::TERM).unwrap());
        assert_eq!(output.signal(), Some(15), "{instant}: {}", output.stderr);
        let store = output.store("nx");
        assert_eq!(store["verdict"], "interrupted", "{store}");
        assert!(store["size_bytes"].is_null() && store["entries"].is_null(), "{store}");
        let freed = store["freed_bytes"].as_u64().unwrap();
        assert_eq!(freed > 0, instant == "removing", "{instant}: {store}");
        drop(Output::of(cache.command()).expect_code(0));
        cache.is_whole(instant);
    }
}
