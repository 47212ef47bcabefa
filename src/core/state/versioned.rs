//! JSON files with a version, replaced as a whole, and read without trust.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A file larger than this is not ours.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The content of a file of a known version.
pub trait Versioned: Serialize + DeserializeOwned {
    /// The version that this program writes. It reads every version up to this one.
    const VERSION: u32;
}

/// What was found in the place of a file.
#[derive(Debug)]
pub enum Loaded<T> {
    /// Nothing.
    Missing,
    /// The content.
    Content(T),
    /// Something that cannot be read. It was moved aside, if that was possible, so that nothing is lost.
    Unreadable {
        /// What is wrong with it.
        reason: String,
        /// Where it is now.
        moved_to: Option<PathBuf>,
    },
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize)]
struct Written<'a, T> {
    version: u32,
    #[serde(flatten)]
    content: &'a T,
}

/// Reads a file. Whatever is in it, this is no error: what cannot be understood is moved aside.
pub fn load<T: Versioned>(path: &Path) -> Loaded<T> {
    match read(path) {
        Ok(None) => Loaded::Missing,
        Ok(Some(bytes)) => match parse(&bytes) {
            Ok(content) => Loaded::Content(content),
            Err(reason) => Loaded::Unreadable { reason, moved_to: move_aside(path) },
        },
        Err(error) => Loaded::Unreadable { reason: error.to_string(), moved_to: None },
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Before it is opened: to open a pipe would wait for somebody to write to it.
    if !found.is_file() || found.len() > MAX_BYTES {
        return Err(io::Error::other("it is no file of ours"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn parse<T: Versioned>(bytes: &[u8]) -> Result<T, String> {
    let Version { version } =
        serde_json::from_slice(bytes).map_err(|error| format!("it is torn: {error}"))?;
    if version > T::VERSION {
        return Err(format!("it is of version {version}, and this program knows version {}", T::VERSION));
    }
    serde_json::from_slice(bytes).map_err(|error| format!("it is damaged: {error}"))
}

/// Moves a file out of the way without overwriting an earlier one.
fn move_aside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let free = (1..1000)
        .map(|number| path.with_file_name(format!("{name}.unreadable-{number}")))
        .find(|free| fs::symlink_metadata(free).is_err())?;
    fs::rename(path, &free).ok()?;
    Some(free)
}

/// Replaces a file as a whole: readers see the old content or the new one, also after a crash.
///
/// # Errors
/// When it cannot be written; the old file is then still there.
pub fn save<T: Versioned>(path: &Path, content: &T) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(&Written { version: T::VERSION, content })?;
    bytes.push(b'\n');
    let temporary = path.with_extension(format!("tmp-{}", std::process::id()));
    let written = write_new(&temporary, &bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed either changes nothing.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
#[path = "versioned_tests.rs"]
mod tests;
