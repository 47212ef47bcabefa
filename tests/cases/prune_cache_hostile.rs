//! Caches that somebody has tampered with, that change meanwhile, or whose pruning is interrupted: nothing outside of
//! them is touched, and nothing untrue is said.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use crate::support::cache::{HOUR, file, grow_old, left, stopped, turbo};
use crate::support::{Output, TestEnv, is_root, not_tested, unshare};

const KIB: usize = 1024;

/// A store whose entries are folders, with one old entry of this name.
fn folders(env: &TestEnv, name: &str) -> PathBuf {
    env.write_config("[cache.own]\npath = \"own\"\n");
    let entry = env.workspace().join("own").join(name);
    file(&entry.join("inner/file"), 10 * KIB, HOUR * 9);
    grow_old(&entry, HOUR * 9);
    entry
}

fn prune_all(env: &TestEnv) -> Output {
    env.run(&["--json", "prune-cache", "own", "--max-size", "0B", "--min-age", "0s", "--no-index"])
}

/// A file outside of every cache, with its folder.
fn outsider(env: &TestEnv) -> PathBuf {
    let path = env.path("home").join("precious/file");
    file(&path, KIB, HOUR * 99);
    path
}

#[test]
fn links_out_of_an_entry_are_removed_and_never_followed() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    let outside = outsider(&env);
    symlink(outside.parent().unwrap(), entry.join("inner/folder")).unwrap();
    symlink(&outside, entry.join("file")).unwrap();
    symlink(outside.parent().unwrap(), entry.with_file_name("link")).unwrap();
    let hard = entry.join("hard");
    fs::hard_link(&outside, &hard).unwrap();
    grow_old(&hard, HOUR * 9);
    grow_old(&entry, HOUR * 9);
    let output = prune_all(&env);
    assert!(!entry.exists());
    assert_eq!(fs::read(&outside).unwrap().len(), KIB);
    assert!(entry.with_file_name("link").is_symlink(), "a link is no entry");
    let store = output.store("own");
    assert_eq!(store["linked_bytes"], 4 * KIB, "what has a name elsewhere is not freed: {store}");
}

#[test]
fn what_holds_the_home_folder_the_workspace_or_a_repository_is_no_cache() {
    let env = TestEnv::new();
    let outside = outsider(&env);
    fs::create_dir_all(env.path("home/repository/.git")).unwrap();
    let inside = env.path("home/repository/file");
    file(&inside, KIB, HOUR * 9);
    for (path, reason) in [
        (env.path(""), "home folder"),
        (env.path("home"), "home folder"),
        (PathBuf::from("/"), "home folder"),
        (env.workspace(), "workspace"),
        (env.path("home/repository"), "git"),
    ] {
        let path = path.display();
        env.write_config(&format!("[cache.own]\npath = \"{path}\"\nentries = \"precious\"\n"));
        let output =
            env.run(&["--json", "prune-cache", "own", "--max-size", "0B", "--min-age", "0s", "--no-index"]);
        let output = output.expect_code(2);
        assert!(output.stderr.contains(reason), "{path}: {}", output.stderr);
        assert!(outside.exists() && inside.exists());
    }
}

#[test]
fn a_link_on_the_way_out_of_the_workspace_is_not_followed() {
    let env = TestEnv::new();
    let outside = env.path("home").join("project/webpack/main.js");
    file(&outside, KIB, HOUR * 24 * 90);
    fs::create_dir_all(env.workspace().join("node_modules")).unwrap();
    symlink(env.path("home").join("project"), env.workspace().join("node_modules/.cache")).unwrap();
    let output = env.run(&["--json", "prune-cache", "webpack", "--min-age", "0s", "--max-age", "1day"]);
    assert!(output.store("webpack")["reason"].to_string().contains("leads out"), "{}", output.stdout);
    assert!(outside.exists());
}

#[test]
fn what_was_written_deep_in_an_entry_keeps_it() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    file(&entry.join("a/b/c/new"), KIB, HOUR / 60);
    grow_old(&entry, HOUR * 9);
    drop(env.run(&["prune-cache", "own", "--max-size", "0B"]).expect_code(1));
    assert!(entry.exists());
    grow_old(&entry.join("a/b/c/new"), HOUR * 9);
    drop(env.run(&["prune-cache", "own", "--max-size", "0B"]).expect_code(0));
    assert!(!entry.exists());
}

