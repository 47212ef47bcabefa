//! What every Unix can do. A mount of the same device is not seen here: where there can be one, as on Linux, its own
//! file is used.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, Mode, chmodat, openat, statat};
use rustix::io::Errno;

use super::listing::{Names, Reading};
use super::{facts, opening};

/// How many names are read at a time.
const NAMES: usize = 1_000;

/// The library of the system has its own.
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

/// A folder that is listed, through a descriptor of its own.
pub struct Listing(Dir);

impl Listing {
    /// Of a folder that was just opened.
    pub fn new(folder: Arc<OwnedFd>) -> Result<Self, Errno> {
        Self::again(folder)
    }

    /// Of a folder that was listed before, from its beginning.
    #[allow(clippy::needless_pass_by_value, reason = "elsewhere it is kept")]
    pub fn again(folder: Arc<OwnedFd>) -> Result<Self, Errno> {
        Dir::read_from(&*folder).map(Self)
    }

    /// Adds the next names. A folder that is gone has none.
    pub fn read(&mut self, _: &mut Buffer, names: &mut Names) -> Result<Reading, Errno> {
        for _ in 0..NAMES {
            match self.0.read() {
                None | Some(Err(Errno::NOENT)) => return Ok(Reading::Complete),
                Some(Err(error)) => return Err(error),
                Some(Ok(found)) => names.push(found.file_name(), found.ino(), found.file_type().into()),
            }
        }
        Ok(Reading::Partial)
    }
}

/// Renames unless the new name is taken.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
pub fn rename_to_free(
    from: BorrowedFd<'_>,
    name: &CStr,
    to: BorrowedFd<'_>,
    new_name: &CStr,
) -> Result<(), Errno> {
    rustix::fs::renameat_with(from, name, to, new_name, rustix::fs::RenameFlags::NOREPLACE)
}

/// Not known here.
#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
pub fn rename_to_free(_: BorrowedFd<'_>, _: &CStr, _: BorrowedFd<'_>, _: &CStr) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
