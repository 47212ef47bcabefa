//! Caches that go as a whole: every kind of them where its tool has it, and what keeps them.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::cache::{HOUR, file, grow_old, left, stopped, turbo};
use crate::support::{Actor, Output, Script, TestEnv, not_tested, unshare};

const KIB: usize = 1024;
const OLD: std::time::Duration = std::time::Duration::from_secs(40 * 24 * 3600);

/// Where the tool has the cache in a package, and what goes of it.
const PLACES: [(&str, &str, &str); 7] = [
    ("webpack", "node_modules/.cache/webpack", "web-production"),
    ("babel-loader", "node_modules/.cache/babel-loader", "0a1b.json.gz"),
    ("vite", "node_modules/.vite/deps", ""),
    ("next", ".next/cache/turbopack", ""),
    ("next", ".next/dev/cache", ""),
    ("parcel", ".parcel-cache", ""),
    ("parcel", "packages/web/.parcel-cache", ""),
];

fn prune(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "prune-cache", "--wait", "0s"], arguments].concat())
}

/// Fills a cache, and says what has to go of it.
fn fill(folder: &Path, entry: &str) -> PathBuf {
    let entry = if entry.is_empty() { folder.to_owned() } else { folder.join(entry) };
    if entry.extension().is_some_and(|extension| extension == "gz") {
        file(&entry, 10 * KIB, OLD);
        return entry;
    }
    file(&entry.join("inner/data"), 10 * KIB, OLD);
    // Some tools write one, for node to know what kind of modules these are.
    file(&entry.join("package.json"), 20, OLD);
    grow_old(&entry.join("inner"), OLD);
    grow_old(&entry, OLD);
    entry
}

#[test]
fn every_cache_that_goes_as_a_whole_goes_when_it_is_named_old_and_idle() {
    for (store, folder, entry) in PLACES {
        let env = TestEnv::new();
        file(&env.workspace().join("packages/web/package.json"), 2, HOUR);
        let folder = env.workspace().join(folder);
        let entry = fill(&folder, entry);
        let list = prune(&env, &["--list"]).expect_code(1);
        assert_eq!(list.store(store)["entries"], 1, "{store}");
        drop(prune(&env, &[]).expect_code(0));
        drop(prune(&env, &[store, "--max-age", "60days"]).expect_code(0));
        assert!(entry.exists(), "{store} was not named, or is not old enough");

        let tool = Actor::node(&env, "node_modules/some-tool/bin.js", &[], Script::Wait);
        let busy = prune(&env, &[store]).expect_code(1);
        assert_eq!(busy.store(store)["in_use_by_pids"][0], tool.pid(), "{store}");
        assert!(entry.join("inner/data").exists() || entry.is_file(), "{store} is in use");
        drop(tool);

        let output = prune(&env, &[store]).expect_code(0);
        assert!(!entry.exists(), "{store}");
        assert!(output.store(store)["freed_bytes"].as_u64().unwrap() >= 10 * 1024, "{store}");
        let beside = if entry == folder { entry.parent().unwrap() } else { &folder };
        assert_eq!(TestEnv::file_names(beside).iter().filter(|name| name.contains("trash")).count(), 0);
    }
}

/// The cache of Jest serves every project: whoever runs node anywhere may work with it, other tests as well.
#[test]
fn the_cache_of_jest_is_that_of_the_user_in_the_temporary_folder() {
    let env = TestEnv::new();
    let uid = rustix::process::getuid().as_raw();
    let name = |number: u32| format!("jest_{}", base_36(number));
    let entry = fill(&env.path("tmp").join(name(uid)), "");
    let other = fill(&env.path("tmp").join(name(uid + 1)), "");
    let home = env.path("home");
    let jest =
        Actor::node_with(&env, "node_modules/jest/bin/jest.js", Script::Run("read -r line"), |command| {
            command.current_dir(&home);
        });
    let busy = prune(&env, &["jest"]).expect_code(1);
    let pids = busy.store("jest")["in_use_by_pids"].as_array().unwrap().clone();
    assert!(pids.contains(&jest.pid().into()), "{pids:?}");
    assert!(entry.join("inner/data").exists());
    drop(jest);
    // Where no process of another test is in sight.
    let Some(mut command) = unshare(&["--pid", "--fork", "--mount-proc"]) else { return };
    command.arg(env!("CARGO_BIN_EXE_brainwav")).args(["--json", "prune-cache", "jest", "--wait", "0s"]);
    let plain = env.command(&[]);
    command.current_dir(env.workspace()).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    let output = Output::of(command);
    // In a namespace of users we may have another number.
    if output.json()["stores"].as_array().is_some_and(|stores| !stores.is_empty()) {
        drop(output.expect_code(0));
        assert!(!entry.exists());
    }
    assert!(other.exists(), "that of another user stays");
}

