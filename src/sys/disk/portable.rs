//! What every Unix can do. A mount of the same device is not seen here: where there can be one, as on Linux, its own
//! file is used.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, chmodat, openat, statat};
use rustix::io::Errno;

use super::listing::Reading;
use super::{facts, opening};

/// The operating system has its own.
pub struct Buffer;

impl Buffer {
    /// Nothing.
    pub const fn new() -> Self {
        Self
    }
}

/// Opens a folder in a folder; whoever asked compares the devices.
pub fn open_beneath(above: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    openat(above, name, opening::flags(), Mode::empty())
}

/// Gives the owner all rights to a folder that may not be opened. Where that cannot be done without following a
/// link, it is refused.
pub fn give_rights(above: BorrowedFd<'_>, name: &CStr, user: u32) -> Result<(), Errno> {
    let stat = statat(above, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if stat.st_uid != user || !facts::is_folder(&stat) {
        return Err(Errno::ACCESS);
    }
    let mode = Mode::from_raw_mode(stat.st_mode) | Mode::RWXU;
    chmodat(above, name, mode, AtFlags::SYMLINK_NOFOLLOW).map_err(|_| Errno::ACCESS)
}

/// Hands out the names in a folder, each with its kind where that is known. A listing cannot be paused here.
pub fn read(
    folder: BorrowedFd<'_>,
    _: &mut Buffer,
    mut take: impl FnMut(&CStr, Option<FileType>),
    _: impl Fn() -> bool,
) -> Result<Reading, Errno> {
    for found in Dir::read_from(folder)? {
        let found = found?;
        let kind = Some(found.file_type()).filter(|kind| *kind != FileType::Unknown);
        take(found.file_name(), kind);
    }
    Ok(Reading::Complete)
}

/// Not known on every platform.
pub fn rename_to_free(_: BorrowedFd<'_>, _: &CStr, _: BorrowedFd<'_>, _: &CStr) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
