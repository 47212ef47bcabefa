use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use super::{called, parse, part, version};
use crate::cli::Cli;

fn words(line: &str) -> Vec<OsString> {
    std::iter::once("brainwav").chain(line.split_whitespace()).map(OsString::from).collect()
}

/// What came of it, in words.
fn told(result: Result<Cli, clap::Error>) -> String {
    result.map_or_else(|error| format!("{:?}\n{error}", error.kind()), |cli| format!("{cli:#?}"))
}

/// Every line of the examples in the help of every command.
fn examples(command: &clap::Command, into: &mut Vec<String>) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("brainwav "));
    into.extend(lines.map(|line| line.split("   ").next().unwrap_or(line).to_owned()));
    for inner in command.get_subcommands() {
        examples(inner, into);
    }
}

/// Lines that no example has: rare, wrong, or with a value that looks like a name.
const MORE: &[&str] = &[
    "",
    "-V",
    "--version",
    "--version health",
    "-h",
    "--help",
    "health --help",
    "health --nothing",
    "telemetry",
    "telemetry --help",
    "telemetry emit -h",
    "telemetry nothing emit",
    "telemetry emit telemetry exec",
    "nothing health",
    "--config health reap",
    "--config reap health --json",
    "-qv --workspace /tmp reap sockets -n --color never",
    "--config telemetry telemetry --json emit --event tool_invoked",
    "telemetry exec --tool health -- reap --json",
    "telemetry phase",
    "telemetry phase start build",
    "telemetry phase start build --json -q",
    "telemetry phase -q start build --workspace /tmp",
    "telemetry emit --version",
    "telemetry emit --json --format human",
    "telemetry emit -vv --color never --label a=b --label c=d",
    "telemetry emit --color purple",
    "telemetry emit help",
    "telemetry help emit",
    "help health",
    "health help",
    "telemetry exec -v -- sh -c true -v",
    "telemetry exec sh --json",
    "reap --json sockets",
    "config show health",
    "completions reap",
    "completions zsh",
];

#[test]
fn a_part_understands_what_the_whole_does() {
    let mut whole = Cli::command();
    whole.build();
    let mut lines = Vec::new();
    examples(&whole, &mut lines);
    assert!(lines.len() > 30, "{lines:?}");
    for line in lines.iter().map(String::as_str).chain(MORE.iter().copied()) {
        let words = words(line);
        assert_eq!(told(parse(&words)), told(Cli::try_parse_from(&words)), "{line:?}");
    }
    assert_eq!(told(parse(&[])), told(Cli::try_parse_from(Vec::<OsString>::new())));
}

#[test]
fn what_is_called_often_needs_its_part_alone() {
    for (line, name) in [
        ("health --enforce --json", "health"),
        ("reap sockets -q", "reap"),
        ("prune-cache nx -n", "prune-cache"),
        ("telemetry emit --event tool_invoked", "emit"),
        ("telemetry exec -- true", "exec"),
        ("telemetry phase finish build", "phase"),
        ("telemetry redact", "redact"),
        ("telemetry flush --background --quiet --config x --workspace y", "flush"),
    ] {
        let words = words(line);
        let (found, behind) = called(&words).unwrap_or_else(|| panic!("{line:?}"));
        assert_eq!((found.name, part(found, behind).is_ok()), (name, true), "{line:?}");
    }
    for line in ["", "config show", "completions zsh", "telemetry", "telemetry schema", "-q reap", "nothing"]
    {
        assert!(called(&words(line)).is_none(), "{line:?}");
    }
    for line in ["-V", "--version"] {
        assert!(version(&words(line)).is_some(), "{line}");
    }
}
