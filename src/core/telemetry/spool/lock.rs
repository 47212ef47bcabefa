//! The lock of the spool, shared by writers and held alone by whoever changes which segment is the last.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::writer::SpoolError;

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// With others who hold it so.
    Shared,
    /// By nobody else.
    Alone,
}

/// The file of the lock, open.
#[derive(Debug)]
pub struct SpoolLock {
    path: PathBuf,
    file: File,
}

/// The lock, held until this is dropped.
pub enum Guard<'a> {
    /// It was free.
    Free(&'a File),
    /// It was waited for, by a file of its own.
    Waited(File),
}

impl SpoolLock {
    /// Opens the lock of the spool in this folder, made where it is missing. Nobody is kept off yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, SpoolError> {
        let path = folder.join("spool.lock");
        match open(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(SpoolError::Io { path, source }),
        }
    }

    /// Takes the lock, and waits no longer than this for whoever holds it.
    ///
    /// # Errors
    /// [`SpoolError::Held`] when it is still held then, [`SpoolError::Io`] when there can be no lock.
    pub fn take(&self, hold: Hold, patience: Duration) -> Result<Guard<'_>, SpoolError> {
        let tried = match hold {
            Hold::Shared => self.file.try_lock_shared(),
            Hold::Alone => self.file.try_lock(),
        };
        let io_error = |source| SpoolError::Io { path: self.path.clone(), source };
        match tried {
            Ok(()) => Ok(Guard::Free(&self.file)),
            Err(TryLockError::Error(source)) => Err(io_error(source)),
            Err(TryLockError::WouldBlock) => match wait(self.path.clone(), hold, patience) {
                Ok(Some(file)) => Ok(Guard::Waited(file)),
                Ok(None) => Err(SpoolError::Held { path: self.path.clone(), patience }),
                Err(source) => Err(io_error(source)),
            },
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(path)
}

/// The kernel has whoever waits in a queue of its own: who only asks again and again never finds a moment in which nobody
/// shares the lock. As it cannot be told to stop waiting, a thread does that, with a file that goes when nobody wants it.
fn wait(path: PathBuf, hold: Hold, patience: Duration) -> io::Result<Option<File>> {
    let (sender, receiver) = mpsc::sync_channel(0);
    let work = move || {
        let locked = open(&path).and_then(|file| match hold {
            Hold::Shared => file.lock_shared().map(|()| file),
            Hold::Alone => file.lock().map(|()| file),
        });
        // Nobody waits any more: the lock goes with the file.
        let _ = sender.send(locked);
    };
    thread::Builder::new().name("spool-lock".to_owned()).spawn(work)?;
    match receiver.recv_timeout(patience) {
        Ok(locked) => locked.map(Some),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("nobody waits for the lock")),
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let file = match self {
            Self::Free(file) => file,
            Self::Waited(file) => &*file,
        };
        // The kernel takes it back with the file, if not now.
        let _ = file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::{Hold, SpoolError, SpoolLock};

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn who_waits_gets_the_lock_or_an_error_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (SpoolLock::open(folder.path()).unwrap(), SpoolLock::open(folder.path()).unwrap());
        let shared = one.take(Hold::Shared, Duration::ZERO).unwrap();
        drop(other.take(Hold::Shared, Duration::ZERO).unwrap());
        let held = other.take(Hold::Alone, Duration::from_millis(20));
        assert!(matches!(held, Err(SpoolError::Held { .. })));
        drop(held);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| other.take(Hold::Alone, LONG).map(drop));
            drop(shared);
            waiting.join().unwrap().unwrap();
        });
        // Whoever gave up holds nothing.
        drop(one.take(Hold::Alone, LONG).unwrap());
    }
}
