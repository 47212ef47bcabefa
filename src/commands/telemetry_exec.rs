//! `brainwav telemetry exec`: a command between two events.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value};

use super::telemetry_background::{no_flush, start};
use super::telemetry_input::members;
use super::telemetry_pipeline::{Pipeline, SpoolPlace};
use crate::cli::telemetry_exec::ExecArgs;
use crate::config::Resolved;
use crate::context::Context;
use crate::core::process::CommandLine;
use crate::core::redact::redacted_words;
use crate::core::telemetry::document::{Problem, draft};
use crate::core::telemetry::event::{Draft, EventKind, Phase};
use crate::core::telemetry::phase::milliseconds;
use crate::core::telemetry::seal::Label;
use crate::core::telemetry::trace::with_span;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::sys::child::{self, Ended};

/// What shells return for a program that is not there, and for one that cannot be run (POSIX, 2.8.2).
const NOT_FOUND: u8 = 127;
const NOT_RUNNABLE: u8 = 126;

/// Where programs are looked for without a PATH (execvp(3)).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// How long the command and its end may be held up by a spool that does not answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs the command. That an event could not be kept is said, and is no reason not to run it.
///
/// # Errors
/// When a setting or an option is wrong: then nothing is run.
pub fn run(context: &mut Context, args: &ExecArgs) -> Result<ExitCode> {
    let resolved = context.resolve(no_flush(args.no_flush).into_iter().collect())?;
    let (program, rest) = args.command.split_first().ok_or_else(|| Error::usage("there is no command"))?;
    let mut command = Command::new(program);
    command.args(rest);
    let mut story = match Story::new(context, &resolved, args, program) {
        Err(error) if error.kind() == ErrorKind::Usage => return Err(error),
        Err(error) => {
            untold(context, &error);
            None
        }
        Ok(mut story) => {
            story.begin(context, &mut command);
            Some(story)
        }
    };
    let path = context.environment.get("PATH").unwrap_or(DEFAULT_PATH.as_ref());
    let ended = child::run(&mut command, path);
    if let Some(story) = &mut story {
        story.end(context, &ended);
        start(context, &resolved);
    }
    Ok(match ended {
        Ok(Ended { signal: Some(signal), .. }) => ExitCode::Signal(signal),
        Ok(ended) => ExitCode::Passed(ended.code.unwrap_or_default()),
        Err(error) => {
            context.ui.error(&format!("cannot run {:?}: {error}", program.to_string_lossy()));
            let is_there = error.kind() != io::ErrorKind::NotFound;
            ExitCode::Passed(if is_there { NOT_RUNNABLE } else { NOT_FOUND })
        }
    })
}

fn untold(context: &mut Context, error: &Error) {
    context.ui.error(&format!("cannot tell of this command: {error}"));
}

/// What both events have, and the way that they go.
struct Story {
    pipeline: Pipeline,
    place: SpoolPlace,
    draft: Draft,
    span: String,
    correlation_id: String,
    /// The id of the event of the beginning, if it is kept.
    cause: Option<String>,
}

impl Story {
    fn new(context: &Context, resolved: &Resolved, args: &ExecArgs, program: &OsStr) -> Result<Self> {
        let mut pipeline = Pipeline::new(context, resolved)?;
        let wrong = |problems: Vec<Problem>| pipeline.no_event(&problems);
        let draft = document(args, program).and_then(draft).map_err(wrong)?;
        let (fresh, span) = pipeline.fresh()?;
        let correlation_id = draft.correlation_id.clone().unwrap_or(fresh);
        let draft = Draft { correlation_id: Some(correlation_id.clone()), ..draft };
        let place = SpoolPlace::new(context, resolved);
        Ok(Self { pipeline, place, draft, span, correlation_id, cause: None })
    }

