//! Writing a file that people own: as a whole, or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// What to do with a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the write fails.
    Keep,
    /// It is replaced, and its permissions stay.
    Replace,
}

/// The permissions of a new file: people share it with their team.
const MODE: u32 = 0o644;

/// Writes a file so that it has its old content or all of the new one, even if the machine stops meanwhile. A
/// symbolic link stays one: what it points to is replaced.
///
/// # Errors
/// What the operating system says; `AlreadyExists` when the file is there and was to be kept.
pub fn write(path: &Path, text: &str, existing: Existing) -> io::Result<()> {
    let target = match existing {
        Existing::Replace => path.canonicalize().unwrap_or_else(|_| path.to_owned()),
        Existing::Keep => path.to_owned(),
    };
    let mode = match fs::metadata(&target) {
        Ok(found) if existing == Existing::Replace => found.permissions().mode() & 0o7777,
        _ => MODE,
    };
    let temporary = beside(&target);
    let result = fill(&temporary, text, mode).and_then(|()| publish(&temporary, &target, existing));
    if result.is_err() {
        // The failure is what counts; a file that cannot be removed either is named by it.
        let _ = fs::remove_file(&temporary);
    }
    result
}

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn fill(temporary: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

/// A link, unlike a rename, fails when the name is taken, so nothing that appears meanwhile is lost.
fn publish(temporary: &Path, target: &Path, existing: Existing) -> io::Result<()> {
    match existing {
        Existing::Replace => fs::rename(temporary, target)?,
        Existing::Keep => match fs::hard_link(temporary, target) {
            Ok(()) => fs::remove_file(temporary)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // Some file systems have no links.
            Err(_) if target.symlink_metadata().is_ok() => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(temporary, target)?,
        },
    }
    let folder =
        target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt as _;

    use super::{Existing, write};

    #[test]
    fn a_file_is_made_kept_or_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        write(&path, "one", Existing::Keep).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode()), ("one", 0o644));
        assert_eq!(write(&path, "two", Existing::Keep).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write(&path, "three", Existing::Replace).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode()), ("three", 0o640));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_symbolic_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        assert_eq!(write(&link, "new", Existing::Keep).unwrap_err().kind(), ErrorKind::AlreadyExists);
        write(&link, "new", Existing::Replace).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(real).unwrap(), "new");
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::create_dir(&path).unwrap();
        assert!(write(&path, "x", Existing::Replace).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&folder.path().join("none/f"), "x", Existing::Keep).is_err());
    }
}
