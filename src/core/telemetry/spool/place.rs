//! Which spool an event goes to.
//!
//! A spool is removed as its sinks have it, so events that go to different sinks must not share one: those of a
//! workspace that has sinks of its own would go to whoever delivers next.

use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::segment::list;

const PREFIX: &str = "workspace-";

/// The file in the spool of a workspace that says which one it is.
pub const OWNER: &str = "workspace";

/// No path is longer (`PATH_MAX` of Linux).
const LONGEST_PATH: u64 = 4096;

/// The name of the spool of a workspace, in the folder of the user's own: the first 16 digits of the SHA-256 of its
/// path, which is without symbolic links.
#[must_use]
pub fn of_workspace(workspace: &Path) -> String {
    let digest = hmac_sha256::Hash::hash(workspace.as_os_str().as_bytes());
    let digits: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{digits}")
}

/// The spools of workspaces that hold something, but for one: what they belong to, and how many bytes they have.
/// `common` is the folder of the user's own spool. What cannot be read is left out.
#[must_use]
pub fn others(common: &Path, own: &Path) -> Vec<(PathBuf, u64)> {
    let Ok(entries) = fs::read_dir(common) else { return Vec::new() };
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_other = |folder: &PathBuf| {
        let name = folder.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(PREFIX)) && folder != own
    };
    let mut found: Vec<(PathBuf, u64)> = folders
        .filter(is_other)
        .filter_map(|folder| {
            let bytes: u64 = list(&folder).ok()?.iter().map(|segment| segment.bytes).sum();
            Some((owner(&folder)?, bytes))
        })
        .filter(|(_, bytes)| *bytes > 0)
        .collect();
    found.sort();
    found
}

fn owner(folder: &Path) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let path = folder.join(OWNER);
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    fs::File::open(path).ok()?.take(LONGEST_PATH).read_to_end(&mut bytes).ok()?;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(&bytes)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{OWNER, of_workspace, others};

    #[test]
    fn every_workspace_has_a_name_of_its_own_that_stays() {
        assert_eq!(of_workspace(Path::new("/home/a/app")), "workspace-6af7dc262d553a4b");
        assert_ne!(of_workspace(Path::new("/home/a/app")), of_workspace(Path::new("/home/a/app2")));
    }

    #[test]
    fn only_what_holds_events_and_says_whose_they_are_is_told() {
        let common = tempfile::tempdir().unwrap();
        let spool = |workspace: &str, owner: Option<&str>, text: &str| {
            let folder = common.path().join(of_workspace(Path::new(workspace)));
            fs::create_dir(&folder).unwrap();
            if let Some(owner) = owner {
                fs::write(folder.join(OWNER), owner).unwrap();
            }
            fs::write(folder.join("segment-0000000001.ndjson"), text).unwrap();
            folder
        };
        let own = spool("/own", Some("/own"), "an event\n");
        spool("/other", Some("/other"), "an event\n");
        spool("/empty", Some("/empty"), "");
        spool("/unknown", None, "an event\n");
        fs::write(common.path().join("workspace-file"), "no folder").unwrap();
        assert_eq!(others(common.path(), &own), [(PathBuf::from("/other"), 9)]);
        assert_eq!(others(common.path(), common.path()).len(), 2);
        assert_eq!(others(&common.path().join("none"), &own), []);
    }
}
