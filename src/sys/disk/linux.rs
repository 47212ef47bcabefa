//! What Linux can do: see every mount, leave no trace of a look, and pause in a listing.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RawDir, RenameFlags, ResolveFlags, StatxAttributes, StatxFlags, chmod,
    fstat, openat, openat2, renameat_with, statx,
};
use rustix::io::Errno;

use super::listing::Reading;
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
fn open_and_check(above: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
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

/// Hands out the names in a folder from where its descriptor stands, each with its kind where that is known. At the
/// end of each buffer `pause` may say that this is enough for now.
pub fn read(
    folder: BorrowedFd<'_>,
    buffer: &mut Buffer,
    mut take: impl FnMut(&CStr, Option<FileType>),
    pause: impl Fn() -> bool,
) -> Result<Reading, Errno> {
    let room: &mut [MaybeUninit<u8>] = buffer.0.spare_capacity_mut();
    let mut names = RawDir::new(folder, room);
    loop {
        match names.next() {
            None => return Ok(Reading::Complete),
            Some(Err(Errno::INTR)) => {}
            Some(Err(error)) => return Err(error),
            Some(Ok(found)) => {
                let kind = Some(found.file_type()).filter(|kind| *kind != FileType::Unknown);
                take(found.file_name(), kind);
            }
        }
        if names.is_buffer_empty() && pause() {
            return Ok(Reading::Paused);
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
