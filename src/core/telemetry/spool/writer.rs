//! The side of the spool on which events come in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use thiserror::Error;

use super::segment::{Segment, first_number, list, name};
use crate::core::state::Folder;

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
    lock: File,
}

impl Spool {
    /// Opens the spool in this folder. Nothing is written yet.
    ///
    /// # Errors
    /// When the file of the lock cannot be opened.
    pub fn open(folder: Folder, limits: SpoolLimits, durability: Durability) -> Result<Self, SpoolError> {
        let path = folder.file("spool.lock");
        let lock = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path);
        let lock = lock.map_err(|source| SpoolError::Io { path, source })?;
        Ok(Self { folder, limits, durability, lock })
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
        let _shared = Guard::shared(self)?;
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
        let path = self.folder.file(&name(number));
        let io_error = |source| SpoolError::Io { path: path.clone(), source };
        let mut file = open(&path).map_err(io_error)?;
        let written = write_once(&mut file, lines).map_err(io_error)?;
        if written < lines.len() {
            let end = file.stream_position().map_err(io_error)?;
            return Ok(Appended::Part(Part { path, written, end }));
        }
        self.sync(&file, last.is_none()).map_err(io_error)?;
        Ok(Appended::All)
    }

    fn sync(&self, file: &File, is_new: bool) -> io::Result<()> {
        if self.durability == Durability::Process {
            return Ok(());
        }
        file.sync_data()?;
        if is_new { File::open(self.folder.path())?.sync_all() } else { Ok(()) }
    }

    /// Ends what the disk took a part of, if nobody has written since: with the rest, or at the last whole line.
    fn finish(&self, lines: &[u8], part: Part) -> Result<(), (usize, SpoolError)> {
        let whole = lines[..part.written].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let _alone = Guard::alone(self).map_err(|error| (whole, error))?;
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
            self.sync(&file, true)
        });
        result.map_err(|source| (whole, SpoolError::Io { path: part.path, source }))
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
        let _alone = Guard::alone(self)?;
        let Some(last) = self.segments()?.last().copied() else { return Ok(()) };
        if last.is_file && last.bytes < at_least.max(1) {
            return Ok(());
        }
        let path = self.folder.file(&name(last.number + 1));
        let made = OpenOptions::new().create_new(true).append(true).mode(0o600).open(&path);
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
        let _alone = Guard::alone(self)?;
        let mut segments = self.segments()?;
        if let Some(last) = segments.last_mut().filter(|last| last.is_file && last.bytes > 0) {
            let path = self.folder.file(&name(last.number));
            let mended = open(&path).and_then(|mut file| match ends_whole(&mut file)? {
                true => Ok(0),
                false => file.write(b"\n"),
            });
            last.bytes += mended.unwrap_or(0) as u64;
        }
        Ok(segments)
    }

    /// Removes the segments before this one, but never the last.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn remove_before(&self, number: u64) -> Result<usize, SpoolError> {
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

/// The lock of the spool, shared by writers and held alone by whoever changes which segment is the last.
struct Guard<'a>(&'a File);

impl<'a> Guard<'a> {
    fn shared(spool: &'a Spool) -> Result<Self, SpoolError> {
        Self::new(spool, File::lock_shared)
    }

    fn alone(spool: &'a Spool) -> Result<Self, SpoolError> {
        Self::new(spool, File::lock)
    }

    fn new(spool: &'a Spool, lock: fn(&File) -> io::Result<()>) -> Result<Self, SpoolError> {
        let path = || spool.folder.file("spool.lock");
        lock(&spool.lock)
            .map(|()| Self(&spool.lock))
            .map_err(|source| SpoolError::Io { path: path(), source })
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // The kernel takes it back with the file, if not now.
        let _ = self.0.unlock();
    }
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
