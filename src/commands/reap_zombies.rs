//! The zombies of `brainwav reap`.

use std::time::{Duration, Instant};

use super::actions::Actions;
use super::remembered::Remembered;
use crate::cli::reap::ReapArgs;
use crate::config::Resolved;
use crate::context::Context;
use crate::core::host::Host;
use crate::core::process::{Guard, Identity, Scope};
use crate::core::reap::gather::Gathered;
use crate::core::reap::zombie_file::ZombieFile;
use crate::core::reap::zombies::{self, Neglect, PATIENCE};
use crate::core::termination::tell_of_dead_child;
use crate::error::{Error, ErrorKind, Result};
use crate::output::actions::leftovers::{nudge_begun, nudge_ended};
use crate::output::reap::{Nudge, ZombieRow};
use crate::sys::SystemHost;

/// Finds them, and tells their parents if that was asked for.
pub fn look(
    context: &mut Context,
    host: &SystemHost,
    guard: &Guard,
    actions: &mut Actions<'_>,
    resolved: &Resolved,
    gathered: Option<&Gathered>,
    args: &ReapArgs,
) -> Result<Vec<ZombieRow>> {
    let silent = gathered.map(|gathered| gathered.without_command.as_slice());
    let nudge = args.nudge && !args.dry_run;
    let failed = |error| Error::new(ErrorKind::Look, error);
    let mut neglect: Vec<Neglect> = zombies::find(host, guard, silent).map_err(failed)?;
    neglect.retain(|neglect| is_ours_to_see(host, guard, neglect) && is_in_scope(host, resolved, neglect));
    let neglect = zombies::lasting(host, neglect);
    let now = host.since_boot();
    let (file, earlier) =
        Remembered::open::<ZombieFile>(context, "zombies", "how long zombies have been dead is not known");
    let seen = ZombieFile::after(earlier.as_ref(), host.boot(), now, &neglect);
    if earlier.as_ref() != Some(&seen) && (earlier.is_some() || !neglect.is_empty()) {
        file.save(context, &seen);
    }
    let row = |neglect: Neglect| {
        let dead_for = seen.dead_for(&neglect, now);
        ZombieRow { neglect, dead_for, nudge: Nudge::NotAsked }
    };
    let mut rows: Vec<ZombieRow> = neglect.into_iter().map(row).collect();
    if nudge && !rows.is_empty() {
        actions.open(context);
        tell_all(host, actions, &mut rows);
    }
    Ok(rows)
}

fn tell_all(host: &SystemHost, actions: &mut Actions<'_>, rows: &mut [ZombieRow]) {
    let started = Instant::now();
    let told = rows.iter().filter(|row| whom(&row.neglect).is_some());
    actions.tell(|| told.map(|row| nudge_begun(&row.neglect)));
    for row in &mut *rows {
        row.nudge = tell(host, &row.neglect);
    }
    actions.tell(|| rows.iter().filter_map(|row| nudge_ended(row, started.elapsed())));
}

/// Who may be told.
fn whom(neglect: &Neglect) -> Option<Identity> {
    neglect.identity.filter(|_| neglect.protection.is_none())
}

/// Zombies below processes of other users are theirs to see.
fn is_ours_to_see(host: &SystemHost, guard: &Guard, neglect: &Neglect) -> bool {
    neglect.parent.pid <= 1 || host.owner(neglect.parent.pid).is_ok_and(|uid| guard.includes_user(uid))
}

fn is_in_scope(host: &SystemHost, resolved: &Resolved, neglect: &Neglect) -> bool {
    let cwd = || host.working_directory(neglect.parent.pid);
    resolved.settings.scope == Scope::User || cwd().is_ok_and(|cwd| cwd.starts_with(&resolved.workspace))
}

/// Tells the parent, and counts what is left: never what should have helped.
fn tell(host: &SystemHost, neglect: &Neglect) -> Nudge {
    let Some(identity) = whom(neglect) else { return Nudge::Refused };
    if let Err(unknown) = tell_of_dead_child(host, identity) {
        return Nudge::Failed(unknown.to_string());
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = zombies::remaining(host, &neglect.children).len();
        if left == 0 || Instant::now() >= deadline {
            // What became of the children of a parent that has ended was not its doing.
            if !zombies::is_there(host, &neglect.parent) {
                return Nudge::ParentEnded { left };
            }
            return Nudge::Told { collected: neglect.children.len() - left, left };
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
