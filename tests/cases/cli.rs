//! The command line: help, errors, streams.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use crate::support::spool;
use crate::support::{Actor, Output, Script, TestEnv};

#[test]
fn every_output_bears_the_brand() {
    let env = TestEnv::new();
    let runs: &[&[&str]] = &[
        &["--version"],
        &["--help"],
        &["-h"],
        &["health"],
        &["health", "--json"],
        &["health", "--help"],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["config", "check"],
        &["config", "--help"],
    ];
    for arguments in runs {
        let output = env.run(arguments).expect_code(0);
        assert!(output.stdout.contains("brAInwav"), "{arguments:?}: {}", output.stdout);
        assert_eq!(output.stderr, "", "{arguments:?}");
    }
}

#[test]
fn every_line_on_stderr_bears_the_brand_and_a_usage_error_is_2() {
    let env = TestEnv::new();
    let runs: &[&[&str]] = &[
        &[],
        &["helth"],
        &["health", "--max-memry", "1"],
        &["health", "--max-memory", "8"],
        &["health", "--rule", "vitst"],
        &["health", "--top", "many"],
        &["--config", "missing.toml", "health"],
        &["health", "--scope", "planet"],
        &["health", "--json", "--format", "human"],
        &["completions", "tcsh"],
        &["health", "--sample=soon"],
        &["health", "--no-batch-limit", "--max-batch", "3"],
    ];
    for arguments in runs {
        let output = env.run(arguments).expect_code(2);
        assert_eq!(output.stdout, "", "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
        for line in output.stderr.lines() {
            assert!(line.starts_with("[brAInwav]"), "{arguments:?}: {line}");
        }
    }
}

#[test]
fn a_word_that_is_nearly_right_is_suggested() {
    let env = TestEnv::new();
    let table: &[(&[&str], &str)] = &[
        (&["helth"], "health"),
        (&["health", "--max-memry", "1GiB"], "--max-memory"),
        (&["health", "--rule", "vitst"], "did you mean vitest?"),
        (&["health", "--max-memory", "8"], "8GiB"),
    ];
    for (arguments, expected) in table {
        let output = env.run(arguments).expect_code(2);
        assert!(output.stderr.contains(expected), "{arguments:?}: {}", output.stderr);
    }
}

#[test]
fn help_has_examples_and_long_help_has_the_exit_codes() {
    let env = TestEnv::new();
    for command in ["health", "completions", "config", "telemetry"] {
        let short = env.run(&[command, "-h"]).expect_code(0);
        assert!(short.stdout.contains("Examples:"), "{command}: {}", short.stdout);
        let long = env.run(&[command, "--help"]).expect_code(0);
        assert!(long.stdout.contains("Examples:") && long.stdout.contains("Exit codes:"), "{command}");
        assert!(long.stdout.contains("another run holds the lock"), "{command}");
    }
}

#[test]
fn what_runs_a_command_has_exit_codes_of_its_own() {
    let help = TestEnv::new().run(&["telemetry", "exec", "--help"]).expect_code(0).stdout;
    let codes = help.split_once("Exit codes:\n").unwrap().1;
    let codes: Vec<&str> = codes.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(codes, ["0-255", "2", "126", "127", "128+n"]);
    assert!(help.contains("is not recognised"), "{help}");
}

#[test]
fn a_reader_that_closes_early_changes_nothing() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    for arguments in [&["health", "--max-memory", "1MiB"][..], &["health", "--max-memory", "1MiB", "--json"]]
    {
        let mut child = env.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("error"), "{output:?}");
    }
    drop(actor);
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_no_success() {
    let env = TestEnv::new();
    for arguments in [&["health"][..], &["health", "--json"], &["config", "show"], &["completions", "bash"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = env.command(arguments);
        let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {stderr}");
        assert!(stderr.contains("cannot write the result"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn colours_are_there_on_request_only() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    let with = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = env.command(&[&["health", "--max-memory", "1MiB"], arguments].concat());
        command.envs(variables.iter().copied());
        Output::of(command).expect_code(1).stdout.contains('\x1b')
    };
    assert!(!with(&[], &[]));
    assert!(with(&["--color", "always"], &[]));
    assert!(with(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!with(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!with(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    drop(actor);
}

#[test]
fn quiet_says_nothing_when_nothing_is_wrong() {
    let env = TestEnv::new();
    let output = env.run(&["-q", "health"]).expect_code(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}

#[test]
fn it_works_in_the_empty_environment_of_cron() {
    let env = TestEnv::new();
    let mut command = env.command(&["health", "--json"]);
    command.env_clear().env("BRAINWAV_STATE_DIR", env.state());
    let output = Output::of(command).expect_code(0);
    assert_eq!(output.stderr, "");
    assert_eq!(output.json()["schema"], "brainwav.health/1");
}

#[test]
fn a_working_directory_that_is_gone_is_said() {
    let env = TestEnv::new();
    let gone = env.path("gone");
    std::fs::create_dir(&gone).unwrap();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "rmdir \"$PWD\"; exec \"$BRAINWAV\" health"]).current_dir(&gone);
    command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
    let output = Output::of(command).expect_code(2);
    assert!(output.stderr.contains("--workspace"), "{}", output.stderr);
}

/// A file would get the number of the stream, and whatever is printed next.
#[test]
fn in_place_of_a_closed_stream_there_is_nothing() {
    for (stream, closed) in [(0, "<&-"), (1, ">&-"), (2, "2>&-"), (0, "<&- >&- 2>&-"), (2, "<&- >&- 2>&-")] {
        let env = TestEnv::new();
        let is_nothing = format!("[ -c /dev/fd/{stream} ]");
        let plain = env.command(&["telemetry", "exec", "--", "/bin/sh", "-c", &is_nothing]);
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("exec \"$0\" \"$@\" {closed}"));
        command.arg(plain.get_program()).args(plain.get_args()).current_dir(env.workspace());
        command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let _ = Output::of(command).expect_code(0);
        assert_eq!(spool::events(&env).len(), 2, "{closed}");
    }
}
