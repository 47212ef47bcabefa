//! What `prune-cache` found, for programs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::BRAND;
use super::prune_cache::{StoreRow, View, outcome_word, reason_word};
use super::prune_cache_notes::notes;
use crate::core::cache::disk::Usage;
use crate::core::cache::plan::Plan;
use crate::core::cache::run::Pruned;
use crate::core::cache::store::Kind;
use crate::exit::ExitCode;

/// The document `brainwav.prune-cache/1`.
#[derive(Debug, Serialize)]
pub struct Document {
    schema: &'static str,
    brand: &'static str,
    generated_at: String,
    dry_run: bool,
    exit_code: u8,
    elapsed_seconds: f64,
    interrupted_by_signal: Option<i32>,
    stores: Vec<StoreEntry>,
}

#[derive(Debug, Serialize)]
struct StoreEntry {
    store: String,
    folder: String,
    kind: &'static str,
    advice: Option<&'static str>,
    tool_version: Option<String>,
    verdict: &'static str,
    reason: Option<String>,
    size_bytes: Option<u64>,
    linked_bytes: Option<u64>,
    apparent_bytes: Option<u64>,
    files: Option<u64>,
    entries: Option<usize>,
    entries_from_index: Option<usize>,
    oldest_use: Option<String>,
    max_size_bytes: Option<u64>,
    target_bytes: Option<u64>,
    max_age_seconds: Option<f64>,
    min_age_seconds: f64,
    excess_bytes: Option<u64>,
    planned: Amount,
    removed: Amount,
    freed_bytes: u64,
    freed_on_disk_bytes: u64,
    in_use_by_pids: Vec<u32>,
    in_use_by: Vec<UserEntry>,
    evictions: Vec<EvictionEntry>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct UserEntry {
    pid: u32,
    program: String,
}

#[derive(Debug, Default, Serialize)]
struct Amount {
    entries: usize,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct EvictionEntry {
    name: String,
    size_bytes: u64,
    last_use: String,
    reason: &'static str,
    outcome: Option<&'static str>,
}

impl Document {
    /// The document for a run.
    #[must_use]
    pub fn new(view: &View<'_>, exit_code: ExitCode) -> Self {
        Self {
            schema: "brainwav.prune-cache/1",
            brand: BRAND,
            generated_at: rfc3339(view.now),
            dry_run: view.dry_run,
            exit_code: exit_code.number(),
            elapsed_seconds: view.elapsed.as_secs_f64(),
            interrupted_by_signal: view.interrupted,
            stores: view.rows.iter().map(|row| store(row, view.dry_run)).collect(),
        }
    }
}

fn store(row: &StoreRow, dry_run: bool) -> StoreEntry {
    let pruned = row.result.as_ref().ok();
    // What was not looked at as a whole has no size.
    let looked = pruned.filter(|pruned| !pruned.is_interrupted);
    let entries = || looked.into_iter().flat_map(|pruned| &pruned.gathered.entries);
    let fixed = looked.map(|pruned| pruned.gathered.fixed);
    let total = |of: fn(&Usage) -> u64| {
        fixed.map(|fixed| entries().map(|entry| of(&entry.usage)).sum::<u64>() + of(&fixed))
    };
    let limits = &row.store.limits;
    let plan = looked.map(|pruned| &pruned.plan);
    StoreEntry {
        store: row.store.name.clone(),
        folder: row.store.folder.display().to_string(),
        kind: kind_word(row.store.kind),
        advice: advice(row.store.kind),
        tool_version: row.store.version.clone(),
        verdict: verdict(row, dry_run),
        reason: row.result.as_ref().err().or(row.store.refusal.as_ref()).cloned(),
        size_bytes: plan.map(|plan| plan.total_bytes),
        linked_bytes: pruned.map(linked_bytes),
        apparent_bytes: total(|usage| usage.apparent_bytes),
        files: total(|usage| usage.files),
        entries: looked.map(|pruned| pruned.gathered.entries.len()),
        entries_from_index: looked.map(|pruned| pruned.from_index),
        oldest_use: entries().map(|entry| entry.last_use).min().map(rfc3339),
        max_size_bytes: limits.max_bytes,
        target_bytes: limits.target_bytes(),
        max_age_seconds: limits.max_age.map(|age| age.as_secs_f64()),
        min_age_seconds: limits.min_age.as_secs_f64(),
        excess_bytes: plan.map(|plan| plan.excess_bytes),
        planned: plan.map(planned).unwrap_or_default(),
        removed: Amount { entries: row.removed(), bytes: row.freed().disk_bytes },
        freed_bytes: row.freed().disk_bytes,
        freed_on_disk_bytes: pruned.map_or(0, |pruned| pruned.freed_on_disk_bytes),
        in_use_by_pids: row.users.iter().map(|user| user.pid).collect(),
        in_use_by: in_use_by(row),
        evictions: pruned.map(evictions).unwrap_or_default(),
        notes: pruned.map(|pruned| notes(row, pruned)).unwrap_or_default(),
    }
}

/// Each file with names elsewhere once, however many entries share it.
fn linked_bytes(pruned: &Pruned) -> u64 {
    let entries = pruned.gathered.entries.iter();
    let of_entries = entries.map(|entry| entry.usage.linked_bytes.saturating_sub(entry.shared_bytes));
    of_entries.sum::<u64>() + pruned.gathered.fixed.linked_bytes
}

fn in_use_by(row: &StoreRow) -> Vec<UserEntry> {
    row.users.iter().map(|user| UserEntry { pid: user.pid, program: user.program.clone() }).collect()
}

const fn planned(plan: &Plan) -> Amount {
    Amount { entries: plan.evictions.len(), bytes: plan.freed_bytes }
}

fn evictions(pruned: &Pruned) -> Vec<EvictionEntry> {
    let entry = |(at, eviction): (usize, &crate::core::cache::plan::Eviction)| {
        let entry = &pruned.gathered.entries[eviction.entry];
        EvictionEntry {
            name: entry.name.to_string_lossy().into_owned(),
            size_bytes: entry.usage.disk_bytes,
            last_use: rfc3339(entry.last_use),
            reason: reason_word(eviction.reason),
            outcome: pruned.outcomes.as_ref().and_then(|outcomes| outcomes.get(at)).map(outcome_word),
        }
    };
    pruned.plan.evictions.iter().enumerate().map(entry).collect()
}

/// One word for the whole store.
fn verdict(row: &StoreRow, dry_run: bool) -> &'static str {
    let Ok(pruned) = &row.result else { return "unknown" };
    match (&row.store.kind, &row.store.refusal) {
        _ if pruned.is_interrupted => "interrupted",
        (Kind::Reported(_), _) => "reported",
        (_, Some(_)) => "refused",
        _ if !row.users.is_empty() => "in use",
        _ if pruned.plan.evictions.is_empty() && pruned.plan.suffices() && row.fixed_excess().is_none() => {
            "within limits"
        }
        _ if pruned.plan.evictions.is_empty() => "over limit",
        _ if dry_run => "would prune",
        _ if row.is_done() => "pruned",
        _ => "partly pruned",
    }
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Entries => "entries",
        Kind::Whole => "whole",
        Kind::Reported(_) => "reported",
    }
}

const fn advice(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Reported(advice) => Some(advice),
        Kind::Entries | Kind::Whole => None,
    }
}

/// The end of the year 9999, in seconds since 1970: RFC 3339 knows nothing later, and files may say anything.
const LAST_SECOND: Duration = Duration::from_secs(253_402_300_799);

fn rfc3339(since_1970: Duration) -> String {
    let time = UNIX_EPOCH.checked_add(since_1970.min(LAST_SECOND)).unwrap_or(SystemTime::UNIX_EPOCH);
    humantime::format_rfc3339_seconds(time).to_string()
}
