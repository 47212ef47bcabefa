//! `/proc` through one folder descriptor: every file is opened below it, read once, and closed.

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, openat, statat};
use rustix::io::Errno;

use crate::core::host::Unknown;

/// Command lines are read up to this length. What decides stands at their beginning; a megabyte of
/// arguments must not cost a megabyte of memory.
const READ_BYTES: usize = 64 * 1024;
const SMALL_BYTES: usize = 4 * 1024;
const DIRECTORY_BYTES: usize = 32 * 1024;

/// An open `/proc`.
#[derive(Debug)]
pub struct Directory(OwnedFd);

/// A buffer that is filled again and again.
#[derive(Debug)]
pub struct ReadBuffer(Vec<u8>);

impl ReadBuffer {
    /// How much fits into one, in bytes.
    pub const LENGTH: usize = READ_BYTES;

    /// An empty one.
    pub fn new() -> Self {
        Self(Vec::with_capacity(READ_BYTES))
    }

    /// One for files of a few lines.
    pub fn small() -> Self {
        Self(Vec::with_capacity(SMALL_BYTES))
    }
}

/// `PID/file`, on the stack: a scan builds thousands of them.
pub struct PidPath {
    bytes: [u8; Self::LENGTH],
}

impl PidPath {
    const LENGTH: usize = 40;

    /// The path of `file` of a process; an empty `file` is its folder.
    pub fn new(pid: u32, file: &str) -> Self {
        use io::Write as _;
        let mut bytes = [0; Self::LENGTH];
        let room = &mut bytes[..Self::LENGTH - 1];
        // Ten digits, a slash and the longest of our file names fit; what did not would end at the NUL.
        let _ =
            if file.is_empty() { write!(&mut *room, "{pid}") } else { write!(&mut *room, "{pid}/{file}") };
        Self { bytes }
    }

    /// As the kernel wants it.
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

impl Directory {
    /// Opens the process table at `root`.
    pub fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(openat(CWD, root, flags, Mode::empty())?))
    }

    /// The open folder.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The numbers of all processes in it.
    pub fn numbers(&self) -> io::Result<Vec<u32>> {
        // A descriptor of its own, so that every listing starts at the beginning.
        Ok(self.numbers_in(c".")?)
    }

    /// The numbers of all descriptors of a process, ascending.
    pub fn descriptors(&self, pid: u32) -> Result<Vec<u32>, Unknown> {
        let mut numbers = self.numbers_in(PidPath::new(pid, "fd").as_c_str()).map_err(from_errno)?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn numbers_in(&self, path: &CStr) -> Result<Vec<u32>, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(&self.0, path, flags, Mode::empty())?;
        let mut buffer = vec![MaybeUninit::uninit(); DIRECTORY_BYTES];
        let mut entries = RawDir::new(folder, &mut buffer);
        let mut numbers = Vec::new();
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name.first().is_some_and(u8::is_ascii_digit) {
                numbers.extend(std::str::from_utf8(name).ok().and_then(|name| name.parse::<u32>().ok()));
            }
        }
        Ok(numbers)
    }

    /// The content of a file, up to the size of the buffer.
    pub fn read<'b>(&self, path: &PidPath, buffer: &'b mut ReadBuffer) -> Result<&'b [u8], Unknown> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = openat(&self.0, path.as_c_str(), flags, Mode::empty()).map_err(from_errno)?;
        buffer.0.clear();
        loop {
            match rustix::io::read(&file, rustix::buffer::spare_capacity(&mut buffer.0)) {
                Ok(_) => return Ok(&buffer.0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(from_errno(error)),
            }
        }
    }

    /// The effective user of a process: the owner of its folder, which, unlike its files, stays the user's
    /// even when the process may not be inspected.
    pub fn owner(&self, pid: u32) -> Result<u32, Unknown> {
        let path = PidPath::new(pid, "");
        let found = statat(&self.0, path.as_c_str(), AtFlags::SYMLINK_NOFOLLOW).map_err(from_errno)?;
        Ok(found.st_uid)
    }
}

/// What a failed system call says about the process.
pub fn from_errno(error: Errno) -> Unknown {
    match error {
        Errno::NOENT | Errno::SRCH => Unknown::Gone,
        Errno::ACCESS | Errno::PERM => Unknown::Denied,
        Errno::NOSYS | Errno::OPNOTSUPP => Unknown::Unsupported,
        other => Unknown::Failed(other.to_string()),
    }
}

/// The same for an error of the standard library.
pub fn unknown(error: &io::Error) -> Unknown {
    Errno::from_io_error(error).map_or_else(|| Unknown::Failed(error.to_string()), from_errno)
}
