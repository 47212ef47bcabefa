//! The one window between the decisions of this program and the operating system.
//!
//! Everything that comes through it is a plain value that means the same on every platform. What a platform
//! cannot tell is [`Unknown`] with the reason, never a guess and never a `cfg` at the caller.

#[cfg(test)]
#[allow(missing_docs, reason = "only the tests of this crate see it")]
pub mod fake;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::core::process::{Arguments, BootId, CommandLine, Pid, StartTicks};

/// What a process is doing, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Running or able to.
    Running,
    /// Waiting for something.
    Sleeping,
    /// Stopped by a signal or a debugger: it sees SIGTERM only after SIGCONT.
    Stopped,
    /// Dead, and not yet collected by its parent: nothing is left that could be ended.
    Zombie,
}

/// The facts about a process that cost one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Its number, which may be one that must never be signalled.
    pub pid: u32,
    /// The name that the kernel keeps: at most 15 bytes, chosen by the process.
    pub name: Vec<u8>,
    /// What it is doing.
    pub state: State,
    /// Its parent; 0 where there is none in sight.
    pub parent: u32,
    /// Its process group; 0 where nobody tells.
    pub group: u32,
    /// Its session: the number of the session's leader.
    pub session: u32,
    /// The foreground group of its controlling terminal, if it has one.
    pub foreground_group: Option<u32>,
    /// Whether it is a thread of the kernel.
    pub kernel_thread: bool,
    /// CPU time of the process, user and system, without its children.
    pub cpu: Duration,
    /// With the number and the boot, its identity.
    pub start: StartTicks,
    /// When it started, since the boot.
    pub started: Duration,
    /// Resident set size in bytes. Shared pages count fully in every process.
    pub rss_bytes: u64,
}

/// A process that a scan was asked for.
#[derive(Debug, Clone)]
pub struct Process {
    /// The facts about it.
    pub stat: Stat,
    /// The user it runs as.
    pub uid: u32,
    /// What it runs.
    pub command: CommandLine,
}

/// One look at all processes.
#[derive(Debug, Default)]
pub struct Scan {
    /// Those that were asked for.
    pub processes: Vec<Process>,
    /// How many there were in all.
    pub seen: usize,
    /// How many of them could not be read for another reason than that they had ended.
    pub unreadable: usize,
    /// Those that have no command line: threads of the kernel, and zombies.
    pub without_command: Vec<u32>,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The process has ended.
    #[error("the process has ended")]
    Gone,
    /// The operating system does not let us look.
    #[error("permission denied")]
    Denied,
    /// This platform cannot tell.
    #[error("not available on this platform")]
    Unsupported,
    /// Something else went wrong.
    #[error("{0}")]
    Failed(String),
}

/// A scan that failed: whatever was seen until then is worthless.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the process table {place}: {reason}")]
pub struct LookError {
    /// Where the table should be.
    pub place: String,
    /// What the operating system said.
    pub reason: String,
}

/// The signals that brainwav sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Asks it to end.
    Terminate,
    /// Lets a stopped process go on.
    Continue,
    /// Stops it, so that it cannot start children.
    Stop,
    /// Ends it.
    Kill,
    /// Tells a parent that a child has ended.
    ChildEnded,
}

/// What came out of waiting for processes to end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waited {
    /// For each handle, whether its process has ended.
    pub ended: Vec<bool>,
    /// The signal that told us to stop waiting.
    pub interrupted: Option<i32>,
}

/// Who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ourselves {
    /// Our own process.
    pub pid: u32,
    /// The user whose rights we have.
    pub uid: u32,
}

/// What a process reads its input from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// A pipe.
    Pipe,
    /// A socket, as node and bun give to their children.
    Socket,
    /// The null device: somebody took care that it reads nothing.
    NullDevice,
    /// A terminal.
    Terminal,
    /// A pipe with a name, which anybody may open at any time.
    NamedPipe,
    /// A file, or something else that has no other end.
    File,
}

/// The standard input of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardInput {
    /// What it is.
    pub kind: InputKind,
    /// The number of the pipe or the socket; two processes with the same one share it.
    pub inode: u64,
    /// Whether nobody holds the other end any more; `false` where there is no other end.
    pub peer_is_gone: bool,
    /// Whether it is no longer descriptor 0: the process put it, and its standard output, at two others.
    pub is_moved: bool,
}

/// The channel over which node talks to a child that it forked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// It was started without one.
    Absent,
    /// Somebody holds the other end.
    Held,
    /// Nobody holds the other end any more.
    Abandoned,
    /// It has closed its own end, as node does when it notices that the other one is gone.
    Closed,
}

