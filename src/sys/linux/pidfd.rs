//! Descriptors that mean one process and never the next one of the same number.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid as RawPid, PidfdFlags, Resource, getrlimit, pidfd_open, pidfd_send_signal, setrlimit,
};

use super::directory::from_errno;
use crate::core::host::{Signal, Unknown, Waited};
use crate::core::process::Pid;
use crate::sys::signals::Interrupts;

/// Opens a process. Where the soft limit on descriptors is in the way, it is raised to the hard one, once.
pub fn open(pid: Pid) -> Result<OwnedFd, Unknown> {
    let raw = RawPid::from_raw(pid.number().get()).ok_or(Unknown::Gone)?;
    let open = || pidfd_open(raw, PidfdFlags::empty());
    let opened = match open() {
        Err(Errno::MFILE) => {
            let mut limit = getrlimit(Resource::Nofile);
            limit.current = limit.maximum;
            // If it stays as it is, the second try says so.
            let _ = setrlimit(Resource::Nofile, limit);
            open()
        }
        other => other,
    };
    opened.map_err(from_errno)
}

/// Sends a signal to an open process.
pub fn signal(process: &OwnedFd, signal: Signal) -> Result<(), Unknown> {
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Continue => rustix::process::Signal::CONT,
        Signal::Stop => rustix::process::Signal::STOP,
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::ChildEnded => rustix::process::Signal::CHILD,
    };
    pidfd_send_signal(process, signal).map_err(from_errno)
}

/// One poll over all of them, again and again until all have ended, the time is over or a signal came. The
/// descriptor of a zombie is readable: it counts as ended.
pub fn wait(processes: &[&OwnedFd], timeout: Duration, interrupts: Option<&Interrupts>) -> Waited {
    let deadline = Instant::now() + timeout;
    let mut ended = vec![false; processes.len()];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let open: Vec<usize> = (0..processes.len()).filter(|at| !ended[*at]).collect();
        let interrupted = interrupts.and_then(Interrupts::received);
        if open.is_empty() || interrupted.is_some() {
            return Waited { ended, interrupted };
        }
        poll_once(processes, &open, left, interrupts, &mut ended);
        if left.is_zero() {
            return Waited { ended, interrupted: interrupts.and_then(Interrupts::received) };
        }
    }
}

fn poll_once(
    processes: &[&OwnedFd],
    open: &[usize],
    timeout: Duration,
    interrupts: Option<&Interrupts>,
    ended: &mut [bool],
) {
    let mut descriptors: Vec<PollFd<'_>> =
        open.iter().map(|at| PollFd::from_borrowed_fd(processes[*at].as_fd(), PollFlags::IN)).collect();
    descriptors
        .extend(interrupts.map(|signals| PollFd::from_borrowed_fd(signals.descriptor(), PollFlags::IN)));
    let timeout =
        Timespec { tv_sec: timeout.as_secs().cast_signed(), tv_nsec: timeout.subsec_nanos().into() };
    // A poll that a signal cut short reports nothing, and the caller comes back.
    if poll(&mut descriptors, Some(&timeout)).is_err() {
        return;
    }
    for (at, descriptor) in open.iter().zip(&descriptors) {
        ended[*at] = descriptor.revents().contains(PollFlags::IN);
    }
}