    fn begin(&mut self, context: &mut Context, command: &mut Command) {
        let parent = self.pipeline.traceparent(&self.correlation_id);
        command.env("TRACEPARENT", with_span(&parent, &self.span));
        if !self.pipeline.has_parent() {
            // It would speak of a trace that nobody named.
            command.env_remove("TRACESTATE");
        }
        self.cause = self.tell(context, self.draft.clone(), EventKind::ToolInvoked);
    }

    fn end(&mut self, context: &mut Context, ended: &io::Result<Ended>) {
        let (metrics, outcome) = result(ended);
        let draft = Draft { metrics: Some(metrics), outcome: Some(outcome), ..self.draft.clone() };
        self.tell(context, draft, EventKind::ToolResult);
    }

    /// Brings an event into the spool, and tells its id if it is there.
    fn tell(&mut self, context: &mut Context, draft: Draft, kind: EventKind) -> Option<String> {
        let draft = Draft { kind: Some(kind), phase: Some(Phase::Execution), ..draft };
        let mut line = Vec::new();
        let label = Label { cause: self.cause.as_deref(), span: Some(&self.span), ..Label::default() };
        let sealed = self.pipeline.seal_with(draft, label, &mut line);
        let kept = sealed.and_then(|sealed| {
            self.place.keep_within(PATIENCE, line.clone())?;
            self.pipeline.debug(&mut context.ui, &line);
            Ok(sealed.id)
        });
        kept.inspect_err(|error| untold(context, error)).ok()
    }
}

/// What the command line says of both events.
fn document(args: &ExecArgs, program: &OsStr) -> std::result::Result<Value, Vec<Problem>> {
    if args.tool.as_ref().is_some_and(String::is_empty) {
        return Err(vec![Problem::new("--tool", "found \"\"", "write a text of at least one character")]);
    }
    let mut labels = members("--label", &args.label, |text| Ok(Value::from(text)))?;
    labels.insert("tool".to_owned(), Value::from(tool(args, program)));
    if args.with_arguments {
        let words: Vec<&[u8]> = args.command.iter().map(|word| word.as_bytes()).collect();
        let words = redacted_words(CommandLine::from_words(&words).arguments());
        labels.insert("argv".to_owned(), Value::from(words));
    }
    let mut document = Map::from_iter([("labels".to_owned(), Value::Object(labels))]);
    for (key, text) in [("agentId", &args.agent_id), ("correlationId", &args.correlation_id)] {
        if let Some(text) = text {
            document.insert(key.to_owned(), Value::from(text.as_str()));
        }
    }
    Ok(Value::Object(document))
}

fn tool(args: &ExecArgs, program: &OsStr) -> String {
    args.tool.clone().unwrap_or_else(|| {
        // A whole command line in one word is no name, and its arguments are not told unasked.
        let line = program.to_string_lossy();
        let first = line.split_whitespace().next().unwrap_or_default();
        Path::new(first)
            .file_name()
            .map_or_else(|| first.to_owned(), |name| name.to_string_lossy().into_owned())
    })
}

/// The metrics and the outcome of a command.
fn result(ended: &io::Result<Ended>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut metrics, mut outcome) = (Map::new(), Map::new());
    let is_well = ended.as_ref().is_ok_and(|ended| ended.code == Some(0));
    outcome.insert("status".to_owned(), Value::from(if is_well { "success" } else { "error" }));
    match ended {
        Ok(ended) => {
            metrics.insert("duration_ms".to_owned(), Value::from(milliseconds(ended.duration)));
            if let Some(peak) = ended.peak_rss_bytes {
                metrics.insert("peak_rss_bytes".to_owned(), Value::from(peak));
            }
            if let Some(code) = ended.code {
                outcome.insert("exit_code".to_owned(), Value::from(code));
            }
            if let Some(signal) = ended.signal {
                outcome.insert("signal".to_owned(), Value::from(signal));
            }
        }
        Err(error) => {
            outcome.insert("error".to_owned(), Value::from(error.to_string()));
        }
    }
    (metrics, outcome)
}
