//! One database of Nx: opened for looking, which writes nothing at all, or for striking rows out.
//!
//! To look without a write is not what a read-only open does: SQLite makes the files `-wal` and `-shm` where they
//! are missing, and notes its reading in the second. So:
//! - both are there (an Nx is alive, or one was killed): `mode=ro&readonly_shm=1`. SQLite then reads the index of
//!   the log from a read-only map, or builds one in its own memory when nobody else is alive. It takes shared locks
//!   and writes nothing (seen by strace: no write, no truncate, no unlink, live and dead). Only for root it also
//!   sets the owner of both files to what it is already.
//! - none is there, or an empty log: `immutable=1`, without locks. When the file was changed meanwhile it is read
//!   again.
//! - a log without its index: it cannot be read without a write, so it is an error until an Nx has put it right.
//!
//! The file itself is never opened by other means: to close a second descriptor of it would take the locks away
//! that SQLite holds through the first.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row};

use super::super::disk::FileId;
use super::super::ledger::{LedgerError, Mark, Record, is_number};
use super::layout::{self, Layout};

/// How long a lock is waited for while looking. Readers wait for nobody but one that plays a log back.
const LOOK_PATIENCE: Duration = Duration::from_secs(2);

/// More rows than Nx could use within the 7 days after which it removes them: it is no database of Nx.
const MAX_ROWS: usize = 5_000_000;

/// How often a database that changes while it is read is read again.
const MAX_LOOKS: usize = 5;

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading, without a write.
    Look,
    /// Reading, and striking rows out.
    Strike,
}

/// An open database.
#[derive(Debug)]
pub struct Database {
    /// The file.
    pub path: PathBuf,
    /// The connection.
    pub connection: Connection,
    /// What was found in it.
    pub layout: Layout,
    id: FileId,
    /// What the file was before it was read without locks.
    unlocked: Option<(u64, i64, i64)>,
}

impl Database {
    /// Opens it.
    ///
    /// # Errors
    /// When it is not a regular file of the user, cannot be read, or is laid out in an unknown way.
    pub fn open(path: &Path, uid: u32, purpose: Purpose) -> Result<Self, LedgerError> {
        let found = trusted(path, uid)?;
        let (connection, is_unlocked) = match purpose {
            Purpose::Look => look(path)?,
            Purpose::Strike => (strike(path)?, false),
        };
        let layout = layout::read(path, &connection).map_err(|error| translate(path, &error))?;
        let layout = layout.map_err(|reason| LedgerError::UnknownSchema { path: path.to_owned(), reason })?;
        let unlocked = is_unlocked.then(|| state(&found));
        let database = Self { path: path.to_owned(), connection, layout, id: id(&found), unlocked };
        database.check_same().map(|()| database)
    }

    /// That the path still leads to the file that is open.
    ///
    /// # Errors
    /// When it was replaced or removed.
    pub fn check_same(&self) -> Result<(), LedgerError> {
        let is_same = fs::symlink_metadata(&self.path).is_ok_and(|found| id(&found) == self.id);
        if is_same { Ok(()) } else { Err(LedgerError::Replaced { path: self.path.clone() }) }
    }

    /// Whether what was read without locks is whole.
    fn is_unchanged(&self) -> bool {
        let Some(before) = self.unlocked else { return true };
        let log = fs::symlink_metadata(beside(&self.path, "-wal")).map_or(0, |found| found.len());
        log == 0 && fs::symlink_metadata(&self.path).is_ok_and(|found| state(&found) == before)
    }

