//! Delivery in the background, started by whoever keeps an event.
//!
//! Runs cannot pile up: to each sink one delivers, and at most one waits for its turn. Who waits holds a lock until its
//! turn comes, and reads the spool after that: as long as the lock is held, what comes into the spool needs no other run
//! for that sink. A run takes the sinks that nobody waits for, so one that is slow or dead is in no other's way.

use std::ffi::OsString;
use std::io;
use std::thread;
use std::time::Duration;

use super::telemetry_pipeline::SpoolPlace;
use super::telemetry_sinks::active;
use crate::config::{Flag, Flushing, Resolved, SinkSettings};
use crate::context::Context;
use crate::core::state::{Folder, Lock, LockError};
use crate::core::telemetry::deliver::Part;
use crate::core::telemetry::sink::Sink;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::detached;

/// How long a run waits for more events before it delivers the first: so many starts a burst of events does not cost.
const LINGER: Duration = Duration::from_millis(100);

/// The setting that `--no-flush` stands for.
#[must_use]
pub fn no_flush(is_typed: bool) -> Option<Flag> {
    let value = "manual".to_owned();
    is_typed.then_some(Flag { key: "telemetry.flush", flag: "--no-flush", value })
}

/// Whether a run that has no stdout of its caller can deliver to it.
#[must_use]
pub fn is_for_background(sink: &SinkSettings) -> bool {
    sink.kind != "stdout"
}

/// Starts to deliver, unless nobody wants that, there is nothing to deliver to, or a run waits already for each sink. The
/// event is in the spool: what fails here, the next run makes up for.
pub fn start(context: &mut Context, resolved: &Resolved) {
    let is_wanted = resolved.settings.telemetry.flush == Flushing::Background;
    let mut sinks = active(resolved).filter(|sink| is_for_background(sink)).peekable();
    if !is_wanted || sinks.peek().is_none() {
        return;
    }
    let folder = SpoolPlace::new(context, resolved).path();
    let is_free = |sink: &SinkSettings| {
        let lock = Lock::take(&folder.join(waiting(&sink.name)), Duration::ZERO);
        !matches!(lock, Err(LockError::Held(_)))
    };
    if !sinks.any(is_free) {
        return;
    }
    if let Err(error) = spawn(context) {
        context.ui.status(1, &format!("cannot deliver in the background: {error}"));
    }
}

/// Held by the run that waits for its turn to deliver to this sink.
fn waiting(sink: &str) -> String {
    format!("waiting-{sink}.lock")
}

fn spawn(context: &Context) -> io::Result<()> {
    let (program, behind) = context.ourselves()?;
    let mut arguments = ["telemetry", "flush", "--background", "--quiet"].map(OsString::from).to_vec();
    arguments.extend(behind);
    detached::start(program, arguments)
}

/// The sinks of a run in the background: those that no other waits for, each with the lock that says so now.
///
/// # Errors
/// When there can be no lock.
pub fn turns(folder: &Folder, sinks: Vec<Box<dyn Sink + Send>>) -> Result<Vec<Part>> {
    let mut parts = Vec::with_capacity(sinks.len());
    for sink in sinks {
        match Lock::take(&folder.file(&waiting(sink.name())), Duration::ZERO) {
            Ok(lock) => parts.push(Part { sink, waits: Some(lock) }),
            Err(LockError::Held(_)) => {}
            Err(error) => return Err(Error::new(ErrorKind::Action, error)),
        }
    }
    if !parts.is_empty() {
        thread::sleep(LINGER);
    }
    Ok(parts)
}
