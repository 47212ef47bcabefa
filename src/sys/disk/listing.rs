//! The names in a folder, some 1,000 at a time.

use std::ffi::CStr;

/// What a name stands for, as far as the listing says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// Anything else.
    Other,
    /// It has to be asked for.
    Unknown,
}

impl From<rustix::fs::FileType> for Kind {
    fn from(found: rustix::fs::FileType) -> Self {
        match found {
            rustix::fs::FileType::Directory => Self::Folder,
            rustix::fs::FileType::Unknown => Self::Unknown,
            _ => Self::Other,
        }
    }
}

/// How far a listing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// To its end.
    Complete,
    /// There may be more.
    Partial,
}

struct Found {
    inode: u64,
    start: usize,
    kind: Kind,
}

/// Names, one after the other in one piece of memory.
#[derive(Default)]
pub struct Names {
    bytes: Vec<u8>,
    found: Vec<Found>,
}

impl Names {
    /// Forgets all, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.found.clear();
    }

    /// Adds a name, unless it leads nowhere new.
    pub fn push(&mut self, name: &CStr, inode: u64, kind: Kind) {
        if matches!(name.to_bytes(), b"." | b"..") {
            return;
        }
        self.found.push(Found { inode, start: self.bytes.len(), kind });
        self.bytes.extend_from_slice(name.to_bytes_with_nul());
    }

    /// Puts them into the order in which most file systems keep the files themselves: a disk has to go back and
    /// forth less, and so have the caches of the processor.
    pub fn sort(&mut self) {
        self.found.sort_unstable_by_key(|found| found.inode);
    }

    /// Each name and its kind.
    pub fn iter(&self) -> impl Iterator<Item = (&CStr, Kind)> {
        self.found.iter().filter_map(|found| {
            let name = CStr::from_bytes_until_nul(self.bytes.get(found.start..)?).ok()?;
            Some((name, found.kind))
        })
    }
}
