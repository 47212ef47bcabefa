//! The side of the spool on which events go out: whole lines, from a position on.

use std::fs::File;
use std::io::{self, BufRead as _, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::segment::{Segment, list, name};
use crate::core::telemetry::seal::LONGEST;

/// How much is read at once, in bytes.
const PIECE: usize = 1 << 18;

/// A place between two lines of the spool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The number of the segment.
    pub segment: u64,
    /// Bytes from its beginning.
    pub offset: u64,
}

/// A line of the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it begins.
    pub at: Position,
    /// What it says, without its end; only the beginning of one that is longer than any event.
    pub bytes: Vec<u8>,
    /// Whether it was ended by its writer.
    pub is_whole: bool,
}

/// Some lines, and the place behind them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The lines that are not empty.
    pub lines: Vec<Line>,
    /// From here on nothing was read.
    pub end: Position,
}

/// Reads lines from a position up to the end that the spool had when it was opened.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    segments: Vec<Segment>,
    at: Position,
    file: Option<(u64, File)>,
    buffer: Vec<u8>,
    /// Up to here the buffer has been handed out.
    used: usize,
    /// Whether what is in the buffer is the beginning of a line that is too long, the rest of which is passed over.
    passing: bool,
}

impl Reader {
    /// Reads what these segments held when they were listed, from this position on. One that cannot be right begins
    /// anew: with its segment, or with the earliest there is.
    #[must_use]
    pub fn new(folder: &Path, segments: Vec<Segment>, from: Position) -> Self {
        let mut reader = Self {
            folder: folder.to_owned(),
            segments,
            at: from,
            file: None,
            buffer: Vec::new(),
            used: 0,
            passing: false,
        };
        reader.at = reader.checked(from);
        reader
    }

    /// The same for all that there is now.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(folder: &Path, from: Position) -> io::Result<Self> {
        Ok(Self::new(folder, list(folder)?, from))
    }

    fn checked(&self, from: Position) -> Position {
        let first = self.segments.first().map_or(0, |segment| segment.number);
        let last = self.segments.last().map_or(0, |segment| segment.number);
        if from.segment < first || from.segment > last {
            return Position { segment: first, offset: 0 };
        }
        let is_right = from.offset == 0 || self.is_behind_a_line(from).unwrap_or(false);
        if is_right { from } else { Position { offset: 0, ..from } }
    }

    fn is_behind_a_line(&self, at: Position) -> io::Result<bool> {
        let mut file = File::open(self.folder.join(name(at.segment)))?;
        file.seek(SeekFrom::Start(at.offset - 1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }

    /// Where the next line begins.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.at
    }

    /// The next lines: at most so many, and not many more bytes than that. None at the end. A tail that nobody ended is
    /// a line only in a segment that is not the last: in the last its writer may still be at it.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn next(&mut self, most: usize, most_bytes: usize) -> io::Result<Batch> {
        let mut batch = Batch { lines: Vec::new(), end: self.at };
        let mut bytes = 0;
        while batch.lines.len() < most && bytes < most_bytes {
            let Some(line) = self.line()? else { break };
            batch.end = self.at;
            if !line.bytes.trim_ascii().is_empty() {
                bytes += line.bytes.len();
                batch.lines.push(line);
            }
        }
        batch.end = self.at;
        Ok(batch)
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let rest = &self.buffer[self.used..];
            let line = if let Some(end) = end_of_line(rest)? {
                self.take(end, end + 1, true)
            } else if rest.len() > LONGEST + 1 {
                let line = self.take(rest.len(), rest.len(), false);
                self.passing = true;
                line
            } else if self.fill()? {
                None
            } else if let Some(next) = self.segments.iter().find(|next| next.number > self.at.segment) {
                let (next, length) = (next.number, self.buffer.len() - self.used);
                let line = self.take(length, length, false).filter(|line| !line.bytes.is_empty());
                self.passing = false;
                self.at = Position { segment: next, offset: 0 };
                line
            } else {
                self.buffer.clear();
                self.used = 0;
                return Ok(None);
            };
            if line.is_some() {
                return Ok(line);
            }
        }
    }

    /// Takes a line out of the buffer; nothing, when it only ends one that was too long.
    fn take(&mut self, length: usize, next: usize, is_whole: bool) -> Option<Line> {
        let line = Line { at: self.at, bytes: self.buffer[self.used..self.used + length].to_vec(), is_whole };
        self.used += next;
        self.at.offset += next as u64;
        let was_passing = self.passing;
        self.passing = was_passing && !is_whole;
        (!was_passing).then_some(line)
    }

    /// Reads a piece more; `false` at the end of the segment.
    fn fill(&mut self) -> io::Result<bool> {
        let Some(segment) = self.segments.iter().find(|segment| segment.number == self.at.segment).copied()
        else {
            return Ok(false);
        };
        self.buffer.drain(..self.used);
        self.used = 0;
        let from = self.at.offset + self.buffer.len() as u64;
        let most = segment.bytes.saturating_sub(from).min(PIECE as u64);
        if most == 0 || !segment.is_file {
            return Ok(false);
        }
        if self.file.as_ref().is_none_or(|(number, _)| *number != segment.number) {
            let mut file = File::open(self.folder.join(name(segment.number)))?;
            file.seek(SeekFrom::Start(from))?;
            self.file = Some((segment.number, file));
        }
        let Some((_, file)) = &mut self.file else { return Ok(false) };
        Ok(file.take(most).read_to_end(&mut self.buffer)? > 0)
    }
}

/// Where a line ends, found as the standard library does it: a word at a time, not a byte.
fn end_of_line(mut rest: &[u8]) -> io::Result<Option<usize>> {
    let all = rest;
    let passed = rest.skip_until(b'\n')?;
    Ok(passed.checked_sub(1).filter(|end| all[*end] == b'\n'))
}