#[test]
fn a_checkout_in_a_cache_stays_and_so_does_what_git_would_want() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    fs::create_dir(entry.join(".git")).unwrap();
    let output = prune_all(&env);
    assert!(output.store("own")["notes"].to_string().contains("it is a git repository"), "{}", output.stdout);
    assert!(entry.join("inner/file").exists());
    fs::remove_dir(entry.join(".git")).unwrap();
    let git = std::process::Command::new("git").args(["init", "-q"]).current_dir(env.workspace()).status();
    if !git.is_ok_and(|status| status.success()) {
        return not_tested("there is no git");
    }
    let output = prune_all(&env).expect_code(1);
    assert!(output.store("own")["reason"].to_string().contains("does not ignore"), "{}", output.stdout);
    fs::write(env.workspace().join(".gitignore"), "own\n").unwrap();
    drop(prune_all(&env).expect_code(0));
    assert!(!entry.exists());
}

#[test]
fn what_git_is_told_elsewhere_does_not_hide_what_it_keeps() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    let git = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(words).current_dir(env.workspace()).env("HOME", env.path("home")).status()
    };
    if !git(&["init", "-q"]).is_ok_and(|status| status.success()) {
        return not_tested("there is no git");
    }
    assert!(git(&["add", "-f", "own"]).unwrap().success());
    let mut command = env.command(&["--json", "prune-cache", "own", "--max-size", "0B", "--min-age", "0s"]);
    command.env("GIT_INDEX_FILE", env.path("no-index"));
    drop(Output::of(command).expect_code(1));
    symlink(env.workspace(), env.path("home/link")).unwrap();
    let user = env.path("home").join(".config/brainwav");
    fs::create_dir_all(&user).unwrap();
    let path = env.path("home/link/own").display().to_string();
    fs::write(user.join("config.toml"), format!("[cache.own]\npath = \"{path}\"\n")).unwrap();
    env.write_config("");
    drop(prune_all(&env).expect_code(1));
    assert!(entry.join("inner/file").exists());
}

#[test]
fn two_runs_of_one_cache_do_not_come_in_each_others_way() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    // Another cache that nobody works with, and whose trash cannot be used.
    let lines = "[cache.own]\npath = \"own\"\n[cache.other]\npath = \"other\"\n";
    env.write_config(lines);
    let other = env.workspace().join("other");
    file(&other.join("entry"), KIB, HOUR * 9);
    let arguments = ["--json", "prune-cache", "own", "other", "--max-size", "0B", "--min-age", "0s"];
    let mut first = env.command(&["prune-cache", "own", "--max-size", "0B", "--min-age", "0s"]);
    first.env("BRAINWAV_FAULT", "planned:stop");
    let first = stopped(first, |_| {
        // With a state folder of its own it sees no lock in the other one.
        let second = || {
            let mut second = env.command(&arguments);
            second.env("BRAINWAV_STATE_DIR", env.path("other-state"));
            Output::of(second)
        };
        symlink("nowhere", other.join(".brainwav-trash")).unwrap();
        drop(second().expect_code(3));
        fs::remove_file(other.join(".brainwav-trash")).unwrap();
        let output = second().expect_code(75);
        assert!(output.store("own")["reason"].to_string().contains("another run"), "{}", output.stdout);
        assert_eq!(output.store("other")["removed"]["entries"], 1);
    });
    drop(first.expect_code(0));
    assert!(!entry.exists());
}

#[test]
fn a_trash_that_is_a_link_is_not_used() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    let outside = outsider(&env);
    symlink(outside.parent().unwrap(), entry.with_file_name(".brainwav-trash")).unwrap();
    let output = prune_all(&env).expect_code(3);
    assert!(output.store("own")["reason"].to_string().contains("the trash"), "{}", output.stdout);
    assert!(outside.exists());
    assert!(entry.exists());
}

