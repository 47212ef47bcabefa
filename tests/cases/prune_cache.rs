//! Caches of a test: what goes, what stays, and what is said about it.

use std::fs;

use crate::support::cache::{HOUR, file, grow_old, hash, left, turbo};
use crate::support::{Actor, Output, Script, TestEnv};

const KIB: usize = 1024;
const VITE: &str = "node_modules/vite/bin/vite.js";

fn prune(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "prune-cache"], arguments].concat())
}

#[test]
fn what_was_used_longest_ago_goes_down_to_the_target() {
    let env = TestEnv::new();
    let folder = turbo(&env, 10, 300 * KIB);
    // The oldest file of all, but somebody has read it just now.
    grow_old(&folder.join(format!("{}.tar.zst", hash(10))), HOUR / 2);
    let dry = prune(&env, &["-n", "--max-size", "2MiB", "--target", "50%"]).expect_code(1);
    assert_eq!(left(&folder).len(), 10, "a dry run takes nothing away");
    let deed = prune(&env, &["--max-size", "2MiB", "--target", "50%"]).expect_code(0);
    assert_eq!(left(&folder), [1, 2, 10]);
    let names = |output: &Output| -> Vec<String> {
        let store = output.store("turbo");
        let evictions = store["evictions"].as_array().unwrap();
        evictions.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&dry), names(&deed), "one plan for both");
    assert_eq!(names(&deed), [9, 8, 7, 6, 5, 4, 3].map(hash));
    let (planned, done) = (dry.store("turbo"), deed.store("turbo"));
    assert_eq!(planned["planned"], done["removed"]);
    assert_eq!(done["freed_bytes"], done["planned"]["bytes"]);
    assert_eq!(
        (planned["verdict"].as_str(), done["verdict"].as_str()),
        (Some("would prune"), Some("pruned"))
    );
    assert_eq!(TestEnv::file_names(&folder).len(), 6, "and no trash is left");
    drop(prune(&env, &["--max-size", "2MiB", "--target", "50%"]).expect_code(0));
    assert_eq!(left(&folder), [1, 2, 10], "there is nothing left to do");
}

#[test]
fn what_is_young_stays_however_large_and_that_is_said() {
    let env = TestEnv::new();
    let folder = turbo(&env, 4, 500 * KIB);
    let output = prune(&env, &["--max-size", "1MiB", "--min-age", "150m"]).expect_code(1);
    assert_eq!(left(&folder), [1, 2]);
    let store = output.store("turbo");
    assert!(store["excess_bytes"].as_u64().unwrap() > 0);
    assert!(store["notes"].to_string().contains("above the target stay"), "{store}");
    let text = env.run(&["prune-cache", "--max-size", "0B"]).expect_code(0).stdout;
    assert!(text.contains("2 of 2 entries gone"), "{text}");
    assert_eq!(left(&folder), [0; 0]);
}

#[test]
fn age_alone_is_a_limit_too() {
    let env = TestEnv::new();
    let folder = turbo(&env, 5, KIB);
    drop(prune(&env, &["--max-age", "210m"]).expect_code(0));
    assert_eq!(left(&folder), [1, 2, 3]);
}

#[test]
fn a_cache_within_its_limits_is_no_problem_and_quiet_says_nothing() {
    let env = TestEnv::new();
    turbo(&env, 2, KIB);
    assert_eq!(env.run(&["-q", "prune-cache"]).expect_code(0).stdout, "");
    let text = env.run(&["prune-cache"]).expect_code(0).stdout;
    assert!(text.starts_with("brAInwav prune-cache: 1 cache, "), "{text}");
}

#[test]
fn without_a_cache_there_is_a_hint() {
    let env = TestEnv::new();
    let output = env.run(&["prune-cache"]).expect_code(0);
    assert!(output.stderr.contains("no cache was found here"), "{}", output.stderr);
}

#[test]
fn what_goes_as_a_whole_has_to_be_named_old_and_idle() {
    let env = TestEnv::new();
    let folder = env.workspace().join("node_modules/.vite/deps");
    file(&folder.join("chunk.js"), 10 * KIB, HOUR * 24 * 40);
    // Vite writes one itself, for node to know what kind of modules these are.
    file(&folder.join("package.json"), 20, HOUR * 24 * 40);
    grow_old(&folder, HOUR * 24 * 40);
    drop(prune(&env, &[]).expect_code(0));
    assert!(folder.exists(), "it was not named");
    drop(prune(&env, &["vite", "--max-age", "50days"]).expect_code(0));
    assert!(folder.exists(), "it is not old enough");

    let vite = Actor::node(&env, VITE, &[], Script::Wait);
    let output = prune(&env, &["vite", "--wait", "0s"]).expect_code(1);
    assert!(folder.exists(), "vite is working with it");
    assert_eq!(output.store("vite")["in_use_by_pids"][0], vite.pid());
    drop(vite);
    drop(prune(&env, &["--store", "vite"]).expect_code(0));
    assert!(!folder.exists());
    assert_eq!(TestEnv::file_names(folder.parent().unwrap()), [""; 0], "and no trash is left");
}

