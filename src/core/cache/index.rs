//! What was measured before. The entries of a cache do not change once they are written, so that one with the same
//! name, inode and time of change need not be walked through again.
//!
//! Nothing in the file is believed that could be checked: what does not fit is measured. That an entry was changed
//! somewhere below without a trace at its top cannot be seen; caches whose entries are changed in place have no index.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::disk::{FileId, FileKind, Listed, Measured, Usage};
use crate::core::state::{Folder, Versioned};

/// What was changed within this time may still be written to.
const SETTLED: Duration = Duration::from_secs(60);

/// More than this are not remembered: some 100 bytes each, they stay below what a file of ours may be.
const MAX_ENTRIES: usize = 200_000;

/// An entry as it is written: name, inode, time of change (seconds, nanoseconds), bytes on the disk, bytes that can
/// be read, files.
type Row = (String, u64, u64, u32, u64, u64, u64);

/// The index as a file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct IndexFile {
    device: u64,
    inode: u64,
    entries: Vec<Row>,
}

impl Versioned for IndexFile {
    const VERSION: u32 = 1;
}

impl From<&Index> for IndexFile {
    fn from(index: &Index) -> Self {
        let row = |(name, record): (&String, &Record)| {
            let (seconds, nanoseconds) = (record.changed.as_secs(), record.changed.subsec_nanos());
            let Usage { disk_bytes, apparent_bytes, files, .. } = record.usage;
            (name.clone(), record.inode, seconds, nanoseconds, disk_bytes, apparent_bytes, files)
        };
        let entries = index.entries.iter().map(row).collect();
        Self { device: index.folder.device, inode: index.folder.inode, entries }
    }
}

impl IndexFile {
    /// What it says about a folder; nothing if it is about another one. What can never be true is left out.
    #[must_use]
    pub fn into_index(self, folder: FileId) -> Index {
        let is_ours = (self.device, self.inode) == (folder.device, folder.inode);
        let rows = self.entries.into_iter().take(if is_ours { MAX_ENTRIES } else { 0 });
        let record = |row: Row| {
            let (name, inode, seconds, nanoseconds, disk_bytes, apparent_bytes, files) = row;
            let usage = Usage { disk_bytes, linked_bytes: 0, apparent_bytes, files };
            let is_possible = nanoseconds < 1_000_000_000;
            is_possible.then(|| (name, Record { inode, changed: Duration::new(seconds, nanoseconds), usage }))
        };
        Index { folder, entries: rows.filter_map(record).collect() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Record {
    inode: u64,
    changed: Duration,
    usage: Usage,
}

/// What is remembered of the entries of one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    folder: FileId,
    entries: BTreeMap<String, Record>,
}

impl Index {
    /// Nothing, yet.
    #[must_use]
    pub const fn new(folder: FileId) -> Self {
        Self { folder, entries: BTreeMap::new() }
    }

    /// What is worth to be remembered of a folder that was measured at `now` (since 1970): whole folders that have
    /// not changed for a minute. A file is not: its listing says all of it. A name that is no Unicode is not either.
    #[must_use]
    pub fn of(folder: FileId, measured: &[Measured], now: Duration) -> Self {
        let record = |entry: &Measured| {
            let listed = &entry.listed;
            let is_settled = now.checked_sub(listed.changed).is_some_and(|age| age >= SETTLED);
            let is_worth = entry.is_whole && is_settled && listed.kind == FileKind::Folder;
            let name = listed.name.to_str().filter(|_| is_worth)?;
            let (inode, changed) = (listed.id.inode, listed.changed);
            Some((name.to_owned(), Record { inode, changed, usage: entry.usage }))
        };
        Self { folder, entries: measured.iter().filter_map(record).take(MAX_ENTRIES).collect() }
    }

    /// What an entry takes, if it is the same as then. Nothing takes more than the whole disk, `most_bytes`.
    #[must_use]
    pub fn usage(&self, listed: &Listed, most_bytes: u64) -> Option<Usage> {
        let record = self.entries.get(listed.name.to_str()?)?;
        let is_same = listed.kind == FileKind::Folder
            && listed.id == FileId { device: self.folder.device, inode: record.inode }
            && listed.changed == record.changed;
        Some(record.usage).filter(|usage| is_same && usage.disk_bytes <= most_bytes)
    }

    /// How many entries are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The name of the file for a folder: the same in every run, and another one for what is at its path later.
#[must_use]
pub fn file_name(path: &Path, folder: FileId) -> String {
    let numbers = [folder.device.to_le_bytes(), folder.inode.to_le_bytes()].concat();
    let bytes = numbers.iter().chain(path.as_os_str().as_encoded_bytes());
    format!("cache-index-{:016x}.json", digest(bytes))
}

/// FNV-1a, 64 bits, for names of files. It need not resist anybody: they say what they are about, or do no harm.
pub fn digest<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Removes every index in the state folder, and says whether there was one.
#[must_use]
pub fn forget(state: &Folder) -> bool {
    let names = std::fs::read_dir(state.path()).into_iter().flatten().flatten();
    let is_index = |name: &str| name.starts_with("cache-index-") && name.ends_with(".json");
    let ours = names.filter(|one| one.file_name().to_str().is_some_and(is_index));
    ours.filter(|one| std::fs::remove_file(one.path()).is_ok()).count() > 0
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
