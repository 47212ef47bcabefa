//! Each limit: that it fires, and that it holds back.

use crate::support::{Actor, Script, TestEnv, wait_until};

/// Looks as often as it takes, with no least time between two looks.
fn looks_until(
    env: &TestEnv,
    arguments: &[&str],
    what: &str,
    mut seen: impl FnMut(&crate::support::Output) -> bool,
) {
    let arguments = [arguments, &["--look-interval", "200ms"]].concat();
    wait_until(what, || seen(&env.health(&arguments)));
}

#[test]
fn memory_of_one_process() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    let quiet = env.health(&["--max-memory", "1GiB"]).expect_code(0);
    assert!(quiet.findings(actor.pid()).is_empty());
    let over = env.health(&["--max-memory", "1MiB"]).expect_code(1);
    assert_eq!(over.findings(actor.pid()), ["memory"]);
}

#[test]
#[cfg(not(feature = "portable"))]
fn memory_of_a_tree_is_counted_once() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Fat);
    let _quiet = env.health(&["--max-tree-memory", "1GiB"]).expect_code(0);
    let over = env.health(&["--max-tree-memory", "4MiB"]).expect_code(1);
    assert_eq!(over.findings(actor.pid()), ["tree_memory"]);
}

#[test]
fn a_limit_of_a_rule_holds_unless_a_flag_says_otherwise() {
    let env = TestEnv::new();
    env.write_config("[[process]]\nname = \"small\"\nprogram = [\"small-tool\"]\nmax-memory = \"1MiB\"\n");
    let actor = Actor::node(&env, "small-tool.js", &[], Script::Wait);
    let own = env.health(&[]).expect_code(1);
    assert_eq!(own.findings(actor.pid()), ["memory"]);
    let _flag = env.health(&["--max-memory", "1GiB"]).expect_code(0);
}

#[test]
fn cpu_counts_after_enough_looks_in_a_row_and_never_after_one() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Busy);
    let arguments = ["--max-cpu", "5", "--cpu-strikes", "3", "--look-interval", "200ms"];
    // The first look knows no rate at all; the second and third are strikes, and no finding.
    let first = env.health(&[&arguments[..], &["--all"]].concat()).expect_code(0);
    assert_eq!(first.process(actor.pid())["cpu_percent"], serde_json::Value::Null);
    let mut strikes = 0;
    wait_until("two looks have seen it busy", || {
        let output = env.health(&[&arguments[..], &["--all"]].concat());
        assert_eq!(output.findings(actor.pid()), [""; 0], "after {strikes} strikes");
        strikes += usize::from(output.against(actor.pid()).contains("busy"));
        strikes == 2
    });
    looks_until(&env, &arguments[..4], "the third strike counts", |output| {
        output.findings(actor.pid()) == ["cpu"]
    });
}

#[test]
fn looks_that_come_too_soon_are_no_strikes() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Busy);
    for _ in 0..6 {
        let output =
            env.health(&["--max-cpu", "5", "--cpu-strikes", "1", "--look-interval", "1h"]).expect_code(0);
        assert!(output.findings(actor.pid()).is_empty());
    }
}

#[test]
fn a_sample_is_one_look() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Busy);
    let output = env.health(&["--max-cpu", "5", "--cpu-strikes", "2", "--sample=300ms"]).expect_code(0);
    assert!(output.against(actor.pid()).contains("look 1 of the 2"), "{}", output.stdout);
    let other = TestEnv::new();
    let actor = Actor::vitest(&other, Script::Busy);
    let output = other.health(&["--max-cpu", "5", "--cpu-strikes", "1", "--sample=300ms"]).expect_code(1);
    assert_eq!(output.findings(actor.pid()), ["cpu"]);
}

#[test]
#[cfg(not(feature = "portable"))]
fn hung_is_what_should_have_ended_and_does_not_move() {
    let env = TestEnv::new();
    let hung = Actor::vitest(&env, Script::Family);
    let watching = Actor::node(&env, "node_modules/vitest/vitest.mjs", &["--watch"], Script::Wait);
    let hidden = Actor::titled(&env, "node (vitest)");
    let serving = Actor::node(&env, "node_modules/.bin/nx", &["serve", "app"], Script::Wait);
    let server = Actor::node(&env, "node_modules/@playwright/mcp/cli.js", &[], Script::Wait);
    let stopped = Actor::node(&env, "node_modules/typescript/bin/tsc", &["-p", "."], Script::Wait);
    stopped.signal("STOP");
    let debugged =
        Actor::node(&env, "node_modules/vitest/vitest.mjs", &["run", "--inspect-brk"], Script::Wait);
    let busy = Actor::node(&env, "node_modules/typescript/bin/tsc", &["-b"], Script::Busy);
    looks_until(&env, &["--max-runtime", "1s", "--max-cpu", "1000"], "the run is hung", |output| {
        let others = [&watching, &hidden, &serving, &server, &busy, &stopped, &debugged];
        for actor in others {
            assert!(output.findings(actor.pid()).is_empty(), "{}", output.stdout);
        }
        output.findings(hung.pid()) == ["hung"]
    });
    let output =
        env.health(&["--max-runtime", "1s", "--look-interval", "200ms", "--all", "--max-cpu", "1000"]);
    assert!(output.against(watching.pid()).contains("until it is stopped"));
    assert!(output.against(hidden.pid()).contains("do not tell"));
    assert!(output.against(stopped.pid()).contains("stopped, by a person"));
    assert!(output.against(debugged.pid()).contains("a debugger"));
    assert!(output.against(busy.pid()).contains("progress"));
}

#[test]
#[cfg(not(feature = "portable"))]
fn work_in_a_child_is_progress_of_the_whole() {
    let env = TestEnv::new();
    // The target waits for a child of another name that works.
    let script = Script::Run("ulimit -t 60\nsh -c 'while :; do :; done' child &\n: >ready\nwait");
    let mut actor = Actor::vitest(&env, script);
    let child = actor.descendants()[0];
    let mut looks = 0;
    // Even on a busy machine it gets a tenth of a processor at least once in this time.
    looks_until(&env, &["--max-runtime", "4s", "--max-cpu", "1000"], "progress is seen", |output| {
        assert!(output.findings(actor.pid()).is_empty(), "{}", output.stdout);
        looks += usize::from(output.against(actor.pid()).contains("it makes progress"));
        looks >= 5
    });
    // The child is the actor's, which ends it with itself.
    let output = env.health(&["--enforce", "--max-memory", "1MiB", "--grace", "5s"]).expect_code(0);
    assert!(output.outcome(child).is_some());
    actor.wait();
}

#[test]
fn one_look_never_finds_a_hung_process() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    let output = env.health(&["--max-runtime", "1ms", "--all"]).expect_code(0);
    assert!(output.findings(actor.pid()).is_empty());
}
