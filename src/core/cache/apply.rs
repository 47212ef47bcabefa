//! Carries a plan out, in an order in which every instant is a good one to be interrupted: the records first, in
//! every database; then a rename into the trash; then a look whether it was the right one; then what belongs to
//! it; and the deletion, which takes the time, when nobody can come across it any more.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use super::disk::{Cause, Disk, Removed, Trouble, Usage, is_full};
use super::entry::{Entry, Part, Standing};
use super::ledger::{Ledger, Record, Struck};
use super::plan::Plan;
use super::trash::Trash;
use super::watch::{Step, Watch};

/// Entries whose records are struck together. Their folders are renamed before the next ones are begun, so that the
/// time between the two stays short.
const BATCH: usize = 200;

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is gone, and this with it.
    Removed(Usage),
    /// It is out of the cache, and nothing can come across it any more, but not all of it could be deleted.
    LeftInTrash(Usage, Trouble),
    /// Somebody else took it away.
    GoneAlready,
    /// It was used after the plan was made, and stays.
    UsedSince,
    /// Something else has its name by now, and stays.
    Exchanged,
    /// Somebody works with the store now, and it stays.
    InUse,
    /// It could not be taken out, and stays.
    Failed(String),
    /// It was not begun: somebody asked to stop.
    NotBegun,
}

impl Outcome {
    /// What it freed.
    #[must_use]
    pub const fn freed(&self) -> Usage {
        match self {
            Self::Removed(usage) | Self::LeftInTrash(usage, _) => *usage,
            _ => Usage { disk_bytes: 0, linked_bytes: 0, apparent_bytes: 0, files: 0 },
        }
    }
}

/// A store that is open for changes.
pub struct Opened<'a, D: Disk> {
    /// The file system.
    pub disk: &'a D,
    /// The folder that the entries stand in.
    pub base: &'a D::Folder,
    /// Where they go first.
    pub trash: &'a mut Trash<D>,
}

/// Carries out a plan, and returns what became of each of its evictions in their order.
pub fn apply<D: Disk>(
    opened: &mut Opened<'_, D>,
    entries: &[Entry],
    plan: &Plan,
    ledger: &mut dyn Ledger,
    watch: &dyn Watch,
) -> Vec<Outcome> {
    let chosen: Vec<&Entry> = plan.evictions.iter().map(|eviction| &entries[eviction.entry]).collect();
    let mut withdrawn = Vec::with_capacity(chosen.len());
    for batch in chosen.chunks(BATCH) {
        if watch.stop() {
            withdrawn.extend(batch.iter().map(|_| Withdrawn::Stays(Outcome::NotBegun)));
        } else if !watch.may_go_on() {
            withdrawn.extend(batch.iter().map(|_| Withdrawn::Stays(Outcome::InUse)));
        } else {
            let done = withdraw(opened, batch, ledger, watch);
            watch.withdrawn(done.iter().filter(|one| matches!(one, Withdrawn::Out(..))).count());
            withdrawn.extend(done);
        }
    }
    watch.at(Step::Deleting);
    delete(opened, withdrawn, watch)
}

/// What became of an entry before anything is deleted.
enum Withdrawn {
    /// These of its parts are in the trash now, and this came of what was deleted already.
    Out(Vec<Away>, Removed),
    /// It stays where it is.
    Stays(Outcome),
}

/// Nothing is deleted yet.
const NOTHING: Removed =
    Removed { usage: Usage { disk_bytes: 0, linked_bytes: 0, apparent_bytes: 0, files: 0 }, trouble: None };

/// A part in the trash.
struct Away {
    name: OsString,
    place: OsString,
}

/// Strikes the records of a batch, and renames what nobody has a record of any more.
fn withdraw<D: Disk>(
    opened: &mut Opened<'_, D>,
    batch: &[&Entry],
    ledger: &mut dyn Ledger,
    watch: &dyn Watch,
) -> Vec<Withdrawn> {
    // Whoever had no record may have one by now.
    let unrecorded = batch.iter().filter(|entry| entry.standing.is_lost());
    let unrecorded: Vec<OsString> = unrecorded.map(|entry| entry.name.clone()).collect();
    let known = if unrecorded.is_empty() { Ok(HashSet::new()) } else { ledger.knows(&unrecorded) };
    let mut struck = strike(opened, batch, ledger, watch).into_iter();
    watch.at(Step::Struck);
    // Whoever was about to use one of them before its record was struck is there now: then its files stay, which
    // without a record are a miss and no harm.
    let is_idle = watch.may_go_on();
    let mut withdrawn = Vec::with_capacity(batch.len());
    for entry in batch {
        let verdict = match entry.standing {
            Standing::Recorded(_) => struck.next(),
            Standing::Unrecorded => Some(Struck::Gone),
            Standing::Unreachable | Standing::Struck => Some(match &known {
                Ok(known) if known.contains(&entry.name) => Struck::UsedSince,
                Ok(_) => Struck::Gone,
                Err(error) => Struck::Failed(error.to_string()),
            }),
        };
        withdrawn.push(match verdict {
            Some(Struck::Gone) if !is_idle => Withdrawn::Stays(Outcome::InUse),
            Some(Struck::Gone) => take_out(opened, entry, watch),
            Some(Struck::UsedSince) => Withdrawn::Stays(Outcome::UsedSince),
            Some(Struck::NotBegun) => Withdrawn::Stays(Outcome::NotBegun),
            Some(Struck::Failed(reason)) => Withdrawn::Stays(Outcome::Failed(reason)),
            None => Withdrawn::Stays(Outcome::Failed("its record was not struck".to_owned())),
        });
    }
    put_back_known(opened, batch, &mut withdrawn, ledger);
    unlink_others(opened, batch, &mut withdrawn);
    watch.at(Step::Outputs);
    withdrawn
}

