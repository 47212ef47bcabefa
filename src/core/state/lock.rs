//! Locks that the kernel takes back when their holder is gone, however it went.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long to sleep between two tries: the sections under such a lock take a few milliseconds.
const RETRY: Duration = Duration::from_millis(5);

/// An exclusive lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code, reason = "the lock lives as long as the open file")] File);

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else holds it.
    #[error("another run holds the lock {path}", path = .0.display())]
    Held(PathBuf),
    /// The lock file cannot be opened.
    #[error("cannot open the lock {path}: {source}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock, and waits at most `patience` for whoever holds it.
    ///
    /// # Errors
    /// [`LockError::Held`] when it is still held then, [`LockError::Io`] when there can be no lock.
    pub fn take(path: &Path, patience: Duration) -> Result<Self, LockError> {
        let io_error = |source| LockError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(io_error)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(source)) => return Err(io_error(source)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(LockError::Held(path.to_owned()));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(RETRY),
            }
        }
    }
}
