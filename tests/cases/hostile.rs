//! Names and command lines that were chosen to do harm.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::support::{Actor, Script, TestEnv};

#[test]
fn no_control_character_of_a_command_line_reaches_the_terminal() {
    let env = TestEnv::new();
    let hostile =
        ["\x1b[2J\x1b]0;owned\x07", "line\nbreak", "\u{202e}txt.exe", "\r\x08", "\u{9b}31m", "\u{200b}"];
    // The name by which a rule knows it stands in the evidence.
    let _named = Actor::titled(&env, "mcp-server\x1b]0;owned\x07");
    let actor = Actor::node(&env, "node_modules/vitest/vitest.mjs", &hostile, Script::Wait);
    for arguments in
        [&["--all", "-v"][..], &["--max-memory", "1MiB"], &["--max-memory", "1MiB", "-n"], &["--top", "3"]]
    {
        let output = env.run(&[&["health"], arguments].concat());
        assert!(output.stdout.contains(&actor.pid().to_string()), "{}", output.stdout);
        let bad = |letter: char| {
            (letter.is_control() && letter != '\n') || matches!(letter, '\u{202e}' | '\u{200b}' | '\u{9b}')
        };
        assert!(!output.stdout.contains(bad), "{arguments:?}: {:?}", output.stdout);
    }
    let json = env.health(&["--all"]).expect_code(0);
    assert_eq!(json.process(actor.pid())["command"][3], "line\nbreak");
}

#[test]
fn bytes_that_are_no_text_are_shown_as_such() {
    let env = TestEnv::new();
    let actor = Actor::node_with(&env, "node_modules/vitest/vitest.mjs", Script::Wait, |command| {
        command.arg(OsStr::from_bytes(b"\xff\xfe\x80run"));
    });
    let output = env.health(&["--all"]).expect_code(0);
    assert_eq!(output.process(actor.pid())["command"][2], "\u{fffd}\u{fffd}\u{fffd}run");
}

#[test]
fn a_hundred_kilobytes_of_arguments_are_no_problem() {
    let env = TestEnv::new();
    let long = "x".repeat(100_000);
    let one = Actor::node(&env, "node_modules/vitest/vitest.mjs", &["run", &long], Script::Wait);
    let many: Vec<&str> = std::iter::repeat_n("yy", 33_000).collect();
    let other = Actor::node(&env, "node_modules/vitest/vitest.mjs", &many, Script::Wait);
    let output = env.health(&["--all"]).expect_code(0);
    assert!(output.lists(one.pid()) && output.lists(other.pid()));
    let human = env.run(&["health", "--all"]).expect_code(0);
    assert!(human.stdout.len() < 10_000, "{} bytes", human.stdout.len());
}

#[test]
fn a_title_that_pretends_to_be_another_process_changes_nothing() {
    let env = TestEnv::new();
    // The kernel's own name of a process is its first 15 bytes; these would end a careless parser's field.
    for title in ["node (vitest) Z 1 (", "node (vitest 1) S 0 0 0", "node (vitest\n1\n"] {
        let actor = Actor::titled(&env, title);
        let output = env.health(&["--all"]).expect_code(0);
        assert_eq!(output.process(actor.pid())["parent_pid"], std::process::id(), "{title:?}");
    }
}

#[test]
fn secrets_are_shown_nowhere() {
    let env = TestEnv::new();
    let arguments = [
        "--token=s3cr3t-one",
        "--api-key",
        "s3cr3t-two",
        "API_KEY=s3cr3t-three",
        "postgres://me:s3cr3t-four@db/x",
    ];
    let actor = Actor::node(&env, "node_modules/vitest/vitest.mjs", &arguments, Script::Wait);
    let runs: &[&[&str]] = &[
        &["--all", "-vv"],
        &["--all", "--json"],
        &["--top", "3"],
        &["--top", "3", "--json"],
        &["-n", "--max-memory", "1MiB"],
        &["-n", "--max-memory", "1MiB", "--json"],
    ];
    for arguments in runs {
        let output = env.run(&[&["health"], *arguments].concat());
        assert!(!format!("{}{}", output.stdout, output.stderr).contains("s3cr3t"), "{arguments:?}");
    }
    let output = env.health(&["--all"]).expect_code(0);
    assert!(output.process(actor.pid())["command"].to_string().contains("[brAInwav-REDACTED]"));
    let state = std::fs::read_to_string(env.looks_file()).unwrap();
    assert!(!state.contains("s3cr3t"), "{state}");
}

#[test]
fn processes_that_come_and_go_while_we_look_are_no_error() {
    let env = TestEnv::new();
    let script = "i=0; while [ $i -lt 3000 ]; do sh -c : & i=$((i+1)); [ $((i % 20)) = 0 ] && wait; done\n: >done\nread -r line";
    let churn = Actor::vitest(&env, Script::Run(script));
    let mut looks = 0;
    while !churn.file("done").exists() || looks < 5 {
        let output = env.health(&["--all", "--top", "2"]).expect_code(0);
        assert!(output.lists(churn.pid()));
        looks += 1;
    }
}
