//! No secret on a command line of telemetry comes out again, whatever is wrong with it.

use std::fs;
use std::path::Path;

use brainwav::cli::Cli;
use clap::{Arg, ArgAction, CommandFactory};

use crate::support::spool::events;
use crate::support::{Output, TestEnv};

/// What must not come out of [`VALUES`].
const SECRETS: [&str; 2] = ["hunter22x", "Zm9vYmFyMTIzNDU2"];

/// Secrets as they are mistyped: where another value belongs, half of something, several in one word.
const VALUES: [&str; 6] = [
    "sk-ant-api03-Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg",
    "password=hunter22x",
    "https://ann:hunter22x@127.0.0.1:9/x",
    "nats://ann:hunter22x@127.0.0.1:9/x",
    "curl -u ann:hunter22x -H 'Authorization: Bearer hunter22xhunter22x' --token=hunter22x x",
    "{\"password\":\"hunter22x\"",
];

/// What each subcommand needs besides, before and behind the option.
const NEEDED: [(&str, &[&str], &[&str]); 12] = [
    ("emit", &[], &[]),
    ("phase start", &["x"], &[]),
    ("phase finish", &["x"], &[]),
    ("bridge", &["--stdin"], &[]),
    ("bridge", &["--queue", "none"], &[]),
    ("bridge", &["--nats", "nats://127.0.0.1:9"], &[]),
    ("exec", &[], &["--", "true"]),
    ("flush", &[], &[]),
    ("status", &[], &[]),
    ("schema", &["--register", "http://127.0.0.1:9"], &[]),
    ("dashboard", &[], &[]),
    ("redact", &[], &[]),
];

/// The options of a subcommand that take a value, and nothing for its positional arguments.
fn options(path: &str) -> Vec<Option<String>> {
    let mut command = Cli::command();
    command.build();
    let telemetry = command.find_subcommand("telemetry").unwrap();
    let found = path.split(' ').fold(telemetry, |command, name| command.find_subcommand(name).unwrap());
    let takes_value = |arg: &&Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let option = |arg: &Arg| arg.get_long().map(|name| format!("--{name}"));
    found.get_arguments().filter(takes_value).map(option).collect()
}

fn assert_kept(env: &TestEnv, arguments: &[&str]) {
    let output = env.run(arguments);
    for secret in SECRETS {
        let text = format!("{}{}", output.stdout, output.stderr);
        assert!(!text.contains(secret), "{arguments:?}:\n{text}");
    }
}

fn assert_no_file_has_it(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_no_file_has_it(&path);
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{}: {text}", path.display());
        }
    }
}

#[test]
fn no_option_of_any_subcommand_shows_a_secret() {
    let mut tried = 0;
    for (path, before, behind) in NEEDED {
        let env = TestEnv::new();
        for option in options(path) {
            for value in VALUES {
                let words: Vec<&str> = [&["telemetry"][..], &path.split(' ').collect::<Vec<_>>()].concat();
                let is_command = path == "exec" && option.is_none();
                let given: Vec<&str> = match &option {
                    None if is_command => vec!["--", value],
                    None => vec![value],
                    Some(option) if before.contains(&option.as_str()) => vec![option, value],
                    Some(option) => [before, &[option.as_str(), value]].concat(),
                };
                let behind = if is_command { &[] } else { behind };
                for format in ["human", "json"] {
                    let format = ["--format", format];
                    let other: &[&str] = if option.as_deref() == Some("--format") { &[] } else { &format };
                    assert_kept(&env, &[&words[..], other, &given, behind].concat());
                    tried += 1;
                }
            }
        }
        // An option that there is not, and a subcommand that there is not.
        for value in VALUES {
            assert_kept(&env, &["telemetry", path.split(' ').next().unwrap(), "--nothing", value]);
            assert_kept(&env, &["telemetry", value]);
        }
        assert_no_file_has_it(&env.state());
    }
    assert!(tried > 600, "{tried}");
}

#[test]
fn half_of_a_token_is_no_host() {
    let env = TestEnv::new();
    let output = env.run(&["telemetry", "bridge", "--nats", "nats://hunter22x/x@127.0.0.1"]).expect_code(2);
    assert!(!output.stderr.contains("hunter22x") && output.stderr.contains("percent"), "{}", output.stderr);
}

#[test]
fn what_stands_in_a_document_or_a_file_is_not_shown_either() {
    let env = TestEnv::new();
    for document in ["{\"phase\":\"Bearer hunter22xhunter22x\"}", "{\"labels\":\"password=hunter22x\"}"] {
        let output = env.run(&["telemetry", "emit", "--json-event", document]).expect_code(2);
        assert!(!output.stderr.contains("hunter22x"), "{}", output.stderr);
    }
    env.write_config("[telemetry]\npassword: hunter22x\n");
    let output = env.run(&["telemetry", "emit"]).expect_code(2);
    assert!(!output.stderr.contains("hunter22x") && output.stderr.contains("no TOML"), "{}", output.stderr);
    env.write_config("[telemetry]\ntopic = \"token=hunter22x\"\n");
    let output = env.run(&["telemetry", "emit"]).expect_code(2);
    assert!(!output.stderr.contains("hunter22x") && output.stderr.contains("topic"), "{}", output.stderr);
}

#[test]
fn what_is_no_secret_is_said_in_full() {
    let env = TestEnv::new();
    for (arguments, expected) in [
        (&["emit", "--metric", "size=big"][..], "--metric size: found \"big\""),
        (&["emit", "--metric", "password=big"], "--metric password: found \"[brAInwav-REDACTED]\""),
        (&["phase", "start", "x", "--label", "tool"], "--label: found \"tool\""),
        (&["emit", "--topic", "my.topic"], "the topic \"my.topic\""),
        (&["bridge", "--nats", "x", "--credentials", "/none/here"], "--credentials: cannot read /none/here"),
    ] {
        let output = env.run(&[&["telemetry"], arguments].concat()).expect_code(2);
        assert!(output.stderr.contains(expected), "{}", output.stderr);
    }
}

#[test]
fn a_command_line_in_one_word_is_no_name_of_a_tool() {
    let env = TestEnv::new();
    let line = "deploy/run --customer acme --pw hunter22x";
    let _ = env.run(&["telemetry", "exec", "--", line]).expect_code(127);
    let _ = env.run(&["telemetry", "exec", "--", "/bin/true", "--customer", "acme"]).expect_code(0);
    let nameless = env.run(&["telemetry", "exec", "--tool", "", "--", "true"]).expect_code(2);
    assert!(nameless.stderr.contains("--tool: found \"\""), "{}", nameless.stderr);
    let tools: Vec<_> = events(&env).iter().map(|event| event["labels"]["tool"].clone()).collect();
    assert_eq!(tools, ["run", "run", "true", "true"]);
    assert!(!events(&env).iter().any(|event| event.to_string().contains("acme")));
}

#[test]
fn what_is_in_the_spool_is_shown_as_it_is() {
    let env = TestEnv::new();
    env.write_config("[telemetry.redact]\nmarker = \"***\"\n");
    let mut command = env.command(&["telemetry", "emit", "--label", "pin=4711"]);
    command.env("CORTEX_TELEMETRY_DEBUG", "1");
    let output = Output::of(command).expect_code(0);
    assert!(
        output.stderr.contains("\"pin\":\"***\"") && !output.stderr.contains("4711"),
        "{}",
        output.stderr
    );
}
