//! What is wrong with a file, case by case: where the arrow points, what is said, what is advised.

use super::document;
use super::expression::Places;
use super::resolution::Resolution;
use super::rules;
use super::shown::Layer;
use super::source::Source;

fn problems(text: &str) -> Vec<String> {
    let places = Places { home: None, workspace: "/w".as_ref() };
    let mut resolution = Resolution::defaults(places);
    let source = Source::new("/f".into(), Layer::User, text.to_owned());
    let written = document::read(&source, places, &mut resolution).rules;
    resolution.problems.extend(rules::problems(&rules::merge(vec![written])));
    resolution.problems.iter().map(ToString::to_string).collect()
}

/// The text, where the problem is, and two parts of what is said.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn check(table: &[Case]) {
    for (text, place, message, help) in table {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:#?}");
        assert!(found[0].starts_with(place), "{text:?} at {place}: {}", found[0]);
        assert!(found[0].contains(message), "{text:?} says {message}: {}", found[0]);
        assert!(found[0].contains(help), "{text:?} advises {help}: {}", found[0]);
    }
}

#[test]
fn unknown_keys() {
    check(&[
        ("max-memory = \"8GiB\"", "/f:1:1: max-memory: ", "unknown section", "belongs below [health]"),
        ("[healt]", "/f:1:2: healt: ", "unknown section", "did you mean \"health\"?"),
        (
            "[colours]\na = 1",
            "/f:1:2: colours: ",
            "unknown section",
            "known here: health, reap, cache, telemetry, protect, process",
        ),
        ("[health]\nmax_memory = \"8GiB\"", "/f:2:1: health.max_memory: ", "unknown key", "\"max-memory\"?"),
        ("[health]\nprogram = []", "/f:2:1: health.program: ", "unknown key", "belongs below [protect]"),
        ("[health.x]", "/f:1:9: health.x: ", "unknown key", "known here: max-memory"),
        ("[protect]\nprograms = []", "/f:2:1: protect.programs: ", "unknown key", "\"program\"?"),
        ("\"health.max-cpu\" = 8", "/f:1:1: \"health.max-cpu\": ", "unknown section", "known here"),
        (
            "[[process]]\nname = \"vitest\"\nmemory = 1",
            "/f:3:1: process.vitest.memory: ",
            "unknown key",
            "known here",
        ),
        (
            "[[process]]\nname = \"vitest\"\ncmd = 1",
            "/f:3:1: process.vitest.cmd: ",
            "unknown key",
            "\"cwd\"?",
        ),
        ("\u{feff}[healt]", "/f:1:2: healt: ", "unknown section", "\n1 | [healt]\n"),
    ]);
}

#[test]
fn wrong_values() {
    check(&[
        ("health = 1", "/f:1:10: health: ", "is a section", "write [health]"),
        ("[[health]]", "/f:1:", "is a section", "write [health]"),
        ("[health.max-cpu]", "/f:1:", "found a table", "whole number"),
        ("health.max-memory = true", "/f:1:21: ", "found true or false", "a size such as \"8GiB\""),
        ("health.max-memory = 1.5", "/f:1:21: ", "needs a unit", "\"1.5GiB\""),
        ("health.max-memory = \"8gb\"", "/f:1:21: ", "no unit", "did you mean \"8GB\"?"),
        ("health.max-memory = \"1B\"", "/f:1:21: ", "less than any program", "1MiB or more"),
        ("health.max-cpu = \"80\"", "/f:1:18: ", "found a text in quotes", "without quotes"),
        ("health.max-cpu = 80.5", "/f:1:18: ", "with a fraction", "whole number"),
        ("health.max-cpu = 100001", "/f:1:18: ", "out of bounds", "1 to 100000"),
        ("health.max-cpu = 9223372036854775807", "/f:1:18: ", "out of bounds", "1 to 100000"),
        ("health.cpu-strikes = -1", "/f:1:22: ", "out of bounds", "from 1"),
        ("health.max-runtime = 5", "/f:1:22: ", "needs a unit", "\"5s\" or \"5m\""),
        ("health.max-runtime = \"0s\"", "/f:1:22: ", "no time at all", "\"5m\""),
        ("health.max-runtime = 1979-05-27", "/f:1:22: ", "found a date", "a duration"),
        ("health.scope = \"works\"", "/f:1:16: ", "is not known", "user, workspace"),
        ("health.scope = \"workspaces\"", "/f:1:16: ", "is not known", "did you mean \"workspace\"?"),
        ("protect.program = [\"a\", \"*\"]", "/f:1:25: protect.program: ", "match every program", "mcp-*"),
        ("protect.program = [\"a\", 1]", "/f:1:25: ", "found a number", "a list of texts"),
        ("protect.program = 1", "/f:1:19: ", "found a number", "a list of texts"),
        ("protect.program = [\n\"a\",\n\"\"]", "/f:3:1: ", "empty program name", "vitest"),
    ]);
}

