//! Opens files that others could have put there.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open};
use rustix::io::Errno;

/// Opens a file for reading, if it is a file and nobody but this user could have written it. Nothing is followed and
/// nothing is waited for: not a link, and not the other end of a pipe.
///
/// # Errors
/// When it is not there, cannot be opened, is no file, or others may write to it.
pub fn open_own(path: &Path, uid: u32) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = open(path, flags, Mode::empty()).map_err(|error| match error {
        Errno::LOOP | Errno::MLINK => io::Error::other("it is a symbolic link"),
        Errno::NXIO => io::Error::other("it is a socket or a device, and no file"),
        other => other.into(),
    })?;
    match refusal(&fstat(&file)?, uid) {
        None => Ok(File::from(file)),
        Some(reason) => Err(io::Error::other(reason)),
    }
}

fn refusal(found: &Stat, uid: u32) -> Option<String> {
    // Narrower than the type of the kernel on some systems.
    #[allow(clippy::useless_conversion, reason = "see above")]
    let mode = u32::from(found.st_mode);
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        Some("it is no file".to_owned())
    } else if found.st_uid != uid {
        Some(format!("it belongs to user {}, not to user {uid}", found.st_uid))
    } else if mode & 0o002 != 0 {
        Some("everybody may write to it; take that right away with chmod o-w".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::open_own;

    #[test]
    fn only_a_file_of_this_user_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let uid = fs::metadata(folder.path()).unwrap().uid();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("own"), "").unwrap();
        assert!(open_own(&path("own"), uid).is_ok());
        symlink("own", path("link")).unwrap();
        symlink("nothing", path("dangling")).unwrap();
        mkfifoat(CWD, path("pipe"), Mode::from_raw_mode(0o600)).unwrap();
        let _listener = UnixListener::bind(path("socket")).unwrap();
        fs::write(path("open"), "").unwrap();
        fs::set_permissions(path("open"), fs::Permissions::from_mode(0o666)).unwrap();
        let table = [
            ("link", uid, "symbolic link"),
            ("dangling", uid, "symbolic link"),
            ("pipe", uid, "no file"),
            ("socket", uid, "no file"),
            ("", uid, "no file"),
            ("own", uid + 1, "belongs to user"),
            ("open", uid, "chmod o-w"),
        ];
        for (name, uid, expected) in table {
            let error = open_own(&path(name), uid).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
        assert_eq!(open_own(&path("none"), uid).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    }
}
