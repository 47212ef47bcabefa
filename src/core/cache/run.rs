//! One store from its folder to what became of it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::apply::{Opened, Outcome, apply};
use super::disk::{Disk, OpenError, is_full};
use super::entry::Entry;
use super::gather::{GatherError, Gathered, Known, gather, trash_name};
use super::index::forget;
use super::journal::Journal;
use super::ledger::{Ledger, NoLedger};
use super::meter::Meter;
use super::nx::database::Purpose;
use super::nx::notes::NxNotes;
use super::plan::{Plan, plan};
use super::store::{Kind, Selection, Store};
use super::trash::{SettleError, Settled, Trash};
use super::watch::{Step, Watch};
use crate::core::state::Folder;

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
    /// Why nothing may be removed, as the records show.
    pub refusal: Option<String>,
    /// Whether somebody asked to stop before all of it was looked at.
    pub is_interrupted: bool,
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
    /// It is a link, and only folders are pruned.
    #[error(
        "{path}: it is a symbolic link, not a folder; to prune the folder that it leads to, name {real} as the path \
         of a cache in your own configuration",
        path = path.display(),
        real = real.display()
    )]
    Link {
        /// Where it is.
        path: PathBuf,
        /// Where it leads to.
        real: PathBuf,
    },
    /// It is not what was looked at before.
    #[error("something else is in its place since it was checked, so nothing was done")]
    Exchanged,
    /// Another run is pruning it.
    #[error("another run is pruning it")]
    Locked,
    /// What an interrupted run has left cannot be put right.
    #[error("what an interrupted run has left cannot be put right: {0}")]
    Settle(#[from] SettleError),
}

impl RunError {
    /// Whether something that was to be done could not be done; otherwise it could not be looked at.
    #[must_use]
    pub const fn is_action(&self) -> bool {
        matches!(self, Self::Settle(SettleError::Io(_)))
    }
}

/// How to go about it.
#[derive(Debug, Clone, Copy)]
pub struct How<'a> {
    /// Whether only to look.
    pub dry_run: bool,
    /// The time since 1970.
    pub now: Duration,
    /// Whose files they are.
    pub uid: u32,
    /// Where to write down what is about to be done.
    pub state: Option<&'a Folder>,
}

impl How<'_> {
    /// Whether anything in this store is to be removed.
    #[must_use]
    pub const fn acts_on(&self, store: &Store) -> bool {
        !self.dry_run && store.refusal.is_none()
    }
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
    how: How<'_>,
) -> Result<Pruned, RunError> {
    let acts = how.acts_on(store);
    let base = &match open(disk, store, acts) {
        // Somebody took it away since it was found: an empty cache, and no failure.
        Err(RunError::Open(OpenError::Missing(_))) => return Ok(Pruned::default()),
        opened => opened?,
    };
    watch.at(Step::Opened);
    let id = disk.stat(base).map_err(GatherError::Io)?.id;
    let state = how.state.filter(|_| store.nx.is_some());
    let journal = state.map(|state| Journal::open(state, &store.folder, id));
    let purpose = if acts { Purpose::Strike } else { Purpose::Look };
    let mut ledger: Box<dyn Ledger + '_> = match &store.nx {
        Some(nx) => Box::new(NxNotes::new(nx, disk, base, how.uid, purpose)),
        None => Box::new(NoLedger),
    };
    let before = disk.space(base).ok();
    let trash = Trash::new(&trash_name(store), how.uid);
    let mut pruned = Run { disk, base, store, journal, trash, watch, how }.go(ledger.as_mut(), meter)?;
    let after = disk.space(base).ok();
    let freed = before.zip(after).map(|(before, after)| after.free_bytes.saturating_sub(before.free_bytes));
    pruned.freed_on_disk_bytes = freed.filter(|_| acts).unwrap_or_default();
    pruned.from_index = meter.from_index();
    Ok(pruned)
}

/// A store that is open.
struct Run<'a, D: Disk> {
    disk: &'a D,
    base: &'a D::Folder,
    store: &'a Store,
    journal: Option<Journal>,
    trash: Trash<D>,
    watch: &'a dyn Watch,
    how: How<'a>,
}

