//! What a store is made of: one entry is what is used, and has to go, as a whole.

use std::ffi::OsString;
use std::time::Duration;

use super::disk::{FileId, Listed, Trouble, Usage};
use super::ledger::Record;

/// One name that belongs to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The folder in the store that it stands in; `None` for the store itself.
    pub within: Option<&'static str>,
    /// Its name there.
    pub name: OsString,
    /// What stood there when it was measured. Nothing else is ever removed in its place.
    pub id: FileId,
    /// When it was modified last. The number of a removed folder may go to the next one, this time does not.
    pub modified: Duration,
}

impl Part {
    /// A name in the store itself, or in the folder `within` it.
    #[must_use]
    pub fn new(within: Option<&'static str>, listed: &Listed) -> Self {
        Self { within, name: listed.name.clone(), id: listed.id, modified: listed.modified }
    }

    /// Whether this is still what was measured.
    #[must_use]
    pub fn is(&self, found: &Listed) -> bool {
        found.id == self.id && found.modified == self.modified
    }
}

/// How the tool that owns the store sees an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The tool keeps no record of its entries.
    Unrecorded,
    /// It would use it, and this is its record.
    Recorded(Record),
    /// It keeps records, and has none of this: it cannot be used any more.
    Unreachable,
    /// We struck its record in a run that did not come to an end.
    Struck,
}

impl Standing {
    /// Whether its tool cannot use it any more.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Struck)
    }
}

/// Why an entry stays, however old it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// It could not be looked at as a whole.
    Trouble(Trouble),
    /// Nothing tells when it was used last.
    UseUnknown,
    /// It has no record here, and somebody whose records cannot be seen may have one.
    MayBeShared,
}

/// An entry of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is called: the hash of a task, or a name in the store.
    pub name: OsString,
    /// Everything that belongs to it; what decides whether it is used comes first.
    pub parts: Vec<Part>,
    /// Its space.
    pub usage: Usage,
    /// How much of its space was counted with another entry already, because they share files.
    pub shared_bytes: u64,
    /// When it was used last, since 1970.
    pub last_use: Duration,
    /// When its files were changed last, as far as that is known, since 1970: its tool may be writing it for a second
    /// place that has a record of its own.
    pub written: Duration,
    /// What the records say.
    pub standing: Standing,
    /// Why it stays in any case.
    pub hold: Option<Hold>,
}
