//! The binary: parse, build the context, run, and turn the result into an exit code.

#![no_main]

#[path = "sys/start.rs"]
mod start;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use brainwav::cli::global::Global;
use brainwav::cli::{Cli, called};
use brainwav::config::Environment;
use brainwav::context::{Context, appearance};
use brainwav::core::redact::Confidential;
use brainwav::error::{Error, ErrorKind};
use brainwav::exit::ExitCode;
use brainwav::output::ui::{Ui, report_panics};
use brainwav::{commands, sys};
use clap::error::ErrorKind as ClapErrorKind;

/// One run with these words, the name of the program first; its exit code.
fn run(arguments: &[OsString]) -> u8 {
    let words: Vec<&[u8]> = arguments.iter().map(|word| word.as_bytes()).collect();
    let confidential = Confidential::of(&words);
    report_panics(confidential.clone());
    let environment = Environment::from_process();
    let code = match called::parse(arguments) {
        Ok(cli) => command(&cli, environment, &confidential),
        Err(error) => explain(&error, &environment, confidential),
    };
    sys::process_exit::finish(code)
}

fn command(cli: &Cli, environment: Environment, confidential: &Confidential) -> ExitCode {
    let look = appearance(&cli.global, &environment);
    let ui = || Ui::stdio(look, confidential.clone());
    match Context::new(&cli.global, environment, sys::process_exit::user(), ui()) {
        Ok(mut context) => {
            let result = commands::run(&mut context, &cli.command);
            close(&mut context.ui, result)
        }
        Err(error) => close(&mut ui(), Err(error)),
    }
}

/// Says what stopped the run, and does not let a full disk pass for success.
fn close(ui: &mut Ui, result: Result<ExitCode, Error>) -> ExitCode {
    let code = result.unwrap_or_else(|error| {
        ui.error(&error.to_string());
        for hint in error.hints() {
            ui.hint(hint);
        }
        error.exit_code()
    });
    match ui.take_failure() {
        Some(failure) => {
            ui.error(&format!("cannot write the result: {failure}"));
            Error::new(ErrorKind::Action, failure).exit_code()
        }
        None => code,
    }
}

/// What clap has to say: help and version are data, everything else is a usage error.
fn explain(error: &clap::Error, environment: &Environment, confidential: Confidential) -> ExitCode {
    let mut ui = Ui::stdio(appearance(&Global::defaults(), environment), confidential);
    let rendered = error.render();
    match error.kind() {
        ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion => {
            ui.data(&if ui.colors() { rendered.ansi().to_string() } else { rendered.to_string() });
            return close(&mut ui, Ok(ExitCode::Success));
        }
        ClapErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ui.note(&rendered.to_string()),
        _ => {
            let text = rendered.to_string();
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            ui.error(first.strip_prefix("error: ").unwrap_or(first));
            ui.note(rest.trim());
        }
    }
    ExitCode::Usage
}
