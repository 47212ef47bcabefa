//! Where entries go before they are deleted: a folder beside them, so that a rename is all it takes.
//!
//! A name in it is `NUMBER.LENGTH.ENTRY.PART`, with the length of the entry's name in bytes, or a mere number where that
//! would be too long for a name. So the next run knows what an interrupted one has left, and can put back what is
//! still wanted. What is being deleted is called `NUMBER.gone`: half of an entry is never put back.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::disk::{Disk, FileKind, Listed, Removed, Usage};
use super::entry::Part;
use super::ledger::{Ledger, LedgerError};
use super::watch::{Step, Watch};

/// The most bytes that a name may have on the file systems in use (NAME_MAX).
const LONGEST_NAME: usize = 255;

/// The trash of one store.
pub struct Trash<D: Disk> {
    name: OsString,
    uid: u32,
    folder: Option<std::sync::Arc<D::Folder>>,
    next: u64,
}

/// What became of what an interrupted run had left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Entries that are wanted again, and were put back.
    pub restored: usize,
    /// What was deleted.
    pub freed: Usage,
    /// What is still there, and why.
    pub left: Vec<String>,
}

/// Why it was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The trash cannot be read.
    #[error("the trash: {0}")]
    Io(#[from] io::Error),
    /// The records cannot.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl<D: Disk> Trash<D> {
    /// The trash of this name. Nothing is made or looked at yet. Only a folder of user `uid` is used.
    #[must_use]
    pub fn new(name: &OsStr, uid: u32) -> Self {
        Self { name: name.to_owned(), uid, folder: None, next: 0 }
    }

    /// The folder, made where it is missing.
    ///
    /// # Errors
    /// When it cannot be made, or is something else, or somebody else's.
    pub fn folder(&mut self, disk: &D, base: &D::Folder) -> io::Result<std::sync::Arc<D::Folder>> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        let folder = disk.make_in(base, &self.name)?;
        if disk.stat(&folder)?.uid != self.uid {
            return Err(io::Error::other(format!("{} belongs to another user", self.name.display())));
        }
        let folder = std::sync::Arc::new(folder);
        self.folder = Some(folder.clone());
        Ok(folder)
    }

    /// Makes the trash of a folder that has to go anyway, on a disk that is too full for one more folder, and returns
    /// it with what is in it. Until then there was no trash.
    ///
    /// # Errors
    /// When there is one by now, or the folder is not `part` any more: then it is where it was.
    pub fn take_over(&mut self, disk: &D, base: &D::Folder, part: &Part) -> io::Result<Vec<OsString>> {
        disk.rename(base, &part.name, base, &self.name)?;
        let found = disk.open_in(base, &self.name).and_then(|folder| {
            let is_it = part.is(&disk.stat(&folder)?);
            let names = if is_it { disk.list(&folder)? } else { return Err(io::ErrorKind::NotFound.into()) };
            self.folder = Some(std::sync::Arc::new(folder));
            Ok(names.into_iter().map(|listed| listed.name).collect())
        });
        if found.is_err() {
            disk.rename(base, &self.name, base, &part.name)?;
        }
        found
    }

    /// A name that is free in the trash.
    pub fn next_name(&mut self, entry: &OsStr, part: &OsStr) -> OsString {
        let mut name = format!("{}.{}.", self.next, entry.len()).into_bytes();
        name.extend_from_slice(entry.as_bytes());
        name.push(b'.');
        name.extend_from_slice(part.as_bytes());
        if name.len() > LONGEST_NAME {
            name = self.next.to_string().into_bytes();
        }
        self.next += 1;
        OsString::from_vec(name)
    }

    /// Puts right what an interrupted run has left: what the tool has a record of, and misses, is put back; the rest
    /// is deleted.
    ///
    /// # Errors
    /// When the trash cannot be read, or the records cannot: then nothing is done.
    pub fn settle(
        &mut self,
        disk: &D,
        base: &D::Folder,
        ledger: &mut dyn Ledger,
        watch: &dyn Watch,
    ) -> Result<Settled, SettleError> {
        if disk.stat_in(base, &self.name)?.is_none() {
            return Ok(Settled::default());
        }
        let folder = self.folder(disk, base)?;
        let left = disk.list(&folder)?;
        let is_folder = |listed: &Listed| listed.kind == FileKind::Folder;
        let left: Vec<Left> = left
            .into_iter()
            .map(|listed| Left { is_folder: is_folder(&listed), ..Left::of(listed.name) })
            .collect();
        self.next = left.iter().map(|one| one.number.saturating_add(1)).max().unwrap_or(0);
        let names: Vec<OsString> = left.iter().filter_map(|one| one.entry.clone()).collect();
        let wanted = if names.is_empty() { HashSet::new() } else { ledger.knows(&names)? };
        let mut settled = Settled::default();
        let mut rest = Vec::new();
        for one in left {
            // Only what has a record of its own is ever put back, and only as what it was.
            let is_wanted = one.entry.as_ref().is_some_and(|entry| wanted.contains(entry));
            let is_entry = one.is_folder && one.entry == one.part;
            let place = one.part.as_deref().filter(|_| is_wanted && is_entry);
            match place.map(|place| disk.rename(&folder, &one.name, base, place)) {
                Some(Ok(())) => settled.restored += 1,
                // The tool has made a new one meanwhile.
                Some(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => rest.push(one.name),
                Some(Err(error)) => settled.left.push(format!("{}: {error}", one.name.display())),
                None => rest.push(one.name),
            }
        }
        watch.at(Step::Settling);
        for removed in self.delete(disk, base, &rest, watch) {
            settled.freed += removed.usage;
            settled.left.extend(removed.trouble.map(|trouble| trouble.to_string()));
        }
        Ok(settled)
    }

    /// Deletes names in the trash, for good from the first instant on, and the trash itself once it is empty.
    pub fn delete(
        &mut self,
        disk: &D,
        base: &D::Folder,
        names: &[OsString],
        watch: &dyn Watch,
    ) -> Vec<Removed> {
        let Some(folder) = self.folder.take() else { return Vec::new() };
        let names: Vec<OsString> = names.iter().map(|name| self.doom(disk, &folder, name)).collect();
        let progress = |usage: &Usage| {
            watch.progress(usage);
            watch.at(Step::Removing);
        };
        let removed = disk.remove(&folder, &names, &progress, &|| watch.stop());
        // With something in it, it stays, and the next run finds it.
        let _ = disk.remove_empty(base, &self.name);
        removed
    }

    /// Gives a name in the trash another one under which nothing is ever put back, and returns it.
    fn doom(&mut self, disk: &D, folder: &D::Folder, name: &OsStr) -> OsString {
        let doomed = OsString::from(format!("{}.gone", self.next));
        self.next += 1;
        match disk.rename(folder, name, folder, &doomed) {
            Ok(()) => doomed,
            // On a full disk there may be no room for a name either, and that is when it has to go.
            Err(_) => name.to_owned(),
        }
    }
}

