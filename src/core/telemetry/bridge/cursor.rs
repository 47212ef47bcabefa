//! A place in a queue, known by what stands before it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use super::starts::Starts;
use crate::core::state::Versioned;
use crate::core::telemetry::uuid::hex;

/// So much before a place tells it from every other, in bytes: it holds the ids of several envelopes, or a part of one
/// that no other has.
pub const WINDOW: usize = 4096;

/// A place between two lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Bytes from the beginning of the file.
    pub offset: u64,
    /// Lines before it.
    pub lines: u64,
    /// The digest of the bytes before it, at most `WINDOW` of them.
    pub digest: String,
}

/// How far a queue has been read, and what is to be known of that later.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// From where on nothing has been read.
    pub cursor: Cursor,
    /// Calls that have not finished.
    pub starts: Starts,
}

impl Versioned for Progress {
    const VERSION: u32 = 1;
}

impl Cursor {
    /// The place behind this window.
    #[must_use]
    pub fn new(offset: u64, lines: u64, window: &[u8]) -> Self {
        Self { offset, lines, digest: hex(&Hash::hash(window)) }
    }

    /// What stands before this place in a file, if it is the place.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn window(&self, file: &File) -> io::Result<Option<Vec<u8>>> {
        let length = usize::try_from(self.offset).map_or(WINDOW, |offset| offset.min(WINDOW));
        if length == 0 {
            return Ok(Some(Vec::new()));
        }
        let window = read_at(file, self.offset - length as u64, length)?;
        let is_here = window.len() == length && hex(&Hash::hash(&window)) == self.digest;
        Ok(is_here.then_some(window))
    }
}

/// So many bytes from there on, or as many as there are.
///
/// # Errors
/// When the file cannot be read.
pub fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut read = 0;
    while read < length {
        match file.read_at(&mut bytes[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}
