//! Which spool an event goes to.
//!
//! A spool is removed as its sinks have it, so events that go to different sinks must not share one: those of a
//! workspace that has sinks of its own would go to whoever delivers next.

use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::segment::list;

const PREFIX: &str = "spool-";

/// The file in a spool that says by which options it is found.
pub const OWNER: &str = "owner";

/// No two paths are longer (`PATH_MAX` of Linux).
const LONGEST_OWNER: u64 = 2 * 4096 + 64;

/// A spool that is not the one of this run, and holds something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Other {
    /// The options by which it is found, if anybody has written them down; that of the user has none.
    pub owner: Option<String>,
    /// Its folder.
    pub folder: PathBuf,
    /// How much is in it.
    pub bytes: u64,
}

/// The name of the spool of whoever has this key, in the folder of the user's own: the first 16 digits of its SHA-256.
#[must_use]
pub fn name(key: &OsStr) -> String {
    let digest = hmac_sha256::Hash::hash(key.as_bytes());
    let digits: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{digits}")
}

/// Whether a folder is a spool: `common`, which is the user's own, or one in it.
#[must_use]
pub fn is_one(common: &Path, folder: &Path) -> bool {
    let is_named = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(PREFIX));
    folder == common || (folder.parent() == Some(common) && folder.file_name().is_some_and(is_named))
}

/// The spools that hold something, but for one. What cannot be read is left out.
#[must_use]
pub fn others(common: &Path, own: &Path) -> Vec<Other> {
    let entries = fs::read_dir(common).into_iter().flatten();
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path())).chain([common.to_owned()]);
    let mut found: Vec<Other> = folders
        .filter(|folder| folder != own && is_one(common, folder))
        .filter_map(|folder| {
            let bytes = list(&folder).ok()?.iter().map(|segment| segment.bytes).sum();
            Some(Other { owner: owner(&folder), folder, bytes })
        })
        .filter(|other| other.bytes > 0)
        .collect();
    found.sort();
    found
}

fn owner(folder: &Path) -> Option<String> {
    let path = folder.join(OWNER);
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(LONGEST_OWNER).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;

    use super::{OWNER, name, others};

    #[test]
    fn every_key_has_a_name_of_its_own_that_stays() {
        assert_eq!(name(OsStr::new("/home/a/app")), "spool-6af7dc262d553a4b");
        assert_ne!(name(OsStr::new("/home/a/app")), name(OsStr::new("/home/a/app2")));
    }

    #[test]
    fn all_that_hold_events_are_told_but_the_own_one() {
        let common = tempfile::tempdir().unwrap();
        let spool = |key: &str, owner: Option<&str>, text: &str| {
            let folder = common.path().join(name(OsStr::new(key)));
            fs::create_dir(&folder).unwrap();
            if let Some(owner) = owner {
                fs::write(folder.join(OWNER), owner).unwrap();
            }
            fs::write(folder.join("segment-0000000001.ndjson"), text).unwrap();
            folder
        };
        let own = spool("own", Some("--workspace /own"), "an event\n");
        let other = spool("other", Some("--workspace /other"), "an event\n");
        let unknown = spool("unknown", None, "event\n");
        spool("empty", Some("--workspace /empty"), "");
        fs::write(common.path().join("spool-file"), "no folder").unwrap();
        fs::create_dir(common.path().join("else")).unwrap();
        let told = |own| {
            let found = others(common.path(), own);
            found.into_iter().map(|one| (one.owner, one.folder, one.bytes)).collect::<Vec<_>>()
        };
        let expected = [(None, unknown, 6), (Some("--workspace /other".to_owned()), other, 9)];
        assert_eq!(told(&own), expected);
        fs::write(common.path().join("segment-0000000001.ndjson"), "the user\n").unwrap();
        assert_eq!(told(&own).len(), 3);
        assert_eq!(told(common.path()).len(), 3, "all but that of the user");
        assert_eq!(others(&common.path().join("none"), &own), []);
    }
}
