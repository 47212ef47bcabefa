//! `brainwav telemetry emit`: into the spool, and done.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::telemetry_background::{no_flush, start};
use super::telemetry_input::{Lines, NumberedLine, read, typed};
use super::telemetry_pipeline::{Pipeline, Sealed, full, keep, spool};
use super::telemetry_redact::classes;
use crate::cli::telemetry_events::EmitArgs;
use crate::config::{Flag, Resolved};
use crate::context::Context;
use crate::core::redact::Counts;
use crate::core::telemetry::document::{self, Problem};
use crate::core::telemetry::event::Draft;
use crate::core::telemetry::seal::LONGEST;
use crate::core::telemetry::spool::Spool;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::BRAND;
use crate::output::progress::Spinner;
use crate::output::ui::Format;
use crate::output::units::plural;

/// How much of a stream is written at once, in bytes: enough to make the cost of a write small.
const PIECE: usize = 1 << 17;

/// The document `brainwav.telemetry-emit/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    brand: &'static str,
    /// Events that are in the spool.
    spooled: u64,
    /// Lines that are no events.
    refused: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    /// How often something of each class was taken out, and never what.
    redacted: BTreeMap<&'static str, u64>,
}

impl<'a> Document<'a> {
    fn new(spooled: u64, refused: u64, sealed: Option<&'a Sealed>, counts: &Counts) -> Self {
        Self {
            schema: "brainwav.telemetry-emit/1",
            brand: BRAND,
            spooled,
            refused,
            id: sealed.map(|sealed| sealed.id.as_str()),
            correlation_id: sealed.map(|sealed| sealed.correlation_id.as_str()),
            redacted: counts.iter().collect(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When the settings or the event are wrong, or the spool does not take it.
pub fn run(context: &mut Context, args: &EmitArgs) -> Result<ExitCode> {
    let resolved = context.resolve(flags(args))?;
    let mut pipeline = Pipeline::new(context, &resolved)?;
    if args.stdin {
        return stream(context, &resolved, pipeline, args);
    }
    let draft = draft(args, &pipeline)?;
    let mut line = Vec::new();
    let sealed = pipeline.seal(draft, &mut line)?;
    if args.dry_run {
        context.ui.data(&String::from_utf8_lossy(&line));
        tell_redacted(context, pipeline.counts());
        return Ok(ExitCode::Success);
    }
    let spool = spool(context, &resolved)?;
    let kept = keep(&spool, &line);
    // Where it is full, delivery makes room for the next.
    start(context, &resolved);
    kept?;
    pipeline.debug(&mut context.ui, &line);
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::new(1, 0, Some(&sealed), pipeline.counts())),
        Format::Human => {
            context.ui.status(1, &format!("spooled the event {}", sealed.id));
            tell_redacted(context, pipeline.counts());
        }
    }
    Ok(ExitCode::Success)
}

/// Says what was taken out, by class, to whoever wants to know more.
fn tell_redacted(context: &mut Context, counts: &Counts) {
    if counts.total() > 0 {
        context.ui.status(1, &format!("redacted {}", classes(counts)));
    }
}

fn flags(args: &EmitArgs) -> Vec<Flag> {
    let typed = [
        ("telemetry.topic", "--topic", &args.topic),
        ("telemetry.durability", "--durability", &args.durability),
    ];
    let flag = |(key, flag, value): (_, _, &Option<String>)| {
        value.as_ref().map(|value| Flag { key, flag, value: value.clone() })
    };
    typed.into_iter().filter_map(flag).chain(no_flush(args.no_flush)).collect()
}

/// The one event that the command line speaks of.
fn draft(args: &EmitArgs, pipeline: &Pipeline) -> Result<Draft> {
    let wrong = |problems: Vec<Problem>| pipeline.no_event(&problems);
    match args.json_event.as_deref() {
        None => typed(args).and_then(document::draft).map_err(wrong),
        Some("-") => {
            let mut text = Vec::new();
            let most = LONGEST as u64 + 1;
            io::stdin().lock().take(most).read_to_end(&mut text).map_err(|error| unreadable(&error))?;
            if text.len() as u64 == most {
                return Err(Error::usage(format!("no valid event: it is longer than {LONGEST} bytes")));
            }
            read(&text).and_then(|draft| with_names(draft, args)).map_err(wrong)
        }
        Some(text) => read(text.as_bytes()).and_then(|draft| with_names(draft, args)).map_err(wrong),
    }
}

/// What the command line says about whose it is, for an event that does not say so itself.
fn with_names(draft: Draft, args: &EmitArgs) -> std::result::Result<Draft, Vec<Problem>> {
    // They are as right or wrong as those of an event of its own.
    let named = typed(args).and_then(document::draft)?;
    Ok(Draft {
        agent_id: draft.agent_id.or(named.agent_id),
        correlation_id: draft.correlation_id.or(named.correlation_id),
        ..draft
    })
}

fn unreadable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Look, anyhow::anyhow!("cannot read stdin: {error}"))
}

