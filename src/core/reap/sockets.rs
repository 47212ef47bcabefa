//! Socket files that nobody listens on. A refused connection alone proves nothing (the owner may not listen
//! yet), and a list of bound sockets alone neither (the owner may be in another namespace): only both do.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::core::host::{BoundSockets, Connection, Host, Unknown};
use crate::core::process::NamePattern;

/// Where to look for which names.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// The names in it: whole names, `*` for anything.
    pub names: Vec<NamePattern>,
    /// How old a socket there must be.
    pub min_age: Duration,
}

/// A socket file as it was when it was looked at.
#[derive(Debug, Clone)]
pub struct SocketFile {
    /// Where it is.
    pub path: PathBuf,
    device: u64,
    inode: u64,
    /// Its owner.
    pub uid: u32,
    /// Since it was made.
    pub age: Duration,
    min_age: Duration,
}

/// What became clear about a socket file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketVerdict {
    /// No socket of the kernel is bound to it, and a connection is refused: it is of no use to anybody.
    Stale,
    /// It belongs to another user.
    OtherUser(u32),
    /// It is too young.
    Young,
    /// Other machines may be behind it.
    SharedMount,
    /// A socket is bound to it.
    Bound,
    /// Somebody answers.
    Answers,
    /// A connection came to something that proves nothing.
    Inconclusive(String),
    /// Something that would have to be known is not.
    Unknown(&'static str, Unknown),
}

/// What became of a stale file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// It would have been removed.
    WouldRemove,
    /// Somebody else removed it first.
    AlreadyGone,
    /// Another file is in its place now; that was left alone.
    Replaced,
    /// It could not be removed.
    Failed(String),
}

/// The socket files in these places, and the places that could not be read. One that is not there has none.
#[must_use]
pub fn find(places: &[Place], now: SystemTime) -> (Vec<SocketFile>, Vec<String>) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for place in places {
        match in_place(place, now) {
            Ok(files) => found.extend(files),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => unreadable.push(format!("{}: {error}", place.folder.display())),
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found.dedup_by(|one, other| one.path == other.path);
    unreadable.dedup();
    (found, unreadable)
}

fn in_place(place: &Place, now: SystemTime) -> io::Result<Vec<SocketFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(&place.folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if place.names.iter().any(|pattern| pattern.matches(name.as_encoded_bytes())) {
            files.extend(look(&entry.path(), place.min_age, now));
        }
    }
    Ok(files)
}

/// A link to a socket is no socket: what it points to may be anybody's.
fn look(path: &Path, min_age: Duration, now: SystemTime) -> Option<SocketFile> {
    let found = fs::symlink_metadata(path).ok().filter(|found| found.file_type().is_socket())?;
    // A clock that was set back makes it young, which keeps it.
    let age = found.modified().ok().and_then(|made| now.duration_since(made).ok()).unwrap_or_default();
    Some(SocketFile {
        path: path.to_owned(),
        device: found.dev(),
        inode: found.ino(),
        uid: found.uid(),
        age,
        min_age,
    })
}

/// Judges a socket file, what the owner cannot notice first.
pub fn judge<H: Host>(host: &H, file: &SocketFile, bound: &Result<BoundSockets, Unknown>) -> SocketVerdict {
    let uid = host.ourselves().uid;
    if file.uid != uid {
        return SocketVerdict::OtherUser(file.uid);
    }
    if file.age < file.min_age {
        return SocketVerdict::Young;
    }
    match host.is_shared_mount(&file.path) {
        Ok(false) => {}
        Ok(true) => return SocketVerdict::SharedMount,
        Err(unknown) => return SocketVerdict::Unknown("its file system", unknown),
    }
    let bound = match bound {
        Ok(bound) => bound,
        Err(unknown) => return SocketVerdict::Unknown("whether it is bound", unknown.clone()),
    };
    decide(is_bound(file, bound), || host.connect(&file.path))
}

