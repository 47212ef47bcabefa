//! The file queue of the original bus, read from where the last run left it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::telemetry_background::start;
use super::telemetry_bridge::unreadable;
use super::telemetry_bridge_lines::Bridge;
use super::telemetry_pipeline::{Pipeline, durable_spool};
use crate::config::Resolved;
use crate::context::Context;
use crate::core::state::{Loaded, Lock, LockError, load, save};
use crate::core::telemetry::bridge::{Cursor, Part, Progress, Starts, Step, Tail, route};
use crate::error::{Error, ErrorKind, Result};
use crate::output::ui::Ui;
use crate::sys::fault;
use crate::sys::own_file::open_own;

/// How long to wait for another run that reads the queue.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often to look for more.
pub const POLL: Duration = Duration::from_millis(200);

/// So often in one run a queue that is changed in the middle is taken up again.
const ATTEMPTS: usize = 5;

/// A queue, and how far it has been read.
pub struct Queue {
    path: PathBuf,
    uid: u32,
    cursor: Cursor,
    /// Where that is kept; a dry run keeps nothing.
    kept_in: Option<PathBuf>,
    /// What makes events of its lines.
    pub bridge: Bridge,
    /// Whether it was another one, and read from its beginning.
    pub is_new: bool,
    /// What is to be told as soon as something is read: until then it may come again.
    untold: Untold,
    fault: String,
    _lock: Option<Lock>,
}

#[derive(Default)]
struct Untold {
    is_new: bool,
    torn: Option<u64>,
}

/// Why a step did not come to its end.
enum Stop {
    Unread(io::Error),
    Run(Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Unread(error)
    }
}

impl Queue {
    /// Opens the queue of this name, for this run alone.
    ///
    /// # Errors
    /// When there is none, another run reads it, or there is no place for what is kept.
    pub fn open(
        context: &mut Context,
        resolved: &Resolved,
        pipeline: Pipeline,
        name: &str,
        dry_run: bool,
    ) -> Result<Self> {
        let path = path(context, name)?;
        let file = context.paths.state.join("telemetry").join(format!("bridge-{name}.json"));
        let spool = if dry_run { None } else { Some(durable_spool(context, resolved)?) };
        let lock = if dry_run { None } else { Some(lock(&file.with_extension("lock"))?) };
        let Progress { cursor, starts } = progress(&mut context.ui, &file);
        Ok(Self {
            path,
            uid: context.uid,
            cursor,
            kept_in: (!dry_run).then_some(file),
            bridge: Bridge::new(pipeline, spool, starts),
            is_new: false,
            untold: Untold::default(),
            fault: context
                .environment
                .get("BRAINWAV_FAULT")
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            _lock: lock,
        })
    }

