//! Runs that meet another one, and runs that are told to stop.

#![cfg(target_os = "linux")]

use crate::support::cache::{HOUR, file, hash, left, stopped, turbo};
use crate::support::{Output, TestEnv};

const KIB: usize = 1024;

fn prune(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "prune-cache"], arguments].concat())
}

#[test]
fn a_second_run_in_a_workspace_waits_for_nobody_and_one_in_another_goes_on() {
    let env = TestEnv::new();
    let folder = turbo(&env, 3, 300 * KIB);
    let other = env.path("other");
    file(&other.join(".turbo/cache").join(format!("{}.tar.zst", hash(1))), KIB, HOUR);
    file(&other.join("brainwav.toml"), 0, HOUR);
    std::os::unix::fs::symlink(env.workspace(), env.path("link")).unwrap();
    let mut first = env.command(&["prune-cache", "--max-size", "0B"]);
    first.env("BRAINWAV_FAULT", "planned:stop");
    let first = stopped(first, |_| {
        let output = prune(&env, &["--max-size", "1KiB"]).expect_code(75);
        assert!(output.stderr.contains("another run holds the lock"), "{}", output.stderr);
        let link = env.path("link").display().to_string();
        drop(prune(&env, &["--max-size", "1KiB", "--workspace", &link]).expect_code(75));
        assert_eq!(left(&folder), [1, 2, 3]);
        drop(prune(&env, &["--max-size", "1KiB", "-n"]).expect_code(1));
        let other = other.display().to_string();
        let output = prune(&env, &["--max-size", "0B", "--workspace", &other]).expect_code(0);
        assert_eq!(output.store("turbo")["removed"]["entries"], 1);
    });
    drop(first.expect_code(0));
    assert_eq!(left(&folder), [0; 0]);
}
