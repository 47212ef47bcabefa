//! Linux: `/proc`, read through one folder descriptor, and pidfds.

mod cgroup;
mod descriptor;
mod directory;
mod listening;
mod moved;
mod pidfd;
mod sock_diag;
mod stat;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::core::host::{
    BoundSockets, Channel, Connection, Host, LookError, Ourselves, Process, Scan, Signal, StandardInput,
    Stat, State, Unknown, Waited,
};
use crate::core::process::{Arguments, BootId, CommandLine, Pid};
use crate::sys::signals::Interrupts;
use directory::{Directory, PidPath, ReadBuffer, unknown};
use stat::Units;

/// How many processes are worth a thread of their own: below that, starting it costs more than it saves.
const PROCESSES_PER_THREAD: usize = 512;
/// More threads than this only wait for the same locks in the kernel.
const MAX_THREADS: usize = 4;

/// On a machine where somebody ends all the time there is always another listing: so many have to do. Each after the
/// first looks at the few who are new.
const MOST_LISTINGS: usize = 16;

/// What a scan keeps of a process.
enum Found {
    Wanted(Process),
    WithoutCommand(u32),
}

/// The Linux host.
#[derive(Debug)]
pub struct SystemHost {
    directory: Directory,
    root: PathBuf,
    boot: BootId,
    units: Units,
    ourselves: Ourselves,
    interrupts: OnceLock<Interrupts>,
}