/// Every unix socket that is bound in our network namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoundSockets {
    /// The inodes of the files that they are bound to, as the kernel tells them: the lower 32 bits.
    pub inodes: HashSet<u32>,
    /// The paths that they were bound by, which may be relative, or old after a rename.
    pub paths: HashSet<Vec<u8>>,
}

/// What a connection to a unix socket came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Somebody listens.
    Accepted,
    /// Nobody does.
    Refused,
    /// Anything else: it proves nothing.
    Other(String),
}

/// The operating system.
pub trait Host: Sync {
    /// A process that was opened. It keeps meaning that process after its number went to another, or (where
    /// the platform has no such thing) proves before each signal that it still does.
    type Handle;

    /// Which boot it is.
    fn boot(&self) -> BootId;
    /// Time since the boot, suspended time included.
    fn since_boot(&self) -> Duration;
    /// Time since the boot that the machine was awake: what did nothing while it slept is not idle.
    fn awake(&self) -> Duration;
    /// Who we are.
    fn ourselves(&self) -> Ourselves;

    /// Looks at all processes and returns those whose command line is `wanted`.
    ///
    /// # Errors
    /// When the table as a whole cannot be read. Single processes that end meanwhile are no error.
    fn scan(&self, wanted: &(dyn Fn(Arguments<'_>) -> bool + Sync)) -> Result<Scan, LookError>;
    /// The facts about every process, for questions about families.
    ///
    /// # Errors
    /// As [`Host::scan`].
    fn everyone(&self) -> Result<Vec<Stat>, LookError>;

    /// The facts about one process.
    ///
    /// # Errors
    /// [`Unknown`] says why there are none.
    fn stat(&self, pid: u32) -> Result<Stat, Unknown>;
    /// The user that a process runs as.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn owner(&self, pid: u32) -> Result<u32, Unknown>;
    /// The command line of one process.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn command(&self, pid: u32) -> Result<CommandLine, Unknown>;
    /// The working directory of one process.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn working_directory(&self, pid: u32) -> Result<PathBuf, Unknown>;
    /// The unit of a service manager that supervises a process; `None` if no unit does.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn service_unit(&self, pid: u32) -> Result<Option<String>, Unknown>;
    /// Bytes that a process has read and written so far, all kinds of files and pipes.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn io_bytes(&self, pid: u32) -> Result<u64, Unknown>;
    /// Proportional set size in bytes: shared pages are divided among those who share them. Costs
    /// milliseconds for a large process.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn pss_bytes(&self, pid: u32) -> Result<u64, Unknown>;

    /// What a process reads its input from, and whether the other end is still there. Nothing is read.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn standard_input(&self, pid: u32) -> Result<StandardInput, Unknown>;
    /// The standard input that a process has moved to another descriptor, behind the null device, as the MCP SDK for
    /// Python does; `None` if it has not, or if that cannot be proven. Its peer is gone when that of the standard
    /// output, which was moved along, is gone too. Dearer than [`Host::standard_input`], and asked of few.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn moved_input(&self, pid: u32) -> Result<Option<StandardInput>, Unknown>;
    /// The channel of a process to the one that forked it.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn channel(&self, pid: u32) -> Result<Channel, Unknown>;
    /// Whether a process listens on a socket: then it has clients beside its standard input.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn listens(&self, pid: u32) -> Result<bool, Unknown>;
    /// The environment that a process was started with, up to 64 KiB of it.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn environment(&self, pid: u32) -> Result<Vec<u8>, Unknown>;
    /// Every bound unix socket that the kernel shows us.
    ///
    /// # Errors
    /// [`Unknown`] says why they cannot be listed.
    fn bound_sockets(&self) -> Result<BoundSockets, Unknown>;
    /// Tries to connect to a unix socket, and hangs up at once. Its owner sees that.
    fn connect(&self, path: &Path) -> Connection;
    /// Whether files there are shared with other machines: what listens on a socket may not be here.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be told.
    fn is_shared_mount(&self, path: &Path) -> Result<bool, Unknown>;

    /// Opens a process by its number. Which process that was must be verified afterwards.
    ///
    /// # Errors
    /// [`Unknown`] says why it cannot be opened.
    fn open(&self, pid: Pid) -> Result<Self::Handle, Unknown>;
    /// Sends a signal to an opened process. Only [`crate::core::termination`] calls this.
    ///
    /// # Errors
    /// [`Unknown::Gone`] when it has ended, [`Unknown::Denied`] when it is not ours to signal.
    fn signal(&self, handle: &Self::Handle, signal: Signal) -> Result<(), Unknown>;
    /// Waits until all of them have ended, the time is over, or a signal tells us to stop.
    fn wait(&self, handles: &[&Self::Handle], timeout: Duration) -> Waited;
}
