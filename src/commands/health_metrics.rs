//! The metrics of `brainwav health --format prometheus`.

use std::path::Path;
use std::time::SystemTime;

use super::telemetry_pipeline::SpoolPlace;
use super::telemetry_sinks::names;
use crate::cli::health::HealthArgs;
use crate::config::Resolved;
use crate::config::write::{Existing, write};
use crate::context::Context;
use crate::core::state::Folder;
use crate::core::telemetry::deliver::{Backlog, SinkBacklog, backlog};
use crate::error::{Error, ErrorKind, Result};
use crate::output::health::View;
use crate::output::metrics::{Snapshot, exposition};

/// Says before anything is done what cannot be written.
///
/// # Errors
/// When there is a file and no metrics for it, or something there that is no file.
pub fn check(context: &Context, args: &HealthArgs) -> Result<()> {
    let Some(file) = &args.output else { return Ok(()) };
    if !context.metrics {
        return Err(Error::usage("--output: only metrics are written to a file")
            .hint("add --format prometheus, or send stdout there"));
    }
    // Whatever is there is replaced: that must be nothing which is more than a file.
    if file.metadata().is_ok_and(|found| !found.is_file()) {
        let message = format!("--output {}: something other than a file is there", file.display());
        return Err(
            Error::usage(message).hint("name a file, such as brainwav.prom in the collector's folder")
        );
    }
    Ok(())
}

/// Writes them to the file, or to stdout.
///
/// # Errors
/// When the file cannot be written.
pub fn show(context: &mut Context, resolved: &Resolved, view: &View<'_>, file: Option<&Path>) -> Result<()> {
    let now = SystemTime::now();
    let backlog = look(context, resolved, now);
    let spool_limit_bytes = resolved.settings.telemetry.spool_bytes;
    let text = exposition(&Snapshot { view, backlog: backlog.as_ref(), spool_limit_bytes, now });
    let Some(file) = file else {
        context.ui.data(&text);
        return Ok(());
    };
    write(file, &text, Existing::Replace).map_err(|error| {
        Error::new(ErrorKind::Action, anyhow::anyhow!("cannot write {}: {error}", file.display()))
            .hint("name a file in a folder of your own; the old content is still there")
    })
}

/// What waits in the spool. Where there is none nothing does, and none is made.
fn look(context: &mut Context, resolved: &Resolved, now: SystemTime) -> Option<Backlog> {
    let path = SpoolPlace::new(context, resolved).path();
    let sinks = names(resolved);
    if !path.is_dir() {
        let none = |sink: String| SinkBacklog { sink, ..SinkBacklog::default() };
        return Some(Backlog { bytes: 0, sinks: sinks.into_iter().map(none).collect() });
    }
    let folder = Folder::open(&path, context.uid).map_err(|error| error.to_string());
    match folder.and_then(|folder| backlog(&folder, &sinks, now).map_err(|error| error.to_string())) {
        Ok(backlog) => {
            for warning in backlog.sinks.iter().filter_map(|sink| sink.warning.as_ref()) {
                context.ui.warn(warning);
            }
            Some(backlog)
        }
        Err(reason) => {
            context.ui.warn(&format!("there are no metrics of telemetry: cannot read the spool: {reason}"));
            None
        }
    }
}
