//! The man pages and completions in the repository are what the definition of the command line generates, and
//! nothing else lies beside them.
//!
//! `UPDATE_GENERATED=1 cargo test --test generated` writes them anew. No version and no date stands in them, so
//! that a release or a day changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process;

use brainwav::cli::Cli;
use brainwav::config::settings::{OTHER_VARIABLES, SETTINGS, variable};
use brainwav::config::{Environment, paths};
use brainwav::exit;
use brainwav::output::BRAND;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

/// Contents by file name.
type Files = BTreeMap<String, String>;

/// Variables of others that are honoured.
const COMMON_VARIABLES: &[(&str, &str)] = &[
    ("NO_COLOR", "If set and not empty, there are no colours unless --color asks for them."),
    ("CLICOLOR_FORCE", "If set and not 0, there are colours also where the output is no terminal."),
    ("TERM", "If dumb, there are no colours."),
    ("XDG_CONFIG_HOME", "Where the configuration of the user is, instead of ~/.config."),
    ("XDG_STATE_HOME", "Where the state is, instead of ~/.local/state."),
    ("CORTEX_TELEMETRY_TOPIC", "The topic of events, unless BRAINWAV_TELEMETRY_TOPIC gives it."),
    ("CORTEX_TELEMETRY_DEBUG", "If set and not 0, each event that is kept is shown on stderr too, redacted."),
    ("TRACEPARENT", "The trace that events belong to; TRACESTATE and BAGGAGE go with it."),
];

const SECTIONS: &[&str] =
    &["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES"];

/// What `brainwav completions` itself prints.
fn completions() -> Files {
    let shells = [("brainwav.bash", "bash"), ("_brainwav", "zsh"), ("brainwav.fish", "fish")];
    shells.into_iter().map(|(name, shell)| (name.to_owned(), script(shell))).collect()
}

fn script(shell: &str) -> String {
    let mut command = process::Command::new(env!("CARGO_BIN_EXE_brainwav"));
    let output = command.args(["completions", shell]).env_clear().output().expect("the program starts");
    assert!(output.status.success(), "completions {shell}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// One page for each command and subcommand.
fn man_pages() -> Files {
    let mut root = Cli::command();
    root.build();
    let mut commands = Vec::new();
    collect("brainwav", &root, &mut commands);
    let names: Vec<String> = commands.iter().map(|(name, _)| name.clone()).collect();
    commands.into_iter().map(|(name, command)| (format!("{name}.1"), page(&name, command, &names))).collect()
}

fn collect(name: &str, command: &Command, into: &mut Vec<(String, Command)>) {
    into.push((name.to_owned(), command.clone()));
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        collect(&format!("{name}-{}", inner.get_name()), inner, into);
    }
}

fn page(name: &str, mut command: Command, all: &[String]) -> String {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has_subcommands = command.has_subcommands();
    // One line: the sections below tell each option with its value.
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let man = Man::new(command.display_name(name.to_owned()).override_usage(usage));
    let mut bytes = Vec::new();
    man.render_name_section(&mut bytes).unwrap();
    man.render_synopsis_section(&mut bytes).unwrap();
    man.render_description_section(&mut bytes).unwrap();
    man.render_options_section(&mut bytes).unwrap();
    if has_subcommands {
        man.render_subcommands_section(&mut bytes).unwrap();
    }
    let rendered = String::from_utf8(bytes).unwrap() + &closing_sections(name, &examples, all).render();
    // Instead of the title that clap_mangen writes: it leaves an empty date out, and what follows moves up.
    let title = format!(".TH {} 1 \"\" \"{BRAND}\" \"{BRAND} manual\"\n", name.to_uppercase());
    title + &without_repeated_preamble(&rendered)
}

fn closing_sections(name: &str, examples: &str, all: &[String]) -> Roff {
    let mut roff = Roff::new();
    example_section(&mut roff, examples);
    roff.control("SH", ["EXIT STATUS"]);
    define(&mut roff, exit_codes(name).iter().copied());
    roff.control("SH", ["ENVIRONMENT"]);
    roff.text([roman("An empty variable counts as one that is not set.")]);
    define(&mut roff, OTHER_VARIABLES.iter().copied());
    for setting in SETTINGS {
        let default = setting.default.map_or_else(String::new, |default| format!(", default {default}"));
        let help = format!("{} Setting {}{default}.", setting.help, setting.name);
        define(&mut roff, [(variable(setting.name).as_str(), help.as_str())]);
    }
    define(&mut roff, COMMON_VARIABLES.iter().copied());
    file_section(&mut roff);
    roff.control("SH", ["SEE ALSO"]);
    let others: Vec<String> =
        all.iter().filter(|other| *other != name).map(|other| format!("{other}(1)")).collect();
    roff.text([roman(others.join(", "))]);
    roff
}

fn exit_codes(page: &str) -> &'static [(&'static str, &'static str)] {
    if page == "brainwav-telemetry-exec" { exit::DOCUMENTED_OF_EXEC } else { exit::DOCUMENTED }
}

