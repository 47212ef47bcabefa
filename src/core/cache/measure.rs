//! Measures the entries of one folder, and walks only through those that are not known from before.

use std::io;
use std::time::Duration;

use super::disk::{Disk, Interrupted, Listed, Measured, Newest, Usage};
use super::index::Index;

/// What a folder of a cache holds.
#[derive(Debug)]
pub struct Survey {
    /// Every entry, in no order.
    pub measured: Vec<Measured>,
    /// What to remember of them.
    pub index: Index,
    /// How many were not walked through, because they were remembered.
    pub remembered: usize,
}

/// Why there is no survey.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The folder cannot be read.
    #[error("cannot list it: {0}")]
    Io(#[from] io::Error),
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<Interrupted> for SurveyError {
    fn from(Interrupted: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// Lists a folder and measures what is in it at the time `now` (since 1970). `index` is what an earlier survey of the
/// folder remembered; without one, everything is walked through. `progress` and `stop` are those of
/// [`Disk::measure`]; `progress` is told the remembered entries too.
///
/// # Errors
/// When the folder cannot be listed, or somebody asked to stop.
pub fn survey<D: Disk>(
    disk: &D,
    folder: &D::Folder,
    index: Option<&Index>,
    now: Duration,
    progress: &(dyn Fn(&Usage) + Sync),
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Survey, SurveyError> {
    measure(disk, folder, disk.list(folder)?, index, now, progress, stop)
}

/// As [`survey`], for what is listed of a folder.
///
/// # Errors
/// When the folder cannot be asked what it is, or somebody asked to stop.
pub fn measure<D: Disk>(
    disk: &D,
    folder: &D::Folder,
    listed: Vec<Listed>,
    index: Option<&Index>,
    now: Duration,
    progress: &(dyn Fn(&Usage) + Sync),
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Survey, SurveyError> {
    let id = disk.stat(folder)?.id;
    let most_bytes = disk.space(folder)?.total_bytes;
    let (mut measured, mut unknown) = (Vec::new(), Vec::new());
    for listed in listed {
        match index.and_then(|index| index.usage(&listed, most_bytes)) {
            Some(usage) => measured.push(known(listed, usage)),
            None => unknown.push(listed),
        }
    }
    measured.iter().for_each(|entry| progress(&entry.usage));
    let remembered = measured.len();
    measured.extend(disk.measure(folder, unknown, progress, stop)?);
    Ok(Survey { index: Index::of(id, &measured, now), measured, remembered })
}

const fn known(listed: Listed, usage: Usage) -> Measured {
    // Only entries with records of their use are remembered, so that nobody asks for the times of their files.
    let newest = Newest { modified: listed.modified, accessed: listed.modified };
    Measured { listed, usage, newest, is_whole: true, trouble: None, linked: Vec::new(), shared_bytes: 0 }
}
