//! A little room on the disk, given back when there is no other: to note how far a sink is, so that what it has can go,
//! and to keep a dead letter. Without it a full disk would stay full.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use crate::core::state::Folder;

const NAME: &str = "reserve";

/// So much, in bytes: the progress of some sinks, and some letters.
const BYTES: usize = 32 << 10;

/// Sets the room aside, if there is any and that was not done yet.
pub fn set_aside(folder: &Folder) {
    let path = folder.file(NAME);
    let Ok(mut file) = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path) else {
        return;
    };
    if file.write_all(&[0; BYTES]).is_err() {
        // Others need the rest of the disk more.
        let _ = fs::remove_file(&path);
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
            // Another may have taken it, and left some of it.
            let _ = fs::remove_file(folder.file(NAME));
            work()
        }
        other => other,
    }
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
        set_aside(&folder);
        assert_eq!(room(), BYTES as u64);
        let error = |kind: io::ErrorKind| move || Err::<(), _>(io::Error::from(kind));
        assert!(with_room(&folder, error(io::ErrorKind::PermissionDenied)).is_err());
        assert_eq!(room(), BYTES as u64);
        let mut tries = 0;
        let second = with_room(&folder, || {
            tries += 1;
            if tries == 1 { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(tries) }
        });
        assert_eq!((second.unwrap(), room()), (2, 0));
        assert!(with_room(&folder, error(io::ErrorKind::StorageFull)).is_err(), "and no third time");
    }
}
