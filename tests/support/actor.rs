//! Real processes with the command line, the title and the manners that a test wants: the shell of the system
//! under another name. Each ends by itself when the test does, because its stdin ends with it.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::environment::TestEnv;

/// What an actor does.
#[derive(Debug, Clone, Copy)]
pub enum Script {
    /// Waits.
    Wait,
    /// Waits, and does not end by SIGTERM; each one that comes is noted in the file `terminated`.
    IgnoreTerminate,
    /// Starts two children, one of which has a child, and waits with them.
    Family,
    /// Starts children that ignore SIGTERM.
    StubbornFamily,
    /// Holds some megabytes.
    Fat,
    /// Works without a pause, for a bounded CPU time.
    Busy,
    /// Runs this command, and waits for it.
    Run(&'static str),
}

const WAIT: &str = "while read -r line; do :; done";

impl Script {
    /// How many descendants there will be, where a test counts them.
    const fn family(self) -> usize {
        match self {
            Self::Family => 3,
            Self::StubbornFamily => 1,
            _ => 0,
        }
    }

    fn text(self) -> String {
        let child =
            |traps: &str| format!("(exec 3<&0; sh -c '{traps}exec 0<&3; {WAIT}' child <&3 3<&3 & {WAIT})");
        match self {
            Self::Wait => format!(": >ready\n{WAIT}"),
            Self::IgnoreTerminate => {
                format!(
                    "trap 'echo TERM >>terminated' TERM\n: >ready\nwhile :; do {WAIT}; read -r line || exit; done"
                )
            }
            Self::Family => {
                let inner = child("");
                format!("exec 3<&0\nsh -c '{WAIT}' child <&3 &\n{inner} <&3 &\n: >ready\n{WAIT}")
            }
            Self::StubbornFamily => {
                let stubborn = "trap \"\" TERM";
                format!("exec 3<&0\nsh -c '{stubborn}; : >ready; {WAIT}' child <&3 &\n{WAIT}")
            }
            Self::Fat => format!("x=$(head -c 8000000 /dev/zero | tr '\\0' a)\n: >ready\n{WAIT}"),
            Self::Busy => "ulimit -t 120\n: >ready\nwhile :; do :; done".to_owned(),
            Self::Run(command) => command.to_owned(),
        }
    }
}

/// A process of the test's own, ended at the latest when this is dropped.
pub struct Actor {
    child: Child,
    folder: PathBuf,
}

impl Actor {
    /// An interpreter that runs a script at `path` below the workspace: its command line is `node`, the path
    /// and the arguments.
    pub fn node(env: &TestEnv, path: &str, arguments: &[&str], script: Script) -> Self {
        Self::node_with(env, path, script, |command| {
            command.args(arguments);
        })
    }

    /// As [`Self::node`], changed before it starts.
    pub fn node_with(env: &TestEnv, path: &str, script: Script, change: impl FnOnce(&mut Command)) -> Self {
        Self::spawn(env, path, script, |command, file| {
            command.arg0("node").arg(file);
            change(command);
        })
    }

    /// A vitest run.
    pub fn vitest(env: &TestEnv, script: Script) -> Self {
        Self::node(env, "node_modules/vitest/vitest.mjs", &["run"], script)
    }

    /// A process that shows a title in the place of its arguments.
    pub fn titled(env: &TestEnv, title: &str) -> Self {
        let mut actor = Self::spawn(env, "unused.mjs", Script::Run(""), |command, _| {
            command.arg0(title);
        });
        actor.say(&format!(": >ready\n{WAIT}"));
        actor.await_ready();
        actor
    }

    fn spawn(env: &TestEnv, path: &str, script: Script, build: impl FnOnce(&mut Command, &Path)) -> Self {
        // A folder for each: an actor that is still reading its script must not find that of another one.
        let folder = env.workspace().join(format!("actor-{}", TestEnv::file_names(&env.workspace()).len()));
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("the script has a folder")).expect("the folder can be made");
        fs::write(&file, format!("{}\n", script.text())).expect("the script can be written");
        let mut command = Command::new("/bin/sh");
        command.current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
        build(&mut command, &file);
        let child = command.spawn().expect("the shell starts");
        let actor = Self { child, folder };
        if script.text().contains(">ready") {
            actor.await_ready();
        }
        let family = script.family();
        wait_until("its family is there", || family == 0 || actor.descendants().len() == family);
        // The portable back end ends nothing that could share the second of its start with a successor.
        let old_enough =
            if cfg!(feature = "portable") { Duration::from_millis(3100) } else { Duration::ZERO };
        let ready = Instant::now();
        wait_until("it is old enough", || ready.elapsed() >= old_enough);
        actor
    }

    /// A process that has only just started has hardly any memory yet.
    fn await_ready(&self) {
        wait_until("the actor is ready", || self.file("ready").exists());
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes a line to its stdin.
    pub fn say(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("stdin is a pipe");
        writeln!(stdin, "{line}").expect("the actor reads");
    }

    /// A file in the working directory of the actor.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Whether it still runs; a zombie does not.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Sends a signal to it, by the name that kill(1) knows.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(status.expect("kill starts").success());
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().expect("it is our child");
    }

    /// Its living descendants, asked of the kernel.
    pub fn descendants(&self) -> Vec<u32> {
        let mut found = Vec::new();
        let mut open = vec![self.pid()];
        while let Some(pid) = open.pop() {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            let children: Vec<u32> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
            found.extend(&children);
            open.extend(children);
        }
        found
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It is our own child and not waited for, so its number is still its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that is sure to happen, and fails when it does not.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process of this number is there, as anything but a zombie.
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
    let state = stat.iter().rposition(|byte| *byte == b')').and_then(|end| stat.get(end + 2));
    state.is_some_and(|state| !b"ZX".contains(state))
}
