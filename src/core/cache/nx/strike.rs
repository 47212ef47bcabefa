//! Striking rows out of every database of a cache at once.
//!
//! The write locks of all databases are held together while a batch is compared and deleted, so an entry goes from
//! all of them or from none. Only a commit can still fail in between: then a row is left, and the entry keeps its
//! files, which is a good hit. Nobody else takes two of these locks, so nobody can wait for us while we wait for
//! them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use super::super::ledger::{LedgerError, Mark, Record, Struck};
use super::database::{Database, translate};
use super::layout::Layout;

/// How long and how often the locks are held.
pub struct Pace<'a> {
    /// After this much a batch is committed. Holds of 50 ms hurt no Nx that was tried; one of 9 s made it fail.
    pub hold: Duration,
    /// The most entries of a batch; a thousand take some milliseconds.
    pub batch: usize,
    /// How long a lock of somebody else is waited for in one call.
    pub patience: Duration,
    /// Whether somebody asked to stop. Asked while a lock is waited for.
    pub stop: &'a dyn Fn() -> bool,
    /// Told when one database has committed and the next one has not.
    pub committed: &'a dyn Fn(),
    /// The time, from any start.
    pub now: &'a dyn Fn() -> Duration,
}

impl Pace<'_> {
    /// The usual pace.
    #[must_use]
    pub fn usual(now: &dyn Fn() -> Duration) -> Pace<'_> {
        Pace {
            hold: Duration::from_millis(25),
            batch: 2000,
            patience: Duration::from_secs(5),
            stop: &|| false,
            committed: &|| {},
            now,
        }
    }
}

/// With one lock held, another one is waited for no longer than this.
const SECOND_PATIENCE: Duration = Duration::from_millis(10);

/// How long SQLite waits at a time: whoever wants to stop it is heard in between.
const SLICE: Duration = Duration::from_millis(100);

/// Why a batch was not struck.
enum Halt {
    /// Somebody asked to stop.
    Stopped,
    /// A database says no.
    Failed(LedgerError),
}

impl From<LedgerError> for Halt {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error)
    }
}

/// What came of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Strikes {
    /// What came of each entry, in their order.
    pub struck: Vec<Struck>,
    /// The number of transactions in each database.
    pub transactions: usize,
}

/// Strikes entries out of all databases.
pub fn strike(databases: &mut [Database], entries: &[(OsString, Record)], pace: &Pace<'_>) -> Strikes {
    let mut done = Strikes::default();
    let deadline = Instant::now() + pace.patience;
    while done.struck.len() < entries.len() {
        let rest = &entries[done.struck.len()..];
        match batch(databases, rest, deadline, pace) {
            Ok(struck) => done.struck.extend(struck),
            Err(halt) => {
                let rest = match halt {
                    Halt::Stopped => Struck::NotBegun,
                    Halt::Failed(error) => Struck::Failed(error.to_string()),
                };
                done.struck.resize(entries.len(), rest);
                break;
            }
        }
        done.transactions += 1;
    }
    if let Some(error) = databases.iter().find_map(|database| database.sync().err()) {
        let lost = Struck::Failed(format!("it is not certain that it stays struck out: {error}"));
        done.struck
            .iter_mut()
            .filter(|struck| **struck == Struck::Gone)
            .for_each(|struck| *struck = lost.clone());
    }
    done
}

/// One transaction in every database: as many entries as fit into it, at least one.
fn batch(
    databases: &mut [Database],
    entries: &[(OsString, Record)],
    deadline: Instant,
    pace: &Pace<'_>,
) -> Result<Vec<Struck>, Halt> {
    begin_all(databases, deadline, pace)?;
    let worked = within(databases, entries, pace);
    match worked {
        Ok(struck) => Ok(commit_all(databases, struck, pace)),
        Err(error) => {
            roll_back(databases);
            Err(error.into())
        }
    }
}

fn within(
    databases: &mut [Database],
    entries: &[(OsString, Record)],
    pace: &Pace<'_>,
) -> Result<Vec<Struck>, LedgerError> {
    for database in databases.iter_mut() {
        database.refresh()?;
    }
    let (start, mut struck) = ((pace.now)(), Vec::new());
    for (name, record) in entries.iter().take(pace.batch.max(1)) {
        struck.push(one(databases, name, record)?);
        if (pace.now)().saturating_sub(start) >= pace.hold {
            break;
        }
    }
    Ok(struck)
}

