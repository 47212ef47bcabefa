//! Where runs that have begun are remembered until they finish.
//!
//! They have a folder of their own: many that never finish must not make the folder of the spool long, which every writer
//! reads. What is old is forgotten.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::phase::file_name;
use crate::core::state::{Folder, FolderError};

/// The folder, in that of telemetry.
const NAME: &str = "phases";

/// No run takes longer: what has begun earlier will not finish.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Those of the user.
#[derive(Debug)]
pub struct Phases {
    folder: Folder,
    /// That of telemetry, where an earlier version has put them.
    common: Folder,
}

impl Phases {
    /// Those in this folder of telemetry.
    ///
    /// # Errors
    /// When their own folder cannot be made, or is not the user's own.
    pub fn open(common: &Folder, uid: u32) -> Result<Self, FolderError> {
        let folder = Folder::open(&common.file(NAME), uid)?;
        Ok(Self { folder, common: common.clone() })
    }

    /// The file of a run, whether it is there or not.
    #[must_use]
    pub fn file(&self, name: &str, correlation_id: Option<&str>) -> PathBuf {
        self.at(&file_name(name, correlation_id))
    }

    /// Where a file of this name is.
    #[must_use]
    pub fn at(&self, file: &str) -> PathBuf {
        let (own, earlier) = (self.folder.file(file), self.common.file(file));
        if !own.exists() && earlier.exists() { earlier } else { own }
    }

    /// Forgets those that nobody will finish. What cannot be looked at or removed stays.
    pub fn forget_old(&self, now: SystemTime) {
        for folder in [&self.folder, &self.common] {
            let entries = fs::read_dir(folder.path()).into_iter().flatten().flatten();
            for entry in entries {
                let name = entry.file_name();
                let is_one =
                    name.to_str().is_some_and(|name| name.starts_with("phase-") && name.ends_with(".json"));
                let is_old = || {
                    let changed = entry.metadata().ok().filter(fs::Metadata::is_file)?.modified().ok()?;
                    Some(now.duration_since(changed).ok()? > LONGEST)
                };
                if is_one && is_old() == Some(true) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;
    use std::time::{Duration, SystemTime};

    use super::{Folder, LONGEST, Phases, file_name};

    #[test]
    fn runs_lie_apart_and_those_of_earlier_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let uid = fs::metadata(folder.path()).unwrap().uid();
        let common = Folder::open(&folder.path().join("telemetry"), uid).unwrap();
        let phases = Phases::open(&common, uid).unwrap();
        assert_eq!(phases.file("new", None), common.file("phases").join(file_name("new", None)));
        let earlier = common.file(&file_name("old", Some("1")));
        fs::write(&earlier, "{}").unwrap();
        assert_eq!(phases.file("old", Some("1")), earlier);
    }

    #[test]
    fn only_what_is_old_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let uid = fs::metadata(folder.path()).unwrap().uid();
        let common = Folder::open(&folder.path().join("telemetry"), uid).unwrap();
        let phases = Phases::open(&common, uid).unwrap();
        let files =
            [phases.file("a", None), common.file(&file_name("b", None)), common.file("sink-phase-x.json")];
        for file in &files {
            fs::write(file, "{}").unwrap();
        }
        let there = || files.each_ref().map(|file| file.exists());
        let now = SystemTime::now();
        for moment in [now, now - Duration::from_secs(3600), now + LONGEST - Duration::from_secs(60)] {
            phases.forget_old(moment);
            assert_eq!(there(), [true; 3]);
        }
        phases.forget_old(now + LONGEST + Duration::from_secs(60));
        assert_eq!(there(), [false, false, true]);
    }
}
