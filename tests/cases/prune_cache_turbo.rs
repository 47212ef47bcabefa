//! What is of Turborepo alone: its settings, and what it leaves behind.

use std::fs;

use crate::support::cache::{HOUR, file, hash, left, turbo};
use crate::support::{Output, TestEnv};

const KIB: usize = 1024;

fn prune(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "prune-cache", "turbo"], arguments].concat())
}

fn settings(env: &TestEnv, text: &str) {
    fs::write(env.workspace().join("turbo.json"), text).unwrap();
}

#[test]
fn the_cache_is_where_its_settings_say_inside_the_workspace() {
    let env = TestEnv::new();
    let usual = turbo(&env, 3, 300 * KIB);
    let folder = env.workspace().join("build/turbo");
    fs::create_dir(env.workspace().join("build")).unwrap();
    fs::rename(&usual, &folder).unwrap();
    let list = prune(&env, &["--list"]).expect_code(0);
    assert_eq!(list.json()["stores"].as_array().unwrap().len(), 0);
    settings(&env, "{ // where it is\n\"cacheDir\": \"build/turbo\", }");
    let output = prune(&env, &["--max-size", "700KiB", "--target", "50%"]).expect_code(0);
    assert_eq!(output.store("turbo")["folder"], folder.display().to_string());
    assert_eq!(left(&folder), [1]);

    let outside = env.path("home").join("turbo");
    fs::rename(&folder, &outside).unwrap();
    for place in [outside.display().to_string(), "../home/turbo".to_owned()] {
        settings(&env, &format!("{{\"cacheDir\": \"{place}\"}}"));
        let output = prune(&env, &["--max-size", "0B"]).expect_code(1);
        assert!(output.store("turbo")["reason"].to_string().contains("outside"), "{}", output.stdout);
        assert_eq!(left(&outside), [1]);
    }
    // A project is none of its caches, whatever its settings say.
    file(&env.workspace().join("package.json"), 2, HOUR);
    file(&env.workspace().join(format!("{}.tar.zst", hash(1))), KIB, HOUR * 9);
    settings(&env, "{\"cacheDir\": \".\"}");
    drop(prune(&env, &["--max-size", "0B"]).expect_code(1));
    assert!(env.workspace().join(format!("{}.tar.zst", hash(1))).exists());
}

#[test]
fn its_own_limits_are_never_exceeded() {
    let env = TestEnv::new();
    let folder = turbo(&env, 6, 300 * KIB);
    settings(&env, "{\"cacheMaxSize\": \"1MB\", \"cacheMaxAge\": \"0\"}");
    let output = prune(&env, &["-n", "--max-size", "2GiB"]).expect_code(1);
    assert_eq!(output.store("turbo")["max_size_bytes"], 1 << 20);
    let output = prune(&env, &["-n", "--max-size", "512KiB"]).expect_code(1);
    assert_eq!(output.store("turbo")["max_size_bytes"], 512 << 10);
    settings(&env, "{\"global\": {\"cacheMaxAge\": \"5h\"}}");
    drop(prune(&env, &["--max-size", "none"]).expect_code(0));
    assert_eq!(left(&folder), [1, 2, 3, 4]);
    let mut command = env.command(&["prune-cache", "turbo", "--max-age", "10h"]);
    command.env("TURBO_CACHE_MAX_AGE", "9000s");
    drop(Output::of(command).expect_code(0));
    assert_eq!(left(&folder), [1, 2]);
}
