//! What Linux can do: see every mount, leave no trace of a look, and pause in a listing.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{
    AtFlags, Mode, OFlags, RawDir, RenameFlags, ResolveFlags, SeekFrom, StatxAttributes, StatxFlags, chmod,
    fstat, openat, openat2, renameat_with, seek, statx,
};
use rustix::io::Errno;

use super::listing::{Names, Reading};
use super::{facts, opening};

/// Some 1,000 names.
const BUFFER_BYTES: usize = 32 * 1024;

/// Whether the kernel (before 5.6) or a filter of system calls has refused `openat2` once.
static IS_OLD: AtomicBool = AtomicBool::new(false);

/// Room for names.
pub struct Buffer(Vec<u8>);

impl Buffer {
    /// An empty one.
    pub fn new() -> Self {
        Self(Vec::with_capacity(BUFFER_BYTES))
    }
}

/// Opens a folder in a folder, if it is on the same mount.
pub fn open_beneath(above: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    // The time of the last access says when a tool used a cache, not when we measured it. Only the owner may.
    match open_with(above, name, opening::flags() | OFlags::NOATIME) {
        Err(Errno::PERM) => open_with(above, name, opening::flags()),
        result => result,
    }
}

fn open_with(above: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    if IS_OLD.load(Ordering::Relaxed) {
        return open_and_check(above, name, flags);
    }
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    match openat2(above, name, flags, Mode::empty(), resolve) {
        Err(Errno::NOSYS) => {
            IS_OLD.store(true, Ordering::Relaxed);
            open_and_check(above, name, flags)
        }
        // Some filters say this to what they do not know. If it is the file system, it says so again.
        Err(Errno::PERM) => open_and_check(above, name, flags),
        result => result,
    }
}

/// What kernels before 5.6 know; of these only those with a device of their own show that they are mounts.
pub(super) fn open_and_check(above: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    let descriptor = openat(above, name, flags, Mode::empty())?;
    let found = statx(&descriptor, c"", AtFlags::EMPTY_PATH, StatxFlags::empty());
    let is_mount = found.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
    if is_mount { Err(Errno::XDEV) } else { Ok(descriptor) }
}

/// Gives the owner all rights to a folder that may not be opened, whatever its name means by then.
pub fn give_rights(above: BorrowedFd<'_>, name: &CStr, user: u32) -> Result<(), Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = openat(above, name, flags, Mode::empty())?;
    let stat = fstat(&folder)?;
    if stat.st_uid != user || facts::id(&stat).device != facts::id(&fstat(above)?).device {
        return Err(Errno::ACCESS);
    }
    // `fchmod` refuses a descriptor without rights; the name that /proc has for it means the same folder.
    let path = format!("/proc/self/fd/{}", folder.as_raw_fd());
    chmod(path, Mode::from_raw_mode(stat.st_mode) | Mode::RWXU)
}

/// A folder that is listed from where its descriptor stands.
pub struct Listing(Arc<OwnedFd>);

impl Listing {
    /// Of a folder that was just opened.
    pub const fn new(folder: Arc<OwnedFd>) -> Result<Self, Errno> {
        Ok(Self(folder))
    }

    /// Of a folder that was listed before, from its beginning.
    pub fn again(folder: Arc<OwnedFd>) -> Result<Self, Errno> {
        seek(&folder, SeekFrom::Start(0))?;
        Ok(Self(folder))
    }

    /// Adds the next names. A folder that is gone has none.
    pub fn read(&mut self, buffer: &mut Buffer, names: &mut Names) -> Result<Reading, Errno> {
        let mut entries = RawDir::new(self.0.as_fd(), buffer.0.spare_capacity_mut());
        loop {
            match entries.next() {
                None | Some(Err(Errno::NOENT)) => return Ok(Reading::Complete),
                Some(Err(Errno::INTR)) => {}
                Some(Err(error)) => return Err(error),
                Some(Ok(found)) => names.push(found.file_name(), found.ino(), found.file_type().into()),
            }
            if entries.is_buffer_empty() {
                return Ok(Reading::Partial);
            }
        }
    }
}

/// Renames unless the new name is taken.
pub fn rename_to_free(
    from: BorrowedFd<'_>,
    name: &CStr,
    to: BorrowedFd<'_>,
    new_name: &CStr,
) -> Result<(), Errno> {
    renameat_with(from, name, to, new_name, RenameFlags::NOREPLACE)
}
