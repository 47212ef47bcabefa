//! The files of the spool.

use std::fs;
use std::io;
use std::path::Path;

const PREFIX: &str = "segment-";
const SUFFIX: &str = ".ndjson";

/// A file of the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// Its number: the higher, the later.
    pub number: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it is a file at all. What is not holds its number, and no events.
    pub is_file: bool,
}

/// The name of a segment.
#[must_use]
pub fn name(number: u64) -> String {
    format!("{PREFIX}{number:010}{SUFFIX}")
}

/// The segments of a folder, earliest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
        let Some(number) = number.and_then(|number| number.parse().ok()) else { continue };
        match entry.metadata() {
            Ok(data) => found.push(Segment { number, bytes: data.len(), is_file: data.is_file() }),
            // Every sink had it, and somebody removed it in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The number of the first segment of a folder that has none: behind all that any sink has had, should somebody have
/// removed them. A number that comes twice would be taken for delivered.
pub fn first_number(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| {
        let name = entry.file_name();
        let is_of_a_sink =
            name.to_str().is_some_and(|name| name.starts_with("sink-") && name.ends_with(".json"));
        let text = is_of_a_sink.then(|| fs::read(entry.path()).ok())??;
        let progress: serde_json::Value = serde_json::from_slice(&text).ok()?;
        progress.pointer("/position/segment")?.as_u64()
    });
    numbers.max().map_or(1, |number| number.saturating_add(1))
}