fn base_36(number: u32) -> String {
    let digit = char::from_digit(number % 36, 36).unwrap();
    if number < 36 { digit.to_string() } else { base_36(number / 36) + &digit.to_string() }
}

#[test]
fn what_a_variable_names_is_refused_where_a_project_is_and_the_other_caches_go() {
    let env = TestEnv::new();
    let project = env.path("home").join("project");
    file(&project.join("package.json"), 2, HOUR * 9);
    file(&project.join("0000000000000001.tar.zst"), KIB, HOUR * 9);
    let folder = turbo(&env, 2, KIB);
    let mut command = env.command(&["--json", "prune-cache", "--max-size", "0B"]);
    command.env("TURBO_CACHE_DIR", &project);
    let output = Output::of(command).expect_code(1);
    assert!(output.store("turbo")["reason"].to_string().contains("package.json"), "{}", output.stdout);
    assert!(project.join("0000000000000001.tar.zst").exists());
    assert_eq!(left(&folder), [0; 0]);
    fs::remove_file(project.join("package.json")).unwrap();
    let mut command = env.command(&["--json", "prune-cache", "--max-size", "0B"]);
    command.env("TURBO_CACHE_DIR", &project);
    drop(Output::of(command).expect_code(0));
    assert!(!project.join("0000000000000001.tar.zst").exists());
}

/// Prunes the old cache of webpack, and changes something while somebody works with it, who ends after that.
fn changed_while_it_waits(env: &TestEnv, change: impl FnOnce()) -> Output {
    let tool = Actor::node(env, "node_modules/some-tool/bin.js", &[], Script::Wait);
    let mut command = env.command(&["--json", "prune-cache", "webpack", "--wait", "60s"]);
    command.env("BRAINWAV_FAULT", "waiting:stop");
    stopped(command, |_| {
        change();
        drop(tool);
    })
}

#[test]
fn what_comes_into_the_place_of_a_cache_during_the_wait_stays() {
    let env = TestEnv::new();
    let project = env.path("home").join("project");
    let outside = fill(&project.join("webpack"), "src");
    let folder = env.workspace().join("node_modules/.cache");
    let entry = fill(&folder.join("webpack"), "web-production");
    let output = changed_while_it_waits(&env, || {
        fs::rename(&folder, env.path("home").join("moved")).unwrap();
        symlink(&project, &folder).unwrap();
    });
    assert!(outside.join("inner/data").exists());
    let output = output.expect_code(1);
    assert!(output.store("webpack")["reason"].to_string().contains("another place"), "{}", output.stdout);
    fs::remove_file(&folder).unwrap();
    fs::rename(env.path("home").join("moved"), &folder).unwrap();

    // A tool that makes its cache anew in the meantime is nothing of the kind.
    let output = changed_while_it_waits(&env, || {
        fs::remove_dir_all(&folder).unwrap();
        fill(&folder.join("webpack"), "web-production");
    });
    assert_eq!(output.expect_code(0).store("webpack")["removed"]["entries"], 1);
    assert!(!entry.exists());
}

#[test]
fn what_git_tracks_by_the_end_of_the_wait_stays() {
    let env = TestEnv::new();
    let git = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(words).current_dir(env.workspace()).env("HOME", env.path("home")).status()
    };
    if !git(&["init", "-q"]).is_ok_and(|status| status.success()) {
        return not_tested("there is no git");
    }
    let entry = fill(&env.workspace().join("node_modules/.cache/webpack"), "web-production");
    let output = changed_while_it_waits(&env, || {
        assert!(git(&["add", "-f", "node_modules"]).unwrap().success());
        // To add them was to read them.
        fill(&env.workspace().join("node_modules/.cache/webpack"), "web-production");
    });
    let output = output.expect_code(1);
    assert!(output.store("webpack")["reason"].to_string().contains("git tracks"), "{}", output.stdout);
    assert!(entry.join("inner/data").exists());
}

