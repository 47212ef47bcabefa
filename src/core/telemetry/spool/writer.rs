//! The side of the spool on which events come in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::lock::{Guard, Hold, SpoolLock};
use super::reserve::{is_full, set_aside, with_room_alone};
use super::segment::{Segment, first_number, list, name};
use crate::core::state::Folder;

/// How long to wait for the lock of the spool: the sections under it take a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an event has survived when its writer is told that it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of every process, SIGKILL included.
    #[default]
    Process,
    /// The end of the machine.
    Disk,
}

/// How large the spool gets.
#[derive(Debug, Clone, Copy)]
pub struct SpoolLimits {
    /// A segment that is as long as this is followed by the next, in bytes.
    pub segment_bytes: u64,
    /// When all segments together are as long as this, events are refused, in bytes.
    pub total_bytes: u64,
}

/// Why events are not in the spool.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// It may not get larger.
    #[error(
        "the spool {folder} is full: it has {bytes} bytes, and may have {most}; nothing was dropped to make room",
        folder = folder.display()
    )]
    Full {
        /// Where it is.
        folder: PathBuf,
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        most: u64,
    },
    /// Somebody does not let go of its lock.
    #[error("another run holds the lock {path} for {patience:?} by now", path = path.display())]
    Held {
        /// Which lock.
        path: PathBuf,
        /// How long it was waited for.
        patience: Duration,
    },
    /// The operating system refused.
    #[error("cannot write to the spool {path}: {source}", path = path.display())]
    Io {
        /// What was used.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The spool, open for writing.
#[derive(Debug)]
pub struct Spool {
    folder: Folder,
    limits: SpoolLimits,
    durability: Durability,
    lock: SpoolLock,
    patience: Duration,
}

impl Spool {
    /// Opens the spool in this folder. Nothing is written yet.
    ///
    /// # Errors
    /// When the file of the lock cannot be opened.
    pub fn open(folder: Folder, limits: SpoolLimits, durability: Durability) -> Result<Self, SpoolError> {
        let lock = SpoolLock::open(folder.path())?;
        Ok(Self { folder, limits, durability, lock, patience: PATIENCE })
    }

    /// The same, that waits at most so long for its lock.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Where it is.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Appends whole lines in one write.
    ///
    /// # Errors
    /// When they are not all in the spool; how many bytes of them are, always whole lines, is told as well.
    pub fn append(&self, lines: &[u8]) -> Result<(), (usize, SpoolError)> {
        loop {
            match self.try_append(lines).map_err(|error| (0, error))? {
                Appended::All => return Ok(()),
                Appended::Part(part) => return self.finish(lines, part),
                // The last segment is full: the next one is started, and has room.
                Appended::NoRoom => self.rotate(self.limits.segment_bytes).map_err(|error| (0, error))?,
            }
        }
    }

    fn try_append(&self, lines: &[u8]) -> Result<Appended, SpoolError> {
        let _shared = self.shared()?;
        let segments = self.segments()?;
        let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
        if bytes + lines.len() as u64 > self.limits.total_bytes {
            let folder = self.folder.path().to_owned();
            return Err(SpoolError::Full { folder, bytes, most: self.limits.total_bytes });
        }
        let last = segments.last().copied();
        if last.is_some_and(|last| !last.is_file || last.bytes >= self.limits.segment_bytes) {
            return Ok(Appended::NoRoom);
        }
        let number = last.map_or_else(|| first_number(self.folder.path()), |last| last.number);
        set_aside(&self.folder);
        let path = self.folder.file(&name(number));
        let io_error = |source| SpoolError::Io { path: path.clone(), source };
        let mut file = open(&path).map_err(io_error)?;
        let written = write_once(&mut file, lines).map_err(io_error)?;
        if written < lines.len() {
            let end = file.stream_position().map_err(io_error)?;
            return Ok(Appended::Part(Part { path, written, end }));
        }
        self.sync(&file).map_err(io_error)?;
        Ok(Appended::All)
    }

    /// The folder too: a writer that promises less may have made the file.
    fn sync(&self, file: &File) -> io::Result<()> {
        if self.durability == Durability::Process {
            return Ok(());
        }
        file.sync_data()?;
        File::open(self.folder.path())?.sync_all()
    }

    /// Ends what the disk took a part of, if nobody has written since: with the rest, or at the last whole line.
    fn finish(&self, lines: &[u8], part: Part) -> Result<(), (usize, SpoolError)> {
        let whole = lines[..part.written].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let _alone = self.alone().map_err(|error| (whole, error))?;
        let last = self
            .segments()
            .map_err(|error| (whole, error))?
            .last()
            .map(|last| self.folder.file(&name(last.number)));
        let result = open(&part.path).and_then(|mut file| {
            // A segment that is not the last is never changed: it may have been read to its end.
            if file.metadata()?.len() != part.end || last.as_ref() != Some(&part.path) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            file.write_all(&lines[part.written..]).inspect_err(|_| {
                // A tail that stays is mended by the next writer, and never taken for an event.
                let _ = file.set_len(part.end - (part.written - whole) as u64);
            })?;
            self.sync(&file)
        });
        result.map_err(|source| (whole, SpoolError::Io { path: part.path, source }))
    }

    fn shared(&self) -> Result<Guard<'_>, SpoolError> {
        self.lock.take(Hold::Shared, self.patience)
    }

    fn alone(&self) -> Result<Guard<'_>, SpoolError> {
        self.lock.take(Hold::Alone, self.patience)
    }

    fn segments(&self) -> Result<Vec<Segment>, SpoolError> {
        let path = self.folder.path();
        list(path).map_err(|source| SpoolError::Io { path: path.to_owned(), source })
    }

    /// Starts the next segment if the last one has at least so many bytes.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn rotate(&self, at_least: u64) -> Result<(), SpoolError> {
        let _alone = self.alone()?;
        let Some(last) = self.segments()?.last().copied() else { return Ok(()) };
        if last.is_file && last.bytes < at_least.max(1) {
            return Ok(());
        }
        let path = self.folder.file(&name(last.number + 1));
        let made = with_room_alone(&self.folder, || {
            OpenOptions::new().create_new(true).append(true).mode(0o600).open(&path)
        });
        let synced = made.and_then(|_| match self.durability {
            Durability::Process => Ok(()),
            Durability::Disk => File::open(self.folder.path())?.sync_all(),
        });
        synced.map_err(|source| SpoolError::Io { path, source })
    }

    /// Ends a line that its writer did not end, when nobody is writing, so that it is seen; and tells the segments as
    /// they are at that moment.
    ///
    /// # Errors
    /// When the spool cannot be read. A tail that cannot be mended is no error: it is seen later.
    pub fn settle(&self) -> Result<Vec<Segment>, SpoolError> {
        let _alone = self.alone()?;
        let mut segments = self.segments()?;
        if let Some(last) = segments.last_mut().filter(|last| last.is_file && last.bytes > 0) {
            let path = self.folder.file(&name(last.number));
            let mended = open(&path).and_then(|mut file| mend(&mut file));
            last.bytes = mended.unwrap_or(last.bytes);
        }
        Ok(segments)
    }

    /// Removes the segments before this one, but never the last.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn remove_before(&self, number: u64) -> Result<usize, SpoolError> {
        // So that the first of the room is what is set aside. If somebody does not let go of the lock, it goes all the same.
        let _alone = self.alone().ok();
        let removed = self.remove_all_before(number);
        set_aside(&self.folder);
        removed
    }

    fn remove_all_before(&self, number: u64) -> Result<usize, SpoolError> {
        let segments = self.segments()?;
        let last = segments.last().map_or(0, |last| last.number);
        let mut removed = 0;
        for segment in segments.iter().filter(|segment| segment.number < number.min(last) && segment.is_file)
        {
            let path = self.folder.file(&name(segment.number));
            match fs::remove_file(&path) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(SpoolError::Io { path, source }),
            }
        }
        Ok(removed)
    }
}