    /// Reads everything that it knows about entries. `number` is its place in the ledger.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn records(&self, number: usize) -> Result<Vec<(String, Record)>, LedgerError> {
        self.check_same()?;
        self.read(number)
            .map_err(|error| translate(&self.path, &error))?
            .map_err(|reason| LedgerError::Unreadable { path: self.path.clone(), reason })
    }

    fn read(&self, number: usize) -> rusqlite::Result<Result<Vec<(String, Record)>, String>> {
        let flag = match self.layout {
            Layout::Without => return Ok(Ok(Vec::new())),
            Layout::Entries => "1",
            Layout::Flagged => "is_cache_entry",
        };
        let query = format!("SELECT hash, size, created_at, accessed_at, {flag} FROM cache_outputs");
        let mut statement = self.connection.prepare(&query)?;
        let mut rows = statement.query([])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.extend(record(row, number)?);
            if records.len() > MAX_ROWS {
                return Ok(Err(format!("it has more than {MAX_ROWS} rows")));
            }
        }
        Ok(Ok(records))
    }

    /// Whether Nx would restore this entry.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn knows(&self, name: &str) -> Result<bool, LedgerError> {
        let query = match self.layout {
            Layout::Without => return Ok(false),
            Layout::Entries => "SELECT 1 FROM cache_outputs WHERE hash = ?1",
            Layout::Flagged => "SELECT 1 FROM cache_outputs WHERE hash = ?1 AND is_cache_entry",
        };
        let found = self.connection.query_row(query, [name], |_| Ok(())).optional();
        Ok(found.map_err(|error| translate(&self.path, &error))?.is_some())
    }

    /// Reads the layout again, since an Nx that has started meanwhile may have made the table.
    ///
    /// # Errors
    /// When it is unknown now, or cannot be read.
    pub fn refresh(&mut self) -> Result<(), LedgerError> {
        self.check_same()?;
        let found =
            layout::read(&self.path, &self.connection).map_err(|error| translate(&self.path, &error))?;
        self.layout =
            found.map_err(|reason| LedgerError::UnknownSchema { path: self.path.clone(), reason })?;
        Ok(())
    }

    /// Makes what was committed last through a loss of power. Done outside of a transaction, because the disk may
    /// take longer than others should wait for the lock.
    ///
    /// # Errors
    /// When the operating system says no.
    pub fn sync(&self) -> io::Result<()> {
        match File::open(beside(&self.path, "-wal")) {
            Ok(log) => log.sync_data(),
            // Another connection has moved it into the database, which SQLite does durably.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Looks at a database: opens it, does something with it, and does that again when what was read was being changed.
///
/// # Errors
/// As [`Database::open`], and of what was to be done.
pub fn look_at<T>(
    path: &Path,
    uid: u32,
    work: impl Fn(&Database) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let mut last = LedgerError::Replaced { path: path.to_owned() };
    for _ in 0..MAX_LOOKS {
        match Database::open(path, uid, Purpose::Look) {
            Ok(database) => match work(&database) {
                found if database.is_unchanged() => return found,
                Ok(_) => {}
                Err(error) => last = error,
            },
            // Between the look at the log and the opening of its index both may have gone: that is an Nx that ended.
            Err(
                error @ (LedgerError::Replaced { .. }
                | LedgerError::NeedsRecovery { .. }
                | LedgerError::Unreadable { .. }),
            ) => last = error,
            Err(error) => return Err(error),
        }
        // An Nx that starts or ends makes and removes the log within milliseconds.
        std::thread::sleep(Duration::from_millis(5));
    }
    Err(last)
}

/// A file beside the database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn id(found: &Metadata) -> FileId {
    FileId { device: found.dev(), inode: found.ino() }
}

fn state(found: &Metadata) -> (u64, i64, i64) {
    (found.len(), found.mtime(), found.mtime_nsec())
}

/// The file, if it and everything beside it are regular files of the user.
fn trusted(path: &Path, uid: u32) -> Result<Metadata, LedgerError> {
    let no = |path: &Path, reason: &str| {
        Err(LedgerError::Untrusted { path: path.to_owned(), reason: reason.to_owned() })
    };
    for ending in ["-wal", "-shm", "-journal", ""] {
        let path = beside(path, ending);
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !ending.is_empty() => continue,
            Err(error) => return Err(LedgerError::Unreadable { path, reason: error.to_string() }),
        };
        if !found.is_file() {
            return no(&path, "it is not a regular file");
        } else if found.uid() != uid {
            return no(&path, "it belongs to another user");
        } else if found.nlink() != 1 {
            return no(&path, "it has a second name elsewhere");
        } else if ending == "-journal" {
            let reason = "a transaction was left half done".to_owned();
            return Err(LedgerError::NeedsRecovery { path, reason });
        } else if ending.is_empty() {
            return Ok(found);
        }
    }
    no(path, "it cannot be looked at")
}