/// Strikes the records of a batch. Without a trash nothing is struck: what cannot be taken out would be lost for
/// nothing.
fn strike<D: Disk>(
    opened: &mut Opened<'_, D>,
    batch: &[&Entry],
    ledger: &mut dyn Ledger,
    watch: &dyn Watch,
) -> Vec<Struck> {
    let recorded: Vec<(OsString, Record)> = batch
        .iter()
        .filter_map(|entry| match &entry.standing {
            Standing::Recorded(record) => Some((entry.name.clone(), record.clone())),
            Standing::Unrecorded | Standing::Unreachable | Standing::Struck => None,
        })
        .collect();
    if recorded.is_empty() {
        return Vec::new();
    }
    let Opened { disk, base, trash } = opened;
    match trash.folder(*disk, base) {
        Ok(_) => ledger.strike(&recorded, watch),
        Err(error) => {
            let reason = if is_full(&error) { no_room(&error) } else { error.to_string() };
            vec![Struck::Failed(reason); recorded.len()]
        }
    }
}

/// Takes away what belongs to the entries that are out and stands elsewhere in the store.
fn unlink_others<D: Disk>(opened: &Opened<'_, D>, batch: &[&Entry], withdrawn: &mut [Withdrawn]) {
    for (entry, one) in batch.iter().zip(withdrawn) {
        let Withdrawn::Out(_, removed) = one else { continue };
        for part in &entry.parts {
            let Some(within) = part.within else { continue };
            match unlink_within(opened, within, part) {
                Ok(usage) => removed.usage += usage,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let (path, cause) =
                        (Path::new(within).join(&part.name), Cause::Failed(error.to_string()));
                    removed.trouble = removed.trouble.take().or(Some(Trouble { path, cause }));
                }
            }
        }
    }
}

/// A tool that made an entry again in just this moment has written its record by now: then it gets its files back.
fn put_back_known<D: Disk>(
    opened: &mut Opened<'_, D>,
    batch: &[&Entry],
    withdrawn: &mut [Withdrawn],
    ledger: &mut dyn Ledger,
) {
    let is_out = |one: &Withdrawn| matches!(one, Withdrawn::Out(..));
    let pairs = batch.iter().zip(withdrawn.iter());
    let out: Vec<OsString> = pairs
        .filter(|(entry, one)| entry.standing != Standing::Unrecorded && is_out(one))
        .map(|(entry, _)| entry.name.clone())
        .collect();
    if out.is_empty() {
        return;
    }
    let known = ledger.knows(&out);
    for (entry, one) in batch.iter().zip(withdrawn) {
        let outcome = match &known {
            _ if entry.standing == Standing::Unrecorded || !is_out(one) => continue,
            Ok(known) if known.contains(&entry.name) => Outcome::UsedSince,
            Ok(_) => continue,
            // Without a record its files do no harm, and with one they are needed.
            Err(error) => Outcome::Failed(error.to_string()),
        };
        if let Withdrawn::Out(parts, _) = one {
            *one = put_back(opened, std::mem::take(parts), outcome);
        }
    }
}

/// Puts parts back. A newer one in the place of one is better, and the old one can go; what cannot be put back for
/// another reason is still wanted, and stays in the trash for the next run.
fn put_back<D: Disk>(opened: &mut Opened<'_, D>, parts: Vec<Away>, outcome: Outcome) -> Withdrawn {
    let Opened { disk, base, trash } = opened;
    let folder = match trash.folder(*disk, base) {
        Ok(folder) => folder,
        Err(error) => return Withdrawn::Stays(still_wanted(&error)),
    };
    let mut replaced = Vec::new();
    for away in parts {
        match disk.rename(&folder, &away.name, base, &away.place) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => replaced.push(away),
            Err(error) => return Withdrawn::Stays(still_wanted(&error)),
        }
    }
    if replaced.is_empty() { Withdrawn::Stays(outcome) } else { Withdrawn::Out(replaced, NOTHING) }
}

fn still_wanted(error: &io::Error) -> Outcome {
    let what = "it was made again meanwhile, and its files cannot be put back";
    Outcome::Failed(format!("{what}: {error}; the next run tries again"))
}

