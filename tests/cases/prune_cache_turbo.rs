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

#[test]
fn what_an_interrupted_run_of_turborepo_left_goes_and_what_is_being_written_stays() {
    let env = TestEnv::new();
    let folder = turbo(&env, 2, KIB);
    let one = hash(9);
    let old = [
        format!(".{one}.tar.zst.31532.0.tmp"),
        format!("{one}-manifest.json.tmp"),
        format!(".{one}-meta.json.31532.tmp"),
        format!("{one}.tar.zst.tmp"),
    ];
    for name in &old {
        file(&folder.join(name), 10 * KIB, HOUR * 2);
    }
    let young = format!(".{}.tar.zst.1.0.tmp", hash(8));
    file(&folder.join(&young), 10 * KIB, HOUR / 2);
    for foreign in ["notes.tmp", ".0000.tar.zst.tmp", "0000000000000001.txt.tmp"] {
        file(&folder.join(foreign), KIB, HOUR * 99);
    }
    drop(prune(&env, &["-n"]).expect_code(1));
    let output = prune(&env, &["--min-age", "0s"]).expect_code(0);
    assert_eq!(output.store("turbo")["removed"]["entries"], old.len(), "{}", output.stdout);
    let names = TestEnv::file_names(&folder);
    assert_eq!(left(&folder), [1, 2]);
    assert_eq!(names.len(), 4 + 1 + 3, "{names:?}");
    assert!(names.contains(&young));
}

#[test]
fn a_cache_that_is_over_its_limit_without_its_entries_says_so() {
    let env = TestEnv::new();
    let folder = turbo(&env, 2, 10 * KIB);
    file(&folder.join("somebody-elses"), 900 * KIB, HOUR);
    let output = prune(&env, &["-n", "--max-size", "2MiB"]).expect_code(0);
    assert_eq!(output.store("turbo")["verdict"], "within limits");
    assert_eq!(output.store("turbo")["notes"].as_array().unwrap().len(), 0);
    drop(prune(&env, &["--max-size", "500KiB"]).expect_code(0));
    assert_eq!(left(&folder), [0; 0]);
    let output = prune(&env, &["--max-size", "500KiB"]).expect_code(0);
    assert_eq!(output.store("turbo")["verdict"], "over limit");
    assert!(output.store("turbo")["notes"].to_string().contains("above the limit stay"), "{}", output.stdout);
    assert!(folder.join("somebody-elses").exists());
}
