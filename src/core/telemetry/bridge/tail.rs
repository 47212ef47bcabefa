//! The lines of a file from a place on, while others append to it.

use std::fs::File;
use std::io;

use super::cursor::{Cursor, WINDOW, read_at};
use crate::core::telemetry::seal::LONGEST;

/// How much is read at once, in bytes.
const PIECE: usize = 1 << 18;

/// A line with its number, from 1, or why it cannot be one.
pub type NumberedLine<'a> = (u64, Result<&'a [u8], &'static str>);

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Lines, perhaps none: there may be more.
    More,
    /// The end. A line that its writer has not ended may stand there.
    End {
        /// Whether one does.
        is_torn: bool,
    },
    /// What stands before this place is not what stood there: somebody has cut the file.
    Changed,
}

/// A file that is read.
#[derive(Debug)]
pub struct Tail {
    file: File,
    offset: u64,
    lines: u64,
    window: Vec<u8>,
    piece: usize,
    /// From here on nothing is read.
    end: u64,
}

impl Tail {
    /// Reads a file from its beginning.
    #[must_use]
    pub const fn new(file: File) -> Self {
        Self { file, offset: 0, lines: 0, window: Vec::new(), piece: PIECE, end: u64::MAX }
    }

    /// Reads a file from a place on, if it has that place.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn at(file: File, cursor: &Cursor) -> io::Result<Result<Self, File>> {
        Ok(match cursor.window(&file)? {
            None => Err(file),
            Some(window) => {
                let (offset, lines) = (cursor.offset, cursor.lines);
                Ok(Self { offset, lines, window, ..Self::new(file) })
            }
        })
    }

    /// Reads no more than is there now: who appends faster than it is read would keep it going for ever.
    ///
    /// # Errors
    /// When the length cannot be told.
    pub fn bounded(self) -> io::Result<Self> {
        let end = self.file.metadata()?.len();
        Ok(Self { end, ..self })
    }

    /// The place behind the last line that was handed out.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.offset, self.lines, &self.window)
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Hands out the next lines that are whole. When `take` fails, none of them was.
    ///
    /// # Errors
    /// When the file cannot be read, or `take` fails.
    pub fn step<E: From<io::Error>>(
        &mut self,
        mut take: impl FnMut(NumberedLine<'_>) -> Result<(), E>,
    ) -> Result<Step, E> {
        let before = self.window.len();
        let left = self.end.saturating_sub(self.offset);
        let piece = usize::try_from(left).map_or(self.piece, |left| left.min(self.piece));
        let bytes = read_at(&self.file, self.offset - before as u64, before + piece)?;
        // A file that was cut and has grown again would be read from the middle of a line on.
        if bytes.get(..before) != Some(self.window.as_slice()) {
            return Ok(Step::Changed);
        }
        let new = &bytes[before..];
        let Some(end) = new.iter().rposition(|byte| *byte == b'\n').map(|last| last + 1) else {
            return if new.len() < self.piece {
                Ok(Step::End { is_torn: !new.is_empty() })
            } else if self.piece <= LONGEST {
                self.piece = LONGEST + 1;
                Ok(Step::More)
            } else {
                self.pass(take)
            };
        };
        let mut number = self.lines;
        for line in new[..end - 1].split(|byte| *byte == b'\n') {
            number += 1;
            take((number, Ok(line)))?;
        }
        self.move_to(end as u64, number, &bytes[..before + end]);
        Ok(Step::More)
    }

    /// Passes over a line that is too long, if it has an end.
    fn pass<E: From<io::Error>>(
        &mut self,
        mut take: impl FnMut(NumberedLine<'_>) -> Result<(), E>,
    ) -> Result<Step, E> {
        let mut length = self.piece as u64;
        loop {
            let bytes = read_at(&self.file, self.offset + length, self.piece)?;
            if bytes.is_empty() {
                return Ok(Step::End { is_torn: true });
            }
            if let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
                let end = length + end as u64 + 1;
                take((self.lines + 1, Err("it is longer than any event may be")))?;
                let window = read_at(&self.file, self.offset + end - WINDOW as u64, WINDOW)?;
                self.move_to(end, self.lines + 1, &window);
                return Ok(Step::More);
            }
            length += bytes.len() as u64;
        }
    }

    fn move_to(&mut self, bytes: u64, lines: u64, before: &[u8]) {
        self.offset += bytes;
        self.lines = lines;
        self.window = before[before.len().saturating_sub(WINDOW)..].to_vec();
        self.piece = PIECE;
    }
}

#[cfg(test)]
#[path = "tail_tests.rs"]
mod tests;
