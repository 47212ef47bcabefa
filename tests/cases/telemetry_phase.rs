//! `brainwav telemetry phase`: one run, two processes.

use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::spool::events;

#[test]
fn start_and_finish_share_an_id_and_the_phase_is_valid_whatever_the_name() {
    for name in ["orchestration-run", "a b/../c", "\u{1f680}", "planning"] {
        let env = TestEnv::new();
        let started = env.run(&["telemetry", "phase", "start", name, "--label", "tool=nx"]).expect_code(0);
        let finished = env.run(&["telemetry", "phase", "finish", name, "--outcome", "code=0"]).expect_code(0);
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("", ""));
        let [start, finish] = &events(&env)[..] else { panic!("two events") };
        assert_eq!((&start["event"], &start["phase"]), (&json!("run_started"), &json!("execution")));
        assert_eq!((&finish["event"], &finish["phase"]), (&json!("run_finished"), &json!("completion")));
        assert_eq!(start["correlationId"], started.stdout.trim());
        assert_eq!(start["correlationId"], finish["correlationId"]);
        assert_eq!((&start["labels"]["run"], &start["labels"]["tool"]), (&json!(name), &json!("nx")));
        assert!(finish["metrics"]["duration_ms"].is_u64() && finish["outcome"]["code"] == 0, "{finish}");
        let again = env.run(&["telemetry", "phase", "finish", name]).expect_code(2);
        assert!(again.stderr.contains("no run of this name has begun"), "{}", again.stderr);
    }
}

#[test]
fn runs_with_ids_of_their_own_go_on_at_the_same_time() {
    let env = TestEnv::new();
    for id in ["one", "two"] {
        let start = env.run(&["telemetry", "phase", "start", "build", "--correlation-id", id]).expect_code(0);
        assert_eq!((start.stdout.trim(), start.stderr.as_str()), (id, ""));
    }
    for id in ["one", "two", "never-begun"] {
        let _ = env.run(&["telemetry", "phase", "finish", "build", "--correlation-id", id]).expect_code(0);
    }
    let ids: Vec<Value> = events(&env).iter().map(|event| event["correlationId"].clone()).collect();
    assert_eq!(ids, ["one", "two", "one", "two", "never-begun"]);
    let known: Vec<bool> =
        events(&env).iter().map(|event| event["metrics"]["duration_ms"].is_u64()).collect();
    assert_eq!(known, [false, false, true, true, false]);
    // The id that start made and printed finds the run as well.
    let start = env.run(&["telemetry", "phase", "start", "build"]).expect_code(0);
    let id = start.stdout.trim();
    let finish =
        env.run(&["telemetry", "phase", "finish", "build", "--correlation-id", id, "--json"]).expect_code(0);
    assert!(
        finish.json()["duration_ms"].is_u64() && finish.json()["correlation_id"] == id,
        "{}",
        finish.stdout
    );
}

#[test]
fn a_start_that_is_not_kept_has_not_begun() {
    let env = TestEnv::new();
    let _ = env.run(&["telemetry", "phase", "start", "build", "--correlation-id", ""]).expect_code(2);
    let _ = env.run(&["telemetry", "phase", "finish", "build"]).expect_code(2);
    let _ = env.run(&["telemetry", "phase", "start", "build"]).expect_code(0);
    let again = env.run(&["telemetry", "phase", "start", "build"]).expect_code(0);
    assert!(again.stderr.contains("was not finished"), "{}", again.stderr);
    // The second one is refused by the access list, and the first goes on.
    env.write_config("[telemetry]\ntopic = \"other\"\n");
    let _ = env.run(&["telemetry", "phase", "start", "build"]).expect_code(2);
    env.write_config("");
    let finish = env.run(&["telemetry", "phase", "finish", "build", "--json"]).expect_code(0);
    assert_eq!(finish.json()["correlation_id"], again.stdout.trim());
}
