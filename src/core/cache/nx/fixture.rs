//! Databases as the real versions of Nx make them, and a plain file system, for the tests.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::core::cache::disk::{
    Disk, FileId, FileKind, Interrupted, Listed, Measured, OpenError, Removed, Space, Usage,
};
use crate::core::cache::ledger::{Mark, Record};
use crate::core::cache::plan::Plan;
use crate::core::cache::watch::{Step, Watch};

/// The ending of the name and the statements of each version, recorded from real runs.
pub const VERSIONS: [(&str, &str, &str); 8] = [
    ("19.8.14", "", include_str!("../../../../tests/data/nx-schemas/19.8.14.sql")),
    ("20.8.4", "", include_str!("../../../../tests/data/nx-schemas/20.8.4.sql")),
    ("21.6.11", "", include_str!("../../../../tests/data/nx-schemas/21.6.11.sql")),
    ("22.7.12", "-v2", include_str!("../../../../tests/data/nx-schemas/22.7.12.sql")),
    ("23.1.3", "-v3", include_str!("../../../../tests/data/nx-schemas/23.1.3.sql")),
    ("23.2.1", "-v3", include_str!("../../../../tests/data/nx-schemas/23.2.1.sql")),
    ("23.3.2", "-v4", include_str!("../../../../tests/data/nx-schemas/23.3.2.sql")),
    ("24.0.6", "-v6", include_str!("../../../../tests/data/nx-schemas/24.0.6.sql")),
];

/// A moment, and what it is since 1970.
pub const NOON: &str = "2026-03-01 12:00:00";
pub const NOON_SECONDS: u64 = 1_772_366_400;

/// A temporary folder by its real path.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(name)
    }

    pub fn uid(&self) -> u32 {
        fs::metadata(self.folder.path()).unwrap().uid()
    }

    /// Makes the database of a version, and holds it as a living Nx does.
    pub fn database(&self, machine: &str, version: &str) -> (PathBuf, Connection) {
        let (_, ending, statements) = VERSIONS.iter().find(|(known, _, _)| *known == version).unwrap();
        let path = self.path(&format!("{machine}{ending}.db"));
        (path.clone(), make(&path, statements))
    }

    /// Every file with a hash of its content, and when it was written last. Not while a connection of this process is open: to
    /// close a file takes the locks of SQLite away.
    pub fn snapshot(&self) -> Vec<(String, u64, i64)> {
        let mut files: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let (found, name) = (entry.metadata().unwrap(), entry.file_name());
                let mut hash = DefaultHasher::new();
                fs::read(entry.path()).unwrap_or_default().hash(&mut hash);
                (name.into_string().unwrap(), hash.finish(), found.mtime_nsec())
            })
            .collect();
        files.sort();
        files
    }
}

pub fn make(path: &Path, statements: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    connection.execute_batch(statements).unwrap();
    connection
}

/// Notes an entry as Nx does.
pub fn insert(connection: &Connection, hash: &str, accessed_at: &str) {
    connection.execute("INSERT OR IGNORE INTO task_details VALUES (?1, 'a', 'build', NULL)", [hash]).unwrap();
    let row =
        "INSERT INTO cache_outputs (hash, code, size, created_at, accessed_at) VALUES (?1, 0, 87, ?2, ?3)";
    connection.execute(row, params![hash, NOON, accessed_at]).unwrap();
}

pub fn count(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM cache_outputs", [], |row| row.get(0)).unwrap()
}

/// A record of an entry that these databases note as used at noon.
pub fn at_noon(databases: &[usize]) -> Record {
    let mark = |database: &usize| Mark::Row { database: *database, accessed_at: Some(NOON.to_owned()) };
    Record {
        last_use: Some(Duration::from_secs(NOON_SECONDS)),
        is_entry: true,
        marks: databases.iter().map(mark).collect(),
        ..Record::default()
    }
}

/// Nobody looks on, and nobody works with the store.
pub struct Alone;

