//! `brainwav telemetry bridge`: from a bus that is there already into the spool.

use std::io;
use std::time::Instant;

use super::telemetry_background::start;
use super::telemetry_bridge_lines::Bridge;
use super::telemetry_bridge_nats::{Bus, settings};
use super::telemetry_bridge_queue::{Queue, follow};
use super::telemetry_input::Lines;
use super::telemetry_pipeline::{Pipeline, spool};
use crate::cli::telemetry_bridge::BridgeArgs;
use crate::config::Resolved;
use crate::context::Context;
use crate::core::telemetry::bridge::Starts;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::progress::Spinner;
use crate::output::telemetry_bridge::{BridgeView, Origin};
use crate::output::ui::Format;
use crate::sys::signals::Interrupts;

/// Runs the command.
///
/// # Errors
/// When the settings are wrong, the envelopes cannot be read, or the spool does not take the events.
pub fn run(context: &mut Context, args: &BridgeArgs) -> Result<ExitCode> {
    let resolved = context.resolve(Vec::new())?;
    let pipeline = Pipeline::of_others(&resolved)?;
    if let Some(url) = &args.nats {
        let bus = Bus::open(context, &resolved, pipeline, settings(args, url)?)?;
        return streamed(context, &resolved, bus, args.follow);
    }
    match &args.queue {
        None => {
            let spool = if args.dry_run { None } else { Some(spool(context, &resolved)?) };
            stdin(context, &resolved, Bridge::new(pipeline, spool, Starts::default()))
        }
        Some(name) => {
            let queue = Queue::open(context, &resolved, pipeline, name, args.dry_run)?;
            queued(context, &resolved, queue, name, args.follow)
        }
    }
}

/// Everything that comes on stdin, kept as it comes. It ends as any filter does.
fn stdin(context: &mut Context, resolved: &Resolved, mut bridge: Bridge) -> Result<ExitCode> {
    let started = Instant::now();
    let spinner = Spinner::start(&context.ui, "reading the envelopes of stdin");
    let mut lines = Lines::new(io::stdin().lock());
    let result = loop {
        let mut failure = None;
        let more = lines.read(|line| {
            failure = bridge.line(&mut context.ui, line).err();
            failure.is_none() && bridge.has_reader()
        });
        let written = failure.map_or_else(|| bridge.write(&mut context.ui), Err);
        match written.and(more.map_err(|error| unreadable("stdin", &error))) {
            Ok(true) if bridge.has_reader() => {}
            Ok(_) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    drop(spinner);
    if bridge.take_kept() {
        start(context, resolved);
    }
    let code = exit_code(&bridge, None);
    if bridge.has_reader() {
        show(context, &bridge.view(Origin::Stdin, started.elapsed()), code);
    }
    // What is in the spool is told even if the rest is not.
    result.map(|()| code)
}

fn queued(
    context: &mut Context,
    resolved: &Resolved,
    mut queue: Queue,
    name: &str,
    is_followed: bool,
) -> Result<ExitCode> {
    let started = Instant::now();
    let interrupts = listen()?;
    let is_interrupted = || interrupts.received().is_some();
    let spinner = (!is_followed).then(|| Spinner::start(&context.ui, "reading the queue"));
    let result = if is_followed {
        follow(&mut queue, context, resolved, &is_interrupted)
    } else {
        queue.pass(context, &is_interrupted)
    };
    drop(spinner);
    if queue.bridge.take_kept() {
        start(context, resolved);
    }
    let code = exit_code(&queue.bridge, interrupts.received());
    let view = queue.bridge.view(Origin::Queue(name.to_owned()), started.elapsed());
    if queue.bridge.has_reader() {
        show(context, &BridgeView { is_new: queue.is_new, ..view }, code);
    }
    result.map(|()| code)
}

/// All of a stream, until it is told to end if it is followed.
fn streamed(context: &mut Context, resolved: &Resolved, mut bus: Bus, is_followed: bool) -> Result<ExitCode> {
    let started = Instant::now();
    let interrupts = listen()?;
    let is_interrupted = || interrupts.received().is_some();
    let spinner = (!is_followed).then(|| Spinner::start(&context.ui, "reading the stream"));
    let result = if is_followed {
        bus.follow(context, resolved, &is_interrupted)
    } else {
        bus.pass(context, &is_interrupted)
    };
    drop(spinner);
    if bus.bridge.take_kept() {
        start(context, resolved);
    }
    let code = exit_code(&bus.bridge, interrupts.received());
    show(context, &bus.bridge.view(bus.origin(), started.elapsed()), code);
    result.map(|()| code)
}

fn listen() -> Result<Interrupts> {
    Interrupts::listen()
        .map_err(|error| Error::new(ErrorKind::Action, anyhow::anyhow!("cannot listen for signals: {error}")))
}

fn exit_code(bridge: &Bridge, signal: Option<i32>) -> ExitCode {
    match signal {
        Some(signal) => ExitCode::Signal(signal),
        None if bridge.has_damaged() => ExitCode::ProblemsFound,
        None => ExitCode::Success,
    }
}

/// Something cannot be read.
pub fn unreadable(what: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Look, anyhow::anyhow!("cannot read {what}: {error}"))
}

/// Where envelopes went to stdout, nothing else does.
fn show(context: &mut Context, view: &BridgeView, code: ExitCode) {
    let ui = &mut context.ui;
    if view.dry_run {
        ui.status(0, &view.title());
    } else if ui.format() == Format::Json {
        ui.document(&view.document(code));
    } else if !ui.is_quiet() || code != ExitCode::Success {
        let text = view.human(ui);
        ui.data(&text);
    }
    if let Some(types) = view.types() {
        ui.status(1, &types);
    }
}
