//! What a run is about to strike out of the records of a store. If it does not come to an end, the next one knows from
//! this which folders without a record are its own doing, and which may belong to somebody whose records cannot be
//! seen.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::apply::Outcome;
use super::disk::FileId;
use super::entry::{Entry, Part, Standing};
use super::index::file_name;
use super::plan::{Eviction, Plan};
use crate::core::state::{Folder, Loaded, Versioned, load, save};

/// A part of an entry: name of the entry, inode, time of modification in seconds and nanoseconds.
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
    struck: HashMap<String, Vec<(u64, Duration)>>,
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
        let mut struck: HashMap<String, Vec<(u64, Duration)>> = HashMap::new();
        for (name, inode, seconds, nanoseconds) in found.into_iter().filter(|row| row.3 < 1_000_000_000) {
            struck.entry(name).or_default().push((inode, Duration::new(seconds, nanoseconds)));
        }
        Self { path: file, device: id.device, struck }
    }

    /// Whether an interrupted run was about to strike this very entry, or what is left of it. What comes first of its
    /// parts decides: a new folder beside an old output may be of somebody else.
    #[must_use]
    pub fn knows(&self, entry: &Entry) -> bool {
        let known = entry.name.to_str().and_then(|name| self.struck.get(name));
        let is_known = |part: &Part| known.is_some_and(|rows| rows.contains(&(part.id.inode, part.modified)));
        entry.parts.first().is_some_and(|part| part.id.device == self.device && is_known(part))
    }

    /// Writes down what is about to be struck, and keeps what is still to be done of an earlier run, whether or not
    /// this one is going to do it.
    ///
    /// # Errors
    /// When it cannot be written: then nothing may be struck.
    pub fn begin(&self, entries: &[Entry], plan: &Plan) -> io::Result<()> {
        let planned = plan.evictions.iter().map(|eviction| &entries[eviction.entry]);
        let recorded = planned.filter(|entry| matches!(entry.standing, Standing::Recorded(_)));
        let struck = entries.iter().filter(|entry| entry.standing == Standing::Struck);
        let entries: Vec<Row> = recorded.chain(struck).flat_map(rows).collect();
        if entries.is_empty() {
            return Ok(());
        }
        save(&self.path, &JournalFile { device: self.device, entries })
    }

    /// What was not begun still has its record, unless an earlier run struck it; a folder that could not be taken out
    /// is still to be done, and so is an output that could not be deleted.
    pub fn close(&self, entries: &[Entry], plan: &Plan, outcomes: &[Outcome]) {
        let is_struck = |at: usize| entries[at].standing == Standing::Struck;
        let is_left = |(eviction, outcome): (&Eviction, &Outcome)| match outcome {
            Outcome::Failed(_) | Outcome::InUse | Outcome::LeftInTrash(..) => true,
            Outcome::NotBegun => is_struck(eviction.entry),
            _ => false,
        };
        let planned: HashSet<usize> = plan.evictions.iter().map(|eviction| eviction.entry).collect();
        let is_later = (0..entries.len()).any(|at| is_struck(at) && !planned.contains(&at));
        if !is_later && !plan.evictions.iter().zip(outcomes).any(is_left) {
            self.end();
        }
    }

    /// The run came to its end.
    fn end(&self) {
        // One that stays speaks of inodes that are gone.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A row for each part, so that what is left of an entry is known whichever part it is.
fn rows(entry: &Entry) -> Vec<Row> {
    let Some(name) = entry.name.to_str() else { return Vec::new() };
    let row =
        |part: &Part| (name.to_owned(), part.id.inode, part.modified.as_secs(), part.modified.subsec_nanos());
    entry.parts.iter().map(row).collect()
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
