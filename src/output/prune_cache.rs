//! What `prune-cache` found, for people.

use std::path::Path;
use std::time::Duration;

use super::BRAND;
use super::prune_cache_notes::notes;
use super::sanitize::sanitize;
use super::table::{Table, Tone};
use super::ui::Ui;
use super::units::{count, plural, size, time};
use crate::core::cache::apply::Outcome;
use crate::core::cache::disk::Usage;
use crate::core::cache::plan::Reason;
use crate::core::cache::run::Pruned;
use crate::core::cache::store::{Kind, Store};
use crate::core::cache::users::{User, named};
use crate::exit::ExitCode;

/// One store, and what is to be said about it.
#[derive(Debug)]
pub struct StoreRow {
    /// The store.
    pub store: Store,
    /// What was found in it, or why that was not possible.
    pub result: Result<Pruned, String>,
    /// Whoever worked with it for as long as was waited; then nothing was removed.
    pub users: Vec<User>,
    /// Whether another run is pruning it.
    pub is_locked: bool,
    /// Whether it was an action that failed, and not the look at it.
    pub is_action: bool,
    /// Whether anything was to be removed at all.
    pub acts: bool,
}

/// Everything that there is to say about one run.
#[derive(Debug)]
pub struct View<'a> {
    /// Whether only to look: `--list` or `--dry-run`.
    pub dry_run: bool,
    /// Whether every store is shown.
    pub list: bool,
    /// The home folder, for shorter paths.
    pub home: Option<&'a Path>,
    /// The stores.
    pub rows: &'a [StoreRow],
    /// The time since 1970.
    pub now: Duration,
    /// How long it took.
    pub elapsed: Duration,
    /// The signal that came meanwhile.
    pub interrupted: Option<i32>,
}

impl StoreRow {
    /// Everything in the store.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.result.as_ref().map_or(0, |pruned| pruned.plan.total_bytes)
    }

    /// What went, by blocks.
    #[must_use]
    pub fn freed(&self) -> Usage {
        let mut freed = Usage::default();
        let Ok(pruned) = &self.result else { return freed };
        freed += pruned.settled.freed;
        for outcome in pruned.outcomes.iter().flatten() {
            freed += outcome.freed();
        }
        freed
    }

    /// How many entries went.
    #[must_use]
    pub fn removed(&self) -> usize {
        let outcomes = self.result.iter().filter_map(|pruned| pruned.outcomes.as_ref()).flatten();
        outcomes.filter(|outcome| matches!(outcome, Outcome::Removed(_))).count()
    }

    /// Whether all that had to go is gone.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let is_gone = |one: &Outcome| matches!(one, Outcome::Removed(_) | Outcome::GoneAlready);
        let outcomes = self.result.as_ref().ok().and_then(|pruned| pruned.outcomes.as_ref());
        outcomes.is_some_and(|outcomes| outcomes.iter().all(is_gone))
    }

    /// Whether it keeps its limits now.
    fn is_fine(&self) -> bool {
        let Ok(pruned) = &self.result else { return false };
        let is_over = !pruned.plan.suffices() || !pruned.plan.evictions.is_empty() && !self.is_done();
        matches!(self.store.kind, Kind::Reported(_)) || !is_over
    }

    /// Bytes above its limit of a store in which nothing else may go, because the rest belongs to no entry.
    #[must_use]
    pub fn fixed_excess(&self) -> Option<u64> {
        let plan = &self.result.as_ref().ok()?.plan;
        let left = plan.total_bytes.saturating_sub(plan.freed_bytes);
        let is_about_entries = plan.excess_bytes > 0 || matches!(self.store.kind, Kind::Reported(_));
        let over = left.checked_sub(self.store.limits.max_bytes?).filter(|over| *over > 0);
        over.filter(|_| !is_about_entries)
    }

    /// Whether something that was to be done could not be done.
    #[must_use]
    pub fn has_failure(&self) -> bool {
        let Ok(pruned) = &self.result else { return self.is_action };
        let failed = |one: &Outcome| matches!(one, Outcome::Failed(_) | Outcome::LeftInTrash(..));
        // What could not be looked at matters where it kept something from going.
        let is_denied = self.acts && !pruned.gathered.troubles.is_empty() && !pruned.plan.suffices();
        is_denied || !pruned.settled.left.is_empty() || pruned.outcomes.iter().flatten().any(failed)
    }
}

