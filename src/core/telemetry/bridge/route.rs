//! Which files to read, and from where on: a queue that was moved away still has what nobody has read.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::cursor::Cursor;
use super::tail::Tail;

/// So many files beside a queue are looked at.
const MOST_FILES: usize = 100;

/// A file to read.
#[derive(Debug)]
pub struct Part {
    /// Which one.
    pub path: PathBuf,
    /// From where on.
    pub tail: Tail,
}

/// The files to read, in their order.
#[derive(Debug, Default)]
pub struct Route {
    /// The files.
    pub parts: Vec<Part>,
    /// Whether the place that was left is in none of them, so that the queue is read from its beginning.
    pub is_new: bool,
}

/// The way from a place on: in the queue itself, or in the file that it was moved or copied to and in those that came
/// after that one. The queue itself is read as far as it goes now. One that is not there is empty.
///
/// # Errors
/// When the folder or the queue cannot be read, or `open` refuses the queue.
pub fn route(queue: &Path, cursor: &Cursor, open: impl Fn(&Path) -> io::Result<File>) -> io::Result<Route> {
    let mut route = Route::default();
    let main = match open(queue) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let main = match main.map(|file| Tail::at(file, cursor)).transpose()? {
        None => None,
        Some(Ok(tail)) => {
            route.parts.push(Part { path: queue.to_owned(), tail: tail.bounded()? });
            return Ok(route);
        }
        Some(Err(file)) => Some(file),
    };
    route.parts = moved(queue, cursor, &open)?;
    if let Some(file) = main {
        let is_empty = file.metadata()?.len() == 0;
        route.is_new = route.parts.is_empty() && !is_empty;
        route.parts.retain(|part| !is_same(part.tail.file(), &file));
        route.parts.push(Part { path: queue.to_owned(), tail: Tail::new(file).bounded()? });
    }
    Ok(route)
}

/// The file with this place, and those with a lower number, which came after it.
fn moved(queue: &Path, cursor: &Cursor, open: &impl Fn(&Path) -> io::Result<File>) -> io::Result<Vec<Part>> {
    if cursor.offset == 0 {
        return Ok(Vec::new());
    }
    let mut later = Vec::new();
    for (number, path) in beside(queue)? {
        // What is not ours or no file is nothing that the queue was moved to.
        let Ok(file) = open(&path) else { continue };
        match Tail::at(file, cursor)? {
            Ok(tail) => {
                later.retain(|(other, _)| number.is_some() && *other < number);
                let parts = later.into_iter().map(|(_, part)| part);
                return Ok([Part { path, tail }].into_iter().chain(parts).collect());
            }
            // The lower the number, the later.
            Err(file) => later.insert(0, (number, Part { path, tail: Tail::new(file) })),
        }
    }
    Ok(Vec::new())
}

/// The files whose names begin as that of the queue and go on with a dot: those with a number first, the lowest first.
fn beside(queue: &Path) -> io::Result<Vec<(Option<u32>, PathBuf)>> {
    let (Some(folder), Some(name)) = (queue.parent(), queue.file_name().and_then(|name| name.to_str()))
    else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let rest = entry.file_name();
        let rest = rest.to_str().and_then(|other| other.strip_prefix(name)?.strip_prefix('.'));
        if let Some(rest) = rest {
            found.push((rest.parse().ok(), entry.path()));
        }
    }
    found.sort_by_key(|(number, path): &(Option<u32>, PathBuf)| (number.unwrap_or(u32::MAX), path.clone()));
    found.truncate(MOST_FILES);
    Ok(found)
}

fn is_same(one: &File, other: &File) -> bool {
    let id = |file: &File| file.metadata().map(|found| (found.dev(), found.ino())).ok();
    id(one).is_some() && id(one) == id(other)
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
