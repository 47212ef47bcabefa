//! A little room on the disk, given back when there is no other: to note how far a sink is, so that what it has can go,
//! and to keep a dead letter. Without it a full disk would stay full.
//!
//! It is taken while nobody can write into the spool, who would be faster, and whoever writes there fills it up first.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::time::Duration;

use super::lock::{Hold, SpoolLock};
use crate::core::state::Folder;

const NAME: &str = "reserve";

/// So much, in bytes: the progress of some sinks, and some letters.
const BYTES: usize = 32 << 10;

/// It is filled up in such pieces, in bytes: the blocks of most file systems.
const PIECE: usize = 4 << 10;

/// How long to wait until nobody writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sets the room aside, or as much of it as there is.
pub fn set_aside(folder: &Folder) {
    let path = folder.file(NAME);
    let length = fs::metadata(&path).map_or(0, |found| found.len());
    if length >= BYTES as u64 {
        return;
    }
    let open = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path);
    let Ok(file) = open else { return };
    for piece in 0..BYTES / PIECE {
        let at = (piece * PIECE) as u64;
        if at + PIECE as u64 > length && file.write_all_at(&[0; PIECE], at).is_err() {
            return;
        }
    }
}

/// Whether an error says that there is no room.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Does something that needs room, and once more with what was set aside if there is none.
///
/// # Errors
/// Those of what is done.
pub fn with_room<T>(folder: &Folder, mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    match work() {
        Err(error) if is_full(&error) => {
            let Ok(lock) = SpoolLock::open(folder.path()) else { return Err(error) };
            let Ok(_alone) = lock.take(Hold::Alone, PATIENCE) else { return Err(error) };
            given_back(folder, work)
        }
        other => other,
    }
}

/// The same for who has the lock of the spool for himself.
///
/// # Errors
/// Those of what is done.
pub fn with_room_alone<T>(folder: &Folder, mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    match work() {
        Err(error) if is_full(&error) => given_back(folder, work),
        other => other,
    }
}

fn given_back<T>(folder: &Folder, mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let _ = fs::remove_file(folder.file(NAME));
    let result = work();
    // What is left of it, before anybody else has it.
    set_aside(folder);
    result
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::os::unix::fs::MetadataExt as _;

    use super::{BYTES, Folder, set_aside, with_room};

    #[test]
    fn it_is_given_back_when_there_is_no_other_room_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let uid = fs::metadata(folder.path()).unwrap().uid();
        let folder = Folder::open(&folder.path().join("t"), uid).unwrap();
        let room = || fs::metadata(folder.file("reserve")).map_or(0, |found| found.len());
        set_aside(&folder);
        assert_eq!(room(), BYTES as u64);
        for part in [0, 1, 5000, BYTES as u64 - 1] {
            fs::File::options().write(true).open(folder.file("reserve")).unwrap().set_len(part).unwrap();
            set_aside(&folder);
            assert_eq!(room(), BYTES as u64, "{part}");
        }
        let error = |kind: io::ErrorKind| move || Err::<(), _>(io::Error::from(kind));
        assert!(with_room(&folder, error(io::ErrorKind::PermissionDenied)).is_err());
        assert_eq!(room(), BYTES as u64);
        let mut tries = 0;
        let second = with_room(&folder, || {
            tries += 1;
            assert_eq!(room() == 0, tries == 2);
            if tries == 1 { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(tries) }
        });
        assert_eq!((second.unwrap(), room()), (2, BYTES as u64), "what is left of it is set aside again");
        assert!(with_room(&folder, error(io::ErrorKind::StorageFull)).is_err(), "and no third time");
    }
}
