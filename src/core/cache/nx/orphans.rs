//! What is left in a cache of Nx that nothing will ever use: Nx removes only what its rows name, and leaves folders
//! and outputs behind when it loses one.
//!
//! Only for a store whose databases are all known: a row that cannot be seen makes an entry of a folder.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::super::disk::{FileKind, Listed};
use super::super::ledger::{Record, is_number};

/// What the folders of a cache list.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The folder itself.
    pub cache: &'a [Listed],
    /// `terminalOutputs`, as far as it is there.
    pub terminal_outputs: &'a [Listed],
    /// `batchOutputs`, as far as it is there.
    pub batch_outputs: &'a [Listed],
}

/// What may be swept, by names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Folders of entries that Nx would not restore.
    pub folders: Vec<OsString>,
    /// Files in `terminalOutputs`.
    pub terminal_outputs: Vec<OsString>,
    /// Files in `batchOutputs`. No row ever names these; Nx removes them after 7 days, if it runs.
    pub batch_outputs: Vec<OsString>,
}

/// Finds what no record names, and what was not changed since `before` (since 1970): Nx writes the files of an entry
/// first and its row last.
#[must_use]
pub fn find(content: Content<'_>, records: &HashMap<OsString, Record>, before: Duration) -> Orphans {
    let is_old = |one: &Listed| one.modified.max(one.changed) < before;
    let names = |listed: &[Listed], is_orphan: &dyn Fn(&Listed) -> bool| {
        listed.iter().filter(|one| is_orphan(one) && is_old(one)).map(|one| one.name.clone()).collect()
    };
    let is_entry = |one: &Listed| records.get(&one.name).is_some_and(|record| record.is_entry);
    let is_log = |one: &Listed| Path::new(&one.name).extension().is_some_and(|ending| ending == "log");
    Orphans {
        folders: names(content.cache, &|one| {
            one.kind == FileKind::Folder && is_number(&one.name) && !is_entry(one)
        }),
        // A row that is no entry names exactly such a file.
        terminal_outputs: names(content.terminal_outputs, &|one| {
            one.kind == FileKind::File && is_number(&one.name) && !records.contains_key(&one.name)
        }),
        batch_outputs: names(content.batch_outputs, &|one| one.kind == FileKind::File && is_log(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, FileKind, Listed, Orphans, Record, find};
    use crate::core::cache::disk::FileId;
    use std::collections::HashMap;
    use std::ffi::OsString;
    use std::time::Duration;

    fn listed(name: &str, kind: FileKind, modified: u64, changed: u64) -> Listed {
        Listed {
            name: name.into(),
            id: FileId { device: 1, inode: 1 },
            kind,
            uid: 1,
            links: 1,
            disk_bytes: 0,
            apparent_bytes: 0,
            modified: Duration::from_secs(modified),
            accessed: Duration::from_secs(99),
            changed: Duration::from_secs(changed),
        }
    }

    #[test]
    fn only_what_no_record_names_and_what_is_old() {
        let record = |is_entry| Record { is_entry, ..Record::default() };
        let records: HashMap<OsString, Record> =
            [("1", true), ("2", false)].map(|(name, is)| (name.into(), record(is))).into();
        let folder = |name, modified, changed| listed(name, FileKind::Folder, modified, changed);
        let file = |name, modified| listed(name, FileKind::File, modified, modified);
        let cache = [
            folder("1", 1, 1),
            folder("2", 1, 1),
            folder("3", 1, 1),
            folder("4", 50, 1),
            folder("5", 1, 50),
            folder(".brainwav-trash", 1, 1),
            folder("terminalOutputs", 1, 1),
            file("6", 1),
            listed("7", FileKind::Link, 1, 1),
            file("run.json", 1),
        ];
        let outputs = [file("1", 1), file("2", 1), file("3", 1), file("4", 50), file("x", 1)];
        let batches = [file("a.log", 1), file("b.log", 50), file("c.txt", 1), folder("d.log", 1, 1)];
        let content = Content { cache: &cache, terminal_outputs: &outputs, batch_outputs: &batches };
        let names = |names: &[&str]| names.iter().map(OsString::from).collect::<Vec<_>>();
        let expected = Orphans {
            folders: names(&["2", "3"]),
            terminal_outputs: names(&["3"]),
            batch_outputs: names(&["a.log"]),
        };
        assert_eq!(find(content, &records, Duration::from_secs(50)), expected);
    }
}
