//! Every platform without a `/proc` of our own kind, through sysinfo.
//!
//! What it cannot tell is unknown, and for what is unknown nothing is ended: no PSS, no io counters (so
//! nothing is ever called hung), no service units. Start times are whole seconds, so a process is only opened
//! when it is older than that; there is no handle, so who it is is proved again right before each signal.

mod reading;
mod waiting;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use crate::core::host::{
    BoundSockets, Channel, Connection, Host, LookError, Ourselves, Process, Scan, Signal, StandardInput,
    Stat, Unknown, Waited,
};
use crate::core::process::{Arguments, BootId, CommandLine, Pid, StartTicks};
use crate::sys::signals::Interrupts;

/// Start times are whole seconds: a process as old as this cannot share its second with a successor that has
/// the same number.
const PROVABLE_AGE: Duration = Duration::from_secs(2);

/// The host of other platforms.
pub struct SystemHost {
    system: Mutex<System>,
    boot_seconds: u64,
    ourselves: Ourselves,
    interrupts: OnceLock<Interrupts>,
}

/// A process by its number and the second of its start.
#[derive(Debug, Clone, Copy)]
pub struct Numbered {
    pid: Pid,
    start: StartTicks,
}

impl SystemHost {
    /// The machine that we run on.
    ///
    /// # Errors
    /// When the platform has no process table for us.
    pub fn new() -> Result<Self, LookError> {
        let fail = |reason: String| LookError { place: "of this machine".to_owned(), reason };
        let system = System::new().map_err(|error| fail(error.to_string()))?;
        let boot_seconds = System::boot_time().map_err(|error| fail(error.to_string()))?;
        let pid = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
        let ourselves = Ourselves { pid, uid: super::process_exit::user() };
        Ok(Self { system: Mutex::new(system), boot_seconds, ourselves, interrupts: OnceLock::new() })
    }

    /// From now on SIGINT and SIGTERM end a wait instead of the process.
    ///
    /// # Errors
    /// When the operating system refuses to tell us of signals.
    pub fn listen_for_interrupts(&self) -> std::io::Result<()> {
        let interrupts = Interrupts::listen()?;
        let _ = self.interrupts.set(interrupts);
        Ok(())
    }

    /// The signal that came since [`Self::listen_for_interrupts`], if one did.
    #[must_use]
    pub fn interrupted(&self) -> Option<i32> {
        self.interrupts.get().and_then(Interrupts::received)
    }

    fn system(&self) -> MutexGuard<'_, System> {
        // A thread that panicked while it held the lock leaves an older table, not a wrong one.
        self.system.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all processes anew. A table in which we ourselves are missing is refused.
    fn refresh(&self, kind: ProcessRefreshKind) -> Result<MutexGuard<'_, System>, LookError> {
        let mut system = self.system();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        if system.process(sysinfo::Pid::from_u32(self.ourselves.pid)).is_some() {
            return Ok(system);
        }
        let reason = "it does not list this process itself".to_owned();
        Err(LookError { place: "of this machine".to_owned(), reason })
    }

    /// Reads one process anew.
    fn one<T>(
        &self,
        pid: u32,
        kind: ProcessRefreshKind,
        read: impl FnOnce(&sysinfo::Process) -> T,
    ) -> Result<T, Unknown> {
        let pid = sysinfo::Pid::from_u32(pid);
        let mut system = self.system();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
        system.process(pid).map(read).ok_or(Unknown::Gone)
    }

    fn stat_of(&self, process: &sysinfo::Process) -> Stat {
        reading::stat(process, self.boot_seconds)
    }
}

fn facts() -> ProcessRefreshKind {
    ProcessRefreshKind::nothing().with_memory().with_cpu().without_tasks()
}

impl Host for SystemHost {
    type Handle = Numbered;

    fn boot(&self) -> BootId {
        BootId(u128::from(self.boot_seconds))
    }

    fn since_boot(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.saturating_sub(Duration::from_secs(self.boot_seconds))
    }

    fn awake(&self) -> Duration {
        super::process_exit::awake()
    }

    fn ourselves(&self) -> Ourselves {
        self.ourselves
    }

    fn scan(&self, wanted: &(dyn Fn(Arguments<'_>) -> bool + Sync)) -> Result<Scan, LookError> {
        let kind = facts().with_cmd(UpdateKind::Always).with_user(UpdateKind::Always);
        let system = self.refresh(kind)?;
        let mut scan = Scan { seen: system.processes().len(), ..Scan::default() };
        for process in system.processes().values() {
            let command = reading::command(process);
            if command.arguments().is_empty() {
                scan.without_command.push(process.pid().as_u32());
            } else if wanted(command.arguments()) {
                let uid = reading::owner(process);
                let stat = self.stat_of(process);
                scan.processes.extend(uid.map(|uid| Process { stat, uid, command }));
            }
        }
        Ok(scan)
    }

    fn everyone(&self) -> Result<Vec<Stat>, LookError> {
        let system = self.refresh(facts())?;
        Ok(system.processes().values().map(|process| self.stat_of(process)).collect())
    }

    fn stat(&self, pid: u32) -> Result<Stat, Unknown> {
        self.one(pid, facts(), |process| self.stat_of(process))
    }

    fn owner(&self, pid: u32) -> Result<u32, Unknown> {
        let kind = ProcessRefreshKind::nothing().with_user(UpdateKind::Always).without_tasks();
        self.one(pid, kind, reading::owner)?.ok_or(Unknown::Denied)
    }

    fn command(&self, pid: u32) -> Result<CommandLine, Unknown> {
        let kind = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always).without_tasks();
        self.one(pid, kind, reading::command)
    }

    fn working_directory(&self, pid: u32) -> Result<PathBuf, Unknown> {
        let kind = ProcessRefreshKind::nothing().with_cwd(UpdateKind::Always).without_tasks();
        let cwd = self.one(pid, kind, |process| process.cwd().map(Path::to_owned))?;
        cwd.ok_or(Unknown::Denied)
    }

    fn service_unit(&self, _: u32) -> Result<Option<String>, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn io_bytes(&self, _: u32) -> Result<u64, Unknown> {
        // What sysinfo counts is disks only: a process that works through pipes would look idle.
        Err(Unknown::Unsupported)
    }

    fn pss_bytes(&self, _: u32) -> Result<u64, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn standard_input(&self, _: u32) -> Result<StandardInput, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn moved_input(&self, _: u32) -> Result<Option<StandardInput>, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn channel(&self, _: u32) -> Result<Channel, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn listens(&self, _: u32) -> Result<bool, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn environment(&self, _: u32) -> Result<Vec<u8>, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn bound_sockets(&self) -> Result<BoundSockets, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn connect(&self, path: &Path) -> Connection {
        super::unix_connect::connect(path)
    }

    fn is_shared_mount(&self, _: &Path) -> Result<bool, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn open(&self, pid: Pid) -> Result<Numbered, Unknown> {
        let stat = self.stat(pid.get())?;
        if self.since_boot().saturating_sub(stat.started) < PROVABLE_AGE {
            return Err(Unknown::Failed("it is too young to be told from a successor".to_owned()));
        }
        Ok(Numbered { pid, start: stat.start })
    }

    fn signal(&self, handle: &Numbered, signal: Signal) -> Result<(), Unknown> {
        if self.stat(handle.pid.get())?.start != handle.start {
            return Err(Unknown::Gone);
        }
        waiting::signal(handle.pid, signal)
    }

    fn wait(&self, handles: &[&Numbered], timeout: Duration) -> Waited {
        waiting::wait(self, handles, timeout)
    }
}