/// The examples of the help, line by line as they stand there.
fn example_section(roff: &mut Roff, help: &str) {
    let Some(examples) = help.strip_prefix("Examples:\n") else { return };
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in examples.lines() {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
}

fn define<'a>(roff: &mut Roff, items: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (term, meaning) in items {
        roff.control("TP", []).text([bold(term)]).text([roman(meaning)]);
    }
}

/// Where the files are for a user without any of the variables, as the program itself says.
fn file_section(roff: &mut Roff) {
    let paths = paths(&Environment::from_pairs([("HOME", "/~")]), 0);
    let home = |path: &Path| path.display().to_string().trim_start_matches('/').to_owned();
    let config = home(&paths.config_file.expect("there is a home"));
    let state = home(&paths.state);
    let files = [
        (
            "brainwav.toml".to_owned(),
            "The configuration of a workspace, in its root. It holds before that of the user.",
        ),
        (config, "The configuration of the user."),
        (format!("{state}/looks.json"), "What earlier looks saw: without it nothing can be said about time."),
        (format!("{state}/enforce.lock"), "Held by the one run that ends processes."),
    ];
    roff.control("SH", ["FILES"]);
    for (file, meaning) in &files {
        roff.control("TP", []).text([italic(file)]).text([roman(*meaning)]);
    }
}

/// Each part that is rendered brings the same two lines about apostrophes; once is enough.
fn without_repeated_preamble(text: &str) -> String {
    let preamble: Vec<&str> = text.lines().take_while(|line| !line.starts_with(".SH")).collect();
    let rest = text.lines().skip(preamble.len()).filter(|line| !preamble.contains(line));
    preamble.iter().copied().chain(rest).map(|line| format!("{}\n", line.trim_end())).collect()
}

/// How a folder differs from what it should hold.
fn differences(folder: &Path, expected: &Files) -> Vec<String> {
    let mut found = Vec::new();
    for (name, content) in expected {
        match fs::read_to_string(folder.join(name)) {
            Ok(there) if there == *content => {}
            Ok(there) => found.push(format!("{name} is not current: {}", first_difference(&there, content))),
            Err(error) => found.push(format!("{name} cannot be read: {error}")),
        }
    }
    let stale = names_in(folder).into_iter().filter(|name| !expected.contains_key(name));
    found.extend(stale.map(|name| format!("{name} is generated by nothing")));
    found
}

fn first_difference(there: &str, generated: &str) -> String {
    let mut lines = there.lines().zip(generated.lines()).enumerate();
    let differing = lines.find(|(_, (old, new))| old != new);
    differing.map_or_else(
        || "one ends before the other".to_owned(),
        |(index, (old, new))| format!("line {}: {old:?}, generated {new:?}", index + 1),
    )
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn write(folder: &Path, files: &Files) {
    for name in names_in(folder).iter().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(folder.join(name)).unwrap();
    }
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
}

