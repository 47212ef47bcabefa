//! A command that takes our place for a while: it gets the signals that are sent to us, and we wait for its end.
//!
//! It stays in our process group, so that the terminal treats both as one job. What the terminal sends goes to the
//! whole group, and is not passed on a second time. When it stops, we stop, so that whoever waits for us sees it; when we
//! are continued, it is.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{
    SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2,
};
use signal_hook::low_level::raise;

use super::signals::ignored;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code, if it ended by itself.
    pub code: Option<u8>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// From its start to its end.
    pub duration: Duration,
    /// The largest RSS of any one process of those that it waited for and itself, in bytes, as `wait4` tells it. The
    /// kernel counts what we had when it was started, so that it is never less than that.
    pub peak_rss_bytes: Option<u64>,
}

/// Signals that are passed on.
const PASSED: [i32; 8] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT];

/// Stands for the terminal where the number of a process stands otherwise.
const TERMINAL: i32 = -1;

/// Runs a command to its end. `path` is the PATH that it is found by.
///
/// # Errors
/// When it cannot be started: with the kind `NotFound` when it is not there.
pub fn run(command: &mut Command, path: &OsStr) -> io::Result<Ended> {
    let mut caught = Caught::listen()?;
    let started = Instant::now();
    let child = spawn(command, path)?;
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    let (status, peak_rss_bytes) = loop {
        match wait(pid)? {
            Some(Change::Ended(status, peak)) => break (status, peak),
            Some(Change::Stopped) => stop_with(pid, &caught)?,
            None => {}
        }
        for (signal, sender) in caught.next()? {
            if is_to_be_passed_on(signal, sender, pid) {
                pass_on(pid, signal);
            }
        }
    };
    Ok(Ended {
        code: status.code().and_then(|code| u8::try_from(code).ok()),
        signal: status.signal(),
        duration: started.elapsed(),
        peak_rss_bytes,
    })
}

/// A program that names no interpreter is a script of the shell, as `execvp` has it.
fn spawn(command: &mut Command, path: &OsStr) -> io::Result<Child> {
    match command.spawn() {
        Err(error) if error.raw_os_error() == Some(libc::ENOEXEC) => {
            let mut shell = Command::new("/bin/sh");
            shell.arg(found(command.get_program(), path)).args(command.get_args());
            for (name, value) in command.get_envs() {
                match value {
                    Some(value) => shell.env(name, value),
                    None => shell.env_remove(name),
                };
            }
            shell.spawn()
        }
        other => other,
    }
}

/// The file that was tried: without a slash in its name, the first in PATH that may be executed.
fn found(program: &OsStr, path: &OsStr) -> PathBuf {
    if program.as_bytes().contains(&b'/') {
        return program.into();
    }
    // An empty folder is the one we are in; without a slash the shell would look for an option or in PATH itself.
    let folder =
        |name: &[u8]| PathBuf::from(OsString::from_vec(if name.is_empty() { b"." } else { name }.to_vec()));
    let mut files = path.as_bytes().split(|byte| *byte == b':').map(|name| folder(name).join(program));
    let may_be_executed = |file: &PathBuf| file.is_file() && access(file, Access::EXEC_OK).is_ok();
    files.find(may_be_executed).unwrap_or_else(|| program.into())
}

/// Stops until we are continued, and then continues the command.
fn stop_with(child: i32, caught: &Caught) -> io::Result<()> {
    raise(SIGSTOP)?;
    // What continued us is not passed on a second time: it would undo the next stop of the command.
    caught.forget(SIGCONT);
    pass_on(child, SIGCONT);
    Ok(())
}

/// A signal that came, and who sent it last.
struct Flag {
    signal: i32,
    came: Arc<AtomicBool>,
    sender: Arc<AtomicI32>,
}

/// Which signals came, and the stream that wakes us.
struct Caught {
    wake: UnixStream,
    flags: Vec<Flag>,
}

impl Caught {
    /// A signal that was ignored when we were started (`nohup`) stays ignored, by the command as well.
    fn listen() -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        let mut flags = Vec::new();
        let ignored = ignored();
        for signal in PASSED.into_iter().filter(|signal| !ignored.contains(*signal)).chain([SIGCHLD]) {
            let flag = Flag { signal, came: Arc::default(), sender: Arc::default() };
            // The flag first: whoever is woken must find it.
            note(&flag)?;
            signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
            flags.push(flag);
        }
        Ok(Self { wake, flags })
    }

    fn forget(&self, signal: i32) {
        for flag in self.flags.iter().filter(|flag| flag.signal == signal) {
            flag.came.store(false, Ordering::SeqCst);
        }
    }

    /// Waits for a signal, and tells those that came with their senders.
    fn next(&mut self) -> io::Result<Vec<(i32, i32)>> {
        match self.wake.read(&mut [0; 64]) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let came = self.flags.iter().filter(|flag| flag.came.swap(false, Ordering::SeqCst));
        Ok(came.map(|flag| (flag.signal, flag.sender.load(Ordering::SeqCst))).collect())
    }
}

