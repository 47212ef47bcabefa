//! The never-list on real processes: that it fires, and that it holds back.

use std::os::unix::process::CommandExt;

use crate::support::{Actor, Script, TestEnv, is_root, not_tested, wait_until};

const OVER: &[&str] = &["--enforce", "--max-memory", "1MiB", "--grace", "10s"];

#[test]
fn whoever_called_us_is_left_alone_and_the_neighbour_is_not() {
    let env = TestEnv::new();
    // The actor is a vitest run over the limit that calls brainwav itself.
    let script = "read -r line\n\
        \"$BRAINWAV\" --json --workspace .. health --enforce --max-memory 1MiB >report 2>errors\n\
        echo $? >code\nread -r line";
    let mut caller = Actor::vitest(&env, Script::Run(script));
    let mut neighbour = Actor::vitest(&env, Script::Wait);
    caller.say("go");
    wait_until("the report is there", || {
        std::fs::read_to_string(caller.file("code")).is_ok_and(|code| code.ends_with('\n'))
    });
    let report = std::fs::read_to_string(caller.file("report")).unwrap();
    assert_eq!(std::fs::read_to_string(caller.file("code")).unwrap().trim(), "1", "{report}");
    assert!(report.contains("this program was started from it"), "{report}");
    assert!(caller.is_running());
    assert!(!neighbour.is_running());
}

#[test]
fn a_program_that_the_configuration_protects_is_left_alone() {
    let env = TestEnv::new();
    env.write_config("[protect]\nprogram = [\"vitest\"]\n");
    let mut protected = Actor::vitest(&env, Script::Wait);
    let mut other = Actor::node(&env, "node_modules/.bin/nx", &["build"], Script::Wait);
    let output = env.health(OVER).expect_code(1);
    assert!(protected.is_running() && !other.is_running());
    let because = output.process(protected.pid())["protected_because"].to_string();
    assert!(because.contains("protected set"), "{because}");
}

#[test]
fn a_protected_program_below_a_target_stays_with_all_that_it_started() {
    let env = TestEnv::new();
    // The target starts an editor, and that a shell. The editor is one by its name alone.
    let wait = "while read -r line; do :; done";
    std::fs::write(env.workspace().join("nvim"), format!("sh -c ': >ready; {wait}' shell <&3 &\n{wait}\n"))
        .unwrap();
    let script = "exec 3<&0\nsh ../nvim <&3 &\nwhile read -r line; do :; done";
    let mut target = Actor::vitest(&env, Script::Run(script));
    wait_until("the shell of the editor is there", || target.descendants().len() == 2);
    let below = target.descendants();
    let output = env.health(OVER).expect_code(0);
    assert!(!target.is_running());
    assert!(below.iter().all(|pid| crate::support::is_alive(*pid)), "{}", output.stdout);
    let kept = output.json()["termination"]["kept"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept}");
    target.wait();
}

#[test]
fn a_process_of_another_user_is_neither_listed_nor_ended_unless_root_says_so() {
    let env = TestEnv::new();
    if !is_root() {
        not_tested("only root can start a process of another user");
        return;
    }
    let script = Script::Run("while read -r line; do :; done");
    let mut stranger = Actor::node_with(&env, "node_modules/vitest/vitest.mjs", script, |command| {
        command.arg("run").uid(65_534).gid(65_534);
    });
    wait_until("it is seen with all users", || env.health(&["--all", "--all-users"]).lists(stranger.pid()));
    let output = env.health(OVER).expect_code(0);
    assert!(!output.lists(stranger.pid()));
    assert!(output.json()["processes_of_other_users"].as_u64().unwrap() >= 1);
    assert!(stranger.is_running());
    wait_until("it is over the limit", || {
        env.health(&["--all-users", "--max-memory", "1MiB"]).findings(stranger.pid()) == ["memory"]
    });
    let _ended = env.health(&[OVER, &["--all-users"]].concat()).expect_code(0);
    assert!(!stranger.is_running());
}

#[test]
fn all_users_is_for_root_alone() {
    let env = TestEnv::new();
    let output = env.run(&["health", "--all-users"]).expect_code(0);
    assert_eq!(output.stderr.contains("--all-users is for root"), !is_root(), "{}", output.stderr);
}
