//! A file, one envelope a line, followed by another when it is full.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::append::{append, open_locked};
use super::form::Form;
use crate::core::telemetry::sink::{Delivery, Record, Sink};

/// When a file is full, and how many full ones are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A file does not get longer than this, in bytes, unless one batch alone is.
    pub most_bytes: u64,
    /// How many earlier files are kept beside it, as `NAME.1`, the latest, and so on. The earliest goes.
    pub keep: u32,
}

/// Appends to a file.
#[derive(Debug)]
pub struct FileSink {
    name: String,
    path: PathBuf,
    form: Form,
    rotation: Rotation,
}

impl FileSink {
    /// Appends to this file.
    #[must_use]
    pub fn new(name: &str, path: PathBuf, form: Form, rotation: Rotation) -> Self {
        Self { name: name.to_owned(), path, form, rotation }
    }

    fn write(&self, lines: &[u8], deadline: Instant) -> io::Result<()> {
        let mut file = open_locked(&self.path, deadline)?;
        let length = file.metadata()?.len();
        if length > 0 && length + lines.len() as u64 > self.rotation.most_bytes {
            rotate(&self.path, self.rotation.keep)?;
            // The lock of the old file is held on: whoever waits for it sees that it has moved.
            let mut new = open_locked(&self.path, deadline)?;
            return append(&mut new, lines);
        }
        append(&mut file, lines)
    }
}

/// `NAME` becomes `NAME.1`, that `NAME.2`, and so on; the last one goes.
fn rotate(path: &Path, keep: u32) -> io::Result<()> {
    let numbered = |number: u32| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{number}"));
        path.with_file_name(name)
    };
    if keep == 0 {
        return fs::remove_file(path);
    }
    for number in (1..keep).rev() {
        match fs::rename(numbered(number), numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, numbered(1))
}

impl Sink for FileSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn most(&self) -> usize {
        1000
    }

    fn deliver(&mut self, batch: &[Record], deadline: Instant) -> Delivery {
        let lines = match self.form.lines(batch) {
            Ok(lines) => lines,
            Err(error) => return Delivery::Refused(error.to_string()),
        };
        match self.write(&lines, deadline) {
            Ok(()) => Delivery::Accepted,
            Err(error) => {
                Delivery::Retry { after: None, reason: format!("{}: {error}", self.path.display()) }
            }
        }
    }
}

#[cfg(test)]
#[path = "sinks_tests.rs"]
mod tests;
