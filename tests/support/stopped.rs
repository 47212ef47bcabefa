//! A run that stops itself at a chosen instant, so that a test can change something just then.

use std::fs;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::{Output, wait_until};

/// Starts a run that stops at this instant, changes something when it has stopped for the first time, and lets it go on
/// as often as it stops.
pub fn stopped_at(mut command: Command, instant: &str, change: impl FnOnce(Pid)) -> Output {
    command.env("BRAINWAV_FAULT", format!("{instant}:stop"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    let stat = format!("/proc/{}/stat", child.id());
    let is_stopped = || fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T "));
    let mut change = Some(change);
    wait_until("it ends", || {
        if is_stopped() {
            change.take().into_iter().for_each(|change| change(pid));
            kill_process(pid, Signal::CONT).unwrap();
        }
        child.try_wait().unwrap().is_some()
    });
    assert!(change.is_none(), "it never stopped at {instant}");
    Output::from(child.wait_with_output().unwrap())
}