    /// Reads all that is there.
    ///
    /// # Errors
    /// When it cannot be read, or what is in it cannot be kept.
    pub fn pass(&mut self, context: &mut Context, is_interrupted: &dyn Fn() -> bool) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let uid = self.uid;
            let route = route(&self.path, &self.cursor, |path| open_own(path, uid));
            let route = route.map_err(|error| unreadable(&self.path.display().to_string(), &error))?;
            self.untold = Untold { is_new: route.is_new, torn: None };
            if self.read(context, route.parts, is_interrupted)? {
                return Ok(());
            }
        }
        context.ui.warn("the queue is being rewritten again and again; the next run goes on with it");
        Ok(())
    }

    /// Reads these files to their ends. `false` when one was changed in the middle.
    fn read(
        &mut self,
        context: &mut Context,
        parts: Vec<Part>,
        is_interrupted: &dyn Fn() -> bool,
    ) -> Result<bool> {
        for Part { path, mut tail } in parts {
            loop {
                if is_interrupted() || !self.bridge.has_reader() {
                    return Ok(true);
                }
                let ui = &mut context.ui;
                let bridge = &mut self.bridge;
                match tail.step(|line| bridge.line(ui, line).map_err(Stop::Run)) {
                    Ok(Step::More) => self.keep(context, &tail)?,
                    Ok(Step::End { is_torn }) => {
                        if is_torn {
                            self.untold.torn = Some(tail.cursor().lines + 1);
                        }
                        break;
                    }
                    Ok(Step::Changed) => return Ok(false),
                    Err(Stop::Unread(error)) => return Err(unreadable(&path.display().to_string(), &error)),
                    Err(Stop::Run(error)) => return Err(error),
                }
            }
        }
        Ok(true)
    }

    /// Keeps the events, and only then how far the queue has been read.
    fn keep(&mut self, context: &mut Context, tail: &Tail) -> Result<()> {
        let cursor = tail.cursor();
        if cursor == self.cursor {
            return Ok(());
        }
        self.tell(&mut context.ui);
        self.bridge.write(&mut context.ui)?;
        fault::at(&self.fault, "spooled");
        self.cursor = cursor;
        let Some(path) = &self.kept_in else { return Ok(()) };
        self.bridge.starts.forget(SystemTime::now());
        let progress = Progress { cursor: self.cursor.clone(), starts: self.bridge.starts.clone() };
        save(path, &progress).map_err(|error| {
            let what = format!("cannot keep how far the queue was read in {}: {error}", path.display());
            Error::new(ErrorKind::Action, anyhow::anyhow!(what))
                .hint("the events are kept; the next run reads the last ones again, under the same ids")
        })
    }

    fn tell(&mut self, ui: &mut Ui) {
        let Untold { is_new, torn } = std::mem::take(&mut self.untold);
        if is_new {
            self.is_new = true;
            ui.warn("the queue is another one than at the last run, and is read from its beginning");
        }
        if let Some(number) = torn {
            self.bridge.damaged(ui, number, "nobody ended it before the queue was moved away");
        }
    }
}

/// Reads what comes until the process is interrupted.
///
/// # Errors
/// As [`Queue::pass`].
pub fn follow(
    queue: &mut Queue,
    context: &mut Context,
    resolved: &Resolved,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<()> {
    while !is_interrupted() {
        let result = queue.pass(context, is_interrupted);
        if queue.bridge.take_kept() {
            start(context, resolved);
        }
        result?;
        std::thread::sleep(POLL);
    }
    Ok(())
}

/// The file of a queue, whose folder has to be there: a name that was mistyped is no empty queue.
fn path(context: &Context, name: &str) -> Result<PathBuf> {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
    if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.bytes().all(is_letter) {
        let error = Error::usage(format!("--queue: {name:?} is no name of a queue"));
        return Err(error.hint("write up to 64 letters, digits, \"-\", \"_\" and \".\", such as default"));
    }
    let Some(home) = context.environment.home() else {
        return Err(Error::usage("queues are below the home folder, and there is none").hint("set HOME"));
    };
    let folder = home.join(".cortex/a2a").join(name);
    if folder.is_dir() {
        return Ok(folder.join("queue.jsonl"));
    }
    let error = io::Error::new(io::ErrorKind::NotFound, "there is no such folder");
    Err(unreadable(&folder.display().to_string(), &error).hint("the bus makes it with its first event"))
}

/// Only one run at a time goes on from what is kept there.
///
/// # Errors
/// When another one does.
pub fn lock(path: &Path) -> Result<Lock> {
    Lock::take(path, PATIENCE).map_err(|error| match error {
        LockError::Held(_) => Error::new(ErrorKind::Locked, error).hint("try again when it has finished"),
        LockError::Io { .. } => Error::new(ErrorKind::Action, error),
    })
}

/// What the last run kept there.
pub fn progress(ui: &mut Ui, path: &Path) -> Progress {
    match load::<Progress>(path) {
        Loaded::Content(progress) => progress,
        Loaded::Missing => Progress { cursor: Cursor::default(), starts: Starts::default() },
        Loaded::Unreadable { reason, .. } => {
            ui.warn(&format!(
                "{}: {reason}; a queue is read from its beginning, and its events come again under the same ids",
                path.display()
            ));
            Progress::default()
        }
    }
}
