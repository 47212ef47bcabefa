//! One store from its folder to what became of it.

use std::path::Path;
use std::time::Duration;

use super::apply::{Opened, Outcome, apply};
use super::disk::{Disk, FileId, OpenError};
use super::gather::{GatherError, Gathered, gather, trash_name};
use super::ledger::{Ledger, NoLedger};
use super::meter::Meter;
use super::nx::database::Purpose;
use super::nx::notes::NxNotes;
use super::plan::{Plan, plan};
use super::store::{Selection, Store};
use super::trash::{SettleError, Settled, Trash};
use super::watch::Watch;

/// What was seen of one store, and what became of it.
#[derive(Debug, Default)]
pub struct Pruned {
    /// What was in it.
    pub gathered: Gathered,
    /// What has to go.
    pub plan: Plan,
    /// What became of each eviction of the plan; `None` when nothing was to be done.
    pub outcomes: Option<Vec<Outcome>>,
    /// What became of the rest of an interrupted run.
    pub settled: Settled,
    /// How many entries were known from an earlier look.
    pub from_index: usize,
    /// By how much the free space of the file system grew, in bytes; others write there too.
    pub freed_on_disk_bytes: u64,
}

/// Why a store was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What is in it cannot be read.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// What an interrupted run has left cannot be put right.
    #[error("what an interrupted run has left cannot be put right: {0}")]
    Settle(#[from] SettleError),
}

/// How to go about it.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// Whether only to look.
    pub dry_run: bool,
    /// The time since 1970.
    pub now: Duration,
    /// Whose files they are.
    pub uid: u32,
}

/// The folder in which the entries of a store stand: for one that goes as a whole the parent of its folder.
#[must_use]
pub fn base_of(store: &Store) -> &Path {
    match store.selection {
        Selection::Only(_) => store.folder.parent().unwrap_or(&store.folder),
        _ => &store.folder,
    }
}

/// Looks at a store, decides, and acts unless it is a dry run.
///
/// # Errors
/// When it cannot be looked at; then nothing was removed.
pub fn prune<D: Disk>(
    disk: &D,
    store: &Store,
    meter: &mut Meter<'_>,
    watch: &dyn Watch,
    how: How,
) -> Result<Pruned, RunError> {
    let base = disk.open(base_of(store))?;
    let acts = !how.dry_run && store.refusal.is_none();
    let purpose = if acts { Purpose::Strike } else { Purpose::Look };
    let mut ledger: Box<dyn Ledger + '_> = match &store.nx {
        Some(nx) => Box::new(NxNotes::new(nx, disk, &base, how.uid, purpose)),
        None => Box::new(NoLedger),
    };
    let ledger = ledger.as_mut();
    let before = disk.space(&base).ok();
    let mut trash = Trash::<D>::new(&trash_name(store), how.uid);
    let settled = match acts {
        true => trash.settle(disk, &base, ledger, watch)?,
        false => Settled::default(),
    };
    let gathered = gather(disk, &base, store, ledger, meter)?;
    let fixed = gathered.fixed.disk_bytes + gathered.fixed.linked_bytes;
    let plan = plan(&gathered.entries, fixed, how.now, &store.limits);
    watch.planned(plan.freed_bytes);
    let outcomes = (acts && !plan.evictions.is_empty()).then(|| {
        let mut opened = Opened { disk, base: &base, trash: &mut trash };
        apply(&mut opened, &gathered.entries, &plan, ledger, watch)
    });
    let after = disk.space(&base).ok();
    let freed = before.zip(after).map(|(before, after)| after.free_bytes.saturating_sub(before.free_bytes));
    let freed_on_disk_bytes = freed.filter(|_| acts).unwrap_or_default();
    Ok(Pruned { from_index: meter.from_index(), gathered, plan, outcomes, settled, freed_on_disk_bytes })
}

/// What a folder is, to tell stores apart that are reached by two names.
#[must_use]
pub fn identity<D: Disk>(disk: &D, store: &Store) -> Option<FileId> {
    let folder = disk.open(&store.folder).ok()?;
    disk.stat(&folder).ok().map(|listed| listed.id)
}