impl SystemHost {
    /// The machine that we run on.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn new() -> Result<Self, LookError> {
        let pid = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
        Self::at(Path::new("/proc"), Ourselves { pid, uid: super::process_exit::user() })
    }

    /// A machine whose process table is at `root`, seen by `ourselves`.
    ///
    /// # Errors
    /// When there is no process table at `root`.
    pub fn at(root: &Path, ourselves: Ourselves) -> Result<Self, LookError> {
        let fail = |reason: String| LookError { place: root.display().to_string(), reason };
        let directory = Directory::open(root).map_err(|error| fail(error.to_string()))?;
        let boot = std::fs::read_to_string(root.join("sys/kernel/random/boot_id"))
            .map_err(|error| fail(format!("no boot id: {error}")))?;
        let boot = BootId::parse(&boot).ok_or_else(|| fail("the boot id is no UUID".to_owned()))?;
        let itself = std::fs::read_link(root.join("self")).ok();
        if itself.is_none_or(|itself| itself != Path::new(&ourselves.pid.to_string())) {
            return Err(fail(
                "it is not the table of the PID namespace that this process lives in".to_owned(),
            ));
        }
        let units = Units::of_this_machine();
        Ok(Self { directory, root: root.to_owned(), boot, units, ourselves, interrupts: OnceLock::new() })
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

    fn look_error(&self, reason: impl std::fmt::Display) -> LookError {
        LookError { place: self.root.display().to_string(), reason: reason.to_string() }
    }

    /// The numbers of all processes. A table in which we ourselves are missing is not read to its end.
    fn numbers(&self) -> Result<Vec<u32>, LookError> {
        let numbers = self.directory.numbers().map_err(|error| self.look_error(error))?;
        if numbers.contains(&self.ourselves.pid) {
            return Ok(numbers);
        }
        Err(self.look_error("it does not list this process itself"))
    }

    /// Runs `read` over all processes, on several threads where there are many of them.
    fn each<T: Send>(
        &self,
        numbers: &[u32],
        read: impl Fn(&mut ReadBuffer, u32) -> Result<Option<T>, Unknown> + Sync,
    ) -> (Vec<T>, usize) {
        let threads = threads_for(numbers.len());
        let share = numbers.len().div_ceil(threads).max(1);
        let work = |part: &[u32]| read_part(part, &read);
        let parts = std::thread::scope(|scope| {
            let mut shares = numbers.chunks(share);
            let own = shares.next().unwrap_or_default();
            // On a machine that has no thread left for us, this one does the work of all.
            let others: Vec<_> = shares
                .map(|part| (part, std::thread::Builder::new().spawn_scoped(scope, move || work(part)).ok()))
                .collect();
            let mut parts = vec![work(own)];
            parts.extend(others.into_iter().map(|(part, thread)| {
                thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| work(part))
            }));
            parts
        });
        let unreadable = parts.iter().map(|(_, unreadable)| unreadable).sum();
        (parts.into_iter().flat_map(|(found, _)| found).collect(), unreadable)
    }

    fn read_stat(&self, buffer: &mut ReadBuffer, pid: u32) -> Result<Stat, Unknown> {
        let bytes = self.directory.read(&PidPath::new(pid, "stat"), buffer)?;
        stat::parse(bytes, self.units)
            .ok_or_else(|| Unknown::Failed(format!("stat of {pid} is not understood")))
    }

    fn read_text(&self, pid: u32, file: &'static str) -> Result<String, Unknown> {
        let mut buffer = ReadBuffer::small();
        let bytes = self.directory.read(&PidPath::new(pid, file), &mut buffer)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// To ask for the number of cores costs a dozen system calls: only where there is work for a second one.
fn threads_for(processes: usize) -> usize {
    let wanted = (processes / PROCESSES_PER_THREAD).min(MAX_THREADS);
    if wanted < 2 {
        return 1;
    }
    wanted.min(std::thread::available_parallelism().map_or(1, usize::from))
}

fn read_part<T>(
    part: &[u32],
    read: &impl Fn(&mut ReadBuffer, u32) -> Result<Option<T>, Unknown>,
) -> (Vec<T>, usize) {
    let mut buffer = ReadBuffer::new();
    let mut unreadable = 0;
    let mut found = Vec::new();
    for pid in part {
        match read(&mut buffer, *pid) {
            Ok(value) => found.extend(value),
            Err(Unknown::Gone) => {}
            Err(_) => unreadable += 1,
        }
    }
    (found, unreadable)
}

impl Host for SystemHost {
    type Handle = OwnedFd;

    fn boot(&self) -> BootId {
        self.boot
    }

    fn since_boot(&self) -> Duration {
        let now = clock_gettime(ClockId::Boottime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
    }

    fn awake(&self) -> Duration {
        super::process_exit::awake()
    }

    fn ourselves(&self) -> Ourselves {
        self.ourselves
    }

    /// The command line first, and everything else only for the few that are wanted: three system calls for
    /// a stranger, seven for a match.
    fn scan(&self, wanted: &(dyn Fn(Arguments<'_>) -> bool + Sync)) -> Result<Scan, LookError> {
        let numbers = self.numbers()?;
        let (found, unreadable) = self.each(&numbers, |buffer, pid| {
            let bytes = self.directory.read(&PidPath::new(pid, "cmdline"), buffer)?;
            let arguments = Arguments::new(bytes);
            if arguments.is_empty() {
                return Ok(Some(Found::WithoutCommand(pid)));
            }
            if !wanted(arguments) {
                return Ok(None);
            }
            let command = arguments.to_owned();
            let stat = self.read_stat(buffer, pid)?;
            Ok(Some(Found::Wanted(Process { stat, uid: self.owner(pid)?, command })))
        });
        let mut scan = Scan { seen: numbers.len(), unreadable, ..Scan::default() };
        for found in found {
            match found {
                Found::Wanted(process) => scan.processes.push(process),
                Found::WithoutCommand(pid) => scan.without_command.push(pid),
            }
        }
        Ok(scan)
    }

    /// Whoever ended between the listing and the look at him may have started somebody meanwhile, who is not in that
    /// listing: then there is another one, for those who are new. With a listing after which all who are new are alive,
    /// everybody of that moment was seen, or has ended.
    fn everyone(&self) -> Result<Vec<Stat>, LookError> {
        let (mut known, mut everyone) = (Vec::new(), Vec::new());
        for _ in 0..MOST_LISTINGS {
            let mut numbers = self.numbers()?;
            numbers.retain(|number| known.binary_search(number).is_err());
            let (stats, _) = self.each(&numbers, |buffer, pid| self.read_stat(buffer, pid).map(Some));
            let living = stats.iter().filter(|stat| stat.state != State::Zombie).count();
            let is_settled = living == numbers.len();
            everyone.extend(stats);
            if is_settled {
                break;
            }
            known.extend(numbers);
            known.sort_unstable();
        }
        Ok(everyone)
    }

    fn stat(&self, pid: u32) -> Result<Stat, Unknown> {
        self.read_stat(&mut ReadBuffer::small(), pid)
    }

    fn owner(&self, pid: u32) -> Result<u32, Unknown> {
        self.directory.owner(pid)
    }

    fn command(&self, pid: u32) -> Result<CommandLine, Unknown> {
        let mut buffer = ReadBuffer::new();
        let bytes = self.directory.read(&PidPath::new(pid, "cmdline"), &mut buffer)?;
        Ok(Arguments::new(bytes).to_owned())
    }

    fn working_directory(&self, pid: u32) -> Result<PathBuf, Unknown> {
        std::fs::read_link(self.root.join(format!("{pid}/cwd"))).map_err(|error| unknown(&error))
    }

    fn service_unit(&self, pid: u32) -> Result<Option<String>, Unknown> {
        Ok(cgroup::service_unit(&self.read_text(pid, "cgroup")?))
    }

    fn io_bytes(&self, pid: u32) -> Result<u64, Unknown> {
        let text = self.read_text(pid, "io")?;
        let value = |key: &str| stat::field(&text, key);
        let sum = value("rchar:").zip(value("wchar:")).map(|(read, written)| read.saturating_add(written));
        sum.ok_or_else(|| Unknown::Failed("io is not understood".to_owned()))
    }

    fn pss_bytes(&self, pid: u32) -> Result<u64, Unknown> {
        let text = self.read_text(pid, "smaps_rollup")?;
        let kibibytes = stat::field(&text, "Pss:");
        kibibytes
            .map(|size| size * 1024)
            .ok_or_else(|| Unknown::Failed("smaps_rollup is not understood".to_owned()))
    }

    fn standard_input(&self, pid: u32) -> Result<StandardInput, Unknown> {
        descriptor::standard_input(&self.directory, pid)
    }

    fn moved_input(&self, pid: u32) -> Result<Option<StandardInput>, Unknown> {
        moved::moved_input(&self.directory, pid)
    }

    fn channel(&self, pid: u32) -> Result<Channel, Unknown> {
        descriptor::channel(&self.directory, pid)
    }

    fn listens(&self, pid: u32) -> Result<bool, Unknown> {
        listening::listens(&self.root, pid)
    }

    fn environment(&self, pid: u32) -> Result<Vec<u8>, Unknown> {
        let mut buffer = ReadBuffer::new();
        self.directory.read(&PidPath::new(pid, "environ"), &mut buffer).map(<[u8]>::to_vec)
    }

    fn bound_sockets(&self) -> Result<BoundSockets, Unknown> {
        sock_diag::bound_sockets()
    }

    fn connect(&self, path: &Path) -> Connection {
        super::unix_connect::connect(path)
    }

    fn is_shared_mount(&self, path: &Path) -> Result<bool, Unknown> {
        descriptor::is_shared_mount(path)
    }

    fn open(&self, pid: Pid) -> Result<OwnedFd, Unknown> {
        pidfd::open(pid)
    }

    fn signal(&self, handle: &OwnedFd, signal: Signal) -> Result<(), Unknown> {
        pidfd::signal(handle, signal)
    }

    fn wait(&self, handles: &[&OwnedFd], timeout: Duration) -> Waited {
        pidfd::wait(handles, timeout, self.interrupts.get())
    }
}