impl View<'_> {
    /// From what became of everything, never from what was meant.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if let Some(signal) = self.interrupted {
            return ExitCode::Signal(signal);
        }
        let is_unseen = |row: &StoreRow| row.result.is_err() && !row.is_locked && !row.is_action;
        if self.rows.iter().any(is_unseen) {
            return ExitCode::CouldNotLook;
        }
        if self.rows.iter().any(StoreRow::has_failure) {
            return ExitCode::ActionFailed;
        }
        // Whoever waits for the other run, and tries again, must have seen that there is nothing worse.
        if self.rows.iter().any(|row| row.is_locked) {
            return ExitCode::Locked;
        }
        if self.rows.iter().all(StoreRow::is_fine) { ExitCode::Success } else { ExitCode::ProblemsFound }
    }
}

/// The text on stdout.
#[must_use]
pub fn human(ui: &Ui, view: &View<'_>) -> String {
    let mut text = title(view);
    if view.rows.is_empty() {
        return text;
    }
    let names = ["STORE", "SIZE", "LIMIT", "ENTRIES", "OLDEST", "FOLDER AND VERDICT"];
    let mut table = Table::new(ui, &names, &[1, 2, 3, 4]);
    for row in view.rows {
        let (lines, tone) = verdict(view, row);
        let pruned = row.result.as_ref().ok().filter(|pruned| !pruned.is_interrupted);
        let shown = |text: Option<String>| (text.unwrap_or_else(|| "-".to_owned()), Tone::Plain);
        table.row(&[
            (sanitize(&row.store.name), Tone::Plain),
            shown(pruned.map(|pruned| size(pruned.plan.total_bytes))),
            shown(row.store.limits.max_bytes.filter(|_| !is_reported(row)).map(size)),
            shown(pruned.map(|pruned| count(pruned.gathered.entries.len()))),
            shown(pruned.and_then(|pruned| oldest(pruned, view.now))),
            (lines.join("\n"), tone),
        ]);
    }
    text.push('\n');
    text.push_str(&table.render());
    if ui.verbosity() > 0 {
        text.push_str(&evictions(ui, view));
    }
    text
}

fn is_reported(row: &StoreRow) -> bool {
    matches!(row.store.kind, Kind::Reported(_))
}

fn oldest(pruned: &Pruned, now: Duration) -> Option<String> {
    let oldest = pruned.gathered.entries.iter().map(|entry| entry.last_use).min()?;
    let age = now.saturating_sub(oldest);
    let text = time(age);
    // Two units are more than anybody needs here.
    text.split(' ').next().filter(|_| age.as_secs() > 0).map(str::to_owned).or(Some(text))
}

fn title(view: &View<'_>) -> String {
    let total = view.rows.iter().map(StoreRow::total_bytes).sum();
    let over = view.rows.iter().filter(|row| is_over(row)).count();
    let planned: u64 =
        view.rows.iter().filter_map(|row| row.result.as_ref().ok()).map(|one| one.plan.freed_bytes).sum();
    let mut parts = vec![plural(view.rows.len(), "cache", "caches"), size(total)];
    if over > 0 {
        parts.push(format!("{} over a limit", count(over)));
    }
    let freed = view.rows.iter().map(|row| row.freed().disk_bytes).sum();
    match view.dry_run {
        true if planned > 0 => parts.push(format!("{} would go", size(planned))),
        false if freed > 0 => parts.push(format!("{} freed in {}", size(freed), time(view.elapsed))),
        _ => {}
    }
    let mode = if view.dry_run && !view.list { " (dry run)" } else { "" };
    format!("{BRAND} prune-cache: {}{mode}\n", parts.join(", "))
}

/// Whether it was over a limit when it was looked at.
fn is_over(row: &StoreRow) -> bool {
    let Ok(pruned) = &row.result else { return false };
    let keeps_limits = pruned.plan.evictions.is_empty() && pruned.plan.suffices();
    !is_reported(row) && !keeps_limits
}