#[test]
fn wrong_rules() {
    check(&[
        ("[process]\nname = \"x\"", "/f:1:", "a list of rules", "write [[process]]"),
        ("[process.vitest]\nlife = 1", "/f:1:", "a list of rules", "write [[process]]"),
        ("process = [1]", "/f:1:12: process: ", "a list of rules", "write [[process]]"),
        ("[[process]]\nprogram = [\"x\"]", "/f:1:1: process: ", "has no name", "name = "),
        ("[[process]]\nname = 1", "/f:2:8: process.name: ", "found a number", "\"vitest\""),
        ("[[process]]\nname = \"a b\"", "/f:2:8: ", "cannot be a name", "dev-server"),
        (
            "[[process]]\nname = \"x\"",
            "/f:2:8: process.x: ",
            "nothing says which",
            "program, title or command",
        ),
        ("[[process]]\nname = \"x\"\ncwd = \"a/**\"", "/f:2:8: ", "cwd alone", "program, title or command"),
        ("[[process]]\nname = \"x\"\ncommand = \".\"", "/f:2:8: ", "command alone", "program or title"),
        (
            "[[process]]\nname = \"x\"\ncommand = \"(\"\nprogram = \"x\"",
            "/f:3:11: process.x.command: ",
            "unclosed group",
            "backslash",
        ),
        ("[[process]]\nname = \"nx\"\nprogram = []", "/f:2:8: ", "nothing says which", "program"),
        (
            "[[process]]\nname = \"nx\"\ntitle = [\"a\", \" \"]",
            "/f:3:15: ",
            "begins with nothing",
            "node (vitest",
        ),
        ("[[process]]\nname = \"nx\"\ncwd = \"a[\"", "/f:3:7: process.nx.cwd: ", "no glob", "packages/*"),
        ("[[process]]\nname = \"nx\"\ncwd = \"~/a\"", "/f:3:7: ", "needs HOME", "absolute"),
        ("[[process]]\nname = \"nx\"\nlife = \"servers\"", "/f:3:8: ", "is not known", "\"server\""),
        ("[[process]]\nname = \"nx\"\nenabled = \"no\"", "/f:3:11: ", "found a text", "without quotes"),
        (
            "[[process]]\nname = \"nx\"\n[[process]]\nname = \"nx\"",
            "/f:4:8: process.nx: ",
            "already in this file",
            "into one",
        ),
    ]);
}

#[test]
fn torn_files() {
    check(&[
        ("[health", "/f:1:8: ", "is no TOML", "toml.io"),
        ("[health]\nmax-memory = \"8GiB", "/f:2:", "is no TOML", "toml.io"),
        ("[health]\nmax-memory = 8GiB", "/f:2:", "is no TOML", "quotes"),
        ("[health]\ngrace = \"1s\"\ngrace = \"2s\"", "/f:3:1: ", "is no TOML", "toml.io"),
        ("\0", "/f:1:2: ", "is no TOML", "toml.io"),
        ("{}", "/f:1:", "is no TOML", "toml.io"),
    ]);
}

#[test]
fn hostile_files_end_in_a_message() {
    let deep = format!("a = {}", "[".repeat(100_000));
    let long = format!("{} = 1", "a.".repeat(50_000).trim_end_matches('.'));
    let name = format!("[[process]]\nname = \"{}\"", "n".repeat(100_000));
    let tables = format!("a = {}", "{a=".repeat(10_000));
    let rules = format!("process = [{}]", "{name=\"a\"},".repeat(3_000));
    let keys = (0..3_000).map(|number| format!("k{number}=1,")).collect::<String>();
    let keys = format!("health = {{{keys}}}");
    for text in
        [deep, long, name, tables, rules, keys, "\u{1b}[2J = 1".to_owned(), "a\u{202e}b = 1".to_owned()]
    {
        let found = problems(&text);
        assert!(!found.is_empty() && found.len() <= 1000);
        assert!(!found.concat().contains(['\u{1b}', '\u{202e}']));
    }
}
