//! A machine on which anything can happen between any two calls, for the tables of the tests.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::{
    BoundSockets, Channel, Connection, Host, InputKind, LookError, Ourselves, Process, Scan, Signal,
    StandardInput, Stat, State, Unknown, Waited,
};
use crate::core::process::{Arguments, BootId, CommandLine, Pid, StartTicks};

pub const BOOT: BootId = BootId(7);

/// The facts about a quiet process.
pub fn stat(pid: u32, parent: u32, start: u64) -> Stat {
    Stat {
        pid,
        name: b"node".to_vec(),
        state: State::Sleeping,
        parent,
        group: pid,
        session: 1,
        foreground_group: None,
        kernel_thread: false,
        cpu: Duration::ZERO,
        start: StartTicks(start),
        started: Duration::from_millis(start * 10),
        rss_bytes: 0,
    }
}

/// How a process takes a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Obedient,
    IgnoresTerminate,
    Unkillable,
    Forbidden,
}

#[derive(Debug, Clone)]
pub struct Someone {
    pub stat: Stat,
    pub uid: u32,
    pub words: Vec<String>,
    pub unit: Option<String>,
    pub manner: Manner,
    pub input: Result<StandardInput, Unknown>,
    pub channel: Result<Channel, Unknown>,
}

/// A call of the engine, before which the world changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Before {
    Open(u32),
    Stat(u32),
    Signal(u32, &'static str),
    Wait(usize),
    Everyone(usize),
}

type Change = Box<dyn Fn(&mut World) + Send>;

#[derive(Default)]
pub struct World {
    pub processes: BTreeMap<u32, Someone>,
    /// What was sent, and to which instance (number and start).
    pub sent: Vec<(u32, u64, &'static str)>,
    pub interrupt_at_wait: Option<usize>,
    pub table_is_broken: bool,
    waits: usize,
    looks: usize,
    changes: HashMap<Before, Change>,
}

impl World {
    pub fn add(&mut self, stat: Stat, words: &[&str]) -> &mut Someone {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        let pid = stat.pid;
        let input =
            Ok(StandardInput { kind: InputKind::Terminal, inode: 1, peer_is_gone: false, is_moved: false });
        let (manner, channel) = (Manner::Obedient, Ok(Channel::Absent));
        let someone = Someone { stat, uid: 1000, words, unit: None, manner, input, channel };
        self.processes.insert(pid, someone);
        self.processes.get_mut(&pid).unwrap()
    }

    /// As the kernel does it: the number is free at once, the children go to process 1.
    pub fn end(&mut self, pid: u32) {
        self.processes.remove(&pid);
        for someone in self.processes.values_mut().filter(|someone| someone.stat.parent == pid) {
            someone.stat.parent = 1;
        }
    }
}

#[derive(Default)]
pub struct FakeHost(Mutex<World>);

impl FakeHost {
    pub fn new(build: impl FnOnce(&mut World)) -> Self {
        let mut world = World::default();
        world.add(stat(1, 0, 0), &["/sbin/init"]);
        world.add(stat(100, 1, 1), &["-bash"]);
        world.add(stat(101, 100, 2), &["brainwav", "health"]);
        build(&mut world);
        Self(Mutex::new(world))
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    pub fn before(self, moment: Before, change: impl Fn(&mut World) + Send + 'static) -> Self {
        self.world().changes.insert(moment, Box::new(change));
        self
    }

    fn happens(&self, moment: Before) {
        let mut world = self.world();
        if let Some(change) = world.changes.remove(&moment) {
            change(&mut world);
        }
    }

    fn someone<T>(&self, pid: u32, read: impl FnOnce(&Someone) -> T) -> Result<T, Unknown> {
        self.world().processes.get(&pid).map(read).ok_or(Unknown::Gone)
    }
}

/// As a pidfd: bound to the instance that had the number when it was opened.
#[derive(Debug)]
pub struct Instance {
    pid: u32,
    start: StartTicks,
}

impl Host for FakeHost {
    type Handle = Instance;

    fn boot(&self) -> BootId {
        BOOT
    }

    fn since_boot(&self) -> Duration {
        Duration::from_secs(1000)
    }

    fn awake(&self) -> Duration {
        Duration::from_secs(1000)
    }

    fn ourselves(&self) -> Ourselves {
        Ourselves { pid: 101, uid: 1000 }
    }

