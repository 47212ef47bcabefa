//! Delivery in the background, started by whoever keeps an event.
//!
//! Runs cannot pile up: one delivers, and at most one waits for its turn. Who waits holds a lock until its turn comes, and
//! reads the spool after that: as long as the lock is held, what comes into the spool needs no other run.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::telemetry_pipeline::SpoolPlace;
use super::telemetry_sinks::active;
use crate::config::{Flag, Flushing, Resolved, SinkSettings};
use crate::context::Context;
use crate::core::state::{Folder, Lock, LockError};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::detached;

/// Held by the run that waits.
const WAITING: &str = "flush-waiting.lock";

/// Held by the run that delivers.
const RUNNING: &str = "flush-running.lock";

/// How long a run waits for more events before it delivers the first: so many starts a burst of events does not cost.
const LINGER: Duration = Duration::from_millis(100);

/// How often it looks whether its turn has come.
const LOOK_EACH: Duration = Duration::from_millis(50);

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

/// Starts to deliver, unless nobody wants that, there is nothing to deliver to, or a run waits already. The event is in
/// the spool: what fails here, the next run makes up for.
pub fn start(context: &mut Context, resolved: &Resolved) {
    let is_wanted = resolved.settings.telemetry.flush == Flushing::Background;
    if !is_wanted || !active(resolved).any(is_for_background) {
        return;
    }
    let waiting = SpoolPlace::new(context, resolved).path().join(WAITING);
    if Lock::take(&waiting, Duration::ZERO).is_err() {
        return;
    }
    if let Err(error) = spawn(context) {
        context.ui.status(1, &format!("cannot deliver in the background: {error}"));
    }
}

fn spawn(context: &Context) -> io::Result<()> {
    let (program, mut arguments) = context.ourselves()?;
    arguments.extend(["--quiet", "telemetry", "flush", "--background"].map(OsString::from));
    detached::start(program, arguments)
}

/// The turn of a run to deliver, as long as it is held.
pub struct Turn {
    /// How long it may wait for a sink that somebody else delivers to.
    pub patience: Duration,
    _running: Option<Lock>,
}

impl Turn {
    /// That of a run that somebody waits for: it delivers beside those in the background.
    #[must_use]
    pub const fn at_once() -> Self {
        Self { patience: Duration::ZERO, _running: None }
    }

    /// That of a run in the background, which may take so long; `None` when another waits for its turn already.
    ///
    /// # Errors
    /// When the one before it does not come to its end.
    pub fn wait(folder: &Folder, time: Duration) -> Result<Option<Self>> {
        let waiting = match Lock::take(&folder.file(WAITING), Duration::ZERO) {
            Ok(waiting) => waiting,
            Err(LockError::Held(_)) => return Ok(None),
            Err(error) => return Err(Error::new(ErrorKind::Action, error)),
        };
        thread::sleep(LINGER);
        // Whoever runs has that time as well, and some more to end.
        let running = wait_for(&folder.file(RUNNING), 2 * time)?;
        // Only now: what was kept until here is seen by this run, and what is kept from here on starts another.
        drop(waiting);
        Ok(Some(Self { patience: time, _running: Some(running) }))
    }
}

fn wait_for(path: &Path, patience: Duration) -> Result<Lock> {
    let deadline = Instant::now() + patience;
    loop {
        match Lock::take(path, Duration::ZERO) {
            Ok(lock) => return Ok(lock),
            Err(LockError::Held(_)) if Instant::now() < deadline => thread::sleep(LOOK_EACH),
            Err(error @ LockError::Held(_)) => return Err(Error::new(ErrorKind::Locked, error)),
            Err(error) => return Err(Error::new(ErrorKind::Action, error)),
        }
    }
}