fn verdict(view: &View<'_>, row: &StoreRow) -> (Vec<String>, Tone) {
    let mut lines = vec![sanitize(&below_home(&row.store.folder, view.home))];
    let pruned = match &row.result {
        Ok(pruned) => pruned,
        Err(reason) => {
            let what = match () {
                () if row.is_locked => "nothing was done",
                () if row.is_action => "failed",
                () => "could not look",
            };
            lines.push(format!("→ {what}: {}", sanitize(reason)));
            return (lines, Tone::Bad);
        }
    };
    if let Some(version) = &row.store.version {
        lines[0].push_str(&format!(" (Nx {})", sanitize(version)));
    }
    if let Kind::Reported(advice) = row.store.kind {
        lines.push(format!("its tool takes care of it: {advice}"));
        return (lines, Tone::Faint);
    }
    let tone = sum(view, row, pruned, &mut lines);
    for note in notes(row, pruned) {
        lines.push(sanitize(&note));
    }
    (lines, tone)
}

/// A folder as a shell would write it.
#[must_use]
pub fn below_home(folder: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| folder.strip_prefix(home).ok()) {
        Some(rest) if !rest.as_os_str().is_empty() => format!("~/{}", rest.display()),
        _ => folder.display().to_string(),
    }
}

/// The line that says what happened, or would.
fn sum(view: &View<'_>, row: &StoreRow, pruned: &Pruned, lines: &mut Vec<String>) -> Tone {
    if pruned.is_interrupted {
        let freed = size(row.freed().disk_bytes);
        lines.push(format!("→ interrupted before all of it was looked at, {freed} freed"));
        return Tone::Warning;
    }
    let planned = pruned.plan.evictions.len();
    let entries = plural(planned, "entry", "entries");
    let bytes = size(pruned.plan.freed_bytes);
    if let Some(reason) = &row.store.refusal {
        lines.push(format!("→ nothing is removed: {}", sanitize(reason)));
        return Tone::Warning;
    }
    if !row.users.is_empty() {
        lines.push(format!("→ in use by {}; nothing was removed", sanitize(&named(&row.users))));
        return Tone::Warning;
    }
    if planned == 0 {
        return if pruned.plan.suffices() { Tone::Plain } else { Tone::Warning };
    }
    if view.dry_run {
        lines.push(format!("→ {entries} of {bytes} would go"));
        return Tone::Warning;
    }
    let freed = row.freed().disk_bytes;
    // A file system counts some of it later, and what others do meanwhile.
    let on_disk = match pruned.freed_on_disk_bytes {
        0 => String::new(),
        bytes => format!("; the disk has {} more free", size(bytes)),
    };
    let removed = count(row.removed());
    lines.push(format!("→ {removed} of {entries} gone, {} freed{on_disk}", size(freed)));
    if row.has_failure() { Tone::Bad } else { Tone::Good }
}

/// Each entry that has to go, for whoever wants to know exactly.
fn evictions(ui: &Ui, view: &View<'_>) -> String {
    let mut table = Table::new(ui, &["STORE", "SIZE", "LAST USE", "WHY", "ENTRY"], &[1, 2]);
    let mut is_empty = true;
    for row in view.rows {
        let Ok(pruned) = &row.result else { continue };
        for (at, eviction) in pruned.plan.evictions.iter().enumerate() {
            let entry = &pruned.gathered.entries[eviction.entry];
            let outcome = pruned.outcomes.as_ref().and_then(|outcomes| outcomes.get(at));
            let outcome = outcome.map_or_else(String::new, |outcome| format!(" → {}", outcome_word(outcome)));
            let age = time(view.now.saturating_sub(entry.last_use));
            is_empty = false;
            table.row(&[
                (sanitize(&row.store.name), Tone::Plain),
                (size(entry.usage.disk_bytes), Tone::Plain),
                (age, Tone::Plain),
                (reason_word(eviction.reason).to_owned(), Tone::Plain),
                (format!("{}{outcome}", sanitize(&entry.name.to_string_lossy())), Tone::Plain),
            ]);
        }
    }
    if is_empty { String::new() } else { format!("\n{}", table.render()) }
}

/// The word for a reason.
#[must_use]
pub const fn reason_word(reason: Reason) -> &'static str {
    match reason {
        Reason::OverSize => "over max-size",
        Reason::OverAge => "over max-age",
        Reason::Unreachable => "unknown to its tool",
    }
}

/// The word for what became of an entry.
#[must_use]
pub const fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Removed(_) => "removed",
        Outcome::LeftInTrash(..) => "left in the trash",
        Outcome::GoneAlready => "gone already",
        Outcome::UsedSince => "used since",
        Outcome::Exchanged => "exchanged",
        Outcome::InUse => "in use",
        Outcome::Failed(_) => "failed",
        Outcome::NotBegun => "not begun",
    }
}
