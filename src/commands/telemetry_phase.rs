//! `brainwav telemetry phase`: the start and the finish of a run.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::{Map, Value};

use super::telemetry_background::{self, no_flush};
use super::telemetry_input::{came_of_it, members, validated};
use super::telemetry_pipeline::{Pipeline, SpoolPlace, keep, spool};
use crate::cli::telemetry_phase::{FinishArgs, StartArgs};
use crate::context::Context;
use crate::core::state::{Folder, Loaded, Lock, load, save};
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
}

impl<'a> Document<'a> {
    const fn new(id: &'a str, correlation_id: &'a str, duration_ms: Option<u64>) -> Self {
        Self { schema: "brainwav.telemetry-phase/1", brand: BRAND, id, correlation_id, duration_ms }
    }
}

/// Emits `run_started`.
///
/// # Errors
/// When the settings or the event are wrong, or the spool does not take it.
pub fn start(context: &mut Context, args: &StartArgs) -> Result<ExitCode> {
    let resolved = context.resolve(no_flush(args.no_flush).into_iter().collect())?;
    let mut pipeline = Pipeline::new(context, &resolved)?;
    let mut event =
        common(&args.name, args.agent_id.as_deref(), args.correlation_id.as_deref(), &args.label)?;
    event.insert("event".to_owned(), "run_started".into());
    event.insert("phase".to_owned(), "execution".into());
    let draft = validated(Value::Object(event)).map_err(|problem| wrong(&pipeline.shown(&problem)))?;
    let mut line = Vec::new();
    let sealed = pipeline.seal(draft, &mut line)?;
    let correlation_id = pipeline.shown(&sealed.correlation_id);
    let spool = spool(context, &resolved)?;
    let folder = SpoolPlace::new(context, &resolved).common()?;
    let _lock = lock(&folder)?;
    let phases = phases(context, &folder)?;
    phases.forget_old(SystemTime::now());
    let path = phases.file(&args.name, args.correlation_id.as_deref());
    let is_open = path.exists();
    // A start that is refused leaves what went on before as it was.
    keep(&spool, &line)?;
    pipeline.debug(&mut context.ui, &line);
    telemetry_background::start(context, &resolved);
    save(&path, &Begun::new(correlation_id.clone(), now())).map_err(|error| {
        unkept(&path, &error)
            .hint(format!("the event is kept; finish it with --correlation-id {correlation_id}"))
    })?;
    if is_open {
        context.ui.warn("a run of this name had begun and was not finished; it is forgotten");
    }
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::new(&sealed.id, &correlation_id, None)),
        Format::Human => context.ui.data(&format!("{correlation_id}\n")),
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
    let (path, begun) = begun(&phases(context, &folder)?, args)?;
    let took = begun.as_ref().and_then(|begun| begun.took_ms(&now()));
    let correlation_id = begun.map(|begun| begun.correlation_id).or_else(|| args.correlation_id.clone());
    let mut event = common(&args.name, args.agent_id.as_deref(), correlation_id.as_deref(), &args.label)?;
    event.insert("event".to_owned(), "run_finished".into());
    event.insert("phase".to_owned(), "completion".into());
    if let Some(took) = took {
        let metrics = Map::from_iter([("duration_ms".to_owned(), Value::from(took))]);
        event.insert("metrics".to_owned(), Value::Object(metrics));
    }
    if !args.outcome.is_empty() {
        let outcome = members("--outcome", &args.outcome, |text| Ok(came_of_it(text)));
        event.insert("outcome".to_owned(), Value::Object(outcome.map_err(|problem| wrong(&problem))?));
    }
    let draft = validated(Value::Object(event)).map_err(|problem| wrong(&pipeline.shown(&problem)))?;
    let mut line = Vec::new();
    let sealed = pipeline.seal(draft, &mut line)?;
    keep(&spool, &line)?;
    pipeline.debug(&mut context.ui, &line);
    telemetry_background::start(context, &resolved);
    if let Some(path) = path {
        fs::remove_file(&path).map_err(|error| unkept(&path, &error))?;
    }
    let correlation_id = pipeline.shown(&sealed.correlation_id);
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::new(&sealed.id, &correlation_id, took)),
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
) -> Result<Map<String, Value>> {
    let mut all =
        members("--label", labels, |text| Ok(Value::from(text))).map_err(|problem| wrong(&problem))?;
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

/// What is remembered: under the name and the id, or under the name alone if that run has this id.
fn begun(phases: &Phases, args: &FinishArgs) -> Result<(Option<PathBuf>, Option<Begun>)> {
    let given = args.correlation_id.as_deref();
    for key in [given, None] {
        let path = phases.file(&args.name, key);
        if let Loaded::Content(begun) = load::<Begun>(&path)
            && given.is_none_or(|given| key.is_some() || begun.correlation_id == given)
        {
            return Ok((Some(path), Some(begun)));
        }
    }
    if given.is_some() {
        return Ok((None, None));
    }
    let error = Error::usage("no run of this name has begun");
    Err(error.hint("start it with: brainwav telemetry phase start NAME").hint("or give its --correlation-id"))
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

fn wrong(problem: &str) -> Error {
    Error::usage(format!("no valid event: {problem}"))
}

fn unkept(path: &std::path::Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Action, anyhow::anyhow!("cannot change {}: {error}", path.display()))
}