/// A stream on its way into the spool.
struct Stream<'a> {
    pipeline: Pipeline,
    args: &'a EmitArgs,
    pending: Vec<u8>,
    pending_events: u64,
    spooled: u64,
    refused: u64,
    /// What is spooled so far, for whoever watches.
    progress: Arc<AtomicU64>,
}

fn stream(
    context: &mut Context,
    resolved: &Resolved,
    pipeline: Pipeline,
    args: &EmitArgs,
) -> Result<ExitCode> {
    let spool = if args.dry_run { None } else { Some(spool(context, resolved)?) };
    with_names(Draft::default(), args).map_err(|problems| pipeline.no_event(&problems))?;
    let progress = Arc::default();
    let spinner = Spinner::counting(&context.ui, "events of stdin spooled", Arc::clone(&progress));
    let (pending, pending_events) = (Vec::new(), 0);
    let mut stream = Stream { pipeline, args, pending, pending_events, spooled: 0, refused: 0, progress };
    let result = stream.run(context, spool.as_ref());
    drop(spinner);
    if spool.is_some() {
        start(context, resolved);
    }
    // What is in the spool is told even if the rest is not.
    let Stream { spooled, refused, pipeline, .. } = stream;
    match context.ui.format() {
        Format::Json if !args.dry_run => {
            context.ui.document(&Document::new(spooled, refused, None, pipeline.counts()));
        }
        _ => {
            let word = if args.dry_run { "would spool" } else { "spooled" };
            let many = |number: u64, one, several| {
                plural(usize::try_from(number).unwrap_or(usize::MAX), one, several)
            };
            let (events, lines) = (many(spooled, "event", "events"), many(refused, "line", "lines"));
            let text = format!("{word} {events}, refused {lines}");
            context.ui.status(0, &text);
            tell_redacted(context, pipeline.counts());
        }
    }
    result?;
    Ok(if refused == 0 { ExitCode::Success } else { ExitCode::ProblemsFound })
}

impl Stream<'_> {
    fn run(&mut self, context: &mut Context, spool: Option<&Spool>) -> Result<()> {
        let mut lines = Lines::new(io::stdin().lock());
        loop {
            let mut failure = None;
            let more = lines.read(|line| {
                self.take(context, line);
                if self.pending.len() >= PIECE {
                    failure = self.write(context, spool).err();
                }
                failure.is_none()
            });
            if let Some(error) = failure {
                return Err(error);
            }
            // What has come so far is in the spool before anything is waited for.
            self.write(context, spool)?;
            if !more.map_err(|error| unreadable(&error))? {
                return Ok(());
            }
        }
    }

    fn take(&mut self, context: &mut Context, (number, line): NumberedLine<'_>) {
        let sealed = match line {
            Ok(line) if line.trim_ascii().is_empty() => return,
            Ok(line) => match read(line) {
                Ok(draft) => self.seal(draft),
                Err(problems) => Err(self.pipeline.complaint(&problems)),
            },
            Err(reason) => Err(reason.to_owned()),
        };
        match sealed {
            Ok(()) => self.pending_events += 1,
            Err(problem) => {
                self.refused += 1;
                context.ui.warn(&format!("line {number}: {problem}"));
            }
        }
    }

    fn seal(&mut self, mut draft: Draft) -> std::result::Result<(), String> {
        draft.agent_id = draft.agent_id.or_else(|| self.args.agent_id.clone());
        draft.correlation_id = draft.correlation_id.or_else(|| self.args.correlation_id.clone());
        self.pipeline.seal(draft, &mut self.pending).map(drop).map_err(|error| error.to_string())
    }

    /// Writes what was collected: to the spool, or for a dry run to stdout.
    fn write(&mut self, context: &mut Context, spool: Option<&Spool>) -> Result<()> {
        let lines = std::mem::take(&mut self.pending);
        let events = std::mem::take(&mut self.pending_events);
        if lines.is_empty() {
            return Ok(());
        }
        match spool {
            None => {
                context.ui.stream(&lines);
            }
            Some(spool) => spool.append(&lines).map_err(|(written, error)| {
                self.spooled += lines[..written].iter().filter(|byte| **byte == b'\n').count() as u64;
                full(error)
            })?,
        }
        self.spooled += events;
        self.progress.store(self.spooled, Ordering::Relaxed);
        self.pipeline.debug(&mut context.ui, &lines);
        self.pending = lines;
        self.pending.clear();
        Ok(())
    }
}
