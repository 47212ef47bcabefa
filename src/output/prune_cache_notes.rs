//! What `prune-cache` says about a store besides what happened: everything that is not as one would expect.

use super::prune_cache::StoreRow;
use super::units::{count, plural, size};
use crate::core::cache::apply::Outcome;
use crate::core::cache::ledger::Doubt;
use crate::core::cache::run::Pruned;

/// Everything that is not as one would expect.
#[must_use]
pub fn notes(row: &StoreRow, pruned: &Pruned) -> Vec<String> {
    let mut notes = Vec::new();
    let plan = &pruned.plan;
    if plan.excess_bytes > 0 {
        let bytes = size(plan.excess_bytes);
        notes.push(format!("{bytes} above the target stay: too young, held, or with names elsewhere"));
    }
    if let Some(over) = row.fixed_excess() {
        let fixed = pruned.gathered.fixed;
        let fixed = size(fixed.disk_bytes + fixed.linked_bytes);
        notes.push(format!("{} above the limit stay: {fixed} in the folder are of no entry", size(over)));
    }
    if plan.held_over_age > 0 {
        notes.push(format!("{} older than allowed stay", plural(plan.held_over_age, "entry", "entries")));
    }
    notes.extend(leftovers(pruned));
    if pruned.plan.lost_held > 0 {
        let entries = plural(pruned.plan.lost_held, "entry", "entries");
        notes.push(match &pruned.gathered.doubt {
            Some(Doubt::Unknown(reason)) => format!("{entries} without a record stay: {reason}"),
            _ => format!(
                "{entries} unknown to the databases that are seen from here stay; where no others use this cache, \
                 set cache.{}.exclusive = true",
                row.store.name
            ),
        });
    }
    let troubles = &pruned.gathered.troubles;
    notes.extend(troubles.iter().take(3).map(|trouble| format!("kept: {trouble}")));
    if troubles.len() > 3 {
        notes.push(format!("kept: {} more for such a reason", count(troubles.len() - 3)));
    }
    notes.extend(exceptions(pruned));
    notes.extend(row.store.notes.iter().cloned());
    notes
}

/// What is said about an interrupted run.
fn leftovers(pruned: &Pruned) -> Vec<String> {
    let mut notes = Vec::new();
    if pruned.gathered.leftover.files > 0 {
        let bytes = size(pruned.gathered.leftover.disk_bytes);
        notes.push(format!("an interrupted run has left {bytes}; the next one takes them away"));
    }
    if pruned.settled.restored > 0 {
        let entries = plural(pruned.settled.restored, "entry", "entries");
        notes.push(format!("{entries} that an interrupted run had taken out were put back"));
    }
    if pruned.settled.freed.disk_bytes > 0 {
        let bytes = size(pruned.settled.freed.disk_bytes);
        notes.push(format!("what an interrupted run had left is deleted, {bytes}"));
    }
    notes.extend(pruned.settled.left.iter().take(3).map(|left| format!("left in the trash: {left}")));
    notes
}

/// Evictions that did not come about, by what came instead.
#[must_use]
pub fn exceptions(pruned: &Pruned) -> Vec<String> {
    let outcomes = || pruned.outcomes.iter().flatten();
    let number = |wanted: &Outcome| outcomes().filter(|outcome| *outcome == wanted).count();
    let counted = [
        (number(&Outcome::GoneAlready), "were taken away by somebody else"),
        (number(&Outcome::UsedSince), "were used meanwhile and stay"),
        (number(&Outcome::Exchanged), "were exchanged meanwhile and stay"),
        (number(&Outcome::InUse), "stay, because somebody began to work with the cache"),
        (number(&Outcome::NotBegun), "were not begun"),
    ];
    let counted = counted.into_iter().filter(|(number, _)| *number > 0);
    let mut lines: Vec<String> =
        counted.map(|(number, what)| format!("{} {what}", plural(number, "entry", "entries"))).collect();
    let failures = outcomes().filter_map(|outcome| match outcome {
        Outcome::Failed(reason) => Some(format!("not removed: {reason}")),
        Outcome::LeftInTrash(_, trouble) => {
            Some(format!("out of the cache, but not all of it could be deleted: {trouble}"))
        }
        _ => None,
    });
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for failure in failures {
        match reasons.iter_mut().find(|(reason, _)| *reason == failure) {
            Some((_, times)) => *times += 1,
            None => reasons.push((failure, 1)),
        }
    }
    let more: usize = reasons.iter().skip(3).map(|(_, times)| times).sum();
    lines.extend(reasons.into_iter().take(3).map(|(reason, times)| match times {
        1 => reason,
        times => format!("{} entries {reason}", count(times)),
    }));
    if more > 0 {
        lines.push(format!("{} more were not removed", count(more)));
    }
    lines
}