/// The file systems of containers and snapshots have device numbers of their own, so the inode alone counts:
/// another file of the same number keeps a stale socket, never the other way round.
fn is_bound(file: &SocketFile, bound: &BoundSockets) -> bool {
    let lower = (file.inode & u64::from(u32::MAX)) as u32;
    bound.inodes.contains(&lower) || bound.paths.contains(file.path.as_os_str().as_encoded_bytes())
}

/// The matrix: stale only if nothing is bound to it *and* a connection is refused.
fn decide(is_bound: bool, connect: impl FnOnce() -> Connection) -> SocketVerdict {
    if is_bound {
        return SocketVerdict::Bound;
    }
    match connect() {
        Connection::Refused => SocketVerdict::Stale,
        Connection::Accepted => SocketVerdict::Answers,
        Connection::Other(reason) => SocketVerdict::Inconclusive(reason),
    }
}

/// Removes a stale file, if it is still the very one that was judged.
pub fn remove(file: &SocketFile, dry_run: bool) -> Removal {
    match fs::symlink_metadata(&file.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Removal::AlreadyGone,
        Err(error) => return Removal::Failed(error.to_string()),
        Ok(now) if (now.dev(), now.ino()) != (file.device, file.inode) || !now.file_type().is_socket() => {
            return Removal::Replaced;
        }
        Ok(_) if dry_run => return Removal::WouldRemove,
        Ok(_) => {}
    }
    match fs::remove_file(&file.path) {
        Ok(()) => Removal::Removed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Removal::AlreadyGone,
        Err(error) => Removal::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::time::{Duration, SystemTime};

    use super::{Connection, Place, Removal, SocketVerdict, decide, find, remove};
    use crate::core::process::NamePattern;

    #[test]
    fn the_matrix() {
        let other = |reason: &str| Connection::Other(reason.to_owned());
        let table: &[(&str, bool, Connection, bool)] = &[
            ("live", true, Connection::Accepted, false),
            ("owner killed", false, Connection::Refused, true),
            ("bound by a relative path", true, Connection::Accepted, false),
            ("bound, not listening yet", true, Connection::Refused, false),
            ("live datagram", true, other("EPROTOTYPE"), false),
            ("backlog full", true, other("EAGAIN"), false),
            ("renamed after bind", true, Connection::Accepted, false),
            ("in another network namespace", false, Connection::Accepted, false),
            ("not ours to connect to", false, other("EACCES"), false),
        ];
        for (what, is_bound, connection, stale) in table {
            let verdict = decide(*is_bound, || connection.clone());
            assert_eq!(verdict == SocketVerdict::Stale, *stale, "{what}: {verdict:?}");
        }
    }

    #[test]
    fn who_is_bound_is_not_even_asked() {
        assert_eq!(decide(true, || panic!("asked")), SocketVerdict::Bound);
    }

    #[test]
    fn only_the_very_file_that_was_judged_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &'static str| Place {
            folder: folder.path().to_owned(),
            names: vec![NamePattern::new(name).unwrap()],
            min_age: Duration::ZERO,
        };
        let path = folder.path().join("a.mcp.sock");
        std::fs::write(folder.path().join("b.mcp.sock"), "no socket").unwrap();
        std::os::unix::fs::symlink(&path, folder.path().join("c.mcp.sock")).unwrap();
        drop(UnixListener::bind(&path).unwrap());
        drop(UnixListener::bind(folder.path().join("d.other.sock")).unwrap());
        let (found, unreadable) = find(&[place("*.mcp.sock"), place("*.mcp.sock")], SystemTime::now());
        assert!(unreadable.is_empty());
        assert_eq!(
            found.iter().map(|file| file.path.clone()).collect::<Vec<_>>(),
            std::slice::from_ref(&path)
        );
        assert_eq!(remove(&found[0], true), Removal::WouldRemove);
        // Its owner comes back: another file of the same name.
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(remove(&found[0], false), Removal::Replaced);
        assert!(UnixStream::connect(&path).is_ok());
        drop(listener);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(remove(&found[0], false), Removal::AlreadyGone);
        std::fs::write(&path, "a file").unwrap();
        assert_eq!(remove(&found[0], false), Removal::Replaced);
    }
}