/// A name in the trash, taken apart.
struct Left {
    name: OsString,
    is_folder: bool,
    number: u64,
    entry: Option<OsString>,
    part: Option<OsString>,
}

impl Left {
    fn of(name: OsString) -> Self {
        let parsed = Self::parse(name.as_bytes());
        let (number, entry, part) = match parsed {
            Some((number, entry, part)) => {
                (number, Some(OsStr::from_bytes(entry).to_owned()), Some(OsStr::from_bytes(part).to_owned()))
            }
            // What has no more than a number has it for itself.
            None => (Self::number(name.as_bytes()).unwrap_or(0), None, None),
        };
        Self { name, is_folder: false, number, entry, part }
    }

    fn number(name: &[u8]) -> Option<u64> {
        std::str::from_utf8(name.split(|byte| *byte == b'.').next()?).ok()?.parse().ok()
    }

    fn parse(name: &[u8]) -> Option<(u64, &[u8], &[u8])> {
        let mut fields = name.splitn(3, |byte| *byte == b'.');
        let number = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        let length: usize = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        let rest = fields.next()?;
        let (entry, part) = rest.split_at_checked(length)?;
        let part = part.strip_prefix(b".")?;
        let is_name =
            |text: &[u8]| !text.is_empty() && text != b"." && text != b".." && !text.contains(&b'/');
        (is_name(entry) && is_name(part)).then_some((number, entry, part))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::Left;

    #[test]
    fn the_numbers_of_all_names_count() {
        for (name, expected) in [("7.3.123.123", 7), ("8.gone", 8), ("9", 9), ("x.3.123.123", 0), ("", 0)] {
            assert_eq!(Left::of(OsStr::new(name).to_owned()).number, expected, "{name}");
        }
    }

    #[test]
    fn names_in_the_trash_are_read_back_and_foreign_ones_are_only_deleted() {
        type Expected = Option<(u64, &'static str, &'static str)>;
        let table: &[(&str, Expected)] = &[
            ("0.3.123.123", Some((0, "123", "123"))),
            ("17.3.a.b.a.b-meta.json", Some((17, "a.b", "a.b-meta.json"))),
            ("0.2.123.123", None),
            ("0.9.123.123", None),
            ("x.3.123.123", None),
            ("0.1.a...", None),
            ("0.1.a..", None),
            ("leftover", None),
            ("7.gone", None),
            ("7", None),
            ("", None),
        ];
        for (name, expected) in table {
            let parsed = Left::parse(name.as_bytes());
            let expected = expected.map(|(number, entry, part)| (number, entry.as_bytes(), part.as_bytes()));
            assert_eq!(parsed, expected, "{name}");
            let left = Left::of(OsStr::new(name).to_owned());
            assert_eq!(left.part.is_some(), expected.is_some());
        }
    }
}
