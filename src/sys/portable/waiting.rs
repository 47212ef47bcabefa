//! Signals by number, and waiting by asking again and again.

use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid as RawPid, Signal as RawSignal, kill_process};

use super::{Numbered, SystemHost};
use crate::core::host::{Host, Signal, State, Unknown, Waited};
use crate::core::process::Pid;

const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Sends a signal to a number that was just proved to be the right one.
pub fn signal(pid: Pid, signal: Signal) -> Result<(), Unknown> {
    let signal = match signal {
        Signal::Terminate => RawSignal::TERM,
        Signal::Continue => RawSignal::CONT,
        Signal::Stop => RawSignal::STOP,
        Signal::Kill => RawSignal::KILL,
        Signal::ChildEnded => RawSignal::CHILD,
    };
    let raw = RawPid::from_raw(pid.number().get()).ok_or(Unknown::Gone)?;
    kill_process(raw, signal).map_err(|error| match error {
        Errno::SRCH => Unknown::Gone,
        Errno::PERM => Unknown::Denied,
        other => Unknown::Failed(other.to_string()),
    })
}

/// Asks after all of them until they have ended, the time is over or a signal came.
pub fn wait(host: &SystemHost, handles: &[&Numbered], timeout: Duration) -> Waited {
    let deadline = Instant::now() + timeout;
    loop {
        let ended: Vec<bool> = handles.iter().map(|handle| has_ended(host, handle)).collect();
        let interrupted = host.interrupted();
        let is_over = Instant::now() >= deadline;
        if is_over || interrupted.is_some() || ended.iter().all(|ended| *ended) {
            return Waited { ended, interrupted };
        }
        std::thread::sleep(ASK_AGAIN);
    }
}

/// A zombie has ended, and so has whoever lost its number to another one.
fn has_ended(host: &SystemHost, handle: &Numbered) -> bool {
    match host.stat(handle.pid.get()) {
        Ok(stat) => stat.start != handle.start || stat.state == State::Zombie,
        Err(unknown) => unknown == Unknown::Gone,
    }
}
