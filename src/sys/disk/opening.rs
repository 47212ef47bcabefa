//! Opens folders so that nothing leads out of them: no link, no mount, and no name that is exchanged meanwhile.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{CWD, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;
use rustix::path::Arg;

use super::facts;
use super::platform;
use crate::core::cache::disk::FileId;

/// A folder that was opened, and what it is.
pub struct Opened {
    /// The folder.
    pub descriptor: OwnedFd,
    /// What it says of itself.
    pub stat: Stat,
}

/// Not to wait for somebody at the other end of what took the place of a folder.
pub fn flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK
}

/// A name, and nothing but a name: a path could lead out of the folder.
pub fn name(name: &OsStr) -> Result<CString, Errno> {
    let bytes = name.as_bytes();
    if matches!(bytes, b"" | b"." | b"..") || bytes.contains(&b'/') {
        return Err(Errno::INVAL);
    }
    CString::new(bytes).map_err(|_| Errno::INVAL)
}

/// Opens a folder by its path, whose last part must not be a link. A slash at its end would have it followed.
pub fn path(path: impl Arg) -> Result<OwnedFd, Errno> {
    openat(CWD, path, flags(), Mode::empty())
}

/// Opens a folder in a folder of this device. `EXDEV` says that something is mounted there.
pub fn child(above: BorrowedFd<'_>, device: u64, name: &CStr) -> Result<Opened, Errno> {
    let descriptor = platform::open_beneath(above, name)?;
    let stat = fstat(&descriptor)?;
    if facts::id(&stat).device == device { Ok(Opened { descriptor, stat }) } else { Err(Errno::XDEV) }
}

/// Opens the folder that this one is in, if it is the one that is expected there.
pub fn above(folder: BorrowedFd<'_>, expected: FileId) -> Result<OwnedFd, Errno> {
    let descriptor = openat(folder, c"..", flags(), Mode::empty())?;
    if facts::id(&fstat(&descriptor)?) == expected { Ok(descriptor) } else { Err(Errno::NOENT) }
}

/// Opens a folder once more, with a position in its listing of its own.
pub fn again(folder: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    openat(folder, c".", flags(), Mode::empty())
}
