//! Caches of Nx that several checkouts have to do with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::cache::{HOUR, file};
use crate::support::{Actor, Output, Script, TestEnv, not_tested, nx};

const NX: &str = "node_modules/nx/bin/nx.js";

fn git(env: &TestEnv, folder: &Path, words: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]);
    command.args(words).current_dir(folder).env("HOME", env.path("home"));
    command.output().is_ok_and(|output| output.status.success())
}

/// A main checkout and a linked working tree of it, each with an Nx of this version. `None` where there is no git.
fn checkouts(env: &TestEnv, version: &str) -> Option<(PathBuf, PathBuf)> {
    let (main, linked) = (env.path("main"), env.path("linked"));
    fs::create_dir(&main).unwrap();
    fs::write(main.join("nx.json"), "{}").unwrap();
    fs::write(main.join(".gitignore"), ".nx\nnode_modules\n").unwrap();
    let tree = linked.display().to_string();
    let steps: [&[&str]; 4] = [
        &["init", "--quiet"],
        &["add", "--all"],
        &["commit", "--quiet", "--message", "One"],
        &["worktree", "add", "--quiet", &tree],
    ];
    if !steps.iter().all(|words| git(env, &main, words)) {
        not_tested("there is no git with working trees");
        return None;
    }
    [&main, &linked].iter().for_each(|folder| nx::install(folder, version));
    Some((main, linked))
}

/// An entry of Nx 19.
fn entry_of_19(cache: &Path, hash: &str) -> PathBuf {
    let entry = nx::entry(cache, hash, 1024, HOUR * 9);
    for name in ["terminalOutput", "code", "source"] {
        file(&entry.join(name), 1, HOUR * 9);
    }
    file(&cache.join(format!("{hash}.commit")), 4, HOUR * 9);
    entry
}

fn prune_at(env: &TestEnv, workspace: &Path) -> Output {
    let workspace = workspace.display().to_string();
    let limits = ["--max-size", "0B", "--min-age", "0s", "--wait", "0s"];
    env.run(&[&["--json", "--workspace", &workspace, "prune-cache", "nx"], &limits[..]].concat())
}

#[test]
fn a_cache_that_the_main_checkout_works_with_is_in_use_from_wherever_it_is_pruned() {
    let env = TestEnv::new();
    let Some((main, linked)) = checkouts(&env, "19.8.14") else { return };
    let entry = entry_of_19(&main.join(".nx/cache"), "123");
    nx::until_it_may_go(&entry);
    let alive = Actor::node_with(&env, NX, Script::Run("read -r line"), |command| {
        command.current_dir(&main);
    });
    for place in [&main, &linked] {
        let store = prune_at(&env, place).expect_code(1).store("nx");
        assert_eq!(store["in_use_by_pids"][0], alive.pid(), "{store}");
        assert!(!store["notes"].to_string().contains("elsewhere"), "{store}");
        assert!(entry.exists());
    }
    drop(alive);
    drop(prune_at(&env, &linked).expect_code(0));
    assert!(!entry.exists() && !entry.with_extension("commit").exists());
}

#[test]
fn a_cache_that_this_checkout_has_left_behind_has_no_users() {
    let env = TestEnv::new();
    let Some((main, _)) = checkouts(&env, "22.7.12") else { return };
    fs::write(main.join("nx.json"), r#"{"cacheDirectory":".nx/moved"}"#).unwrap();
    let entry = entry_of_19(&main.join(".nx/cache"), "123");
    nx::until_it_may_go(&entry);
    let _alive = Actor::node_with(&env, NX, Script::Run("read -r line"), |command| {
        command.current_dir(&main);
    });
    let store = prune_at(&env, &main).expect_code(0).store("nx");
    assert!(store["notes"].to_string().contains("keeps its cache elsewhere"), "{store}");
    assert!(!entry.exists());
}

#[test]
fn a_cache_that_git_keeps_is_refused() {
    let env = TestEnv::new();
    let Some((main, _)) = checkouts(&env, "22.7.12") else { return };
    let cache = main.join(".nx/cache");
    let entry = nx::entry(&cache, "123", 1024, HOUR * 9);
    let database = nx::database(&main.join(".nx/workspace-data"), "23.1.3");
    nx::row(&database, "123", HOUR * 9);
    nx::until_it_may_go(&entry);
    assert!(git(&env, &main, &["add", "--force", ".nx/cache"]));
    let store = prune_at(&env, &main).expect_code(1).store("nx");
    assert!(store["reason"].as_str().unwrap().contains("git tracks files in it"), "{store}");
    assert_eq!((store["verdict"].as_str(), &store["planned"]["entries"]), (Some("refused"), &1.into()));
    assert!(entry.join("dist/main.js").exists());
    assert_eq!(nx::rows(&database), ["123"]);
    assert!(git(&env, &main, &["rm", "--quiet", "--cached", "-r", ".nx/cache"]));
    drop(prune_at(&env, &main).expect_code(0));
    assert!(!entry.exists());
    assert_eq!(nx::rows(&database), [""; 0]);
}
