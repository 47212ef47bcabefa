//! The one trait between the caches and the file system. Everything below a folder that was opened once is
//! reached through its descriptor, so that a name which is exchanged meanwhile leads nowhere else.

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What tells a file from another one that has its name later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// The number of the device.
    pub device: u64,
    /// The number of the inode.
    pub inode: u64,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link; it is never followed.
    Link,
    /// A socket, a FIFO or a device.
    Other,
}

/// What a folder says about one of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: OsString,
    /// What it stands for now.
    pub id: FileId,
    /// The kind.
    pub kind: FileKind,
    /// The owner.
    pub uid: u32,
    /// The number of names that the file has, here and elsewhere.
    pub links: u64,
    /// Bytes on the disk: blocks of 512 bytes.
    pub disk_bytes: u64,
    /// Bytes that can be read.
    pub apparent_bytes: u64,
    /// When its content was changed last, since 1970.
    pub modified: Duration,
    /// When it was read last, as far as the mount keeps that, since 1970.
    pub accessed: Duration,
    /// When its content, name or rights were changed last, since 1970. Nobody can set it.
    pub changed: Duration,
}

/// Space on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes on the disk (blocks of 512 bytes), folders included, of everything that has no name elsewhere.
    pub disk_bytes: u64,
    /// Bytes on the disk of files that also have names elsewhere: to remove these here frees nothing.
    pub linked_bytes: u64,
    /// Bytes that can be read.
    pub apparent_bytes: u64,
    /// Files; folders do not count.
    pub files: u64,
}

impl AddAssign for Usage {
    /// Never wraps around: some of the numbers come from a file that somebody may have written to.
    fn add_assign(&mut self, other: Self) {
        self.disk_bytes = self.disk_bytes.saturating_add(other.disk_bytes);
        self.linked_bytes = self.linked_bytes.saturating_add(other.linked_bytes);
        self.apparent_bytes = self.apparent_bytes.saturating_add(other.apparent_bytes);
        self.files = self.files.saturating_add(other.files);
    }
}

/// Why something below an entry was not looked at or not removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Where, from the folder of the store.
    pub path: PathBuf,
    /// What is in the way.
    pub cause: Cause,
}

/// What can be in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Another file system, or a folder from elsewhere, is mounted there.
    Mount,
    /// It may not be read or changed.
    Denied,
    /// Anything else, in the words of the operating system.
    Failed(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        match &self.cause {
            Cause::Mount => write!(out, "{path}: something is mounted there"),
            Cause::Denied => write!(out, "{path}: permission denied"),
            Cause::Failed(reason) => write!(out, "{path}: {reason}"),
        }
    }
}

/// The latest times of the files in an entry, since 1970. Folders do not count: to look at one is to read it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Newest {
    /// When one was changed last.
    pub modified: Duration,
    /// When one was read last.
    pub accessed: Duration,
}

impl Newest {
    /// What holds for both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { modified: self.modified.max(other.modified), accessed: self.accessed.max(other.accessed) }
    }
}

/// One entry after the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// What the folder of the store says about it.
    pub listed: Listed,
    /// It and everything below it.
    pub usage: Usage,
    /// The latest times in it.
    pub newest: Newest,
    /// Whether it may be remembered: nothing in it has a name elsewhere, and nothing was in the way.
    pub is_whole: bool,
    /// The first thing that was in the way; then `usage` is too small.
    pub trouble: Option<Trouble>,
    /// The files in it with names elsewhere: those may be in another entry. Of very many not all are kept.
    pub linked: Vec<LinkedFile>,
    /// How much of `usage` was counted with another entry already.
    pub shared_bytes: u64,
}

/// A file with names in several places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkedFile {
    /// The number of its inode.
    pub inode: u64,
    /// Bytes on the disk.
    pub disk_bytes: u64,
}

/// What came of removing one name and everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// What is gone.
    pub usage: Usage,
    /// The first thing that is left; `None` when nothing is.
    pub trouble: Option<Trouble>,
}