#[test]
fn any_name_is_a_name() {
    let env = TestEnv::new();
    let entry = folders(&env, "line\none");
    let long = "x".repeat(250);
    file(&entry.with_file_name(&long), KIB, HOUR * 9);
    let text = env.run(&["prune-cache", "own", "--max-size", "0B", "-n", "-v"]).expect_code(1).stdout;
    assert!(!text.contains("line\none"), "{text}");
    drop(prune_all(&env).expect_code(0));
    assert_eq!(TestEnv::file_names(&env.workspace().join("own")), [""; 0]);
}

/// Starts to prune, stops at this instant, changes something, and goes on.
fn stopped_at(env: &TestEnv, instant: &str, change: impl FnOnce()) -> Output {
    let mut command = env.command(&["--json", "prune-cache", "own", "--max-size", "0B", "--no-index"]);
    command.env("BRAINWAV_FAULT", format!("{instant}:stop"));
    stopped(command, |_| change())
}

#[test]
fn what_was_exchanged_after_the_plan_stays() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    let outside = outsider(&env);
    let output = stopped_at(&env, "planned", || {
        fs::rename(&entry, env.path("home").join("moved")).unwrap();
        symlink(outside.parent().unwrap(), &entry).unwrap();
    });
    assert_eq!(output.expect_code(1).store("own")["evictions"][0]["outcome"], "exchanged");
    assert!(entry.is_symlink());
    assert!(outside.exists());
    fs::remove_file(&entry).unwrap();

    let entry = folders(&env, "entry");
    let output = stopped_at(&env, "planned", || {
        fs::rename(&entry, env.path("home").join("keeps-its-inode")).unwrap();
        file(&entry.join("new"), KIB, HOUR);
    });
    assert_eq!(output.expect_code(1).store("own")["evictions"][0]["outcome"], "exchanged");
    assert!(entry.join("new").exists());
}

#[test]
fn a_cache_that_vanishes_is_no_failure() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    let output = stopped_at(&env, "planned", || fs::remove_dir_all(&entry).unwrap());
    assert_eq!(output.expect_code(0).store("own")["freed_bytes"], 0);
}

#[test]
fn an_interruption_at_any_instant_leaves_what_the_next_run_puts_right() {
    for instant in ["planned", "struck", "renamed", "checked", "outputs", "deleting"] {
        let env = TestEnv::new();
        let folder = turbo(&env, 6, 300 * KIB);
        let mut command = env.command(&["prune-cache", "turbo", "--max-size", "1MiB"]);
        command.env("BRAINWAV_FAULT", instant);
        let output = Output::of(command);
        assert_eq!(output.signal(), Some(9), "{instant}: {}", output.stderr);
        let dry = env.run(&["--json", "prune-cache", "turbo", "-n"]);
        let is_left = folder.join(".brainwav-trash").exists();
        assert_eq!(dry.store("turbo")["notes"].to_string().contains("interrupted run"), is_left, "{instant}");
        drop(env.run(&["prune-cache", "turbo", "--max-size", "1MiB"]).expect_code(0));
        let names = TestEnv::file_names(&folder);
        assert!(!names.contains(&".brainwav-trash".to_owned()), "{instant}: {names:?}");
        assert!(names.iter().filter(|name| name.ends_with(".tar.zst")).count() <= 2, "{instant}: {names:?}");
        assert!(folder.join(format!("{}.tar.zst", crate::support::cache::hash(1))).exists(), "{instant}");
    }
}

#[test]
fn foreign_things_in_the_trash_go_and_nothing_is_put_back_for_them() {
    let env = TestEnv::new();
    let folder = turbo(&env, 2, KIB);
    file(&folder.join(".brainwav-trash/0.16.0000000000000007.0000000000000007.tar.zst"), KIB, HOUR);
    file(&folder.join(".brainwav-trash/9.1.a.../x"), KIB, HOUR);
    file(&folder.join(".brainwav-trash/whatever/x"), KIB, HOUR);
    drop(env.run(&["prune-cache", "turbo"]).expect_code(0));
    assert_eq!(left(&folder), [1, 2]);
    assert_eq!(TestEnv::file_names(&folder).len(), 4);
}