impl Watch for Alone {
    fn planned(&self, _: &Plan) {}
    fn withdrawn(&self, _: usize) {}
    fn progress(&self, _: &Usage) {}
    fn stop(&self) -> bool {
        false
    }
    fn may_go_on(&self) -> bool {
        true
    }
    fn at(&self, _: Step) {}
}

/// The file system by paths, as far as these tests need it.
pub struct PlainDisk;

/// There is no room for another name like this, nor to take such a file away.
pub const NO_ROOM_FOR: &str = "28";

fn listed(path: &Path, name: &OsStr) -> io::Result<Listed> {
    let found = fs::symlink_metadata(path)?;
    let moment = |seconds: i64, nanoseconds: i64| Duration::new(seconds as u64, nanoseconds as u32);
    let kind = found.file_type();
    Ok(Listed {
        name: name.to_owned(),
        id: FileId { device: found.dev(), inode: found.ino() },
        kind: match (kind.is_file(), kind.is_dir(), kind.is_symlink()) {
            (true, _, _) => FileKind::File,
            (_, true, _) => FileKind::Folder,
            (_, _, true) => FileKind::Link,
            _ => FileKind::Other,
        },
        uid: found.uid(),
        links: found.nlink(),
        disk_bytes: found.blocks() * 512,
        apparent_bytes: found.len(),
        modified: moment(found.mtime(), found.mtime_nsec()),
        accessed: moment(found.atime(), found.atime_nsec()),
        changed: moment(found.ctime(), found.ctime_nsec()),
    })
}

impl Disk for PlainDisk {
    type Folder = PathBuf;

    fn open(&self, path: &Path) -> Result<PathBuf, OpenError> {
        Ok(path.to_owned())
    }
    fn open_in(&self, folder: &PathBuf, name: &OsStr) -> io::Result<PathBuf> {
        let path = folder.join(name);
        fs::read_dir(&path).map(|_| path)
    }
    fn make_in(&self, folder: &PathBuf, name: &OsStr) -> io::Result<PathBuf> {
        fs::create_dir_all(folder.join(name)).map(|()| folder.join(name))
    }
    fn stat(&self, folder: &PathBuf) -> io::Result<Listed> {
        listed(folder, OsStr::new(""))
    }
    fn stat_in(&self, folder: &PathBuf, name: &OsStr) -> io::Result<Option<Listed>> {
        match listed(&folder.join(name), name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }
    fn list_some(&self, folder: &PathBuf, is_wanted: &dyn Fn(&OsStr) -> bool) -> io::Result<Vec<Listed>> {
        let entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        let wanted = entries.iter().filter(|one| is_wanted(&one.file_name()));
        wanted.map(|one| listed(&one.path(), &one.file_name())).collect()
    }
    fn measure(
        &self,
        _: &PathBuf,
        _: Vec<Listed>,
        _: &(dyn Fn(&Usage) + Sync),
        _: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Measured>, Interrupted> {
        Err(Interrupted)
    }
    fn rename(&self, from: &PathBuf, name: &OsStr, to: &PathBuf, new_name: &OsStr) -> io::Result<()> {
        if new_name == NO_ROOM_FOR {
            return Err(io::ErrorKind::StorageFull.into());
        } else if to.join(new_name).exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(from.join(name), to.join(new_name))
    }
    fn lock(&self, _: &PathBuf) -> io::Result<bool> {
        Ok(true)
    }
    fn remove_empty(&self, folder: &PathBuf, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(folder.join(name))
    }
    fn unlink(&self, folder: &PathBuf, name: &OsStr) -> io::Result<()> {
        if name == NO_ROOM_FOR {
            return Err(io::ErrorKind::StorageFull.into());
        }
        fs::remove_file(folder.join(name))
    }
    fn remove(
        &self,
        folder: &PathBuf,
        names: &[OsString],
        _: &(dyn Fn(&Usage) + Sync),
        _: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Removed> {
        let remove = |name: &OsString| fs::remove_dir_all(folder.join(name)).unwrap();
        names.iter().for_each(remove);
        vec![Removed { usage: Usage::default(), trouble: None }; names.len()]
    }
    fn space(&self, _: &PathBuf) -> io::Result<Space> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