/// The connection, and whether it reads without locks.
fn look(path: &Path) -> Result<(Connection, bool), LedgerError> {
    let log = fs::symlink_metadata(beside(path, "-wal")).ok().map(|found| found.len());
    let has_index = beside(path, "-shm").exists();
    let (way, is_unlocked) = match (log, has_index) {
        (Some(_), true) => ("mode=ro&readonly_shm=1", false),
        (None | Some(0), _) => ("immutable=1", true),
        (Some(_), false) => {
            let reason = "its log has no index, and cannot be read without making one".to_owned();
            return Err(LedgerError::NeedsRecovery { path: path.to_owned(), reason });
        }
    };
    let connection = open(path, way, OpenFlags::SQLITE_OPEN_READ_ONLY, LOOK_PATIENCE);
    connection.map(|connection| (connection, is_unlocked)).map_err(|error| translate(path, &error))
}

fn strike(path: &Path) -> Result<Connection, LedgerError> {
    let ready =
        open(path, "mode=rw", OpenFlags::SQLITE_OPEN_READ_WRITE, LOOK_PATIENCE).and_then(|connection| {
            // As Nx itself: the log is not synced while the lock is held, but by `sync` afterwards.
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((connection, mode))
        });
    let (connection, mode) = ready.map_err(|error| translate(path, &error))?;
    if mode == "wal" {
        return Ok(connection);
    }
    let reason = format!("its journal is `{mode}`, where Nx keeps a write-ahead log");
    Err(LedgerError::UnknownSchema { path: path.to_owned(), reason })
}

fn open(path: &Path, way: &str, flags: OpenFlags, patience: Duration) -> rusqlite::Result<Connection> {
    // SQLite refuses a link in any part of the path, so those before the last one are resolved first.
    let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
    let path =
        folder.zip(path.file_name()).map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name));
    let flags = flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(&path, way), flags)?;
    connection.busy_timeout(patience)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    Ok(connection)
}

/// The path as an address for SQLite: every byte that is not plain is escaped.
fn uri(path: &Path, way: &str) -> String {
    let mut text = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                text.push(char::from(*byte));
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text + "?" + way
}

/// What a row says; `None` for one whose name is not that of an entry.
fn record(row: &Row<'_>, database: usize) -> rusqlite::Result<Option<(String, Record)>> {
    let text = |column: usize| -> rusqlite::Result<Option<String>> {
        Ok(match row.get_ref(column)? {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
            _ => None,
        })
    };
    let number = |column: usize| -> rusqlite::Result<Option<i64>> {
        Ok(if let ValueRef::Integer(number) = row.get_ref(column)? { Some(number) } else { None })
    };
    let Some(hash) = text(0)?.filter(|hash| is_number(hash.as_ref())) else { return Ok(None) };
    let accessed_at = text(3)?;
    let record = Record {
        last_use: accessed_at.as_deref().and_then(moment),
        created: text(2)?.as_deref().and_then(moment),
        size_bytes: number(1)?.and_then(|size| u64::try_from(size).ok()),
        is_entry: number(4)? != Some(0),
        marks: vec![Mark::Row { database, accessed_at }],
    };
    Ok(Some((hash, record)))
}

/// A moment as SQLite writes it, in UTC, since 1970.
fn moment(text: &str) -> Option<Duration> {
    let is_plain = text.len() == 19 && text.is_ascii() && text.as_bytes()[10] == b' ';
    let found = humantime::parse_rfc3339_weak(text).ok().filter(|_| is_plain)?;
    found.duration_since(SystemTime::UNIX_EPOCH).ok()
}

/// The error of the engine in our words.
pub fn translate(path: &Path, error: &rusqlite::Error) -> LedgerError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            LedgerError::Busy { path, waited: LOOK_PATIENCE }
        }
        Some(ErrorCode::NotADatabase) => {
            LedgerError::UnknownSchema { path, reason: "it is no SQLite database".to_owned() }
        }
        Some(ErrorCode::ReadOnly) => {
            LedgerError::NeedsRecovery { path, reason: format!("it cannot be read as it is ({error})") }
        }
        _ => LedgerError::Unreadable { path, reason: error.to_string() },
    }
}

#[cfg(test)]
#[path = "database_tests.rs"]
mod tests;
