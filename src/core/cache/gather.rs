//! Looks at one store: what is in it, how large, and when each entry was used last.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use super::disk::{Cause, Disk, FileKind, Interrupted, Listed, Measured, Newest, Trouble, Usage};
use super::entry::{Entry, Hold, Part, Standing};
use super::journal::Journal;
use super::ledger::{Doubt, LedgerError, Record, is_number};
use super::measure::SurveyError;
use super::meter::Meter;
use super::nx::locate::NxStore;
use super::store::{Kind, LastUse, Selection, Store, TRASH};

/// What was found in a store.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// What belongs to no entry.
    pub fixed: Usage,
    /// What an interrupted run has left in the trash.
    pub leftover: Usage,
    /// What could not be looked at.
    pub troubles: Vec<Trouble>,
    /// Why entries without a record may be of use all the same.
    pub doubt: Option<Doubt>,
}

/// Why a store could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// Its folder cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its records cannot be read: then nothing is known about any entry.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<SurveyError> for GatherError {
    fn from(error: SurveyError) -> Self {
        match error {
            SurveyError::Io(error) => Self::Io(error),
            SurveyError::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Interrupted> for GatherError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// The folder in the cache of Nx that holds what tasks have printed, a file for each hash.
pub const OUTPUTS: &str = "terminalOutputs";

/// What is noted about a store.
#[derive(Debug)]
pub struct Known {
    /// The records, read before the files: what is made meanwhile is younger than anything that may go. `None` where
    /// they cannot be made use of; then everything is measured, and stays.
    pub records: Option<HashMap<OsString, Record>>,
    /// Why there may be others.
    pub doubt: Option<Doubt>,
}

/// Looks at a store.
///
/// # Errors
/// When the folder cannot be read, or somebody asked to stop.
pub fn gather<D: Disk>(
    disk: &D,
    base: &D::Folder,
    store: &Store,
    known: Known,
    meter: &mut Meter<'_>,
    journal: Option<&Journal>,
) -> Result<Gathered, GatherError> {
    let listed = disk.list(base)?;
    let mut gathered = Gathered { doubt: known.doubt, ..Gathered::default() };
    let (trash, listed): (Vec<Listed>, Vec<Listed>) =
        listed.into_iter().partition(|listed| is_trash(store, &listed.name));
    for measured in meter.aside(disk, base, trash)? {
        gathered.leftover += measured.usage;
    }
    let (entries, fixed) = listed.into_iter().partition(|listed| is_entry(store, listed));
    let mut fixed: Vec<Listed> = fixed;
    if matches!(store.selection, Selection::Only(_) | Selection::Among(_)) {
        // What stands beside is not of the store.
        fixed.clear();
    }
    let outputs = match &store.selection {
        Selection::Nx => outputs(disk, base, &fixed)?,
        _ => HashMap::new(),
    };
    let mut entries = meter.measure(disk, base, entries)?;
    let mut fixed = meter.aside(disk, base, fixed)?;
    count_once(entries.iter_mut().chain(&mut fixed));
    for measured in fixed {
        gathered.troubles.extend(measured.trouble);
        gathered.fixed += measured.usage;
        gathered.fixed.linked_bytes = gathered.fixed.linked_bytes.saturating_sub(measured.shared_bytes);
    }
    gathered.entries = match &store.selection {
        Selection::Nx => {
            let mut entries = nx(entries, outputs, known.records.as_ref(), &mut gathered.fixed);
            judge_lost(&mut entries, known.records.is_some(), gathered.doubt.as_ref(), journal);
            entries
        }
        Selection::Turborepo => turborepo(store, entries, meter.now(), &mut gathered.fixed),
        _ => entries.into_iter().map(|measured| single(disk, base, store, &measured)).collect(),
    };
    let held = gathered.entries.iter().filter_map(|entry| match &entry.hold {
        Some(Hold::Trouble(trouble)) => Some(trouble.clone()),
        _ => None,
    });
    gathered.troubles.extend(held.collect::<Vec<_>>());
    Ok(gathered)
}

/// A file that several entries share is one file: it counts with the first of them.
fn count_once<'a>(measured: impl Iterator<Item = &'a mut Measured>) {
    let mut seen = HashSet::new();
    for one in measured {
        for file in std::mem::take(&mut one.linked) {
            if !seen.insert(file.inode) {
                one.shared_bytes = one.shared_bytes.saturating_add(file.disk_bytes);
            }
        }
    }
}

/// The name of the trash of a store.
#[must_use]
pub fn trash_name(store: &Store) -> OsString {
    match &store.selection {
        Selection::Only(name) => {
            let mut trash = OsString::from(TRASH);
            trash.push("-");
            trash.push(name);
            trash
        }
        _ => TRASH.into(),
    }
}

fn is_trash(store: &Store, name: &OsStr) -> bool {
    name == trash_name(store)
}

fn is_entry(store: &Store, listed: &Listed) -> bool {
    let name = listed.name.as_bytes();
    match &store.selection {
        Selection::Nx => listed.kind == FileKind::Folder && is_number(&listed.name),
        Selection::Turborepo => {
            listed.kind == FileKind::File && (turborepo_hash(name).is_some() || is_unfinished(&listed.name))
        }
        Selection::Every => matches!(listed.kind, FileKind::File | FileKind::Folder),
        Selection::Fitting(pattern) => {
            matches!(listed.kind, FileKind::File | FileKind::Folder) && pattern.matches(name)
        }
        Selection::Among(pattern) => listed.kind == FileKind::File && pattern.matches(name),
        Selection::Only(only) => listed.kind == FileKind::Folder && listed.name == *only,
    }
}

/// What stands after the hash in the names of Turborepo.
const TURBOREPO_PARTS: [&[u8]; 4] = [b".tar.zst", b".tar", b"-meta.json", b"-manifest.json"];

/// The hash of a file in the cache of Turborepo: 16 hexadecimal digits before what it is.
fn turborepo_hash(name: &[u8]) -> Option<&[u8]> {
    let hash = TURBOREPO_PARTS.iter().find_map(|part| name.strip_suffix(*part))?;
    (hash.len() == 16 && hash.iter().all(u8::is_ascii_hexdigit)).then_some(hash)
}

/// Whether a file is one that Turborepo renames once it is written: its name, with something before the end and a dot
/// before the beginning in newer versions.
fn is_unfinished(name: &OsStr) -> bool {
    let Some(name) = name.as_bytes().strip_suffix(b".tmp") else { return false };
    let name = name.strip_prefix(b".").unwrap_or(name);
    let Some((hash, rest)) = name.split_at_checked(16) else { return false };
    hash.iter().all(u8::is_ascii_hexdigit) && TURBOREPO_PARTS.iter().any(|part| rest.starts_with(part))
}

/// What an interrupted run of Turborepo has left, once it is sure that nobody writes it any more.
fn left_behind(file: &Measured, now: Duration) -> Option<Entry> {
    const LONG: Duration = Duration::from_secs(3_600);
    let is_old = now.checked_sub(file.listed.modified).is_some_and(|age| age >= LONG);
    is_old.then(|| entry(file.listed.name.clone(), file, None))
}

/// The files in the folder for outputs, by hash.
fn outputs<D: Disk>(disk: &D, base: &D::Folder, fixed: &[Listed]) -> io::Result<HashMap<OsString, Listed>> {
    if !fixed.iter().any(|listed| listed.name == OUTPUTS && listed.kind == FileKind::Folder) {
        return Ok(HashMap::new());
    }
    let folder = disk.open_in(base, OsStr::new(OUTPUTS))?;
    let files = disk.list(&folder)?.into_iter();
    let files = files.filter(|file| file.kind == FileKind::File && is_number(&file.name));
    Ok(files.map(|file| (file.name.clone(), file)).collect())
}

fn nx(
    folders: Vec<Measured>,
    mut outputs: HashMap<OsString, Listed>,
    records: Option<&HashMap<OsString, Record>>,
    fixed: &mut Usage,
) -> Vec<Entry> {
    let record_of = |name: &OsString| records.and_then(|records| records.get(name));
    let mut entries: Vec<Entry> = Vec::with_capacity(folders.len());
    for folder in folders {
        let name = folder.listed.name.clone();
        // A record that is no entry is about an output alone.
        let is_about_output = record_of(&name).is_some_and(|record| !record.is_entry);
        let record = record_of(&name).filter(|record| record.is_entry).cloned();
        let mut entry = entry(name.clone(), &folder, record);
        if let Some(file) = outputs.remove(&name).filter(|_| !is_about_output) {
            add_output(&mut entry, &file, fixed);
        }
        entries.push(entry);
    }
    // Without a folder an output is of no use, unless a task has nothing else.
    for (name, file) in outputs {
        if record_of(&name).is_some() {
            continue;
        }
        let measured = Measured {
            listed: file.clone(),
            usage: Usage::default(),
            newest: Newest::default(),
            is_whole: true,
            trouble: None,
            linked: Vec::new(),
            shared_bytes: 0,
        };
        let mut entry = entry(name, &measured, None);
        entry.parts.clear();
        add_output(&mut entry, &file, fixed);
        entries.push(entry);
    }
    entries
}

/// What has no record because of us can go. Of anything else a database that cannot be seen from here may know, of
/// another checkout or in another place; and where records cannot be read, nobody knows of any entry whether it is used.
fn judge_lost(entries: &mut [Entry], is_read: bool, doubt: Option<&Doubt>, journal: Option<&Journal>) {
    for entry in entries.iter_mut().filter(|entry| entry.standing == Standing::Unreachable) {
        if !is_read {
            entry.standing = Standing::Unrecorded;
            entry.hold = entry.hold.take().or(Some(Hold::UseUnknown));
        } else if journal.is_some_and(|journal| journal.knows(entry)) {
            entry.standing = Standing::Struck;
        } else if doubt.is_some() {
            entry.hold = entry.hold.take().or(Some(Hold::MayBeShared));
        }
    }
}

/// The folder for outputs was measured with what is fixed: what belongs to an entry is not counted twice.
fn add_output(entry: &mut Entry, file: &Listed, fixed: &mut Usage) {
    let usage = usage_of(file);
    entry.usage += usage;
    fixed.disk_bytes = fixed.disk_bytes.saturating_sub(usage.disk_bytes);
    fixed.linked_bytes = fixed.linked_bytes.saturating_sub(usage.linked_bytes);
    fixed.apparent_bytes = fixed.apparent_bytes.saturating_sub(usage.apparent_bytes);
    fixed.files = fixed.files.saturating_sub(usage.files);
    entry.parts.push(Part::new(Some(OUTPUTS), file));
}

fn usage_of(file: &Listed) -> Usage {
    let (disk_bytes, linked_bytes) = if file.links > 1 { (0, file.disk_bytes) } else { (file.disk_bytes, 0) };
    Usage { disk_bytes, linked_bytes, apparent_bytes: file.apparent_bytes, files: 1 }
}

fn entry(name: OsString, measured: &Measured, record: Option<Record>) -> Entry {
    let listed = &measured.listed;
    let last_use = record.as_ref().map_or(Some(listed.modified), |record| record.last_use);
    let unknown = last_use.is_none().then_some(Hold::UseUnknown);
    // Nobody can set the time of change back, but to rename something or to change its rights moves it too: it only
    // counts where a record says when it was used.
    let written = if record.is_some() { listed.modified.max(listed.changed) } else { listed.modified };
    Entry {
        parts: vec![Part::new(None, listed)],
        name,
        usage: measured.usage,
        shared_bytes: measured.shared_bytes,
        last_use: last_use.unwrap_or(listed.modified),
        written,
        standing: record.map_or(Standing::Unreachable, Standing::Recorded),
        hold: measured.trouble.clone().map(Hold::Trouble).or(unknown),
    }
}

fn turborepo(store: &Store, files: Vec<Measured>, now: Duration, fixed: &mut Usage) -> Vec<Entry> {
    let is_unfinished = |file: &Measured| is_unfinished(&file.listed.name);
    let (unfinished, whole) = files.into_iter().partition::<Vec<_>, _>(is_unfinished);
    let mut entries = grouped(store, whole);
    for file in unfinished {
        match left_behind(&file, now) {
            Some(entry) => entries.push(entry),
            None => *fixed += file.usage,
        }
    }
    entries
}

fn grouped(store: &Store, files: Vec<Measured>) -> Vec<Entry> {
    let mut groups: BTreeMap<OsString, Entry> = BTreeMap::new();
    for file in files {
        let Some(hash) = turborepo_hash(file.listed.name.as_bytes()) else { continue };
        let name = OsStr::from_bytes(hash).to_owned();
        let last_use = stamp(store, &file.listed);
        let group = groups.entry(name.clone()).or_insert_with(|| Entry {
            name,
            parts: Vec::new(),
            usage: Usage::default(),
            shared_bytes: 0,
            last_use,
            written: last_use,
            standing: Standing::Unrecorded,
            hold: None,
        });
        group.parts.push(Part::new(None, &file.listed));
        group.usage += file.usage;
        group.shared_bytes += file.shared_bytes;
        group.last_use = group.last_use.max(last_use);
        group.hold = group.hold.take().or(file.trouble.map(Hold::Trouble));
    }
    groups.into_values().collect()
}

fn single<D: Disk>(disk: &D, base: &D::Folder, store: &Store, measured: &Measured) -> Entry {
    let newest =
        Newest { modified: measured.newest.modified.max(measured.listed.modified), ..measured.newest };
    let last_use = match store.last_use {
        LastUse::Modified => newest.modified,
        LastUse::Touched => newest.modified.max(newest.accessed),
    };
    let mut entry = entry(measured.listed.name.clone(), measured, None);
    entry.last_use = last_use;
    entry.written = last_use;
    entry.standing = Standing::Unrecorded;
    if measured.listed.kind == FileKind::Folder && holds_repository(disk, base, &measured.listed.name) {
        let cause = Cause::Failed("it is a git repository".to_owned());
        let trouble = Trouble { path: measured.listed.name.clone().into(), cause };
        entry.hold = entry.hold.take().or(Some(Hold::Trouble(trouble)));
    }
    entry
}

/// A checkout is somebody's work, wherever it lies.
fn holds_repository<D: Disk>(disk: &D, base: &D::Folder, name: &OsStr) -> bool {
    let found = disk.open_in(base, name).and_then(|folder| disk.stat_in(&folder, OsStr::new(".git")));
    // What cannot be opened has a trouble of its own.
    found.is_ok_and(|found| found.is_some())
}

/// When a file was used last. On many mounts the time of access moves once a day at most, and on some never.
fn stamp(store: &Store, file: &Listed) -> Duration {
    match store.last_use {
        LastUse::Modified => file.modified,
        LastUse::Touched => file.modified.max(file.accessed),
    }
}

/// Whether nobody may work with the store while something is taken out of it.
#[must_use]
pub fn needs_idle(store: &Store) -> bool {
    // Without a record of use nothing can be compared. A cache that the installed Nx has left behind has no users.
    let is_unrecorded = |nx: &NxStore| nx.has_commits && nx.is_current != Some(false);
    store.kind == Kind::Whole || store.nx.as_ref().is_some_and(is_unrecorded)
}
