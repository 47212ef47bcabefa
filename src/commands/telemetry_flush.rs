//! `brainwav telemetry flush`: from the spool to the sinks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::telemetry_background::{is_for_background, turns};
use super::telemetry_network::is_switched_off;
use super::telemetry_pipeline::{SpoolPlace, full, redactor, spool};
use super::telemetry_sinks::{active, make, names};
use super::telemetry_status::{tell_of_others, waiting};
use crate::cli::telemetry_events::FlushArgs;
use crate::config::{Flag, Resolved, SinkSettings};
use crate::context::Context;
use crate::core::telemetry::deliver::{End, Flush, Part, SinkReport, deliver_all};
use crate::core::telemetry::sink::Sink;
use crate::core::telemetry::sinks::UnusableSink;
use crate::core::telemetry::spool::Spool;
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
    if args.dry_run {
        let own: Vec<String> = wanted.iter().map(|sink| sink.name.clone()).collect();
        return waiting(context, &resolved, &own);
    }
    let (sinks, trouble) = made(context, &resolved, &wanted);
    let spool = match &args.spool {
        Some(folder) => SpoolPlace::new(context, &resolved).open_left(folder)?,
        None => spool(context, &resolved)?,
    };
    let spool = spool.with_patience(resolved.settings.telemetry.flush_deadline);
    let parts = if args.background { turns(spool.folder(), sinks)? } else { at_once(sinks) };
    if args.background && parts.is_empty() {
        return Ok(ExitCode::Success);
    }
    let (view, code) = deliver(context, &resolved, &spool, parts, args.background)?;
    show(context, &view, code, wanted.iter().any(|sink| sink.kind == "stdout"));
    if !args.background {
        tell_of_others(context, &resolved, spool.folder().path());
    }
    // The others have what is for them by now.
    trouble.map_or(Ok(code), Err)
}

/// A run that somebody waits for delivers beside those in the background.
fn at_once(sinks: Vec<Box<dyn Sink + Send>>) -> Vec<Part> {
    sinks.into_iter().map(|sink| Part { sink, waits: None }).collect()
}

fn deliver(
    context: &Context,
    resolved: &Resolved,
    spool: &Spool,
    parts: Vec<Part>,
    is_patient: bool,
) -> Result<(FlushView, ExitCode)> {
    let own: Vec<&str> = parts.iter().map(|part| part.sink.name()).collect();
    let others: Vec<String> =
        names(resolved).into_iter().filter(|name| !own.contains(&name.as_str())).collect();
    let redactor = Arc::new(redactor(resolved)?);
    let (interrupts, seed) = prepared()?;
    let time = resolved.settings.telemetry.flush_deadline;
    let flush = Flush {
        spool,
        time,
        // Whoever delivers now has that time as well, and some more to end.
        patience: if is_patient { 2 * time } else { Duration::ZERO },
        is_patient,
        redactor,
        others: &others,
        seed,
        interrupted: &|| interrupts.received().is_some(),
    };
    let started = Instant::now();
    let spinner = Spinner::start(&context.ui, "delivering");
    let reports = deliver_all(&flush, parts).map_err(full);
    drop(spinner);
    let folder = spool.folder().path().to_owned();
    let view = FlushView { reports: reports?, folder, elapsed: started.elapsed() };
    let code = interrupts.received().map_or_else(|| exit_code(&view.reports), ExitCode::Signal);
    Ok((view, code))
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
        if report.dead > 0 {
            let path = view.dead_letters(report);
            let text = format!(
                "{}: what it will never take is in {}, with the reasons",
                report.sink,
                path.display()
            );
            context.ui.warn(&text);
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
