//! The part of the definition that is called. All of it takes a third of the time of a short run to build, and nearly all
//! of that goes into what was not called. So only the called command is built; whatever that part cannot make sense of,
//! be it help or a mistake, is left to the whole.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches, Parser};

use super::telemetry::{TelemetryAction, TelemetryArgs};
use super::{Cli, global, health, prune_cache, reap, telemetry, telemetry_bridge, telemetry_events};
use super::{telemetry_exec, telemetry_phase};

type Parsed<T> = Result<T, clap::Error>;

/// A command that is called often, by its name below the one above it.
struct Called {
    name: &'static str,
    /// Adds its arguments.
    define: fn(Command) -> Command,
    /// Makes of them what the rest of the program is handed.
    make: fn(&mut ArgMatches) -> Parsed<super::Command>,
}

const COMMANDS: &[Called] = &[
    Called {
        name: "health",
        define: health::HealthArgs::augment_args,
        make: |matches| Ok(super::Command::Health(Box::from_arg_matches_mut(matches)?)),
    },
    Called {
        name: "reap",
        define: reap::ReapArgs::augment_args,
        make: |matches| Ok(super::Command::Reap(Box::from_arg_matches_mut(matches)?)),
    },
    Called {
        name: "prune-cache",
        define: prune_cache::PruneCacheArgs::augment_args,
        make: |matches| Ok(super::Command::PruneCache(Box::from_arg_matches_mut(matches)?)),
    },
];

/// Those below `telemetry`.
const TELEMETRY: &[Called] = &[
    Called {
        name: "emit",
        define: telemetry_events::EmitArgs::augment_args,
        make: |matches| telemetry(TelemetryAction::Emit(Box::from_arg_matches_mut(matches)?)),
    },
    Called {
        name: "phase",
        define: telemetry_phase::PhaseArgs::augment_args,
        make: |matches| telemetry(TelemetryAction::Phase(FromArgMatches::from_arg_matches_mut(matches)?)),
    },
    Called {
        name: "bridge",
        define: telemetry_bridge::BridgeArgs::augment_args,
        make: |matches| telemetry(TelemetryAction::Bridge(FromArgMatches::from_arg_matches_mut(matches)?)),
    },
    Called {
        name: "exec",
        define: telemetry_exec::ExecArgs::augment_args,
        make: |matches| telemetry(TelemetryAction::Exec(FromArgMatches::from_arg_matches_mut(matches)?)),
    },
    Called {
        name: "flush",
        define: telemetry_events::FlushArgs::augment_args,
        make: |matches| telemetry(TelemetryAction::Flush(FromArgMatches::from_arg_matches_mut(matches)?)),
    },
    Called {
        name: "status",
        define: telemetry_events::StatusArgs::augment_args,
        make: |matches| telemetry(TelemetryAction::Status(FromArgMatches::from_arg_matches_mut(matches)?)),
    },
    Called {
        name: "redact",
        define: telemetry::RedactArgs::augment_args,
        make: |matches| telemetry(TelemetryAction::Redact(FromArgMatches::from_arg_matches_mut(matches)?)),
    },
];

fn telemetry(action: TelemetryAction) -> Parsed<super::Command> {
    Ok(super::Command::Telemetry(TelemetryArgs { action }))
}

/// Understands a command line, the name of the program first, as [`Cli::try_parse_from`] does.
///
/// # Errors
/// When it is wrong, and when help or the version was asked for.
pub fn parse(arguments: &[OsString]) -> Parsed<Cli> {
    let part = match called(arguments) {
        Some((called, behind)) => Some(part(called, behind)),
        None => version(arguments).map(Err),
    };
    match part {
        Some(Ok(cli)) => Ok(cli),
        Some(Err(error)) if error.kind() == ErrorKind::DisplayVersion => Err(error),
        Some(Err(_)) | None => Cli::try_parse_from(arguments),
    }
}

/// Which command is called, with the arguments behind its name; nothing for those that are called rarely, and where
/// options stand in front of it.
fn called(arguments: &[OsString]) -> Option<(&'static Called, &[OsString])> {
    let (_, words) = arguments.split_first()?;
    let (first, behind) = words.split_first()?;
    let named = |called: &&Called, word: &OsString| word == called.name;
    if first != "telemetry" {
        return Some((COMMANDS.iter().find(|called| named(called, first))?, behind));
    }
    let (second, behind) = behind.split_first()?;
    Some((TELEMETRY.iter().find(|called| named(called, second))?, behind))
}

/// Understands the arguments of one command.
fn part(called: &Called, arguments: &[OsString]) -> Parsed<Cli> {
    let command = Command::new(called.name).no_binary_name(true).disable_help_flag(true);
    let mut command = (called.define)(global::Global::augment_args(command));
    if !command.has_subcommands() {
        // There is nothing that they would have to be handed on to, and a copy of each is spared.
        command = command.mut_args(|argument| argument.global(false));
    }
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    let global = FromArgMatches::from_arg_matches_mut(&mut matches)?;
    let cli = Cli { global, command: (called.make)(&mut matches)? };
    // Taking them apart is a twentieth of the time of a short run, and its memory goes with it.
    std::mem::forget((command, matches));
    Ok(cli)
}

/// The answer to a line that asks for the version and nothing else.
fn version(arguments: &[OsString]) -> Option<clap::Error> {
    let [_, only] = arguments else { return None };
    let root = Command::new("brainwav").display_name("brAInwav").version(env!("CARGO_PKG_VERSION"));
    let asked = only == "--version" || only == "-V";
    if asked { root.try_get_matches_from(arguments).err() } else { None }
}

#[cfg(test)]
#[path = "called_tests.rs"]
mod tests;
