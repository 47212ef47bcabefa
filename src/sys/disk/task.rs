//! What a walk does with what it comes to: count it, or remove it and count what is gone.

use std::ffi::{CStr, OsStr, OsString};
use std::os::fd::BorrowedFd;

use rustix::fs::{AtFlags, Mode, Stat, fchmod, statat, unlinkat};
use rustix::io::Errno;

use super::opening::{self, Opened};
use super::platform;
use super::tally::{Batch, Entry};
use super::{facts, node::Node};
use crate::core::cache::disk::{FileId, Listed};

/// What a walk does.
pub trait Task: Sync {
    /// How many threads are worth it.
    const THREADS: usize;
    /// Whether folders go once they are empty.
    const REMOVES: bool;

    /// The name of an entry.
    fn name(&self, index: usize) -> &OsStr;
    /// What the entry was when it was listed, where that matters.
    fn expected(&self, index: usize) -> Option<FileId>;
    /// Opens a folder in a folder of this device.
    fn open(&self, above: BorrowedFd<'_>, device: u64, name: &CStr) -> Result<Opened, Errno>;
    /// Does with anything but a folder what is to be done, and counts it.
    fn file(
        &self,
        above: BorrowedFd<'_>,
        device: u64,
        name: &CStr,
        entry: &Entry,
        batch: &mut Batch,
    ) -> Result<(), Errno>;
    /// A folder was opened.
    fn opened(&self, node: &Node, batch: &mut Batch);
    /// All in a folder is done.
    fn done(&self, above: BorrowedFd<'_>, node: &Node, batch: &mut Batch) -> Result<(), Errno>;
}

/// Looks at what a name on this device stands for. A file that another one is mounted on shows by its device alone.
///
/// It stands where it is called, and so do its callers, up to the loop over the names of a folder. A function that
/// returns right after a system call was measured to take a third of a microsecond more for every file (Linux 6.18, in a
/// virtual machine): the processor has forgotten by then where to return to. That is an eighth of the whole time.
#[inline(always)]
fn look(
    above: BorrowedFd<'_>,
    device: u64,
    name: &CStr,
    then: impl FnOnce(&Stat) -> Result<(), Errno>,
) -> Result<(), Errno> {
    match &statat(above, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if facts::id(stat).device == device => then(stat),
        Ok(_) => Err(Errno::XDEV),
        Err(error) => Err(*error),
    }
}

/// Counts.
pub struct Measure<'a>(pub Vec<&'a Listed>);

impl Task for Measure<'_> {
    /// What waits for a disk gains from many, and with all of it in memory they cost a tenth.
    const THREADS: usize = 8;
    const REMOVES: bool = false;

    fn name(&self, index: usize) -> &OsStr {
        &self.0[index].name
    }

    fn expected(&self, index: usize) -> Option<FileId> {
        Some(self.0[index].id)
    }

    fn open(&self, above: BorrowedFd<'_>, device: u64, name: &CStr) -> Result<Opened, Errno> {
        opening::child(above, device, name)
    }

    #[inline(always)]
    fn file(
        &self,
        above: BorrowedFd<'_>,
        device: u64,
        name: &CStr,
        _: &Entry,
        batch: &mut Batch,
    ) -> Result<(), Errno> {
        look(above, device, name, |stat| {
            if facts::is_folder(stat) {
                // A moment ago it was none. What was in its place is gone.
                return Err(Errno::NOENT);
            }
            batch.file(stat, false);
            Ok(())
        })
    }

    fn opened(&self, node: &Node, batch: &mut Batch) {
        batch.folder(node.disk_bytes);
    }

    fn done(&self, _: BorrowedFd<'_>, _: &Node, _: &mut Batch) -> Result<(), Errno> {
        Ok(())
    }
}

/// Removes, with the rights of this user.
pub struct Remove<'a> {
    /// The names to remove.
    pub names: &'a [OsString],
    /// Whose folders are given the rights that it takes.
    pub user: u32,
}

impl Task for Remove<'_> {
    /// More only wait for the same locks of the file system.
    const THREADS: usize = 4;
    const REMOVES: bool = true;

    fn name(&self, index: usize) -> &OsStr {
        &self.names[index]
    }

    fn expected(&self, _: usize) -> Option<FileId> {
        None
    }

    fn open(&self, above: BorrowedFd<'_>, device: u64, name: &CStr) -> Result<Opened, Errno> {
        let opened = match opening::child(above, device, name) {
            Err(Errno::ACCESS) => {
                platform::give_rights(above, name, self.user)?;
                opening::child(above, device, name)?
            }
            result => result?,
        };
        let mode = Mode::from_raw_mode(opened.stat.st_mode);
        if !mode.contains(Mode::RWXU) && opened.stat.st_uid == self.user {
            // If it fails, so does what it was for, and that is told.
            let _ = fchmod(&opened.descriptor, mode | Mode::RWXU);
        }
        Ok(opened)
    }

    #[inline(always)]
    fn file(
        &self,
        above: BorrowedFd<'_>,
        device: u64,
        name: &CStr,
        entry: &Entry,
        batch: &mut Batch,
    ) -> Result<(), Errno> {
        look(above, device, name, |stat| {
            if facts::links(stat) > 1 {
                // Before it goes: whoever comes to its last name must know that there were others.
                entry.expect_linked();
            }
            unlinkat(above, name, AtFlags::empty())?;
            batch.file(stat, entry.has_linked());
            Ok(())
        })
    }

    fn opened(&self, _: &Node, _: &mut Batch) {}

    fn done(&self, above: BorrowedFd<'_>, node: &Node, batch: &mut Batch) -> Result<(), Errno> {
        unlinkat(above, &*node.name, AtFlags::REMOVEDIR)?;
        batch.folder(node.disk_bytes);
        Ok(())
    }
}
