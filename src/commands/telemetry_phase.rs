//! `brainwav telemetry phase`: the start and the finish of a run.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::{Map, Value};

use super::telemetry_background::{self, no_flush};
use super::telemetry_input::{came_of_it, members};
use super::telemetry_phase_runs::{begun, forget, remember};
use super::telemetry_pipeline::{Pipeline, Sealed, SpoolPlace, keep, spool};
use crate::cli::telemetry_phase::{FinishArgs, StartArgs};
use crate::context::Context;
use crate::core::state::{Folder, Lock};
use crate::core::telemetry::document::{Problem, draft};
use crate::core::telemetry::phase::{Begun, Moment};
use crate::core::telemetry::phase_store::Phases;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::BRAND;
use crate::output::ui::Format;
use crate::sys::process_exit::{awake, boot};

/// How long to wait for another run that starts or finishes a phase.
const PATIENCE: Duration = Duration::from_secs(5);

/// The document `brainwav.telemetry-phase/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    brand: &'static str,
    id: &'a str,
    correlation_id: &'a str,
    duration_ms: Option<u64>,
    /// The trace that both events belong to.
    traceparent: &'a str,
}

impl<'a> Document<'a> {
    const fn new(sealed: &'a Sealed, duration_ms: Option<u64>, traceparent: &'a str) -> Self {
        let (id, correlation_id) = (sealed.id.as_str(), sealed.correlation_id.as_str());
        Self {
            schema: "brainwav.telemetry-phase/1",
            brand: BRAND,
            id,
            correlation_id,
            duration_ms,
            traceparent,
        }
    }
}

/// Emits `run_started`.
///
/// # Errors
/// When the settings or the event are wrong, or the spool does not take it.
pub fn start(context: &mut Context, args: &StartArgs) -> Result<ExitCode> {
    let resolved = context.resolve(no_flush(args.no_flush).into_iter().collect())?;
    let mut pipeline = Pipeline::new(context, &resolved)?;
    let wrong = |problems: Vec<Problem>| pipeline.no_event(&problems);
    let mut event = common(&args.name, args.agent_id.as_deref(), args.correlation_id.as_deref(), &args.label)
        .map_err(wrong)?;
    event.insert("event".to_owned(), "run_started".into());
    event.insert("phase".to_owned(), "execution".into());
    let draft = draft(Value::Object(event)).map_err(wrong)?;
    let mut line = Vec::new();
    let sealed = pipeline.seal(draft, &mut line)?;
    let traceparent = pipeline.traceparent(&sealed.correlation_id);
    let spool = spool(context, &resolved)?;
    let folder = SpoolPlace::new(context, &resolved).common()?;
    let _lock = lock(&folder)?;
    let phases = phases(context, &folder)?;
    phases.forget_old(SystemTime::now());
    // A start that is refused leaves what went on before as it was.
    keep(&spool, &line)?;
    pipeline.debug(&mut context.ui, &line);
    telemetry_background::start(context, &resolved);
    if remember(&phases, args, Begun::new(sealed.correlation_id.clone(), now()))? {
        context.ui.warn("a run of this name had begun and was not finished; it is forgotten");
    }
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::new(&sealed, None, &traceparent)),
        Format::Human if args.export => context.ui.data(&exported(&traceparent, pipeline.has_parent())),
        Format::Human => context.ui.data(&format!("{}\n", sealed.correlation_id)),
    }
    Ok(ExitCode::Success)
}

/// Emits `run_finished`.
///
/// # Errors
/// When nothing is known of the run, and as for [`start`].
pub fn finish(context: &mut Context, args: &FinishArgs) -> Result<ExitCode> {
    let resolved = context.resolve(no_flush(args.no_flush).into_iter().collect())?;
    let mut pipeline = Pipeline::new(context, &resolved)?;
    let spool = spool(context, &resolved)?;
    let folder = SpoolPlace::new(context, &resolved).common()?;
    let _lock = lock(&folder)?;
    let (paths, begun) = begun(&phases(context, &folder)?, args)?;
    let took = begun.as_ref().and_then(|begun| begun.took_ms(&now()));
    let correlation_id = begun.map(|begun| begun.correlation_id).or_else(|| args.correlation_id.clone());
    let wrong = |problems: Vec<Problem>| pipeline.no_event(&problems);
    let mut event = common(&args.name, args.agent_id.as_deref(), correlation_id.as_deref(), &args.label)
        .map_err(wrong)?;
    event.insert("event".to_owned(), "run_finished".into());
    event.insert("phase".to_owned(), "completion".into());
    if let Some(took) = took {
        let metrics = Map::from_iter([("duration_ms".to_owned(), Value::from(took))]);
        event.insert("metrics".to_owned(), Value::Object(metrics));
    }
    if !args.outcome.is_empty() {
        let outcome = members("--outcome", &args.outcome, |text| Ok(came_of_it(text)));
        event.insert("outcome".to_owned(), Value::Object(outcome.map_err(wrong)?));
    }
    let draft = draft(Value::Object(event)).map_err(wrong)?;
    let mut line = Vec::new();
    let sealed = pipeline.seal(draft, &mut line)?;
    keep(&spool, &line)?;
    pipeline.debug(&mut context.ui, &line);
    telemetry_background::start(context, &resolved);
    forget(&paths)?;
    match context.ui.format() {
        Format::Json => {
            let traceparent = pipeline.traceparent(&sealed.correlation_id);
            context.ui.document(&Document::new(&sealed, took, &traceparent));
        }
        Format::Human => context.ui.status(1, &format!("spooled the event {}", sealed.id)),
    }
    Ok(ExitCode::Success)
}

/// What both events have.
fn common(
    name: &str,
    agent_id: Option<&str>,
    correlation_id: Option<&str>,
    labels: &[String],
) -> std::result::Result<Map<String, Value>, Vec<Problem>> {
    if name.is_empty() {
        return Err(vec![Problem::new("NAME", "found \"\"", "write a text of at least one character")]);
    }
    let mut all = members("--label", labels, |text| Ok(Value::from(text)))?;
    all.insert("run".to_owned(), Value::from(name));
    let mut event = Map::new();
    for (key, text) in [("agentId", agent_id), ("correlationId", correlation_id)] {
        if let Some(text) = text {
            event.insert(key.to_owned(), Value::from(text));
        }
    }
    event.insert("labels".to_owned(), Value::Object(all));
    Ok(event)
}

/// What a shell evaluates so that what runs in between belongs to the trace. `BAGGAGE`, and a `TRACESTATE` that belongs to
/// the trace, are in its environment already; another one would speak of a trace that nobody named.
fn exported(traceparent: &str, has_parent: bool) -> String {
    let state = if has_parent { "" } else { "unset TRACESTATE\n" };
    format!("export TRACEPARENT='{traceparent}'\n{state}")
}

fn phases(context: &Context, folder: &Folder) -> Result<Phases> {
    Phases::open(folder, context.uid).map_err(|error| Error::new(ErrorKind::Action, error))
}

fn now() -> Moment {
    Moment { wall: SystemTime::now(), awake: awake(), boot: boot() }
}

fn lock(folder: &Folder) -> Result<Lock> {
    Lock::take(&folder.file("phase.lock"), PATIENCE).map_err(|error| Error::new(ErrorKind::Locked, error))
}