    fn scan(&self, wanted: &(dyn Fn(Arguments<'_>) -> bool + Sync)) -> Result<Scan, LookError> {
        let stats = self.everyone()?;
        let seen = stats.len();
        let processes = stats.into_iter().filter_map(|stat| {
            let command = self.command(stat.pid).ok()?;
            let uid = self.owner(stat.pid).ok()?;
            wanted(command.arguments()).then_some(Process { stat, uid, command })
        });
        Ok(Scan { processes: processes.collect(), seen, ..Scan::default() })
    }

    fn everyone(&self) -> Result<Vec<Stat>, LookError> {
        let look = {
            let mut world = self.world();
            world.looks += 1;
            world.looks
        };
        self.happens(Before::Everyone(look));
        let world = self.world();
        if world.table_is_broken {
            return Err(LookError { place: "/proc".to_owned(), reason: "broken".to_owned() });
        }
        Ok(world.processes.values().map(|someone| someone.stat.clone()).collect())
    }

    fn stat(&self, pid: u32) -> Result<Stat, Unknown> {
        self.happens(Before::Stat(pid));
        self.someone(pid, |someone| someone.stat.clone())
    }

    fn owner(&self, pid: u32) -> Result<u32, Unknown> {
        self.someone(pid, |someone| someone.uid)
    }

    fn command(&self, pid: u32) -> Result<CommandLine, Unknown> {
        self.someone(pid, |someone| CommandLine::from_words(&someone.words))
    }

    fn working_directory(&self, _: u32) -> Result<PathBuf, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn service_unit(&self, pid: u32) -> Result<Option<String>, Unknown> {
        self.someone(pid, |someone| someone.unit.clone())
    }

    fn io_bytes(&self, _: u32) -> Result<u64, Unknown> {
        Ok(0)
    }

    fn pss_bytes(&self, pid: u32) -> Result<u64, Unknown> {
        self.someone(pid, |someone| someone.stat.rss_bytes)
    }

    fn standard_input(&self, pid: u32) -> Result<StandardInput, Unknown> {
        self.someone(pid, |someone| someone.input.clone())?
    }

    fn moved_input(&self, _: u32) -> Result<Option<StandardInput>, Unknown> {
        Ok(None)
    }

    fn channel(&self, pid: u32) -> Result<Channel, Unknown> {
        self.someone(pid, |someone| someone.channel.clone())?
    }

    fn listens(&self, _: u32) -> Result<bool, Unknown> {
        Ok(false)
    }

    fn environment(&self, _: u32) -> Result<Vec<u8>, Unknown> {
        Ok(Vec::new())
    }

    fn bound_sockets(&self) -> Result<BoundSockets, Unknown> {
        Err(Unknown::Unsupported)
    }

    fn connect(&self, _: &Path) -> Connection {
        Connection::Other("no network here".to_owned())
    }

    fn is_shared_mount(&self, _: &Path) -> Result<bool, Unknown> {
        Ok(false)
    }

    fn open(&self, pid: Pid) -> Result<Instance, Unknown> {
        self.happens(Before::Open(pid.get()));
        self.someone(pid.get(), |someone| Instance { pid: pid.get(), start: someone.stat.start })
    }

    fn signal(&self, handle: &Instance, signal: Signal) -> Result<(), Unknown> {
        let name = match signal {
            Signal::Terminate => "TERM",
            Signal::Continue => "CONT",
            Signal::Stop => "STOP",
            Signal::Kill => "KILL",
            Signal::ChildEnded => "CHLD",
        };
        self.happens(Before::Signal(handle.pid, name));
        let mut world = self.world();
        let found = world.processes.get(&handle.pid).filter(|someone| someone.stat.start == handle.start);
        let Some(manner) = found.map(|someone| someone.manner) else { return Err(Unknown::Gone) };
        if manner == Manner::Forbidden {
            return Err(Unknown::Denied);
        }
        world.sent.push((handle.pid, handle.start.0, name));
        let ends = matches!(
            (signal, manner),
            (Signal::Terminate, Manner::Obedient)
                | (Signal::Kill, Manner::Obedient | Manner::IgnoresTerminate)
        );
        if ends {
            world.end(handle.pid);
        }
        Ok(())
    }

    fn wait(&self, handles: &[&Instance], _: Duration) -> Waited {
        let wait = {
            let mut world = self.world();
            world.waits += 1;
            world.waits
        };
        self.happens(Before::Wait(wait));
        let world = self.world();
        let is_there = |handle: &&Instance| {
            world.processes.get(&handle.pid).is_some_and(|someone| {
                someone.stat.start == handle.start && someone.stat.state != State::Zombie
            })
        };
        let ended = handles.iter().map(|handle| !is_there(handle)).collect();
        Waited { ended, interrupted: (world.interrupt_at_wait == Some(wait)).then_some(2) }
    }
}
