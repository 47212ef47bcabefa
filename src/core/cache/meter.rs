//! Measures what is in one store, with the index of what was measured before.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::disk::{Disk, FileId, Interrupted, Listed, Measured, Usage};
use super::index::{Index, IndexFile, file_name};
use super::measure::{Survey, SurveyError, measure};
use crate::core::state::{Folder, Loaded, load, save};

/// Measures the entries of one store, and remembers them.
pub struct Meter<'a> {
    state: Option<(Folder, PathBuf)>,
    now: Duration,
    progress: &'a (dyn Fn(&Usage) + Sync),
    stop: &'a (dyn Fn() -> bool + Sync),
    file: Option<PathBuf>,
    index: Option<Index>,
    remembered: usize,
    warning: Option<String>,
}

impl<'a> Meter<'a> {
    /// A meter for the time `now` (since 1970). `progress` is told what is done from any thread, `stop` says when to
    /// leave off.
    #[must_use]
    pub fn new(
        now: Duration,
        progress: &'a (dyn Fn(&Usage) + Sync),
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Self {
        Self { state: None, now, progress, stop, file: None, index: None, remembered: 0, warning: None }
    }

    /// Remembers in this folder what is in the store at `path`. Without the folder everything is measured anew.
    #[must_use]
    pub fn remembering(mut self, state: &Path, uid: u32, path: &Path) -> Self {
        match Folder::open(state, uid) {
            Ok(folder) => self.state = Some((folder, path.to_owned())),
            Err(error) => self.warning = Some(format!("cannot remember what was measured: {error}")),
        }
        self
    }

    /// The time since 1970 that it measures for.
    #[must_use]
    pub const fn now(&self) -> Duration {
        self.now
    }

    /// How many entries were known from an earlier look.
    #[must_use]
    pub const fn from_index(&self) -> usize {
        self.remembered
    }

    /// Measures the entries of a store.
    ///
    /// # Errors
    /// When the folder cannot be asked what it is, or somebody asked to stop.
    pub fn measure<D: Disk>(
        &mut self,
        disk: &D,
        base: &D::Folder,
        listed: Vec<Listed>,
    ) -> Result<Vec<Measured>, SurveyError> {
        let known = self.known(disk.stat(base)?.id);
        let survey = measure(disk, base, listed, known.as_ref(), self.now, self.progress, self.stop)?;
        let Survey { measured, index, remembered } = survey;
        // What is the same as before need not be written again.
        self.index = Some(index).filter(|index| known.as_ref() != Some(index));
        self.remembered = remembered;
        Ok(measured)
    }

    /// Measures what belongs to no entry, and may change at any time.
    ///
    /// # Errors
    /// When somebody asked to stop.
    pub fn aside<D: Disk>(
        &self,
        disk: &D,
        base: &D::Folder,
        listed: Vec<Listed>,
    ) -> Result<Vec<Measured>, Interrupted> {
        disk.measure(base, listed, self.progress, self.stop)
    }

    fn known(&mut self, folder: FileId) -> Option<Index> {
        let (state, path) = self.state.as_ref()?;
        let file = state.file(&file_name(path, folder));
        let found = load::<IndexFile>(&file);
        self.file = Some(file);
        match found {
            Loaded::Content(index) => Some(index.into_index(folder)),
            Loaded::Missing => Some(Index::new(folder)),
            Loaded::Unreadable { reason, .. } => {
                self.warning = Some(format!("the index of {}: {reason}; measuring anew", path.display()));
                Some(Index::new(folder))
            }
        }
    }

    /// Writes what is to be remembered, and says what went wrong. Two runs at once write one after the other: the
    /// file is replaced as a whole, and whatever it says is checked against the folder.
    #[must_use]
    pub fn save(self) -> Option<String> {
        let (Some(file), Some(index)) = (self.file, self.index) else { return self.warning };
        match save(&file, &IndexFile::from(&index)) {
            Ok(()) => self.warning,
            Err(error) => Some(format!("cannot remember what was measured: {}: {error}", file.display())),
        }
    }
}
