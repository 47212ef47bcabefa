//! Files that hold a secret, so that no configuration has to.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Reads such a file of at most so many bytes. What others can read is no secret.
///
/// # Errors
/// When it cannot be read, is longer, or others may read it.
pub fn read(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mode = file.metadata()?.mode();
    if mode & 0o077 != 0 {
        return Err(io::Error::other(format!("others may read it (mode {:o}); chmod 600 it", mode & 0o777)));
    }
    all_of(file, most_bytes)
}

/// Reads a file of at most so many bytes that anybody may see.
///
/// # Errors
/// When it cannot be read, or is longer.
pub fn read_public(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    all_of(File::open(path)?, most_bytes)
}

fn all_of(file: File, most_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        return Err(io::Error::other(format!("it is larger than {most_bytes} bytes")));
    }
    Ok(bytes)
}