/// What became of an attempt.
enum Appended {
    All,
    NoRoom,
    Part(Part),
}

/// So much of the lines the disk has taken, up to this end of the file.
struct Part {
    path: PathBuf,
    written: usize,
    end: u64,
}

fn open(path: &std::path::Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Whether the last byte ends a line.
fn ends_whole(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Ends a line that nobody ended, and tells how long the file is then. Where the disk has no room for that, the writer was
/// told so too, or was killed before: what it left is cut off, as it would have been.
fn mend(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    if ends_whole(file)? {
        return Ok(length);
    }
    match file.write(b"\n") {
        Ok(written) => Ok(length + written as u64),
        Err(error) if is_full(&error) => {
            let whole = whole_lines(file, length)?;
            file.set_len(whole).map(|()| whole)
        }
        Err(error) => Err(error),
    }
}

/// How long a file is up to the end of its last whole line.
fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut piece = vec![0; 1 << 16];
    while end > 0 {
        let start = end.saturating_sub(piece.len() as u64);
        let part = usize::try_from(end - start).map_or(&mut [][..], |length| &mut piece[..length]);
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Writes the lines in one write, and tells how many bytes of them the disk took. An end of line goes first: whoever
/// wrote before may have been killed in the middle of a line, even between a look at the end and our write.
fn write_once(file: &mut File, lines: &[u8]) -> io::Result<usize> {
    let bytes = [b"\n", lines].concat();
    loop {
        match file.write(&bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(|written| written.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
#[path = "spool_tests.rs"]
mod tests;
