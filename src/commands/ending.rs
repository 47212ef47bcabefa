//! What every command that ends processes does in the same way.

use std::time::{Duration, Instant};

use super::actions::Actions;
use crate::context::Context;
use crate::core::host::{Host, Stat};
use crate::core::process::{Facts, Guard, Tree};
use crate::core::state::{Folder, Lock, LockError};
use crate::core::termination::{self, Report, Root, Settings, TooMany};
use crate::error::{Error, ErrorKind, Result};
use crate::output::actions::processes::Ending;
use crate::output::progress::Spinner;
use crate::sys::SystemHost;

/// How processes are to be ended.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// The time that all together have for it.
    pub grace: Duration,
    /// How many at most; `None` for as many as it takes.
    pub limit: Option<usize>,
    /// Whether only to say it.
    pub dry_run: bool,
}

/// To whom it is told.
pub struct Telling<'a, 'r> {
    /// The events of the run.
    pub actions: &'a mut Actions<'r>,
    /// What they say.
    pub ending: Ending,
}

/// Two runs that end processes at once would each report what the other did.
///
/// # Errors
/// When another run is at it, or when there is no place for a lock.
pub fn lock(context: &Context) -> Result<Lock> {
    let folder = Folder::open(&context.paths.state, context.uid).map_err(|error| {
        Error::new(ErrorKind::Action, error).hint("set BRAINWAV_STATE_DIR to a folder of your own")
    })?;
    Lock::take(&folder.file("enforce.lock"), Duration::ZERO).map_err(|error| match error {
        LockError::Held(_) => Error::new(ErrorKind::Locked, error).hint("try again when it has finished"),
        LockError::Io { .. } => Error::new(ErrorKind::Action, error),
    })
}

/// Ends these processes and what they started, or says why nothing is ended.
///
/// # Errors
/// When a signal in the middle could not be noticed.
pub fn end(
    context: &Context,
    host: &SystemHost,
    guard: &Guard,
    tree: &Tree,
    roots: &[Root],
    how: How,
    Telling { actions, ending }: Telling<'_, '_>,
) -> Result<(Option<Report>, Option<TooMany>)> {
    actions.open(context);
    let mut forbids = |stat: &Stat| guard.forbids(&Facts::gather(host, stat.clone()));
    let plan = match termination::plan(roots, host.boot(), tree, &mut forbids).within(how.limit) {
        Ok(plan) => plan,
        Err(refused) => {
            actions.tell(|| [ending.refused(refused)]);
            return Ok((None, Some(refused)));
        }
    };
    host.listen_for_interrupts().map_err(|error| {
        Error::new(ErrorKind::Action, anyhow::anyhow!("cannot listen for signals: {error}"))
    })?;
    let spinner = Spinner::start(&context.ui, "waiting for processes to end");
    let settings = Settings { grace: how.grace, dry_run: how.dry_run };
    actions.tell(|| ending.begun(&plan));
    let started = Instant::now();
    let report = termination::end(host, guard, plan, settings);
    actions.tell(|| ending.ended(&report, started.elapsed()));
    drop(spinner);
    Ok((Some(report), None))
}

/// Says that nothing was done, and what to do about it.
pub fn say_refused(context: &mut Context, TooMany { planned, limit }: TooMany) {
    context.ui.error(&format!(
        "{planned} processes would be ended, more than the {limit} that one run may end; nothing was done"
    ));
    context.ui.hint("look at them first, then raise --max-batch or use --no-batch-limit");
}