#[allow(
    unsafe_code,
    reason = "the action of a handler is unsafe to register, because of what it must not do"
)]
fn note(flag: &Flag) -> io::Result<()> {
    let (came, sender) = (Arc::clone(&flag.came), Arc::clone(&flag.sender));
    let action = move |info: &libc::siginfo_t| {
        sender.store(sender_of(info), Ordering::SeqCst);
        came.store(true, Ordering::SeqCst);
    };
    // SAFETY: the action does nothing but store into atomics, which a handler may do.
    unsafe { signal_hook_registry::register_sigaction(flag.signal, action) }.map(drop)
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the number of the sender is in a union")]
fn sender_of(info: &libc::siginfo_t) -> i32 {
    if info.si_code == libc::SI_KERNEL {
        return TERMINAL;
    }
    // SAFETY: of every signal that a process sent the number of that process is in the union, at the same place.
    unsafe { info.si_pid() }
}

/// Elsewhere it is not known how a terminal shows itself: what comes while our group is in front of it is taken to be
/// typed there.
#[cfg(not(target_os = "linux"))]
fn sender_of(_: &libc::siginfo_t) -> i32 {
    let streams = [rustix::stdio::stdin(), rustix::stdio::stderr()];
    let is_in_front =
        |stream| rustix::termios::tcgetpgrp(stream).is_ok_and(|group| group == rustix::process::getpgrp());
    if streams.into_iter().any(is_in_front) { TERMINAL } else { 0 }
}

/// What the terminal sent, the command has got as well; and what the command sent to its group, it knows. A signal that
/// somebody else sent to the whole group cannot be told from one that was for us alone, and comes twice.
fn is_to_be_passed_on(signal: i32, sender: i32, child: i32) -> bool {
    signal != SIGCHLD && sender != TERMINAL && sender != child
}

/// The child is not waited for yet, so its number is its own.
fn pass_on(child: i32, signal: i32) {
    if let (Some(pid), Some(signal)) = (Pid::from_raw(child), Signal::from_named_raw(signal)) {
        // One that has just ended needs no signal.
        let _ = kill_process(pid, signal);
    }
}

/// What became of the child.
enum Change {
    /// It has ended, with its peak memory in bytes.
    Ended(ExitStatus, Option<u64>),
    Stopped,
}

/// What became of it since this was asked last.
#[allow(unsafe_code, reason = "wait4 alone tells what one child used; no safe crate of ours offers it")]
fn wait(child: i32) -> io::Result<Option<Change>> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to values of the right type, which wait4 only writes to; all zero is a valid value.
    let (found, usage) = unsafe {
        let found = libc::wait4(child, &raw mut status, libc::WNOHANG | libc::WUNTRACED, usage.as_mut_ptr());
        (found, usage.assume_init())
    };
    match found {
        0 => Ok(None),
        -1 => Err(io::Error::last_os_error()),
        _ if ExitStatus::from_raw(status).stopped_signal().is_some() => Ok(Some(Change::Stopped)),
        _ => {
            let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
            let peak = u64::try_from(usage.ru_maxrss).ok().map(|peak| peak * unit);
            Ok(Some(Change::Ended(ExitStatus::from_raw(status), peak.filter(|peak| *peak > 0))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, TERMINAL, is_to_be_passed_on};

    #[test]
    fn a_signal_is_passed_on_unless_the_command_has_got_it() {
        let table = [
            (SIGTERM, 1, true),
            (SIGINT, 4000, true),
            // From outside of our namespace of processes: `docker stop`.
            (SIGTERM, 0, true),
            (SIGINT, TERMINAL, false),
            (SIGHUP, TERMINAL, false),
            (SIGTSTP, TERMINAL, false),
            (SIGTSTP, 1, true),
            (SIGCONT, 4000, true),
            // `kill 0` in a script.
            (SIGTERM, 77, false),
            (SIGCHLD, 4000, false),
        ];
        for (signal, sender, expected) in table {
            assert_eq!(is_to_be_passed_on(signal, sender, 77), expected, "{signal} from {sender}");
        }
    }
}
