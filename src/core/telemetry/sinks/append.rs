//! Whole lines at the end of a file that others append to as well.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to sleep between two tries to get the lock.
const RETRY: Duration = Duration::from_millis(5);

/// Opens the file and locks it, so that nobody who asks for the lock too appends or rotates at the same time. Folders
/// that are missing are made.
///
/// # Errors
/// When it cannot be opened, is no file, or somebody else holds the lock until the deadline.
pub fn open_locked(path: &Path, deadline: Instant) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // To open a pipe would wait for somebody to read it.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("it is there, and no file"));
    }
    loop {
        let file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
        while let Err(error) = file.try_lock() {
            if Instant::now() >= deadline {
                return Err(io::Error::from(error));
            }
            std::thread::sleep(RETRY);
        }
        // While we waited, another may have taken its place.
        let (ours, there) = (file.metadata()?, fs::metadata(path));
        if there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
            return Ok(file);
        }
    }
}

/// Appends lines in one write, behind a tail that somebody else may have torn, and brings them to the disk. What does
/// not fit is taken back.
///
/// # Errors
/// When they are not all there.
pub fn append(file: &mut File, lines: &[u8]) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut last = *b"\n";
    if end > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let mended;
    let bytes = if last == *b"\n" {
        lines
    } else {
        mended = [b"\n", lines].concat();
        &mended
    };
    file.write_all(bytes).and_then(|()| file.sync_data()).inspect_err(|_| {
        // The lock is ours: nobody who asks for it has written behind us.
        let _ = file.set_len(end);
    })
}
