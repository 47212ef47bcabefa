//! SIGINT, SIGTERM and SIGHUP while something must not be left half done.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// From its creation on, these signals no longer end the process: they are noted and wake whoever polls.
#[derive(Debug)]
pub struct Interrupts {
    wake: UnixStream,
    received: Arc<AtomicUsize>,
}

impl Interrupts {
    /// Starts to listen. A signal that was ignored when we were started (`nohup`) stays ignored.
    ///
    /// # Errors
    /// When the operating system has no descriptor or no handler left for us.
    pub fn listen() -> io::Result<Self> {
        let (wake, sender) = UnixStream::pair()?;
        let received = Arc::new(AtomicUsize::new(0));
        let ignored = ignored();
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !ignored.contains(*signal)) {
            // The number first: whoever is woken must find it.
            signal_hook::flag::register_usize(signal, Arc::clone(&received), signal.unsigned_abs() as usize)?;
            signal_hook::low_level::pipe::register(signal, sender.try_clone()?)?;
        }
        Ok(Self { wake, received })
    }

    /// The signal that came, if one did.
    #[must_use]
    pub fn received(&self) -> Option<i32> {
        i32::try_from(self.received.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
    }

    /// Becomes readable when a signal has come, and stays so.
    #[must_use]
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

/// Signals that are ignored.
pub(super) struct Ignored(u64);

impl Ignored {
    pub(super) const fn contains(&self, signal: i32) -> bool {
        self.0 & (1 << (signal - 1)) != 0
    }
}

/// What whoever started us set to be ignored, as the status file of this process tells.
pub(super) fn ignored() -> Ignored {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    Ignored(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0))
}
