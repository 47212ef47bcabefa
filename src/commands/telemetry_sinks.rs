//! From the configuration to the sinks.

use std::path::{Path, PathBuf};

use super::telemetry_network as network;
use crate::config::{Resolved, SinkSettings};
use crate::context::Context;
use crate::core::telemetry::sink::Sink;
use crate::core::telemetry::sinks::{FileSink, QueueSink, Rotation, WriterSink};
use crate::error::{Error, ErrorKind, Result};
use crate::output::ui::Ui;

/// The sinks that are switched on.
pub fn active(resolved: &Resolved) -> impl Iterator<Item = &SinkSettings> {
    resolved.settings.sinks.iter().filter(|sink| !sink.is_off)
}

/// Their names.
pub fn names(resolved: &Resolved) -> Vec<String> {
    active(resolved).map(|sink| sink.name.clone()).collect()
}

/// The sink that the settings describe. A type more is an arm more.
///
/// # Errors
/// When something that the type needs is missing.
pub fn make(context: &Context, resolved: &Resolved, sink: &SinkSettings) -> Result<Box<dyn Sink + Send>> {
    let name = sink.name.as_str();
    Ok(match sink.kind.as_str() {
        "file" => Box::new(FileSink::new(name, file(context, resolved, sink)?, sink.form, rotation(sink))),
        "stdout" => {
            let stream = Ui::stdout_copy().map_err(|error| Error::new(ErrorKind::Action, error))?;
            Box::new(WriterSink::new(name, sink.form, Box::new(stream)))
        }
        "queue" => {
            let queue = sink.queue.as_deref().unwrap_or("default");
            Box::new(QueueSink::new(name, home(context, name)?, queue))
        }
        "http" => Box::new(network::http(sink)?),
        "otlp" => Box::new(network::otlp(context, sink)?),
        "nats" => Box::new(network::nats(sink)?),
        other => return Err(Error::usage(format!("the sink {name:?} has the unknown type {other:?}"))),
    })
}

fn rotation(sink: &SinkSettings) -> Rotation {
    Rotation { most_bytes: sink.max_bytes.unwrap_or(64 << 20), keep: sink.keep.unwrap_or(5) }
}

fn file(context: &Context, resolved: &Resolved, sink: &SinkSettings) -> Result<PathBuf> {
    let Some(path) = sink.path.as_deref().filter(|path| !path.is_empty()) else {
        let error = Error::usage(format!("the sink {:?} is a file and has no path", sink.name));
        return Err(error.hint("add a line such as path = \".brainwav/events.ndjson\" to it"));
    };
    match path.strip_prefix("~/") {
        Some(below) => Ok(home(context, &sink.name)?.join(below)),
        None => Ok(resolved.workspace.join(path)),
    }
}

fn home<'a>(context: &'a Context, sink: &str) -> Result<&'a Path> {
    context.environment.home().ok_or_else(|| {
        Error::usage(format!("the sink {sink:?} is below the home folder, and there is none"))
            .hint("set HOME")
    })
}
