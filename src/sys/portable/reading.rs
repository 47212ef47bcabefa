//! What sysinfo tells, as the plain values of the core.

use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use sysinfo::{Process, ProcessStatus, ThreadKind};

use crate::core::host::{Stat, State};
use crate::core::process::{CommandLine, StartTicks};

/// The facts about a process.
pub fn stat(process: &Process, boot_seconds: u64) -> Stat {
    Stat {
        pid: process.pid().as_u32(),
        name: process.name().as_bytes().to_vec(),
        state: state(process.status()),
        parent: process.parent().map_or(0, sysinfo::Pid::as_u32),
        group: 0,
        session: process.session_id().map_or(0, sysinfo::Pid::as_u32),
        // Nobody tells the group; so everybody is treated as if it were in the foreground, and never stopped.
        foreground_group: Some(0),
        kernel_thread: process.thread_kind() == Some(ThreadKind::Kernel),
        cpu: Duration::from_millis(process.accumulated_cpu_time()),
        start: StartTicks(process.start_time()),
        started: Duration::from_secs(process.start_time().saturating_sub(boot_seconds)),
        rss_bytes: process.memory(),
    }
}

/// The command line.
pub fn command(process: &Process) -> CommandLine {
    let words: Vec<&[u8]> = process.cmd().iter().map(|word| word.as_bytes()).collect();
    CommandLine::from_words(&words)
}

/// The user whose rights it has.
pub fn owner(process: &Process) -> Option<u32> {
    process.effective_user_id().or_else(|| process.user_id()).map(|uid| **uid)
}

const fn state(status: ProcessStatus) -> State {
    match status {
        ProcessStatus::Run => State::Running,
        ProcessStatus::Stop | ProcessStatus::Tracing => State::Stopped,
        ProcessStatus::Zombie | ProcessStatus::Dead => State::Zombie,
        _ => State::Sleeping,
    }
}