/// Space on a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What is free, whoever may use it.
    pub free_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
}

/// Why a folder cannot be used as one of a cache.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("{0}: there is no such folder")]
    Missing(PathBuf),
    /// It is something else, such as a symbolic link.
    #[error("{0}: it is a {1}, not a folder")]
    NotAFolder(PathBuf, &'static str),
    /// The operating system says no.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

/// The file system. Folders are opened without following a link in their last part, and nothing is reached
/// across a mount.
pub trait Disk: Sync {
    /// A folder that was opened: it keeps meaning that folder, whatever happens to its name.
    type Folder: Send + Sync;

    /// Opens a folder by its path.
    ///
    /// # Errors
    /// When there is none, or it is something else.
    fn open(&self, path: &Path) -> Result<Self::Folder, OpenError>;
    /// Opens a folder in a folder.
    ///
    /// # Errors
    /// When there is none, it is a link, or something is mounted there.
    fn open_in(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Self::Folder>;
    /// Opens a folder in a folder, and makes it (mode 0700) where it is missing.
    ///
    /// # Errors
    /// As [`Disk::open_in`], and when it cannot be made.
    fn make_in(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Self::Folder>;
    /// What a folder itself is now.
    ///
    /// # Errors
    /// When the operating system says no.
    fn stat(&self, folder: &Self::Folder) -> io::Result<Listed>;
    /// What a name in a folder stands for now; `None` when nothing has it.
    ///
    /// # Errors
    /// When the operating system says no.
    fn stat_in(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Option<Listed>>;
    /// Every name in a folder, in no order. What vanishes meanwhile is left out.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list(&self, folder: &Self::Folder) -> io::Result<Vec<Listed>> {
        self.list_some(folder, &|_| true)
    }
    /// As [`Disk::list`], but only the names that are wanted; nothing is asked about the others.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list_some(&self, folder: &Self::Folder, is_wanted: &dyn Fn(&OsStr) -> bool)
    -> io::Result<Vec<Listed>>;
    /// Walks through what is listed, in parallel, and returns one result for each in the same order. `progress` is
    /// told each entry as it is done, from any thread. Memory does not grow with the number of files. Stops early,
    /// with what it has and [`Interrupted`], when `stop` says so.
    ///
    /// # Errors
    /// When it was told to stop.
    fn measure(
        &self,
        folder: &Self::Folder,
        entries: Vec<Listed>,
        progress: &(dyn Fn(&Usage) + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Measured>, Interrupted>;
    /// Renames within a file system, and never onto something.
    ///
    /// # Errors
    /// When the new name is taken, or the operating system says no.
    fn rename(
        &self,
        from: &Self::Folder,
        name: &OsStr,
        to: &Self::Folder,
        new_name: &OsStr,
    ) -> io::Result<()>;
    /// Removes one file or link, never a folder.
    ///
    /// # Errors
    /// When the operating system says no.
    fn unlink(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<()>;
    /// Locks a folder until it is dropped, for one run at a time; `false` when another one has it.
    ///
    /// # Errors
    /// When the operating system says no.
    fn lock(&self, folder: &Self::Folder) -> io::Result<bool>;
    /// Removes a folder that is empty.
    ///
    /// # Errors
    /// When it is not empty, or the operating system says no.
    fn remove_empty(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<()>;
    /// Removes names and everything below them, in parallel, and returns what came of each in the same order. Folders
    /// of the user without the right to change them are given it first. `progress` is told what is gone as it goes.
    /// What is left when `stop` says so has the trouble `interrupted`.
    fn remove(
        &self,
        folder: &Self::Folder,
        names: &[OsString],
        progress: &(dyn Fn(&Usage) + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Removed>;
    /// Space on the file system of a folder.
    ///
    /// # Errors
    /// When the operating system says no.
    fn space(&self, folder: &Self::Folder) -> io::Result<Space>;
}

/// Somebody asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

/// Whether there was no room: on the disk, or in what the user may have of it.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
