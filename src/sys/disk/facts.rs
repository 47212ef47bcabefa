//! What the operating system says about a file, in our own words.

use std::ffi::OsString;
use std::time::Duration;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use crate::core::cache::disk::{Cause, FileId, FileKind, Listed};

/// What `st_blocks` counts in, on every file system.
const BLOCK_BYTES: u64 = 512;

/// A number of the operating system, whose type differs between platforms. None of them is negative.
fn number(value: impl TryInto<u64>) -> u64 {
    value.try_into().unwrap_or(0)
}

fn time(seconds: impl TryInto<u64>, nanoseconds: impl TryInto<u64>) -> Duration {
    Duration::new(number(seconds), u32::try_from(number(nanoseconds)).unwrap_or(0))
}

/// What tells the file from others.
pub fn id(stat: &Stat) -> FileId {
    FileId { device: number(stat.st_dev), inode: number(stat.st_ino) }
}

/// Bytes on the disk.
pub fn disk_bytes(stat: &Stat) -> u64 {
    number(stat.st_blocks).saturating_mul(BLOCK_BYTES)
}

/// Bytes that can be read.
pub fn apparent_bytes(stat: &Stat) -> u64 {
    number(stat.st_size)
}

/// How many names it has.
pub fn links(stat: &Stat) -> u64 {
    number(stat.st_nlink)
}

/// Whether it is a folder.
pub fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

fn kind(stat: &Stat) -> FileKind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Folder,
        FileType::Symlink => FileKind::Link,
        _ => FileKind::Other,
    }
}

/// All of it.
pub fn listed(name: OsString, stat: &Stat) -> Listed {
    Listed {
        name,
        id: id(stat),
        kind: kind(stat),
        uid: stat.st_uid,
        links: links(stat),
        disk_bytes: disk_bytes(stat),
        apparent_bytes: apparent_bytes(stat),
        modified: time(stat.st_mtime, stat.st_mtime_nsec),
        accessed: time(stat.st_atime, stat.st_atime_nsec),
        changed: time(stat.st_ctime, stat.st_ctime_nsec),
    }
}

/// What a refusal means. A name that cannot be removed because it is busy is one on which something is mounted.
pub fn cause(error: Errno) -> Cause {
    match error {
        Errno::ACCESS | Errno::PERM => Cause::Denied,
        Errno::XDEV | Errno::BUSY => Cause::Mount,
        other => Cause::Failed(other.to_string()),
    }
}
