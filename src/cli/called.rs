//! The part of the definition that is called. All of it takes a third of the time of a short run to build, and nearly all
//! of that goes into what was not called. So only the called command is built; whatever that part cannot make sense of,
//! be it help or a mistake, is left to the whole.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args, Command, FromArgMatches, Parser};

use super::{Cli, global, health, prune_cache, reap, telemetry, telemetry_bridge, telemetry_events};
use super::{telemetry_exec, telemetry_phase};

/// A way to add the arguments of a command.
type Definition = fn(Command) -> Command;

/// The commands that scripts call often, by their names.
const COMMANDS: &[(&str, Definition)] = &[
    ("health", health::HealthArgs::augment_args),
    ("reap", reap::ReapArgs::augment_args),
    ("prune-cache", prune_cache::PruneCacheArgs::augment_args),
];

/// Those below `telemetry`.
const TELEMETRY: &[(&str, Definition)] = &[
    ("emit", telemetry_events::EmitArgs::augment_args),
    ("phase", telemetry_phase::PhaseArgs::augment_args),
    ("bridge", telemetry_bridge::BridgeArgs::augment_args),
    ("exec", telemetry_exec::ExecArgs::augment_args),
    ("flush", telemetry_events::FlushArgs::augment_args),
    ("status", telemetry_events::StatusArgs::augment_args),
    ("redact", telemetry::RedactArgs::augment_args),
];

/// Understands a command line, the name of the program first, as [`Cli::try_parse_from`] does.
///
/// # Errors
/// When it is wrong, and when help or the version was asked for.
pub fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    match part(arguments).map(|part| part.try_get_matches_from(arguments)) {
        Some(Ok(matches)) => Cli::from_arg_matches(&matches),
        Some(Err(error)) if error.kind() == ErrorKind::DisplayVersion => Err(error),
        Some(Err(_)) | None => Cli::try_parse_from(arguments),
    }
}

/// What is called, if that is one of those above. A value that looks like a name makes this wrong, and then something in
/// the line is not understood.
fn part(arguments: &[OsString]) -> Option<Command> {
    let own = arguments.get(1..)?;
    let root = Command::new("brainwav").display_name("brAInwav").version(env!("CARGO_PKG_VERSION"));
    if let [only] = own
        && (only == "--version" || only == "-V")
    {
        return Some(root);
    }
    let called = match named(own, COMMANDS) {
        Some(called) => called,
        None => {
            let at = own.iter().position(|word| word == "telemetry")?;
            let called = named(&own[at + 1..], TELEMETRY)?;
            Command::new("telemetry").subcommand_required(true).subcommand(called)
        }
    };
    Some(global::Global::augment_args(root).subcommand_required(true).subcommand(called))
}

/// What the first word that is one of these names stands for.
fn named(words: &[OsString], commands: &[(&'static str, Definition)]) -> Option<Command> {
    words.iter().find_map(|word| {
        let (name, definition) = commands.iter().find(|(name, _)| word == name)?;
        Some(definition(Command::new(*name)))
    })
}

#[cfg(test)]
#[path = "called_tests.rs"]
mod tests;