/// The command as somebody who is not root, if this is root; the folders of the test become theirs.
fn without_rights(env: &TestEnv, arguments: &[&str]) -> Option<Output> {
    let mut command = env.command(arguments);
    if is_root() {
        let nobody = 65_534;
        let chown = std::process::Command::new("chown").args(["-R", "65534"]).arg(env.path("")).status();
        if !chown.is_ok_and(|status| status.success()) {
            not_tested("this user may not give files away");
            return None;
        }
        command.uid(nobody);
        // The binary may lie where only root comes. Another process copies it: a child that a test beside this one
        // starts meanwhile would hold our descriptor, and with it the text file busy.
        let copy = env.path("brainwav");
        let cp = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_brainwav")).arg(&copy).status();
        assert!(cp.unwrap().success());
        let mut other = std::process::Command::new(&copy);
        other.args(arguments).current_dir(env.workspace()).env_clear().uid(nobody);
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                other.env(name, value);
            }
        }
        command = other;
    }
    Some(Output::of(command))
}

#[test]
fn what_cannot_be_looked_into_stays_and_is_no_success() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    file(&entry.with_file_name("other").join("file"), KIB, HOUR * 9);
    grow_old(&entry.with_file_name("other"), HOUR * 9);
    fs::set_permissions(entry.join("inner"), fs::Permissions::from_mode(0o000)).unwrap();
    let arguments = ["--json", "prune-cache", "own", "--max-size", "0B"];
    let output = without_rights(&env, &arguments);
    fs::set_permissions(entry.join("inner"), fs::Permissions::from_mode(0o700)).unwrap();
    let Some(output) = output else { return };
    let output = output.expect_code(3);
    assert!(entry.join("inner/file").exists());
    assert!(!entry.with_file_name("other").exists(), "the rest goes");
    let store = output.store("own");
    assert!(store["notes"].to_string().contains("inner: permission denied"), "{store}");
    assert_eq!(store["removed"]["entries"], 1);
}

#[test]
fn a_folder_that_may_not_be_changed_keeps_its_entries() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    let folder = entry.parent().unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
    let output = without_rights(&env, &["--json", "prune-cache", "own", "--max-size", "0B"]);
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let Some(output) = output else { return };
    let output = output.expect_code(3);
    assert!(entry.join("inner/file").exists());
    assert_eq!(output.store("own")["freed_bytes"], 0);
}

/// Runs a script in a mount namespace of its own.
fn with_mounts(env: &TestEnv, script: &str) -> Option<Output> {
    let mut command = unshare(&[])?;
    command.args(["sh", "-c", script]).current_dir(env.workspace()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", env.path("home"));
    command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
    Some(Output::of(command))
}

const PRUNE: &str = "\"$BRAINWAV\" --json prune-cache own --max-size 0B --no-index";

fn mounted(env: &TestEnv, entry: &Path, mount: &str) -> Option<Output> {
    fs::create_dir_all(entry.join("inner/mounted")).unwrap();
    grow_old(entry, HOUR * 9);
    with_mounts(env, &format!("{mount} && exec {PRUNE}"))
}

#[test]
fn what_is_mounted_in_an_entry_is_not_touched() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    let outside = outsider(&env);
    for mount in [
        "mount --bind \"$HOME/precious\" own/entry/inner/mounted".to_owned(),
        "mount -t tmpfs none own/entry/inner/mounted && touch own/entry/inner/mounted/file".to_owned(),
    ] {
        // The portable back end tells mounts by their device alone, which this one shares.
        if cfg!(feature = "portable") && mount.contains("--bind") {
            continue;
        }
        let Some(output) = mounted(&env, &entry, &mount) else { return };
        let output = output.expect_code(3);
        assert!(output.store("own")["notes"].to_string().contains("mounted there"), "{}", output.stdout);
        assert!(outside.exists());
        assert!(entry.join("inner/file").exists(), "the entry stays as it was");
    }
}

#[test]
fn a_cache_on_a_read_only_disk_stays_and_is_no_success() {
    let env = TestEnv::new();
    let entry = folders(&env, "entry");
    let read_only = format!("mount --bind own own && mount -o remount,ro,bind own && exec {PRUNE}");
    let Some(output) = with_mounts(&env, &read_only) else { return };
    let output = output.expect_code(3);
    assert_eq!(output.store("own")["freed_bytes"], 0);
    assert!(entry.join("inner/file").exists());
}