#[track_caller]
fn assert_current(folder: &str, files: &Files) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if std::env::var_os("UPDATE_GENERATED").is_some_and(|value| value == "1") {
        fs::create_dir_all(&path).unwrap();
        write(&path, files);
    }
    let found = differences(&path, files);
    let hint = "UPDATE_GENERATED=1 cargo test --test generated writes them anew";
    assert!(found.is_empty(), "\n{folder}/: {}\n{hint}\n", found.join(&format!("\n{folder}/: ")));
}

#[test]
fn the_completions_are_current() {
    assert_current("completions", &completions());
}

#[test]
fn the_man_pages_are_current() {
    assert_current("man", &man_pages());
}

#[test]
fn every_man_page_has_every_section_and_no_version() {
    let pages = man_pages();
    assert!(pages.contains_key("brainwav.1") && pages.contains_key("brainwav-config-show.1"));
    for (name, text) in &pages {
        for section in SECTIONS {
            let heading = [format!(".SH {section}"), format!(".SH \"{section}\"")];
            let there = text.lines().any(|line| heading.iter().any(|heading| heading == line));
            assert!(there, "{name} has no section {section}");
        }
        for (code, meaning) in exit_codes(name.trim_end_matches(".1")) {
            let code = code.replace('-', "\\-");
            assert!(
                text.contains(&format!("\\fB{code}\\fR")) && text.contains(meaning),
                "{name}: exit code {code}"
            );
        }
        for (variable, _) in OTHER_VARIABLES.iter().chain(COMMON_VARIABLES) {
            assert!(text.contains(variable), "{name}: {variable}");
        }
        assert!(!text.contains(env!("CARGO_PKG_VERSION")), "{name} names a version");
    }
}

/// A doc comment on the variant of a subcommand replaces that of its arguments, the long text with it.
#[test]
fn every_description_says_more_than_the_name() {
    let pages = man_pages();
    let is_short = |text: &str| {
        let description = text.split(".SH ").find_map(|section| section.strip_prefix("DESCRIPTION\n"));
        !description.unwrap_or_default().contains(".PP")
    };
    let short: Vec<&String> = pages.iter().filter(|(_, text)| is_short(text)).map(|(name, _)| name).collect();
    assert!(short.is_empty(), "no long description: {short:?}");
}

#[test]
fn every_subcommand_has_a_page_and_stands_in_the_completions() {
    let pages = man_pages();
    let mut commands = Vec::new();
    collect("brainwav", &Cli::command(), &mut commands);
    assert_eq!(pages.len(), commands.len());
    for (name, command) in &commands {
        assert!(pages.contains_key(&format!("{name}.1")), "{name}");
        let completions = completions();
        let missing = completions.iter().find(|(_, text)| !text.contains(command.get_name()));
        assert!(missing.is_none(), "{} is not in {missing:?}", command.get_name());
    }
}

#[test]
fn what_is_missing_changed_or_stale_is_found_and_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let expected = |name: &str| Files::from([(name.to_owned(), "same\nnew\n".to_owned())]);
    let found = |files: &Files| differences(folder.path(), files).join("\n");
    assert!(found(&expected("a.1")).contains("a.1 cannot be read"));
    fs::write(folder.path().join("a.1"), "same\nold\n").unwrap();
    assert!(found(&expected("a.1")).contains("line 2: \"old\", generated \"new\""));
    fs::write(folder.path().join("a.1"), "same\nnew\nmore\n").unwrap();
    assert!(found(&expected("a.1")).contains("ends before"));
    write(folder.path(), &expected("a.1"));
    assert_eq!(found(&expected("a.1")), "");
    assert!(found(&expected("b.1")).contains("a.1 is generated by nothing"));
    write(folder.path(), &expected("b.1"));
    assert_eq!(names_in(folder.path()), ["b.1"]);
}
