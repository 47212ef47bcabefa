//! The names in a folder.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::platform::{self, Buffer};

/// How far a listing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// To its end.
    Complete,
    /// Up to where the descriptor stands now.
    Paused,
}

/// Hands out the names in a folder, without the two that lead nowhere new. A folder that is gone has none.
pub fn names(
    folder: BorrowedFd<'_>,
    buffer: &mut Buffer,
    mut take: impl FnMut(&CStr, Option<FileType>),
    pause: impl Fn() -> bool,
) -> Result<Reading, Errno> {
    let each = |name: &CStr, kind| {
        if !matches!(name.to_bytes(), b"." | b"..") {
            take(name, kind);
        }
    };
    match platform::read(folder, buffer, each, pause) {
        Err(Errno::NOENT) => Ok(Reading::Complete),
        result => result,
    }
}
