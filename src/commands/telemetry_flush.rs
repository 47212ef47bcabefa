//! `brainwav telemetry flush`: from the spool to the sinks.

use std::time::Instant;

use super::telemetry_background::{Turn, is_for_background};
use super::telemetry_network::is_switched_off;
use super::telemetry_pipeline::{SpoolPlace, spool};
use super::telemetry_sinks::{active, make, names};
use super::telemetry_status::{tell_of_others, waiting};
use crate::cli::telemetry_events::FlushArgs;
use crate::config::{Flag, Resolved, SinkSettings};
use crate::context::Context;
use crate::core::telemetry::deliver::{End, Flush, SinkReport, deliver_all};
use crate::core::telemetry::sink::Sink;
use crate::core::telemetry::sinks::UnusableSink;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::progress::Spinner;
use crate::output::telemetry::FlushView;
use crate::output::ui::Format;
use crate::sys::entropy;
use crate::sys::process_exit;
use crate::sys::signals::Interrupts;

/// Delivers what is in the spool.
///
/// # Errors
/// When the settings are wrong, or the spool cannot be read.
pub fn run(context: &mut Context, args: &FlushArgs) -> Result<ExitCode> {
    if args.background {
        process_exit::close_inherited();
    }
    let resolved = context.resolve(flags(args))?;
    let wanted = wanted(&resolved, args)?;
    let own: Vec<String> = wanted.iter().map(|sink| sink.name.clone()).collect();
    if args.dry_run {
        return waiting(context, &resolved, &own);
    }
    let (sinks, trouble) = made(context, &resolved, &wanted);
    let own: Vec<&str> = sinks.iter().map(|sink| sink.name()).collect();
    let others: Vec<String> =
        names(&resolved).into_iter().filter(|name| !own.contains(&name.as_str())).collect();
    let spool = match &args.spool {
        Some(folder) => SpoolPlace::new(context, &resolved).open_left(folder)?,
        None => spool(context, &resolved)?,
    };
    let time = resolved.settings.telemetry.flush_deadline;
    let turn = if args.background { Turn::wait(spool.folder(), time)? } else { Some(Turn::at_once()) };
    let Some(turn) = turn else { return Ok(ExitCode::Success) };
    let (interrupts, seed) = prepared()?;
    let started = Instant::now();
    let flush = Flush {
        spool: &spool,
        deadline: started + time,
        patience: turn.patience,
        others: &others,
        seed,
        interrupted: &|| interrupts.received().is_some(),
    };
    let spinner = Spinner::start(&context.ui, "delivering");
    let reports = deliver_all(&flush, sinks).map_err(|error| Error::new(ErrorKind::Action, error));
    drop(spinner);
    let view = FlushView { reports: reports?, elapsed: started.elapsed() };
    let code = interrupts.received().map_or_else(|| exit_code(&view.reports), ExitCode::Signal);
    show(context, &view, code, wanted.iter().any(|sink| sink.kind == "stdout"));
    if !args.background {
        tell_of_others(context, &resolved, spool.folder().path());
    }
    // The others have what is for them by now.
    trouble.map_or(Ok(code), Err)
}

fn flags(args: &FlushArgs) -> Vec<Flag> {
    let flag =
        |value: &String| Flag { key: "telemetry.flush-deadline", flag: "--deadline", value: value.clone() };
    args.deadline.iter().map(flag).collect()
}

/// The signals that end the run, and a number that nobody can tell before.
fn prepared() -> Result<(Interrupts, u64)> {
    let interrupts = Interrupts::listen().map_err(|error| {
        Error::new(ErrorKind::Action, anyhow::anyhow!("cannot listen for signals: {error}"))
    })?;
    let mut seed = [0; 8];
    entropy::fill(&mut seed).map_err(|error| Error::new(ErrorKind::Action, error))?;
    Ok((interrupts, u64::from_ne_bytes(seed)))
}