#[test]
fn a_tool_that_works_elsewhere_keeps_nothing_and_one_anywhere_in_the_workspace_does() {
    let env = TestEnv::new();
    let folder = env.workspace().join("packages/web/node_modules/.vite/deps");
    file(&env.workspace().join("packages/web/package.json"), 2, HOUR);
    file(&folder.join("chunk.js"), KIB, HOUR * 24 * 40);
    file(&folder.join("package.json"), 20, HOUR * 24 * 40);
    grow_old(&folder, HOUR * 24 * 40);
    // Runners start it at the root of the workspace for one of its packages.
    let root = Actor::node(&env, VITE, &[], Script::Wait);
    drop(prune(&env, &["vite", "--wait", "0s"]).expect_code(1));
    drop(root);
    let home = env.path("home");
    let mut elsewhere = Actor::node_with(&env, VITE, Script::Run("read -r line"), |command| {
        command.current_dir(&home);
    });
    drop(prune(&env, &["vite", "--wait", "0s"]).expect_code(0));
    assert!(!folder.exists());
    assert!(elsewhere.is_running());
}

#[test]
fn a_list_shows_every_kind_and_changes_nothing() {
    let env = TestEnv::new();
    turbo(&env, 3, KIB);
    file(&env.workspace().join("node_modules/.cache/webpack/web-production/0.pack"), KIB, HOUR);
    file(&env.path("home").join(".npm/_cacache/content-v2/a"), KIB, HOUR);
    file(&env.workspace().join("tsconfig.tsbuildinfo"), KIB, HOUR);
    let output = prune(&env, &["--list"]).expect_code(0);
    for (name, kind) in [("turbo", "entries"), ("webpack", "whole"), ("npm", "reported"), ("tsc", "reported")]
    {
        assert_eq!(output.store(name)["kind"], kind, "{name}");
    }
    assert_eq!(output.store("turbo")["entries"], 3);
    assert_eq!(output.store("tsc")["apparent_bytes"], KIB, "what lies beside it is not of it");
    assert_eq!(output.store("npm")["advice"], "npm cache clean --force");
    drop(prune(&env, &["--list", "--max-size", "1B"]).expect_code(1));
    drop(prune(&env, &["npm"]).expect_code(0));
    assert!(env.path("home").join(".npm/_cacache/content-v2/a").exists());
}

#[test]
fn the_configuration_adds_stores_and_limits() {
    let env = TestEnv::new();
    let folder = env.path("home").join("models");
    for (name, hours) in [("a.bin", 1), ("b.bin", 2), ("c.bin", 3), ("keep.txt", 9)] {
        file(&folder.join(name), 100 * KIB, HOUR * hours);
    }
    env.write_config(
        "[cache.models]\npath = \"~/models\"\nentries = \"*.bin\"\nmax-size = \"250KiB\"\ntarget = \"80%\"\n",
    );
    // A workspace may have come from anywhere, and says nothing about the home folder.
    let output = prune(&env, &["models"]).expect_code(1);
    assert!(output.store("models")["reason"].to_string().contains("outside of the workspace"));
    assert_eq!(TestEnv::file_names(&folder).len(), 4);
    let user = env.path("home").join(".config/brainwav");
    fs::create_dir_all(&user).unwrap();
    fs::copy(env.workspace().join("brainwav.toml"), user.join("config.toml")).unwrap();
    env.write_config("");
    drop(prune(&env, &["models"]).expect_code(0));
    assert_eq!(TestEnv::file_names(&folder), ["a.bin", "keep.txt"], "what is no entry counts, and stays");
    let output = env.run(&["prune-cache", "model"]).expect_code(2);
    assert!(output.stderr.contains("did you mean models?"), "{}", output.stderr);
    env.write_config("[cache.modles]\nmax-size = \"1GiB\"\n");
    let output = env.run(&["config", "check"]).expect_code(2);
    assert!(output.stderr.contains("\"modles\" is no store that is built in"), "{}", output.stderr);
    env.write_config("[cache.turbo]\nmax-sise = \"1GiB\"\n");
    let output = env.run(&["config", "check"]).expect_code(2);
    assert!(output.stderr.contains("did you mean \"max-size\"?"), "{}", output.stderr);
}

