//! A full disk, which is when caches are pruned: with no room for a lock, an index or a trash.

#![cfg(target_os = "linux")]

use std::fs;

use crate::support::cache::{HOUR, file, grow_old};
use crate::support::{Output, TestEnv, unshare};

/// The store `own`, whose entries have one file each: the first was used an hour ago, the next two hours ago.
fn store(env: &TestEnv, files: &[&str]) {
    env.write_config("[cache.own]\npath = \"disk/own\"\n");
    let own = env.workspace().join("disk/own");
    for (number, path) in (1..).zip(files) {
        file(&own.join(path), 10_240, HOUR * number);
        let mut folder = own.join(path);
        while folder != own {
            grow_old(&folder, HOUR * number);
            folder.pop();
        }
    }
}

/// Prunes the store down to one entry in a mount namespace of its own, which goes with the command. What is left is
/// on stderr.
fn pruned_with(env: &TestEnv, prepare: &str) -> Option<Output> {
    let mut command = unshare(&[])?;
    let prune = "\"$BRAINWAV\" --json prune-cache own --max-size 20KiB --min-age 0s";
    let script =
        format!("{prepare} && {{ {prune}; code=$?; echo left: $(ls -A disk/own) >&2; exit $code; }}");
    command.args(["sh", "-c", &script]).current_dir(env.workspace()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", env.path("home"));
    command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
    Some(Output::of(command))
}

/// Moves the store to a disk on which nothing can be made any more.
const NO_ROOM: &str = "cp -a disk copy && mount -t tmpfs -o nr_inodes=40 none disk && cp -a copy/. disk \
    && (number=0; while touch disk/filler-$number 2>/dev/null; do number=$((number + 1)); done; exit 0)";

#[test]
fn no_room_for_the_lock_and_the_index_is_no_reason_to_leave_a_cache_too_large() {
    let env = TestEnv::new();
    store(&env, &["new/file", "old/file"]);
    fs::create_dir_all(env.state()).unwrap();
    let full = "mount -t tmpfs -o nr_inodes=1,mode=700 none \"$BRAINWAV_STATE_DIR\"";
    let Some(output) = pruned_with(&env, full) else { return };
    let output = output.expect_code(0);
    assert!(output.stderr.contains("no room for a lock"), "{}", output.stderr);
    assert!(output.stderr.contains("left: new\n"), "{}", output.stderr);
}

#[test]
fn on_a_full_disk_the_first_folder_that_has_to_go_becomes_the_trash() {
    let env = TestEnv::new();
    store(&env, &["new/file", "old/inner/file", "older", "oldest/inner/file"]);
    let Some(output) = pruned_with(&env, NO_ROOM) else { return };
    let output = output.expect_code(0);
    assert!(output.stderr.contains("left: new\n"), "neither an entry nor a trash: {}", output.stderr);
    assert_eq!(output.store("own")["removed"]["entries"], 3);
    // 10 KiB are three pages of four.
    assert_eq!(output.store("own")["removed"]["bytes"], 3 * 12_288, "{}", output.stdout);
}

#[test]
fn on_a_full_disk_what_cannot_become_the_trash_stays_and_is_no_success() {
    let env = TestEnv::new();
    store(&env, &["new", "old", "older"]);
    let Some(output) = pruned_with(&env, NO_ROOM) else { return };
    let output = output.expect_code(3);
    assert!(output.stderr.contains("left: new old older\n"), "{}", output.stderr);
    let store = output.store("own");
    assert_eq!((&store["removed"]["entries"], &store["freed_bytes"]), (&0.into(), &0.into()));
    assert!(store["notes"].to_string().contains("2 entries not removed: the trash needs one more folder"));
}
