//! A server that does not end when its client is gone, as the bad ones do: its standard input is whatever the
//! test wants it to be, and it ends with a lifeline that the test holds.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use super::actor::{is_alive, wait_until};
use super::environment::TestEnv;

pub const SERVER: &str = "node_modules/@modelcontextprotocol/server-test/index.js";
pub const WORKER: &str = "node_modules/vitest/dist/workers/forks.js";

/// A script, as `pip` makes one for a package.
const PYTHON: &str = "bin/mcp-server-test";

pub struct Server {
    pub pid: u32,
    child: Option<Child>,
    lifeline: Option<File>,
    folder: PathBuf,
}

impl Server {
    /// A child of the test with this standard input and these variables.
    pub fn child(env: &TestEnv, script: &str, stdin: impl Into<Stdio>, variables: &[(&str, &str)]) -> Self {
        let (folder, lifeline) = stage(env, script);
        Self::start(folder, lifeline, &["./node", script], [stdin.into(), Stdio::null()], variables)
    }

    /// The same below a shell that waits for it.
    pub fn wrapped_child(env: &TestEnv, script: &str, stdin: impl Into<Stdio>) -> Self {
        let (folder, lifeline) = stage(env, script);
        Self::start(folder, lifeline, &wrapped(script), [stdin.into(), Stdio::null()], &[])
    }

    /// The same server once more, in the same folder.
    pub fn again(&self, script: &str, stdin: impl Into<Stdio>) -> Self {
        self.once_more(&["./node", script], stdin.into())
    }

    /// The same below a shell that waits for it.
    pub fn again_wrapped(&self, script: &str, stdin: impl Into<Stdio>) -> Self {
        self.once_more(&wrapped(script), stdin.into())
    }

    fn once_more(&self, words: &[impl AsRef<OsStr>], stdin: Stdio) -> Self {
        let lifeline = self.lifeline.as_ref().and_then(|lifeline| lifeline.try_clone().ok());
        fs::remove_file(self.folder.join("ready")).expect("the first one was ready");
        let streams = [stdin, Stdio::null()];
        Self::start(self.folder.clone(), lifeline.expect("it lives"), words, streams, &[])
    }

    /// A server that plays what the SDK for Python does with its standard streams, or something like it, as a child of
    /// the test. `name` is that of the interpreter.
    pub fn player(env: &TestEnv, name: &str, role: &str, streams: [Stdio; 2]) -> Self {
        let (folder, lifeline) = stage(env, PYTHON);
        call_player(&folder, name);
        let words = [format!("./{name}"), PYTHON.to_owned()];
        Self::start(folder, lifeline, &words, streams, &[("PLAYER_ROLE", role)])
    }

    /// The same, left behind by a shell; `wrapper` is the beginning and the end of the command around it.
    pub fn player_orphan(env: &TestEnv, role: &str, streams: [Stdio; 2], wrapper: [&str; 2]) -> Self {
        let (folder, lifeline) = stage(env, PYTHON);
        call_player(&folder, "python3");
        let [start, end] = wrapper;
        let command = format!("{start}./python3 {PYTHON}{end}");
        Self::left(folder, lifeline, streams, &command, &[("PLAYER_ROLE", role)])
    }

    fn start(
        folder: PathBuf,
        lifeline: File,
        words: &[impl AsRef<OsStr>],
        streams: [Stdio; 2],
        variables: &[(&str, &str)],
    ) -> Self {
        let [stdin, stdout] = streams;
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(&folder).stdin(stdin).stdout(stdout).stderr(Stdio::null());
        command.env_clear().env("PATH", "/usr/bin:/bin").envs(variables.iter().copied());
        let child = command.spawn().expect("the server starts");
        Self { pid: ready(&folder), child: Some(child), lifeline: Some(lifeline), folder }
    }

    /// A server whose parent has ended: a shell started it, behind these words, and went away.
    pub fn orphan(env: &TestEnv, script: &str, stdin: impl Into<Stdio>, start: &str) -> Self {
        Self::left_behind(env, script, stdin, &format!("{start} ./node {script}"))
    }

