//! What a run is about to strike out of the records of a store. If it does not come to an end, the next one knows from
//! this which folders without a record are its own doing, and which may belong to somebody whose records cannot be
//! seen.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::disk::FileId;
use super::entry::{Entry, Standing};
use super::index::file_name;
use crate::core::state::{Folder, Loaded, Versioned, load, save};

/// An entry: name, inode, time of modification in seconds and nanoseconds.
type Row = (String, u64, u64, u32);

#[derive(Debug, Default, Serialize, Deserialize)]
struct JournalFile {
    device: u64,
    entries: Vec<Row>,
}

impl Versioned for JournalFile {
    const VERSION: u32 = 1;
}

/// The journal of one store.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    device: u64,
    struck: HashMap<String, (u64, Duration)>,
}

impl Journal {
    /// Reads what an interrupted run has left; usually nothing. `id` is the folder of the store at `path`.
    #[must_use]
    pub fn open(state: &Folder, path: &Path, id: FileId) -> Self {
        let file = state.file(&file_name(path, id).replace("cache-index", "cache-journal"));
        let found = match load::<JournalFile>(&file) {
            Loaded::Content(found) if found.device == id.device => found.entries,
            // Without it folders without a record stay.
            _ => Vec::new(),
        };
        let rows = found.into_iter().filter(|row| row.3 < 1_000_000_000);
        let struck = rows
            .map(|(name, inode, seconds, nanoseconds)| (name, (inode, Duration::new(seconds, nanoseconds))));
        Self { path: file, device: id.device, struck: struck.collect() }
    }

    /// Whether an interrupted run was about to strike this very entry.
    #[must_use]
    pub fn knows(&self, entry: &Entry) -> bool {
        let known = entry.name.to_str().and_then(|name| self.struck.get(name));
        entry
            .parts
            .iter()
            .filter(|part| part.within.is_none())
            .any(|part| part.id.device == self.device && known == Some(&(part.id.inode, part.modified)))
    }

    /// Writes down what is about to be struck, and keeps what is still to be done of an earlier run.
    ///
    /// # Errors
    /// When it cannot be written: then nothing may be struck.
    pub fn begin<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> io::Result<()> {
        let row = |entry: &Entry| {
            let part = entry.parts.iter().find(|part| part.within.is_none())?;
            let name = entry.name.to_str()?.to_owned();
            Some((name, part.id.inode, part.modified.as_secs(), part.modified.subsec_nanos()))
        };
        let entries: Vec<Row> = entries
            .filter(|entry| matches!(entry.standing, Standing::Recorded(_) | Standing::Struck))
            .filter_map(row)
            .collect();
        if entries.is_empty() {
            return Ok(());
        }
        save(&self.path, &JournalFile { device: self.device, entries })
    }

    /// The run came to its end.
    pub fn end(&self) {
        // One that stays speaks of inodes that are gone.
        let _ = std::fs::remove_file(&self.path);
    }
}
