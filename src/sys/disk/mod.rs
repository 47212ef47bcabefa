//! The disk, as the caches see it.
//!
//! Only the path of a store is ever resolved, and its last part must not be a link. All else is reached by one name
//! at a time from a folder that is open; links are not followed, and mounts are not crossed. The walk is in `walk`,
//! what it does with what it comes to is in `task`, and how few folders it keeps open is in `node`.

mod facts;
mod list;
mod listing;
mod node;
mod opening;
mod pool;
mod tally;
mod task;
mod walk;

#[cfg(all(target_os = "linux", not(feature = "portable")))]
#[path = "linux.rs"]
mod platform;

#[cfg(not(all(target_os = "linux", not(feature = "portable"))))]
#[path = "portable.rs"]
mod platform;

#[cfg(test)]
mod tests;

use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, flock, fstat, fstatvfs, mkdirat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use crate::core::cache::disk::{
    Cause, Disk, FileKind, Interrupted, LinkedFile, Listed, Measured, Newest, OpenError, Removed, Space,
    Trouble, Usage,
};
use tally::Tally;
use task::{Measure, Remove};
use walk::Walk;

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDisk;

/// A folder that is open.
#[derive(Debug)]
pub struct OpenFolder {
    descriptor: OwnedFd,
    device: u64,
}

impl OpenFolder {
    fn new(descriptor: OwnedFd) -> Result<Self, Errno> {
        let device = facts::id(&fstat(&descriptor)?).device;
        Ok(Self { descriptor, device })
    }
}

impl Disk for SystemDisk {
    type Folder = OpenFolder;

    fn open(&self, path: &Path) -> Result<OpenFolder, OpenError> {
        // Without the slash at its end, with which a link would be followed.
        let plain = path.components().as_path();
        let opened = opening::path(plain).and_then(OpenFolder::new);
        opened.map_err(|error| explain(path, plain, error))
    }

    fn open_in(&self, folder: &OpenFolder, name: &OsStr) -> io::Result<OpenFolder> {
        let opened = opening::child(folder.descriptor.as_fd(), folder.device, &opening::name(name)?)?;
        Ok(OpenFolder { descriptor: opened.descriptor, device: folder.device })
    }

    fn make_in(&self, folder: &OpenFolder, name: &OsStr) -> io::Result<OpenFolder> {
        match mkdirat(&folder.descriptor, &*opening::name(name)?, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => self.open_in(folder, name),
            Err(error) => Err(error.into()),
        }
    }

    fn stat(&self, folder: &OpenFolder) -> io::Result<Listed> {
        Ok(facts::listed(OsString::new(), &fstat(&folder.descriptor)?))
    }

