//! The events about sockets that are removed, and about parents that are told of their zombies.

use std::time::Duration;

use super::super::reap::{Nudge, SocketRow, ZombieRow};
use super::super::{reap_words, words};
use super::{Deed, End, Status};
use crate::core::reap::sockets::{Removal, SocketFile};
use crate::core::reap::zombies::Neglect;
use crate::core::telemetry::event::Draft;

/// This socket file is about to be removed.
#[must_use]
pub fn socket_begun(file: &SocketFile) -> Draft {
    socket(file).begun()
}

/// This became of it. One that came to life meanwhile was kept.
#[must_use]
pub fn socket_ended(row: &SocketRow, took: Duration) -> Option<Draft> {
    let end = match &row.removal {
        Some(removal) => {
            let (status, happened) = match removal {
                Removal::Removed => (Status::Success, "removed"),
                Removal::AlreadyGone => (Status::Success, "already_gone"),
                Removal::Replaced => (Status::Kept, "kept"),
                Removal::Failed(_) => (Status::Error, "failed"),
                Removal::WouldRemove => return None,
            };
            End::new(status, happened, reap_words::removal(removal))
        }
        None => End::new(Status::Kept, "kept", reap_words::socket(&row.verdict)),
    };
    Some(socket(&row.file).ended(&end, took))
}

fn socket(file: &SocketFile) -> Deed {
    let deed = Deed::new("reap", "remove_socket").label("class", "stale_socket");
    deed.label("path", file.path.to_string_lossy()).metric("age_seconds", file.age.as_secs())
}

/// This parent is about to be told of its dead children.
#[must_use]
pub fn nudge_begun(neglect: &Neglect) -> Draft {
    parent(neglect).begun()
}

/// This came of it.
#[must_use]
pub fn nudge_ended(row: &ZombieRow, took: Duration) -> Option<Draft> {
    let left = |left: usize| format!("{left} of them are left");
    let end = match &row.nudge {
        Nudge::NotAsked => return None,
        Nudge::Refused => {
            let reason = row.neglect.protection.as_ref();
            let reason = reason.map_or_else(|| "it is not ours to tell".to_owned(), words::protection);
            End::new(Status::Kept, "kept", reason)
        }
        Nudge::Failed(reason) => End::new(Status::Error, "failed", reason),
        Nudge::Told { left: 0, .. } => End::new(Status::Success, "collected", left(0)),
        Nudge::Told { left: some, .. } => End::new(Status::Error, "not_collected", left(*some)),
        Nudge::ParentEnded { left: some } => End::new(Status::Success, "parent_ended", left(*some)),
    };
    Some(parent(&row.neglect).ended(&end, took))
}

fn parent(neglect: &Neglect) -> Deed {
    Deed::new("reap", "nudge_parent")
        .label("pid", neglect.parent.pid.to_string())
        .label("program", String::from_utf8_lossy(&neglect.parent.name))
        .label("class", "zombies")
        .metric("zombies", neglect.children.len() as u64)
}

#[cfg(test)]
#[path = "leftovers_tests.rs"]
mod tests;
