//! The files of the spool.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::lock::{Hold, SpoolLock};
use super::writer::SpoolError;

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

/// The segments of a folder, earliest first. Others may start one at the same time: what is listed then has a gap, or
/// lacks the last ones.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    listed(names, |number| fs::symlink_metadata(folder.join(name(number))))
}

/// The same while nobody can start one: without that, who reads on behind a gap would never come back to it.
///
/// # Errors
/// When somebody does not let go of the lock in this time, or the folder cannot be read.
pub fn list_still(folder: &Path, patience: Duration) -> Result<Vec<Segment>, SpoolError> {
    let lock = SpoolLock::open(folder)?;
    let _shared = lock.take(Hold::Shared, patience)?;
    list(folder).map_err(|source| SpoolError::Io { path: folder.to_owned(), source })
}

/// Lengths are looked at when all names are known, however long that took: a segment that another one follows has its
/// last length by then. One that was looked at while it was the last would be believed to be shorter than it is, and
/// what has come behind would go with it.
fn listed(
    names: impl Iterator<Item = io::Result<OsString>>,
    look: impl Fn(u64) -> io::Result<Metadata>,
) -> io::Result<Vec<Segment>> {
    let mut numbers = Vec::new();
    for name in names {
        let name = name?;
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    let mut found = Vec::with_capacity(numbers.len());
    for number in numbers {
        match look(number) {
            Ok(data) => found.push(Segment { number, bytes: data.len(), is_file: data.is_file() }),
            // Every sink had it, and somebody removed it in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{listed, name};

    #[test]
    fn a_segment_that_another_one_follows_has_its_last_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number| folder.path().join(name(number));
        fs::write(path(1), "one\n").unwrap();
        // A folder that is long is read in pieces, and others go on in between.
        let names = (1..=3).map(|number| {
            if number > 1 {
                fs::write(path(number - 1), "one\nand more\n").unwrap();
                fs::write(path(number), "").unwrap();
            }
            Ok(name(number).into())
        });
        let others =
            ["phase-1.json", "segment-x.ndjson", "segment-0000000007.ndjson"].map(|name| Ok(name.into()));
        let found = listed(names.chain(others), |number| fs::symlink_metadata(path(number))).unwrap();
        let found: Vec<(u64, u64)> = found.iter().map(|segment| (segment.number, segment.bytes)).collect();
        assert_eq!(found, [(1, 13), (2, 13), (3, 0)], "and one that has gone is none");
    }
}
