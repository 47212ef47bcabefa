//! Where the workspace is.

use std::path::{Path, PathBuf};

use super::problem::{Place, Problem};
use super::value::ValueError;

/// The name of a workspace's configuration file.
pub const FILE: &str = "brainwav.toml";

/// What marks the root of a workspace; `.git` is a file in a worktree.
const MARKERS: &[&str] = &[FILE, "nx.json", "pnpm-workspace.yaml", ".git"];

/// The nearest folder at or above `cwd` that is the root of a workspace, or else `cwd`.
#[must_use]
pub fn nearest(cwd: &Path) -> PathBuf {
    let is_root =
        |folder: &&Path| MARKERS.iter().any(|marker| folder.join(marker).symlink_metadata().is_ok());
    cwd.ancestors().find(is_root).unwrap_or(cwd).to_owned()
}

/// A folder that was named, without symbolic links: the kernel reports working directories so.
///
/// # Errors
/// When it is no folder.
pub fn named(folder: &Path, cwd: &Path, place: Place) -> Result<PathBuf, Box<Problem>> {
    let path = cwd.join(folder);
    let error = match path.canonicalize() {
        Ok(real) if real.is_dir() => return Ok(real),
        Ok(_) => "is no folder".to_owned(),
        Err(error) => format!("cannot be used: {error}"),
    };
    let error = ValueError::new(format!("the workspace {} {error}", path.display()));
    Err(Box::new(Problem::new(place, "", error.help("name a folder that exists"))))
}

#[cfg(test)]
mod tests {
    use super::super::problem::Place;
    use super::{MARKERS, named, nearest};

    #[test]
    fn the_nearest_marker_wins_and_no_marker_means_here() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        std::fs::create_dir_all(&deep).unwrap();
        for marker in MARKERS {
            let at = folder.path().join("a").join(marker);
            std::fs::write(&at, "").unwrap();
            assert_eq!(nearest(&deep), folder.path().join("a"), "{marker}");
            std::fs::write(deep.join(marker), "").unwrap();
            assert_eq!(nearest(&deep), deep, "{marker}");
            std::fs::remove_file(at).unwrap();
            std::fs::remove_file(deep.join(marker)).unwrap();
        }
    }

    #[test]
    fn a_named_workspace_must_be_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::fs::write(real.join("file"), "").unwrap();
        std::fs::create_dir(real.join("w")).unwrap();
        std::os::unix::fs::symlink("w", real.join("link")).unwrap();
        let flag = || Place::Flag("--workspace");
        assert_eq!(named("link".as_ref(), &real, flag()), Ok(real.join("w")));
        assert!(named("file".as_ref(), &real, flag()).unwrap_err().to_string().contains("is no folder"));
        assert!(named("none".as_ref(), &real, flag()).unwrap_err().to_string().contains("cannot be used"));
    }
}
