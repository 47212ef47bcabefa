//! The files `<hash>.commit` of Nx 19, whose existence makes a hit of the folder `<hash>`.
//!
//! Nx 19 notes no use. What it does on every hit is read `terminalOutput`, `code` and `source` of the entry, so their
//! time of reading is the best there is: to a day on a usual mount (`relatime`), and nothing on one with `noatime`,
//! where the entry then counts as used when it was made. Looking at a cache reads none of these files.
//!
//! Nx 19 also cannot be told to compare. It looks whether the file is there, and copies out of the folder later in
//! the same run; when the folder went in between, it calls that a hit, ends well and has restored nothing. So nothing
//! is struck while an Nx is alive in the workspace, and where one is there just after, the folders stay: whoever has
//! seen a file before it went was alive by then.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::super::disk::{Disk, FileKind, Listed};
use super::super::ledger::{Mark, Record, Struck, is_number};

/// The files that are read on every hit.
const READ: [&str; 3] = ["terminalOutput", "code", "source"];

/// The notes of Nx 19 in the folder of a cache.
#[derive(Debug)]
pub struct Commits<'a, D: Disk> {
    disk: &'a D,
    folder: &'a D::Folder,
    uid: u32,
}

impl<'a, D: Disk> Commits<'a, D> {
    /// The notes in this folder, as far as they are files of this user.
    pub fn new(disk: &'a D, folder: &'a D::Folder, uid: u32) -> Self {
        Self { disk, folder, uid }
    }

    /// All of them, by the names of their entries.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn records(&self) -> io::Result<HashMap<OsString, Record>> {
        let listed = self.disk.list_some(self.folder, &|name| entry_of(name).is_some())?;
        let notes = listed.into_iter().filter_map(|note| {
            let name = entry_of(&note.name)?;
            let is_own = note.kind == FileKind::File && note.uid == self.uid;
            let last_use = self.last_use(&name, &note);
            let mark = Mark::File { id: note.id, changed: note.changed, last_use };
            let record = Record {
                // A note of somebody else cannot be struck, so its entry is kept.
                last_use: is_own.then_some(last_use),
                created: Some(note.modified),
                size_bytes: None,
                is_entry: true,
                marks: vec![mark],
            };
            Some((name, record))
        });
        Ok(notes.collect())
    }

    /// The latest of when it was made and when its files were read.
    fn last_use(&self, name: &OsStr, note: &Listed) -> Duration {
        let Ok(folder) = self.disk.open_in(self.folder, name) else { return note.modified };
        let read = READ.iter().filter_map(|file| self.disk.stat_in(&folder, OsStr::new(file)).ok().flatten());
        read.map(|file| file.accessed.max(file.modified)).fold(note.modified, Duration::max)
    }

    /// Removes a note that says what the record says, and nothing when there is none.
    pub fn strike(&self, name: &OsStr, record: &Record) -> Struck {
        let found = match self.find(name) {
            Ok(Some(found)) => found,
            Ok(None) => return Struck::Gone,
            Err(error) => return Struck::Failed(error.to_string()),
        };
        let last_use = self.last_use(name, &found);
        let now = Mark::File { id: found.id, changed: found.changed, last_use };
        if !record.marks.contains(&now) || found.kind != FileKind::File {
            return Struck::UsedSince;
        }
        match self.disk.unlink(self.folder, &note_of(name)) {
            Ok(()) => Struck::Gone,
            Err(error) => Struck::Failed(format!("{}: {error}", note_of(name).display())),
        }
    }

    /// Whether Nx would restore this entry.
    ///
    /// # Errors
    /// When the operating system says no.
    pub fn knows(&self, name: &OsStr) -> io::Result<bool> {
        self.find(name).map(|found| found.is_some())
    }

    fn find(&self, name: &OsStr) -> io::Result<Option<Listed>> {
        self.disk.stat_in(self.folder, &note_of(name))
    }
}

fn note_of(name: &OsStr) -> OsString {
    let mut note = name.to_owned();
    note.push(".commit");
    note
}

/// The entry that a note is about.
fn entry_of(note: &OsStr) -> Option<OsString> {
    let note = Path::new(note);
    let is_note = note.extension() == Some(OsStr::new("commit"));
    note.file_stem().filter(|name| is_note && is_number(name)).map(OsStr::to_owned)
}