impl<D: Disk> Run<'_, D> {
    fn go(mut self, ledger: &mut dyn Ledger, meter: &mut Meter<'_>) -> Result<Pruned, RunError> {
        let mut pruned = Pruned::default();
        let records = match ledger.records() {
            Ok(records) => Some(records),
            Err(error) if error.forbids() => {
                pruned.refusal = Some(error.to_string());
                None
            }
            Err(error) => return Err(GatherError::Ledger(error).into()),
        };
        let known = Known { records, doubt: ledger.doubt() };
        let acts = self.how.acts_on(self.store) && pruned.refusal.is_none();
        if acts {
            pruned.settled = self.trash.settle(self.disk, self.base, ledger, self.watch)?;
            pruned.is_interrupted = self.watch.stop();
        }
        if pruned.is_interrupted {
            return Ok(pruned);
        }
        match gather(self.disk, self.base, self.store, known, meter, self.journal.as_ref()) {
            Ok(gathered) => pruned.gathered = gathered,
            // What was settled is true all the same.
            Err(GatherError::Interrupted) => return Ok(Pruned { is_interrupted: true, ..pruned }),
            Err(error) => return Err(error.into()),
        }
        let Gathered { entries, fixed, .. } = &pruned.gathered;
        let fixed_bytes = fixed.disk_bytes + fixed.linked_bytes;
        pruned.plan = plan(entries, fixed_bytes, self.how.now, &self.store.limits);
        self.watch.planned(&pruned.plan);
        if acts && pruned.plan.evictions.is_empty() {
            // What an interrupted run was about to do may be done by now.
            self.journal.iter().for_each(|journal| journal.close(entries, &pruned.plan, &[]));
        } else if acts {
            pruned.outcomes = Some(self.act(entries, &pruned.plan, ledger));
        }
        Ok(pruned)
    }

    fn act(&mut self, entries: &[Entry], plan: &Plan, ledger: &mut dyn Ledger) -> Vec<Outcome> {
        if let Err(error) = self.note(entries, plan) {
            let reason = format!("what is about to be done cannot be written down: {error}");
            return vec![Outcome::Failed(reason); plan.evictions.len()];
        }
        self.watch.at(Step::Noted);
        let mut opened = Opened { disk: self.disk, base: self.base, trash: &mut self.trash };
        let outcomes = apply(&mut opened, entries, plan, ledger, self.watch);
        if let Some(journal) = &self.journal {
            journal.close(entries, plan, &outcomes);
        }
        outcomes
    }

    /// Writes down what is about to be done. On a full disk what was remembered of earlier looks makes room: it only
    /// saves time.
    fn note(&self, entries: &[Entry], plan: &Plan) -> io::Result<()> {
        let Some(journal) = &self.journal else { return Ok(()) };
        match journal.begin(entries, plan) {
            Err(error) if is_full(&error) && self.how.state.is_some_and(forget) => {
                journal.begin(entries, plan)
            }
            written => written,
        }
    }
}

/// Opens the folder of a store, for this run alone if it is to act.
fn open<D: Disk>(disk: &D, store: &Store, acts: bool) -> Result<D::Folder, RunError> {
    let base = base_of(store);
    // Nothing is done to what is only reported, so that a link to it, on another disk perhaps, may be followed.
    let is_reported = matches!(store.kind, Kind::Reported(_));
    if !is_reported && store.seen.is_none() {
        // It was gone when it was checked: what is there by now was not.
        return Err(OpenError::Missing(base.to_owned()).into());
    }
    let real = is_reported.then(|| base.canonicalize().ok()).flatten();
    let folder = disk.open(real.as_deref().unwrap_or(base)).map_err(|error| explain(error, store))?;
    if !is_reported && !is_as_seen(disk, store, &folder)? {
        return Err(RunError::Exchanged);
    }
    if acts && !disk.lock(&folder).map_err(GatherError::Io)? {
        return Err(RunError::Locked);
    }
    Ok(folder)
}

/// A link is not followed; whoever wants that can say where it leads to.
fn explain(error: OpenError, store: &Store) -> RunError {
    let seen =
        store.seen.as_ref().filter(|seen| matches!(error, OpenError::NotAFolder(..)) && seen.real.is_dir());
    match seen {
        Some(seen) => RunError::Link { path: base_of(store).to_owned(), real: seen.real.clone() },
        None => error.into(),
    }
}

/// Whether this is the folder that was checked: a path may lead elsewhere at any time.
fn is_as_seen<D: Disk>(disk: &D, store: &Store, folder: &D::Folder) -> Result<bool, RunError> {
    let Some(seen) = &store.seen else { return Ok(false) };
    let is_same = disk.stat(folder).map_err(GatherError::Io)?.id == seen.id;
    Ok(is_same && base_of(store).canonicalize().is_ok_and(|real| real == seen.real))
}
