//! What a tool notes about the entries of its cache, and how it is made to forget one before its files go.
//!
//! The order is what keeps builds whole. A note without files can be a hit that restores nothing, for ever; files
//! without a note are a miss, and are swept later. So a note is struck first, everywhere, and only if it still
//! says what it said when the plan was made.
//!
//! A note alone does not prove that its files are at rest: with two databases beside one cache, Nx writes an entry
//! anew for the one while the other still has its old row. So whoever removes files also keeps
//! - what was modified or changed itself within the minimum age, whatever the notes say, and
//! - what is not the file of the plan by inode *and* time of modification, before and after it is renamed away: ext4
//!   gives the number of a removed folder to the next one (a quarter of those that were rebuilt under stress had it).

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::disk::FileId;
use super::watch::Watch;

/// What a tool notes about one entry, everything that is noted in several places together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The last use that any place knows, since 1970. `None` when one of them says something unreadable: such an
    /// entry is kept.
    pub last_use: Option<Duration>,
    /// When it was made last, since 1970, where that is noted.
    pub created: Option<Duration>,
    /// The size that the tool believes, in bytes: apparent, and often too small.
    pub size_bytes: Option<u64>,
    /// Whether the tool would restore it. Nx also notes outputs of the terminal that belong to no entry.
    pub is_entry: bool,
    /// Where it is noted, for striking exactly that.
    pub marks: Vec<Mark>,
}

impl Record {
    /// Adds what another place knows of the same entry.
    pub fn merge(&mut self, other: Self) {
        let (Some(mine), Some(theirs)) = (self.last_use, other.last_use) else {
            self.last_use = None;
            return self.add(other);
        };
        self.last_use = Some(mine.max(theirs));
        self.add(other);
    }

    fn add(&mut self, other: Self) {
        self.created = self.created.max(other.created);
        self.size_bytes = self.size_bytes.max(other.size_bytes);
        self.is_entry |= other.is_entry;
        self.marks.extend(other.marks);
    }
}

/// One note, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A row of a database.
    Row {
        /// The number of the database in its ledger.
        database: usize,
        /// Its last use, letter by letter; `None` when it is no text.
        accessed_at: Option<String>,
    },
    /// A file whose existence is the note.
    File {
        /// The file.
        id: FileId,
        /// When it was changed last, since 1970.
        changed: Duration,
        /// The last use that was read off the files of the entry, since 1970.
        last_use: Duration,
    },
}

/// What came of striking an entry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Struck {
    /// No place knows it any more: its files may go.
    Gone,
    /// It was used, or made again, since the plan was made.
    UsedSince,
    /// It may still be known somewhere: its files must stay.
    Failed(String),
    /// Nothing was done: somebody asked to stop.
    NotBegun,
}

/// Why a ledger cannot be read or written. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It is not what it should be, such as a symbolic link or a file of somebody else.
    #[error("{path}: {reason}; it was left alone", path = .path.display())]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// What it is.
        reason: String,
    },
    /// It is laid out in a way that is not known here.
    #[error("{path}: {reason}; this layout is not known, so nothing is removed", path = .path.display())]
    UnknownSchema {
        /// The database.
        path: PathBuf,
        /// What is unknown about it.
        reason: String,
    },
    /// It cannot be read.
    #[error("{path}: {reason}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The words of the engine.
        reason: String,
    },
    /// To read it would change it: a run that ended badly left a journal that has to be played back.
    #[error("{path}: {reason}; run any Nx command, which puts it right", path = .path.display())]
    NeedsRecovery {
        /// The database.
        path: PathBuf,
        /// What is left.
        reason: String,
    },
    /// Another process holds it.
    #[error("{path}: another process kept it locked for {} s; try again when it is done", .waited.as_secs(), path = .path.display())]
    Busy {
        /// The database.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It was replaced, removed or joined by another one since it was opened.
    #[error("{path}: it was exchanged meanwhile; look again", path = .path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
}