#[test]
fn the_workspace_does_not_say_what_goes_from_a_folder_that_the_user_named() {
    let env = TestEnv::new();
    let folder = env.path("home").join("models");
    let fill = || {
        for name in ["a.bin", "keep.txt"] {
            file(&folder.join(name), 100 * KIB, HOUR * 9);
        }
    };
    let user = env.path("home").join(".config/brainwav");
    fs::create_dir_all(&user).unwrap();
    let of_user = "[cache.models]\npath = \"~/models\"\nentries = \"*.bin\"\n";
    fs::write(user.join("config.toml"), of_user).unwrap();
    fill();
    for lines in [
        "[cache.models]\nentries = \"*e*\"\nmax-size = \"0B\"\nmin-age = \"0s\"\n",
        "[cache.models]\nentries = \"*t*\"\nlast-use = \"modified\"\nmax-age = \"1s\"\ntarget = \"0%\"\n",
        "[cache]\nmax-size = \"0B\"\nmin-age = \"0s\"\nmax-age = \"1s\"\n",
    ] {
        env.write_config(lines);
        let output = prune(&env, &["models"]).expect_code(0);
        assert_eq!(TestEnv::file_names(&folder), ["a.bin", "keep.txt"], "{lines}");
        assert_eq!(output.store("models")["max_size_bytes"], 1 << 30, "{lines}");
        if lines.contains("entries") {
            assert!(output.stderr.contains("cache.models.entries is ignored"), "{}", output.stderr);
            let shown = env.run(&["config", "show", "cache.models"]).expect_code(0).stdout;
            assert!(shown.contains("*.bin") && !shown.contains("brainwav.toml"), "{shown}");
        }
    }
    // To leave it alone is up to the workspace, and so are its limits where it says where the cache is.
    env.write_config("[cache.models]\nenabled = false\n");
    let output = prune(&env, &["models", "--max-size", "0B"]).expect_code(0);
    assert_eq!(output.json()["stores"].as_array().unwrap().len(), 0);
    env.write_config("");
    fs::write(user.join("config.toml"), format!("{of_user}max-size = \"0B\"\n")).unwrap();
    drop(prune(&env, &["models"]).expect_code(0));
    assert_eq!(TestEnv::file_names(&folder), ["keep.txt"], "what the user says holds");
    fill();
    let output = env.run(&["--json", "prune-cache", "models", "--max-size", "none", "--max-age", "1h"]);
    assert_eq!(output.expect_code(0).store("models")["removed"]["entries"], 1, "and so does a flag");
}

#[test]
fn a_flag_holds_before_what_a_store_says() {
    let env = TestEnv::new();
    turbo(&env, 3, 300 * KIB);
    env.write_config("[cache]\nmax-size = \"512KiB\"\n[cache.turbo]\nmax-size = \"2MiB\"\n");
    assert_eq!(prune(&env, &["-n"]).expect_code(0).store("turbo")["max_size_bytes"], 2 << 20);
    let output = prune(&env, &["-n", "--max-size", "768KiB"]).expect_code(1);
    assert_eq!(output.store("turbo")["max_size_bytes"], 768 << 10);
    let shown = env.run(&["config", "show", "cache"]).expect_code(0).stdout;
    assert!(shown.contains("cache.turbo.max-size"), "{shown}");
}

#[test]
fn what_git_keeps_is_refused() {
    let env = TestEnv::new();
    let folder = turbo(&env, 3, 300 * KIB);
    let git = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]);
        command.args(words).current_dir(env.workspace()).env("HOME", env.path("home")).output().unwrap()
    };
    if !git(&["init", "-q"]).status.success() {
        return crate::support::not_tested("there is no git");
    }
    drop(prune(&env, &["-n", "--max-size", "1KiB"]).expect_code(1));
    assert!(git(&["add", "-f", ".turbo"]).status.success());
    let output = prune(&env, &["--max-size", "1KiB"]).expect_code(1);
    assert_eq!(left(&folder), [1, 2, 3]);
    assert!(output.store("turbo")["reason"].as_str().unwrap().contains("git tracks files"));
    fs::write(env.workspace().join(".git/HEAD"), "nonsense").unwrap();
    let output = prune(&env, &["--max-size", "1KiB"]).expect_code(1);
    assert!(output.store("turbo")["reason"].as_str().unwrap().contains("unknown"), "{}", output.stdout);
    assert_eq!(left(&folder), [1, 2, 3]);
    fs::remove_dir_all(env.workspace().join(".git")).unwrap();
    // To add them was to read them.
    drop(prune(&env, &["--max-size", "1KiB", "--min-age", "0s"]).expect_code(0));
    assert_eq!(left(&folder), [0; 0]);
}

#[test]
fn what_no_database_knows_stays_unless_somebody_says_that_there_is_no_other() {
    let env = TestEnv::new();
    let entry = env.workspace().join(".nx/cache/1234567890");
    file(&env.workspace().join("nx.json"), 0, HOUR);
    fs::write(env.workspace().join("nx.json"), "{}").unwrap();
    file(&entry.join("dist/main.js"), KIB, HOUR * 9);
    grow_old(&entry, HOUR * 9);
    let output = prune(&env, &["--max-size", "0B"]);
    assert!(output.store("nx")["notes"].to_string().contains("exclusive"), "{}", output.stdout);
    assert!(entry.exists());
    env.write_config("[cache.nx]\nexclusive = true\n");
    drop(prune(&env, &["--max-size", "0B"]).expect_code(0));
    assert!(!entry.exists());
}
