//! A cache of Nx on a disk that is full or read-only, and a full disk for what brainwav remembers.

#![cfg(target_os = "linux")]

use std::fs;

use rusqlite::Connection;

use crate::support::cache::HOUR;
use crate::support::{Output, TestEnv, nx, unshare};

const KIB: usize = 1024;

/// A workspace with a cache of three entries that are noted as used 8, 9 and 10 hours ago, and its database as an Nx
/// that is alive has it.
fn cache(env: &TestEnv) -> Connection {
    nx::workspace(env, "{}");
    let database = nx::database(&env.workspace().join(".nx/workspace-data"), "23.1.3");
    for (hash, hours) in [("1", 8), ("2", 9), ("3", 10)] {
        nx::entry(&env.workspace().join(".nx/cache"), hash, 100 * KIB, HOUR * hours);
        nx::row(&database, hash, HOUR * hours);
    }
    nx::until_it_may_go(&env.workspace().join(".nx/cache/3"));
    fs::create_dir_all(env.path("out")).unwrap();
    database
}

/// Prunes it in a mount namespace of its own, which goes with the command. What is left of the cache is on stderr, and
/// its database in the folder `out`.
fn pruned_with(env: &TestEnv, prepare: &str, limit: &str) -> Option<Output> {
    let mut command = unshare(&[])?;
    let prune = format!("\"$BRAINWAV\" --json prune-cache nx --max-size {limit} --min-age 0s");
    let script = format!(
        "{prepare} && {{ {prune}; code=$?; echo left: $(ls -A .nx/cache) >&2; cp .nx/workspace-data/*.db* \"$OUT\"; \
         exit $code; }}"
    );
    command.args(["sh", "-c", &script]).current_dir(env.workspace()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", env.path("home"));
    command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
    command.env("OUT", env.path("out"));
    Some(Output::of(command))
}

/// What the database knew at the end of that.
fn rows_left(env: &TestEnv) -> Vec<String> {
    nx::rows(&Connection::open(env.path("out").join("machine-v3.db")).unwrap())
}

/// Moves the cache and its database to a disk with these options, does something with it, and waits until the copy may
/// go: times of change cannot be set.
fn on_disk(options: &str, then: &str) -> String {
    let may_go = "[ $(date +%s) -gt $(($(stat -c %Z .nx/cache/3) + 2)) ]";
    format!(
        "cp -a .nx copy && mount -t tmpfs -o {options} none .nx && cp -a copy/. .nx && {then} \
         && until {may_go}; do sleep 0.1; done"
    )
}

/// The files that SQLite makes while somebody is alive.
const NOBODY_IS_ALIVE: &str = "rm -f .nx/workspace-data/*.db-*";
const NO_BLOCKS: &str = "{ head -c 9000000 /dev/zero >.nx/filler 2>/dev/null || true; }";
const NO_INODES: &str =
    "(number=0; while touch .nx/filler-$number 2>/dev/null; do number=$((number + 1)); done; exit 0)";
const READ_ONLY: &str = "mount -o remount,ro .nx";

#[test]
fn on_a_disk_without_room_a_cache_is_looked_at_and_what_cannot_be_struck_stays() {
    for (what, options, then) in [
        ("no blocks", "size=4m", NO_BLOCKS),
        ("no inodes", "nr_inodes=60", NO_INODES),
        ("read-only", "size=4m", READ_ONLY),
    ] {
        let env = TestEnv::new();
        // Folded into the database, so that nothing is lost with the log.
        cache(&env).close().unwrap();
        let prepare = on_disk(options, &format!("{NOBODY_IS_ALIVE} && {then}"));
        let Some(output) = pruned_with(&env, &prepare, "1GiB") else { return };
        let output = output.expect_code(0);
        assert_eq!(output.store("nx")["entries"], 3, "{what}: {}", output.stdout);
        let output = pruned_with(&env, &prepare.replace("cp -a .nx copy && ", ""), "150KiB").unwrap();
        let output = output.expect_code(3);
        let store = output.store("nx");
        assert_eq!(
            (&store["planned"]["entries"], &store["freed_bytes"]),
            (&2.into(), &0.into()),
            "{what}: {store}"
        );
        assert!(output.stderr.contains("left: 1 2 3\n"), "{what}: {}", output.stderr);
        assert_eq!(rows_left(&env), ["1", "2", "3"], "{what}: what stays is still a hit");
    }
}

#[test]
fn without_room_for_a_trash_no_record_is_struck() {
    let env = TestEnv::new();
    let alive = cache(&env);
    let Some(output) = pruned_with(&env, &on_disk("nr_inodes=60", NO_INODES), "150KiB") else { return };
    let output = output.expect_code(3);
    let store = output.store("nx");
    assert!(store["notes"].to_string().contains("the trash needs one more folder"), "{store}");
    assert!(output.stderr.contains("left: 1 2 3\n"), "{}", output.stderr);
    assert_eq!(rows_left(&env), ["1", "2", "3"]);
    drop(alive);
}

/// A state folder with what was remembered, if anything, and no room besides.
fn full_state(remembered: bool) -> String {
    let index = if remembered { "head -c 20000 /dev/zero >\"$STATE\"/cache-index-0.json && " } else { "" };
    format!(
        "STATE=$BRAINWAV_STATE_DIR && mkdir -p \"$STATE\" && mount -t tmpfs -o size=64k,mode=700 none \"$STATE\" && \
         {index} {{ head -c 100000 /dev/zero >\"$STATE\"/filler 2>/dev/null || true; }}"
    )
}

#[test]
fn without_room_to_note_it_nothing_is_struck_and_the_plan_is_shown() {
    let env = TestEnv::new();
    let alive = cache(&env);
    let Some(output) = pruned_with(&env, &full_state(false), "150KiB") else { return };
    let output = output.expect_code(3);
    let store = output.store("nx");
    assert_eq!(
        (&store["planned"]["entries"], &store["removed"]["entries"]),
        (&2.into(), &0.into()),
        "{store}"
    );
    assert!(store["notes"].to_string().contains("cannot be written down"), "{store}");
    assert!(output.stderr.contains("left: 1 2 3\n"), "{}", output.stderr);
    assert_eq!(nx::rows(&alive), ["1", "2", "3"]);
}

#[test]
fn what_was_remembered_makes_room_to_note_it() {
    let env = TestEnv::new();
    let alive = cache(&env);
    let Some(output) = pruned_with(&env, &full_state(true), "150KiB") else { return };
    let output = output.expect_code(0);
    assert!(output.stderr.contains("left: 1\n"), "{}", output.stderr);
    assert_eq!(nx::rows(&alive), ["1"]);
}
