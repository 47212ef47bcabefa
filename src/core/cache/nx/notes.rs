//! All that Nx notes about one cache, as one ledger: the databases of every machine and version, and the files of
//! Nx 19 that an upgrade leaves in the same folder.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::super::disk::Disk;
use super::super::ledger::{Doubt, Ledger, LedgerError, Record, Struck};
use super::super::watch::{Step, Watch};
use super::commits::Commits;
use super::database::{Database, Purpose, look_at};
use super::layout::Layout;
use super::locate::{NxStore, databases_in, strangers_in};
use super::strike::{Pace, strike};

/// The ledger of a cache of Nx.
pub struct NxNotes<'a, D: Disk> {
    folder: PathBuf,
    paths: Vec<PathBuf>,
    searched: Vec<PathBuf>,
    commits: Commits<'a, D>,
    uid: u32,
    purpose: Purpose,
    is_exclusive: bool,
    is_below_home: bool,
    have_tables: bool,
    open: Vec<Database>,
}

impl<'a, D: Disk> NxNotes<'a, D> {
    /// The ledger of a store whose folder is open. Nothing is opened or read yet.
    pub fn new(store: &NxStore, disk: &'a D, folder: &'a D::Folder, uid: u32, purpose: Purpose) -> Self {
        Self {
            folder: store.folder.clone(),
            paths: store.databases.clone(),
            searched: store.database_folders.clone(),
            commits: Commits::new(disk, folder, uid),
            uid,
            purpose,
            is_exclusive: store.is_exclusive,
            is_below_home: store.is_below_home,
            have_tables: false,
            open: Vec::new(),
        }
    }

    /// That no database has come or gone, such as by an upgrade of Nx meanwhile.
    fn check_complete(&self) -> Result<(), LedgerError> {
        let (found, hidden) = databases_in(&self.searched);
        if let Some(reason) = hidden {
            return Err(LedgerError::Unreadable { path: self.folder.clone(), reason });
        }
        let differs = |path: &&PathBuf| !self.paths.contains(path) || !found.contains(path);
        match found.iter().chain(&self.paths).find(differs) {
            Some(path) => Err(LedgerError::Replaced { path: path.clone() }),
            None => Ok(()),
        }
    }

    /// Opens all databases for striking, all or none.
    fn open(&mut self) -> Result<(), LedgerError> {
        self.check_complete()?;
        if self.open.len() != self.paths.len() {
            let open = self.paths.iter().map(|path| Database::open(path, self.uid, Purpose::Strike));
            self.open = open.collect::<Result<_, _>>()?;
        }
        self.open.iter_mut().try_for_each(Database::refresh)
    }

    /// Does something with every database, and returns what came of it in the order of the databases. Nothing is
    /// opened for writing before something is struck: a disk may be full, and a look must not fail for that. From then
    /// on everything goes through what is open, because to close a file takes the locks of SQLite away.
    fn with_each<T>(
        &mut self,
        work: impl Fn(usize, &Database) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        if !self.open.is_empty() {
            return self.with_open(work);
        }
        self.check_complete()?;
        let looks = self.paths.iter().enumerate();
        let looked: Result<Vec<T>, LedgerError> =
            looks.map(|(number, path)| look_at(path, self.uid, |database| work(number, database))).collect();
        match looked {
            // Whoever may write can play a log back.
            Err(error @ LedgerError::NeedsRecovery { .. }) if self.purpose == Purpose::Strike => {
                self.with_open(work).map_err(|_| error)
            }
            looked => looked,
        }
    }

    fn with_open<T>(
        &mut self,
        work: impl Fn(usize, &Database) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        self.open()?;
        self.open.iter().enumerate().map(|(number, database)| work(number, database)).collect()
    }

    fn failed(&self, error: &std::io::Error) -> LedgerError {
        LedgerError::Unreadable { path: self.folder.clone(), reason: error.to_string() }
    }
}

impl<D: Disk> Ledger for NxNotes<'_, D> {
    fn records(&mut self) -> Result<HashMap<OsString, Record>, LedgerError> {
        let read = self.with_each(|number, database| Ok((database.layout, database.records(number)?)))?;
        self.have_tables = !read.is_empty() && read.iter().all(|(layout, _)| *layout != Layout::Without);
        let mut records = self.commits.records().map_err(|error| self.failed(&error))?;
        for (name, record) in read.into_iter().flat_map(|(_, rows)| rows) {
            match records.entry(name.into()) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut().merge(record),
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(record);
                }
            }
        }
        Ok(records)
    }

    fn strike(&mut self, entries: &[(OsString, Record)], watch: &dyn Watch) -> Vec<Struck> {
        if self.purpose == Purpose::Look {
            return vec![Struck::Failed("it was opened for looking only".to_owned()); entries.len()];
        }
        if let Err(error) = self.open() {
            return vec![Struck::Failed(error.to_string()); entries.len()];
        }
        let start = Instant::now();
        let now = || -> Duration { start.elapsed() };
        let (stop, committed) = (|| watch.stop(), || watch.at(Step::Committed));
        let pace = Pace { stop: &stop, committed: &committed, ..Pace::usual(&now) };
        let mut struck = strike(&mut self.open, entries, &pace).struck;
        watch.at(Step::Rows);
        // The file goes last: where it is left, the entry is still a hit for Nx 19, and keeps its files.
        for (struck, (name, record)) in struck.iter_mut().zip(entries) {
            if *struck == Struck::Gone {
                *struck = self.commits.strike(name, record);
            }
        }
        struck
    }

    fn knows(&mut self, names: &[OsString]) -> Result<HashSet<OsString>, LedgerError> {
        let in_databases = self.with_each(|_, database| {
            let mut known = Vec::new();
            for name in names {
                known.push(database.knows(&name.to_string_lossy())?);
            }
            Ok(known)
        })?;
        let mut known = HashSet::new();
        for (at, name) in names.iter().enumerate() {
            let has_note = self.commits.knows(name).map_err(|error| self.failed(&error))?;
            if has_note || in_databases.iter().any(|database| database[at]) {
                known.insert(name.clone());
            }
        }
        Ok(known)
    }

    fn doubt(&self) -> Option<Doubt> {
        if !self.is_exclusive && !self.is_below_home {
            return Some(Doubt::Elsewhere);
        }
        // A later Nx may note its entries in another way, beside what older ones have left.
        match strangers_in(&self.searched, self.is_below_home) {
            Err(reason) => Some(Doubt::Unknown(reason)),
            Ok(strangers) if !strangers.is_empty() => {
                let path = strangers[0].display();
                Some(Doubt::Unknown(format!("{path} is no database that is known, and may know them")))
            }
            Ok(_) if self.is_below_home && !self.have_tables => {
                let reason = "a database beside it has no table of its entries, which may be noted elsewhere";
                Some(Doubt::Unknown(reason.to_owned()))
            }
            Ok(_) => None,
        }
    }
}

#[cfg(test)]
#[path = "notes_tests.rs"]
mod tests;