fn take_out<D: Disk>(opened: &mut Opened<'_, D>, entry: &Entry, watch: &dyn Watch) -> Withdrawn {
    let mut parts = Vec::new();
    let mut is_gone = entry.parts.iter().any(|part| part.within.is_none());
    for part in entry.parts.iter().filter(|part| part.within.is_none()) {
        match rename_out(opened, entry, part, watch) {
            Ok(Some(names)) => {
                parts.extend(names.into_iter().map(|name| Away { name, place: part.name.clone() }));
                is_gone = false;
            }
            Ok(None) => {}
            // What is out already stays out: a tool that misses one part misses the entry.
            Err(outcome) if parts.is_empty() => return Withdrawn::Stays(outcome),
            Err(_) => break,
        }
    }
    if is_gone { Withdrawn::Stays(Outcome::GoneAlready) } else { Withdrawn::Out(parts, NOTHING) }
}

/// Renames one part into the trash if it is still the one that was measured, and returns the names that it has there;
/// `None` when it is gone by itself.
fn rename_out<D: Disk>(
    opened: &mut Opened<'_, D>,
    entry: &Entry,
    part: &Part,
    watch: &dyn Watch,
) -> Result<Option<Vec<OsString>>, Outcome> {
    let failed = |error: io::Error| Outcome::Failed(error.to_string());
    let Opened { disk, base, trash } = opened;
    match disk.stat_in(base, &part.name).map_err(failed)? {
        None => return Ok(None),
        Some(found) if !part.is(&found) => return Err(Outcome::Exchanged),
        Some(_) => {}
    }
    let folder = match trash.folder(*disk, base) {
        Ok(folder) => folder,
        // What has a record may have to be put back, under its own name.
        Err(error) if is_full(&error) && entry.standing == Standing::Unrecorded => {
            let names = trash.take_over(*disk, base, part).map_err(|_| Outcome::Failed(no_room(&error)))?;
            watch.at(Step::Renamed);
            return Ok(Some(names));
        }
        Err(error) if is_full(&error) => return Err(Outcome::Failed(no_room(&error))),
        Err(error) => return Err(failed(error)),
    };
    let name = trash.next_name(&entry.name, &part.name);
    match disk.rename(base, &part.name, &folder, &name) {
        Ok(()) => watch.at(Step::Renamed),
        // Either of the two may be missing, the part or the trash.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let is_there = disk.stat_in(base, &part.name).map_err(failed)?.is_some();
            let missing = || Outcome::Failed("the trash was taken away by somebody".to_owned());
            return if is_there { Err(missing()) } else { Ok(None) };
        }
        Err(error) => return Err(failed(error)),
    }
    // Between the look and the rename somebody may have put a new one there.
    let found = disk.stat_in(&folder, &name).map_err(failed)?;
    watch.at(Step::Checked);
    if found.is_some_and(|found| part.is(&found)) {
        return Ok(Some(vec![name]));
    }
    match disk.rename(&folder, &name, base, &part.name) {
        Ok(()) => Err(Outcome::Exchanged),
        Err(error) => Err(Outcome::Failed(format!("a newer one cannot be put back: {error}"))),
    }
}

fn no_room(error: &io::Error) -> String {
    format!(
        "the trash needs one more folder, for which there is no room: {error}; remove any file, and try again"
    )
}

/// Takes away a small file that belongs to an entry and stands elsewhere in the store.
fn unlink_within<D: Disk>(opened: &Opened<'_, D>, within: &str, part: &Part) -> io::Result<Usage> {
    let folder = opened.disk.open_in(opened.base, OsStr::new(within))?;
    let Some(found) = opened.disk.stat_in(&folder, &part.name)?.filter(|found| part.is(found)) else {
        return Ok(Usage::default());
    };
    opened.disk.unlink(&folder, &part.name)?;
    let mut usage = Usage { apparent_bytes: found.apparent_bytes, files: 1, ..Usage::default() };
    if found.links > 1 {
        usage.linked_bytes = found.disk_bytes;
    } else {
        usage.disk_bytes = found.disk_bytes;
    }
    Ok(usage)
}

fn delete<D: Disk>(opened: &mut Opened<'_, D>, withdrawn: Vec<Withdrawn>, watch: &dyn Watch) -> Vec<Outcome> {
    let names: Vec<OsString> = withdrawn
        .iter()
        .flat_map(|one| match one {
            Withdrawn::Out(parts, _) => parts.as_slice(),
            Withdrawn::Stays(_) => &[],
        })
        .map(|away| away.name.clone())
        .collect();
    let mut removed = opened.trash.delete(opened.disk, opened.base, &names, watch).into_iter();
    withdrawn
        .into_iter()
        .map(|one| match one {
            Withdrawn::Out(parts, before) => outcome(before, removed.by_ref().take(parts.len())),
            Withdrawn::Stays(outcome) => outcome,
        })
        .collect()
}

fn outcome(before: Removed, removed: impl Iterator<Item = Removed>) -> Outcome {
    let Removed { mut usage, mut trouble } = before;
    for one in removed {
        usage += one.usage;
        trouble = trouble.or(one.trouble);
    }
    match trouble {
        Some(trouble) => Outcome::LeftInTrash(usage, trouble),
        None => Outcome::Removed(usage),
    }
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