    fn stat_in(&self, folder: &OpenFolder, name: &OsStr) -> io::Result<Option<Listed>> {
        match statat(&folder.descriptor, &*opening::name(name)?, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(facts::listed(name.to_owned(), &stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn list_some(&self, folder: &OpenFolder, is_wanted: &dyn Fn(&OsStr) -> bool) -> io::Result<Vec<Listed>> {
        Ok(list::list(folder.descriptor.as_fd(), is_wanted)?)
    }

    fn measure(
        &self,
        folder: &OpenFolder,
        entries: Vec<Listed>,
        progress: &(dyn Fn(&Usage) + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Measured>, Interrupted> {
        let (store, device) = (folder.descriptor.as_fd(), folder.device);
        let folders: Vec<&Listed> = entries.iter().filter(|entry| entry.kind == FileKind::Folder).collect();
        let count = folders.len();
        let task = Measure(folders);
        let (tallies, is_complete) = Walk { store, device, entries: count, task, progress, stop }.run();
        if !is_complete {
            return Err(Interrupted);
        }
        let mut tallies = tallies.into_iter();
        let each = |listed: Listed| match listed.kind {
            FileKind::Folder => measured(listed, tallies.next().unwrap_or_default()),
            _ => alone(listed, device, progress),
        };
        Ok(entries.into_iter().map(each).collect())
    }

    fn rename(&self, from: &OpenFolder, name: &OsStr, to: &OpenFolder, new_name: &OsStr) -> io::Result<()> {
        let (name, new_name) = (opening::name(name)?, opening::name(new_name)?);
        Ok(rename(from, &name, to, &new_name)?)
    }

    fn unlink(&self, folder: &OpenFolder, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&folder.descriptor, &*opening::name(name)?, AtFlags::empty())?)
    }

    fn lock(&self, folder: &OpenFolder) -> io::Result<bool> {
        match flock(&folder.descriptor, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            // A file system without locks, such as some of the network, has one run at a time by the lock of the user.
            Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL | Errno::NOLCK) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn remove_empty(&self, folder: &OpenFolder, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&folder.descriptor, &*opening::name(name)?, AtFlags::REMOVEDIR)?)
    }

    fn remove(
        &self,
        folder: &OpenFolder,
        names: &[OsString],
        progress: &(dyn Fn(&Usage) + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Removed> {
        let (store, device) = (folder.descriptor.as_fd(), folder.device);
        let task = Remove { names, user: super::process_exit::user() };
        let (tallies, _) = Walk { store, device, entries: names.len(), task, progress, stop }.run();
        names.iter().zip(tallies).map(|(name, tally)| removed(name, tally)).collect()
    }

    fn space(&self, folder: &OpenFolder) -> io::Result<Space> {
        let found = fstatvfs(&folder.descriptor)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Space { free_bytes: bytes(found.f_bfree), total_bytes: bytes(found.f_blocks) })
    }
}

/// What stands in the place of a folder.
fn explain(path: &Path, plain: &Path, error: Errno) -> OpenError {
    let there = match error {
        Errno::NOENT => return OpenError::Missing(path.to_owned()),
        Errno::NOTDIR | Errno::LOOP => statat(CWD, plain, AtFlags::SYMLINK_NOFOLLOW).ok(),
        _ => None,
    };
    let kind = there.map(|stat| FileType::from_raw_mode(stat.st_mode));
    match kind {
        Some(FileType::Symlink) => OpenError::NotAFolder(path.to_owned(), "symbolic link"),
        Some(FileType::RegularFile) => OpenError::NotAFolder(path.to_owned(), "file"),
        Some(kind) if kind != FileType::Directory => OpenError::NotAFolder(path.to_owned(), "special file"),
        _ => OpenError::Io(path.to_owned(), error.into()),
    }
}

/// The kernel renames and looks at the new name in one step. On a file system or a platform that cannot, somebody
/// who takes the new name in between loses what is there, if it is a file or an empty folder: the callers' new
/// names are in a folder of their own.
fn rename(from: &OpenFolder, name: &CStr, to: &OpenFolder, new_name: &CStr) -> Result<(), Errno> {
    let (from, to) = (&from.descriptor, &to.descriptor);
    match platform::rename_to_free(from.as_fd(), name, to.as_fd(), new_name) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        result => return result,
    }
    match statat(to, new_name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => renameat(from, name, to, new_name),
        Err(error) => Err(error),
    }
}

/// An entry that is no folder: the listing has said all of it.
fn alone(listed: Listed, device: u64, progress: &(dyn Fn(&Usage) + Sync)) -> Measured {
    if listed.id.device != device {
        let trouble = Some(Trouble { path: listed.name.clone().into(), cause: Cause::Mount });
        let newest = Newest::default();
        let (usage, linked) = (Usage::default(), Vec::new());
        return Measured { listed, usage, newest, is_whole: false, trouble, linked, shared_bytes: 0 };
    }
    let is_whole = listed.links <= 1;
    let (disk_bytes, linked_bytes) = if is_whole { (listed.disk_bytes, 0) } else { (0, listed.disk_bytes) };
    let usage = Usage { disk_bytes, linked_bytes, apparent_bytes: listed.apparent_bytes, files: 1 };
    progress(&usage);
    let newest = Newest { modified: listed.modified, accessed: listed.accessed };
    let file = LinkedFile { inode: listed.id.inode, disk_bytes: linked_bytes };
    let linked = (!is_whole).then_some(file).into_iter().collect();
    Measured { listed, usage, newest, is_whole, trouble: None, linked, shared_bytes: 0 }
}

fn measured(listed: Listed, tally: Tally) -> Measured {
    let is_whole = tally.is_done && !tally.is_unsteady && tally.trouble.is_none();
    let Tally { usage, newest, trouble, elsewhere, .. } = tally;
    Measured { listed, usage, newest, is_whole, trouble, linked: elsewhere, shared_bytes: 0 }
}

fn removed(name: &OsStr, tally: Tally) -> Removed {
    let interrupted = || Trouble { path: name.into(), cause: Cause::Failed("interrupted".to_owned()) };
    let trouble = tally.trouble.or_else(|| (!tally.is_done).then(interrupted));
    Removed { usage: tally.usage, trouble }
}