/// The sinks themselves, without those that the environment switches off, and what is wrong with the first that cannot
/// be had.
fn made(
    context: &mut Context,
    resolved: &Resolved,
    wanted: &[SinkSettings],
) -> (Vec<Box<dyn Sink + Send>>, Option<Error>) {
    let mut sinks: Vec<Box<dyn Sink + Send>> = Vec::with_capacity(wanted.len());
    let mut trouble = None;
    for sink in wanted {
        if is_switched_off(context, sink) {
            let name = &sink.name;
            context.ui.warn(&format!("OTEL_SDK_DISABLED switches the sink {name} off: what is for it stays"));
        } else {
            sinks.push(make(context, resolved, sink).unwrap_or_else(|error| {
                let unusable = UnusableSink::new(&sink.name, error.to_string());
                trouble.get_or_insert(error);
                Box::new(unusable)
            }));
        }
    }
    (sinks, trouble)
}

/// The sinks of this run.
fn wanted(resolved: &Resolved, args: &FlushArgs) -> Result<Vec<SinkSettings>> {
    let only = &args.sink;
    let all: Vec<SinkSettings> = active(resolved).cloned().collect();
    if all.is_empty() {
        let error = Error::usage("there is no sink to deliver to");
        return Err(
            error.hint("add a [[telemetry.sink]] to the configuration; events stay in the spool until then")
        );
    }
    if let Some(unknown) = only.iter().find(|name| !all.iter().any(|sink| sink.name == **name)) {
        let names: Vec<&str> = all.iter().map(|sink| sink.name.as_str()).collect();
        return Err(Error::usage(format!(
            "--sink: there is no sink {unknown:?}; known are {}",
            names.join(", ")
        )));
    }
    let is_wanted = |sink: &SinkSettings| {
        (only.is_empty() || only.contains(&sink.name)) && (!args.background || is_for_background(sink))
    };
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// What did not arrive weighs more than what never will.
fn exit_code(reports: &[SinkReport]) -> ExitCode {
    if reports.iter().any(|report| matches!(report.end, End::Stopped(_))) {
        ExitCode::ActionFailed
    } else if reports.iter().any(|report| report.dead > 0) {
        ExitCode::ProblemsFound
    } else if reports.iter().any(|report| report.end == End::Held) {
        ExitCode::Locked
    } else {
        ExitCode::Success
    }
}

/// Where events went to stdout, nothing else does.
fn show(context: &mut Context, view: &FlushView, code: ExitCode, is_taken: bool) {
    for report in &view.reports {
        if let Some(warning) = &report.warning {
            context.ui.warn(warning);
        }
    }
    let is_quiet = context.ui.is_quiet() && code == ExitCode::Success;
    match context.ui.format() {
        _ if is_taken => {
            let text = view.human(&context.ui);
            if !is_quiet {
                context.ui.note(text.trim_end());
            }
        }
        Format::Json => context.ui.document(&view.document(code)),
        Format::Human if is_quiet => {}
        Format::Human => {
            let text = view.human(&context.ui);
            context.ui.data(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{End, ExitCode, SinkReport, exit_code};

    #[test]
    fn the_worst_sink_decides() {
        let report = |dead, end| SinkReport { sink: "s".to_owned(), delivered: 1, dead, end, warning: None };
        let stopped = || End::Stopped("refused".to_owned());
        for (reports, expected) in [
            (vec![report(0, End::Done), report(0, End::Done)], ExitCode::Success),
            (vec![report(0, End::Done), report(1, End::Done)], ExitCode::ProblemsFound),
            (vec![report(0, End::Held), report(0, End::Done)], ExitCode::Locked),
            (vec![report(0, End::Held), report(1, End::Done)], ExitCode::ProblemsFound),
            (vec![report(1, End::Done), report(0, stopped())], ExitCode::ActionFailed),
        ] {
            assert_eq!(exit_code(&reports), expected, "{reports:?}");
        }
    }
}