#[test]
fn what_is_exchanged_between_the_check_and_the_look_stays() {
    let env = TestEnv::new();
    let folder = turbo(&env, 2, KIB);
    let mut command = env.command(&["--json", "prune-cache", "turbo", "--max-size", "0B"]);
    command.env("BRAINWAV_FAULT", "checked-path:stop");
    let output = stopped(command, |_| {
        fs::rename(&folder, env.path("home").join("moved")).unwrap();
        turbo(&env, 3, KIB);
    });
    let output = output.expect_code(4);
    assert!(output.store("turbo")["reason"].to_string().contains("something else"), "{}", output.stdout);
    assert_eq!(left(&folder), [1, 2, 3]);
}

/// As a script of pnpm or npm does: its runtime is there for as long as we are.
const SCRIPT: Script = Script::Run(
    "\"$BRAINWAV\" --json prune-cache webpack --wait 0s >output 2>errors; echo $? >code; : >ready; read -r line",
);

fn code(actor: &Actor) -> String {
    let read = |name| fs::read_to_string(actor.file(name)).unwrap();
    format!("{}{}", read("code").trim(), read("errors"))
}

#[test]
fn whoever_started_us_does_not_work_with_a_cache_unless_it_is_a_tool_of_it() {
    let env = TestEnv::new();
    let entry = fill(&env.workspace().join("node_modules/.cache/webpack"), "web-production");
    let webpack = Actor::node(&env, "node_modules/webpack/bin/webpack.js", &[], SCRIPT);
    assert_eq!(code(&webpack), "1");
    let document: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(webpack.file("output")).unwrap()).unwrap();
    let user = &document["stores"][0]["in_use_by"][0];
    assert_eq!((&user["program"], &user["pid"]), (&"node webpack.js".into(), &webpack.pid().into()));
    drop(webpack);
    assert!(entry.exists());

    let beside = Actor::node(&env, "node_modules/some-tool/bin.js", &[], Script::Wait);
    let pnpm = Actor::node(&env, "lib/pnpm.cjs", &["run", "prune"], SCRIPT);
    assert_eq!(code(&pnpm), "1", "somebody else works there");
    drop((beside, pnpm));
    assert!(entry.exists());
    let text = env.run(&["prune-cache", "webpack", "-n"]).expect_code(1).stdout;
    assert!(text.contains("would go"), "{text}");

    let pnpm = Actor::node(&env, "lib/pnpm.cjs", &["run", "prune"], SCRIPT);
    assert_eq!(code(&pnpm), "0");
    assert!(!entry.exists());
}

#[test]
fn a_cache_that_goes_before_it_is_opened_or_listed_is_an_empty_one() {
    for (store, path, instant) in [
        ("webpack", "node_modules/.cache", "found"),
        ("webpack", "node_modules/.cache", "checked-path"),
        ("webpack", "node_modules/.cache", "opened"),
        ("vite", "node_modules/.vite", "checked-path"),
        ("vite", "node_modules/.vite", "opened"),
        ("turbo", ".turbo/cache", "found"),
        ("turbo", ".turbo/cache", "opened"),
        ("turbo", ".turbo/cache", "planned"),
    ] {
        let env = TestEnv::new();
        fill(&env.workspace().join("node_modules/.cache/webpack"), "web-production");
        fill(&env.workspace().join("node_modules/.vite/deps"), "");
        turbo(&env, 2, KIB);
        let mut command = env.command(&["--json", "prune-cache", store, "--wait", "0s", "--max-age", "1s"]);
        command.env("BRAINWAV_FAULT", format!("{instant}:stop"));
        let output = stopped(command, |_| fs::remove_dir_all(env.workspace().join(path)).unwrap());
        let output = output.expect_code(0);
        assert_eq!(output.store(store)["freed_bytes"], 0, "{store} {instant}: {}", output.stdout);
    }
}
