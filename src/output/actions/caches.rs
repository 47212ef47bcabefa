//! The events about caches that are pruned.

use std::time::Duration;

use super::super::prune_cache::StoreRow;
use super::super::prune_cache_notes::exceptions;
use super::{Deed, End, Status};
use crate::core::cache::plan::Plan;
use crate::core::cache::run::Pruned;
use crate::core::cache::store::{Kind, Store};
use crate::core::cache::trash::Settled;
use crate::core::cache::users::named;
use crate::core::telemetry::event::Draft;

/// What a plan says is about to go; nothing if nothing is.
#[must_use]
pub fn begun(store: &Store, plan: &Plan) -> Option<Draft> {
    (!plan.evictions.is_empty()).then(|| planned(deed(store), plan).begun())
}

/// What became of a store in a run that was to act; nothing where there was nothing to do.
#[must_use]
pub fn ended(row: &StoreRow, took: Duration) -> Option<Draft> {
    if matches!(row.store.kind, Kind::Reported(_)) {
        return None;
    }
    let pruned = match &row.result {
        Ok(pruned) => pruned,
        Err(_) if !row.acts => return None,
        Err(reason) => {
            let (status, happened) =
                if row.is_locked { (Status::Refused, "refused") } else { (Status::Error, "failed") };
            return Some(deed(&row.store).ended(&End::new(status, happened, reason), took));
        }
    };
    let end = end(row, pruned)?;
    let deed = planned(deed(&row.store), &pruned.plan)
        .metric("bytes", row.freed().disk_bytes)
        .metric("entries", row.removed() as u64)
        .metric("restored_entries", pruned.settled.restored as u64);
    Some(deed.ended(&end, took))
}

fn end(row: &StoreRow, pruned: &Pruned) -> Option<End> {
    if pruned.plan.evictions.is_empty() {
        let settled = &pruned.settled;
        if let Some(reason) = pruned.refusal.as_ref().filter(|_| !pruned.plan.suffices()) {
            return Some(End::new(Status::Refused, "refused", reason));
        }
        if pruned.is_interrupted && *settled != Settled::default() {
            let what = "it was interrupted while what an earlier run had left was deleted";
            return Some(End::new(Status::Kept, "interrupted", what));
        }
        return match settled.left.first() {
            Some(left) => Some(End::new(Status::Error, "failed", left)),
            None if *settled == Settled::default() => None,
            None => Some(End::new(Status::Success, "settled", "what an interrupted run had left is gone")),
        };
    }
    if let Some(reason) = &row.store.refusal {
        return Some(End::new(Status::Refused, "refused", reason));
    }
    if !row.users.is_empty() {
        return Some(End::new(Status::Refused, "in_use", format!("in use by {}", named(&row.users))));
    }
    let reasons = exceptions(pruned).join("; ");
    Some(match (row.has_failure(), row.is_done()) {
        (true, _) => End::new(Status::Error, "failed", reasons),
        (false, true) => End::new(Status::Success, "pruned", "everything that had to go is gone"),
        (false, false) => End::new(Status::Kept, "partly_pruned", reasons),
    })
}

fn planned(deed: Deed, plan: &Plan) -> Deed {
    deed.metric("total_bytes", plan.total_bytes)
        .metric("planned_bytes", plan.freed_bytes)
        .metric("planned_entries", plan.evictions.len() as u64)
}

fn deed(store: &Store) -> Deed {
    let kind = match store.kind {
        Kind::Entries => "entries",
        Kind::Whole => "whole",
        Kind::Reported(_) => "reported",
    };
    Deed::new("prune-cache", "prune")
        .label("store", &store.name)
        .label("class", kind)
        .label("path", store.folder.to_string_lossy())
}

#[cfg(test)]
#[path = "caches_tests.rs"]
mod tests;