impl LedgerError {
    /// Whether nothing may be concluded or done here until somebody else has changed that: then there is nothing to
    /// do but to measure.
    #[must_use]
    pub const fn forbids(&self) -> bool {
        matches!(self, Self::Untrusted { .. } | Self::UnknownSchema { .. } | Self::NeedsRecovery { .. })
    }
}

/// What a tool notes about its entries. Names are those of the folders or files in the cache.
pub trait Ledger {
    /// Everything that is noted. Writes nothing.
    ///
    /// # Errors
    /// When it cannot be read, or is not of a known kind: then nothing may be removed.
    fn records(&mut self) -> Result<HashMap<OsString, Record>, LedgerError>;
    /// Strikes entries out of every place, each only if all places still say what the record says, and returns
    /// what came of each in the same order. What is [`Struck::Gone`] stays so through a loss of power.
    ///
    /// Nothing can be put back: meanwhile the tool may be writing that entry again, and a note would call the half
    /// of it whole. An entry that keeps its files is a miss, and no harm.
    fn strike(&mut self, entries: &[(OsString, Record)], watch: &dyn Watch) -> Vec<Struck>;
    /// Which of these the tool would restore now: asked right before and after an entry is renamed away, and for
    /// what an interrupted run has left in the trash.
    ///
    /// # Errors
    /// When that cannot be said: then all of them have to be kept.
    fn knows(&mut self, names: &[OsString]) -> Result<HashSet<OsString>, LedgerError>;
    /// Why an entry that is not among the records just read may still be of use; `None` where all notes that its tool
    /// may have are seen.
    fn doubt(&self) -> Option<Doubt>;
}

/// Why nothing can be concluded from what is not noted: where something may be noted that cannot be read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Another checkout or machine may have notes elsewhere.
    Elsewhere,
    /// Something is here that is not known, or what is known has no notes at all.
    Unknown(String),
}

/// For tools that note nothing, such as Turborepo: the files are all there is, and a missing one is a miss.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLedger;

impl Ledger for NoLedger {
    fn records(&mut self) -> Result<HashMap<OsString, Record>, LedgerError> {
        Ok(HashMap::new())
    }

    fn strike(&mut self, entries: &[(OsString, Record)], _: &dyn Watch) -> Vec<Struck> {
        vec![Struck::Gone; entries.len()]
    }

    fn knows(&mut self, _: &[OsString]) -> Result<HashSet<OsString>, LedgerError> {
        Ok(HashSet::new())
    }

    fn doubt(&self) -> Option<Doubt> {
        None
    }
}

/// A name that consists of digits alone, as all entries of Nx do; anything else in a database is not used as one.
#[must_use]
pub fn is_number(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    // A 64-bit hash has at most 20 digits; longer ones are for hashes to come.
    (1..=40).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::time::Duration;

    use super::{Mark, Record, is_number};

    fn record(last_use: Option<u64>, database: usize) -> Record {
        let marks = vec![Mark::Row { database, accessed_at: None }];
        Record { last_use: last_use.map(Duration::from_secs), marks, is_entry: true, ..Record::default() }
    }

    #[test]
    fn the_latest_use_counts_and_one_unreadable_place_hides_it() {
        for (first, second, expected) in [
            (Some(1), Some(2), Some(2)),
            (Some(3), Some(2), Some(3)),
            (None, Some(2), None),
            (Some(2), None, None),
        ] {
            let mut merged = record(first, 0);
            merged.merge(record(second, 1));
            assert_eq!(merged.last_use, expected.map(Duration::from_secs));
            assert_eq!(merged.marks.len(), 2, "both places have to be struck");
        }
    }

    #[test]
    fn only_digits_are_names() {
        for (name, expected) in [
            ("9931043651402561730", true),
            ("0", true),
            ("", false),
            ("..", false),
            ("1/2", false),
            ("12\n", false),
            ("-1", false),
            ("١٢", false),
            ("11111111111111111111111111111111111111111", false),
        ] {
            assert_eq!(is_number(OsStr::new(name)), expected, "{name:?}");
        }
    }
}