    /// The same, with a shell around it that waits for it.
    pub fn wrapped_orphan(env: &TestEnv, script: &str, stdin: impl Into<Stdio>) -> Self {
        Self::left_behind(env, script, stdin, &format!("sh -c './node {script}; :'"))
    }

    /// A server that `start` starts in its folder, with a command for the shell that leaves it behind.
    pub fn below(env: &TestEnv, script: &str, start: impl FnOnce(&Path, &str)) -> Self {
        let (folder, lifeline) = stage(env, script);
        start(&folder, &leaving(&format!("./node {script}")));
        Self { pid: ready(&folder), child: None, lifeline: Some(lifeline), folder }
    }

    fn left_behind(env: &TestEnv, script: &str, stdin: impl Into<Stdio>, command: &str) -> Self {
        let (folder, lifeline) = stage(env, script);
        Self::left(folder, lifeline, [stdin.into(), Stdio::null()], command, &[])
    }

    fn left(
        folder: PathBuf,
        lifeline: File,
        streams: [Stdio; 2],
        command: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let text = leaving(command);
        let [stdin, stdout] = streams;
        let mut command = Command::new("sh");
        command.args(["-c", &text]).current_dir(&folder).stdin(stdin).stdout(stdout).stderr(Stdio::null());
        command.env_clear().env("PATH", "/usr/bin:/bin").envs(variables.iter().copied());
        assert!(command.status().expect("the shell starts").success());
        Self { pid: ready(&folder), child: None, lifeline: Some(lifeline), folder }
    }

    /// The child of the test: the server itself, or the wrapper around it.
    pub fn starter(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    pub fn is_running(&self) -> bool {
        is_alive(self.pid)
    }
}

/// A text for the shell that starts this command in the background, with its own stdin.
fn leaving(command: &str) -> String {
    format!("exec 3<&0\n{command} <&3 3<&- &")
}

/// As npx does it: a shell of `-c` waits for the server, and hands its own stdin on.
fn wrapped(script: &str) -> [String; 3] {
    ["sh".to_owned(), "-c".to_owned(), format!("./node {script}; :")]
}

/// The number that a server tells once it is ready.
fn ready(folder: &Path) -> u32 {
    let file = folder.join("ready");
    wait_until("the server is ready", || file.exists());
    fs::read_to_string(file).expect("it tells its number").trim().parse().expect("a number")
}

/// The player under another name, which the kernel takes for its own.
pub fn call_player(folder: &Path, name: &str) {
    static PLAYER: OnceLock<PathBuf> = OnceLock::new();
    let player = PLAYER.get_or_init(|| {
        let player = Path::new(env!("CARGO_BIN_EXE_brainwav")).with_file_name("examples").join("actor");
        // `cargo test NAME` builds no examples.
        if !player.exists() {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(["build", "--quiet", "--locked", "--example", "actor"]);
            let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
            assert!(built.is_ok_and(|built| built.success()), "cargo build --example actor fails");
        }
        player
    });
    let link = folder.join(name);
    let _ = fs::remove_file(&link);
    symlink(player, link).expect("a link can be made");
}

/// The folder of a server: an interpreter called `node`, the script, and its lifeline.
fn stage(env: &TestEnv, script: &str) -> (PathBuf, File) {
    let folder = env.workspace().join(format!("server-{}", TestEnv::file_names(&env.workspace()).len()));
    let file = folder.join(script);
    fs::create_dir_all(file.parent().expect("a script has a folder")).expect("the folder can be made");
    fs::write(
        &file,
        "exec 4<lifeline\necho $$ >ready.new\nmv ready.new ready\n(exec cat <&4 >/dev/null)\n:\n",
    )
    .expect("it can be written");
    symlink("/bin/sh", folder.join("node")).expect("a link can be made");
    let lifeline = folder.join("lifeline");
    assert!(Command::new("mkfifo").arg(&lifeline).status().expect("mkfifo starts").success());
    let lifeline = OpenOptions::new().read(true).write(true).open(lifeline).expect("it can be opened");
    (folder, lifeline)
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
