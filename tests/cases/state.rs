//! What is remembered between runs, and everything that can be wrong with it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use crate::support::{Actor, Output, Script, TestEnv};

fn a_look(env: &TestEnv) -> Output {
    env.health(&["--all"])
}

#[test]
fn looks_are_kept_by_identity_and_private() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    let _look = a_look(&env).expect_code(0);
    let file: serde_json::Value = serde_json::from_slice(&fs::read(env.looks_file()).unwrap()).unwrap();
    assert_eq!(file["version"], 1);
    assert_eq!(file["looks"][0]["pid"], actor.pid());
    assert!(file["looks"][0]["start_ticks"].as_u64().unwrap() > 0);
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(env.state()), mode(env.looks_file())), (0o700, 0o600));
    assert_eq!(TestEnv::file_names(&env.state()), ["looks.json", "looks.lock"]);
}

#[test]
fn nothing_is_written_when_there_is_nothing_to_remember() {
    let env = TestEnv::new();
    let _look = a_look(&env).expect_code(0);
    assert!(!env.looks_file().exists());
}

/// A look with this file in the place of the looks: it still works, it says so, and the file is kept.
fn survives(content: &[u8]) {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    let _first = a_look(&env).expect_code(0);
    fs::write(env.looks_file(), content).unwrap();
    let output = a_look(&env).expect_code(0);
    assert!(output.lists(actor.pid()));
    assert!(output.stderr.contains("starting afresh"), "{}", output.stderr);
    assert_eq!(fs::read(env.state().join("looks.json.unreadable-1")).unwrap(), content);
    assert_eq!(a_look(&env).expect_code(0).stderr, "");
}

#[test]
fn a_torn_file_is_moved_aside() {
    survives(b"");
    survives(br#"{"version":1,"boot_id":"00","loo"#);
    survives(b"\0\0\0\0\0\0\0\0");
}

#[test]
fn a_file_from_the_future_is_moved_aside_and_kept() {
    survives(br#"{"version":99,"anything":[1,2,3]}"#);
}

#[test]
fn a_file_that_lies_is_not_believed() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    let _first = a_look(&env).expect_code(0);
    let honest = fs::read_to_string(env.looks_file()).unwrap();
    let mut lies: serde_json::Value = serde_json::from_str(&honest).unwrap();
    // Another boot; a time that has not come; numbers that stand for more than one process.
    lies["looks"][0]["strikes"] = 1_000.into();
    let mut boot = lies.clone();
    boot["boot_id"] = "00000000000000000000000000000001".into();
    let mut future = lies.clone();
    future["looks"][0]["at_milliseconds"] = u64::MAX.into();
    let mut start = lies.clone();
    start["looks"][0]["start_ticks"] = 1.into();
    let mut pid = lies;
    pid["looks"][0]["pid"] = u32::MAX.into();
    for lie in [boot, future, start, pid] {
        fs::write(env.looks_file(), lie.to_string()).unwrap();
        let output = env.health(&["--all", "--max-cpu", "1", "--look-interval", "1ms"]).expect_code(0);
        assert!(output.findings(actor.pid()).is_empty(), "{lie}");
    }
}

#[test]
fn two_at_once_lose_nothing() {
    let env = TestEnv::new();
    let actors = [0, 1, 2].map(|_| Actor::vitest(&env, Script::Wait));
    let mut running = Vec::new();
    for _ in 0..12 {
        let mut command = env.command(&["health", "--json", "--look-interval", "1ms"]);
        running.push(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    }
    for child in running {
        let output = Output::from(child.wait_with_output().unwrap()).expect_code(0);
        assert_eq!(output.stderr, "");
    }
    let file: serde_json::Value = serde_json::from_slice(&fs::read(env.looks_file()).unwrap()).unwrap();
    assert_eq!(file["looks"].as_array().unwrap().len(), actors.len());
    assert_eq!(TestEnv::file_names(&env.state()), ["looks.json", "looks.lock"]);
}

#[test]
fn a_place_that_cannot_be_written_to_costs_a_warning() {
    type Place = (&'static str, fn(&TestEnv));
    let places: &[Place] = &[
        ("a file", |env| fs::write(env.state(), "").unwrap()),
        ("a link", |env| symlink(env.path("home"), env.state()).unwrap()),
        ("a folder that others may write to", |env| {
            fs::create_dir(env.state()).unwrap();
            fs::set_permissions(env.state(), Permissions::from_mode(0o777)).unwrap();
        }),
    ];
    for (what, make) in places {
        let env = TestEnv::new();
        let actor = Actor::vitest(&env, Script::Wait);
        make(&env);
        let output = a_look(&env).expect_code(0);
        assert!(output.lists(actor.pid()), "{what}");
        assert!(output.stderr.contains("cannot remember this look"), "{what}: {}", output.stderr);
        // Without a lock two runs could end processes at once: then nothing is ended.
        let mut actor = actor;
        let output = env.health(&["--enforce", "--max-memory", "1MiB"]).expect_code(3);
        assert!(output.stderr.contains("BRAINWAV_STATE_DIR"), "{what}: {}", output.stderr);
        assert!(actor.is_running(), "{what}");
    }
}

#[test]
fn files_that_cannot_be_replaced_cost_a_warning() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    fs::create_dir_all(env.looks_file()).unwrap();
    fs::set_permissions(env.state(), Permissions::from_mode(0o700)).unwrap();
    let output = a_look(&env).expect_code(0);
    assert!(output.lists(actor.pid()));
    assert!(output.stderr.contains("left as it is"), "{}", output.stderr);
}