/// Compares an entry in all databases, and deletes it only if all of them say what they said.
fn one(databases: &[Database], name: &OsString, record: &Record) -> Result<Struck, LedgerError> {
    let Some(name) = name.to_str().filter(|_| record.last_use.is_some()) else {
        return Ok(Struck::Failed("when it was used last cannot be read".to_owned()));
    };
    let mut present = Vec::new();
    for (number, database) in databases.iter().enumerate() {
        let noted = record.marks.iter().find_map(|mark| match mark {
            Mark::Row { database, accessed_at } if *database == number => accessed_at.as_deref(),
            _ => None,
        });
        match (accessed_at(database, name)?, noted) {
            (None, _) => {}
            (Some(found), Some(noted)) if found.as_deref() == Some(noted) => present.push((database, noted)),
            (Some(_), _) => return Ok(Struck::UsedSince),
        }
    }
    for (database, noted) in present {
        let query = "DELETE FROM cache_outputs WHERE hash = ?1 AND accessed_at = ?2";
        let gone = database.connection.execute(query, params![name, noted]);
        if gone.map_err(|error| translate(&database.path, &error))? != 1 {
            let reason = "it was compared, and could not be deleted".to_owned();
            return Err(LedgerError::Unreadable { path: database.path.clone(), reason });
        }
    }
    Ok(Struck::Gone)
}

/// The last use in the row of this entry, if there is one; `None` inside for one that is no text.
fn accessed_at(database: &Database, name: &str) -> Result<Option<Option<String>>, LedgerError> {
    if database.layout == Layout::Without {
        return Ok(None);
    }
    let query = "SELECT accessed_at FROM cache_outputs WHERE hash = ?1";
    let found = database
        .connection
        .query_row(query, [name], |row| Ok(row.get_ref(0)?.as_str().ok().map(str::to_owned)));
    found.optional().map_err(|error| translate(&database.path, &error))
}

/// Takes the write locks of all databases. What is busy is waited for while nothing else is held.
fn begin_all(databases: &[Database], deadline: Instant, pace: &Pace<'_>) -> Result<(), Halt> {
    let mut first = 0;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match try_begin(databases, first, left.min(SLICE)) {
            Ok(()) => return Ok(()),
            Err((busy, _)) if is_busy(&busy) && (pace.stop)() => return Err(Halt::Stopped),
            Err((busy, path)) if is_busy(&busy) => {
                if left.is_zero() {
                    return Err(LedgerError::Busy { path, waited: pace.patience }.into());
                }
                first = databases.iter().position(|database| database.path == path).unwrap_or(0);
            }
            Err((error, path)) => return Err(translate(&path, &error).into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn try_begin(databases: &[Database], first: usize, left: Duration) -> Result<(), (rusqlite::Error, PathBuf)> {
    let order = (0..databases.len()).map(|at| &databases[(first + at) % databases.len()]);
    for (at, database) in order.enumerate() {
        let patience = if at == 0 { left } else { left.min(SECOND_PATIENCE) };
        let begun = database
            .connection
            .busy_timeout(patience)
            .and_then(|()| database.connection.execute_batch("BEGIN IMMEDIATE"));
        if let Err(error) = begun {
            roll_back(databases);
            return Err((error, database.path.clone()));
        }
    }
    Ok(())
}

fn is_open(connection: &Connection) -> bool {
    !connection.is_autocommit()
}

fn roll_back(databases: &[Database]) {
    // When this fails the connection is beyond use, and its end rolls it back.
    let open = databases.iter().filter(|database| is_open(&database.connection));
    open.for_each(|database| drop(database.connection.execute_batch("ROLLBACK")));
}

/// Commits in all databases. When one fails, nothing of the batch counts as gone: a row may be left.
fn commit_all(databases: &[Database], struck: Vec<Struck>, pace: &Pace<'_>) -> Vec<Struck> {
    let commit = |(at, database): (usize, &Database)| {
        if at > 0 {
            (pace.committed)();
        }
        let done = database.connection.execute_batch("COMMIT");
        done.map_err(|error| translate(&database.path, &error).to_string()).err()
    };
    let Some(reason) = databases.iter().enumerate().find_map(commit) else { return struck };
    roll_back(databases);
    let kept = |struck| if struck == Struck::Gone { Struck::Failed(reason.clone()) } else { struck };
    struck.into_iter().map(kept).collect()
}

#[cfg(test)]
#[path = "strike_tests.rs"]
mod tests;
