//! A server that does not end when its client is gone, as the bad ones do: its standard input is whatever the
//! test wants it to be, and it ends with a lifeline that the test holds.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::actor::{is_alive, wait_until};
use super::environment::TestEnv;

pub const SERVER: &str = "node_modules/@modelcontextprotocol/server-test/index.js";
pub const WORKER: &str = "node_modules/vitest/dist/workers/forks.js";

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
        Self::start(folder, lifeline, script, stdin.into(), variables)
    }

    /// The same server once more, in the same folder.
    pub fn again(&self, script: &str, stdin: impl Into<Stdio>) -> Self {
        let lifeline = self.lifeline.as_ref().and_then(|lifeline| lifeline.try_clone().ok());
        fs::remove_file(self.folder.join("ready")).expect("the first one was ready");
        Self::start(self.folder.clone(), lifeline.expect("it lives"), script, stdin.into(), &[])
    }

    fn start(
        folder: PathBuf,
        lifeline: File,
        script: &str,
        stdin: Stdio,
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new("./node");
        command.arg(script).current_dir(&folder).stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null());
        command.env_clear().env("PATH", "/usr/bin:/bin").envs(variables.iter().copied());
        let child = command.spawn().expect("the shell starts");
        wait_until("the server is ready", || folder.join("ready").exists());
        Self { pid: child.id(), child: Some(child), lifeline: Some(lifeline), folder }
    }

    /// A server whose parent has ended: a shell started it, behind these words, and went away.
    pub fn orphan(env: &TestEnv, script: &str, stdin: impl Into<Stdio>, start: &str) -> Self {
        Self::left_behind(env, script, stdin, &format!("{start} ./node {script}"))
    }

    /// The same, with a shell around it that waits for it.
    pub fn wrapped_orphan(env: &TestEnv, script: &str, stdin: impl Into<Stdio>) -> Self {
        Self::left_behind(env, script, stdin, &format!("sh -c './node {script}; :'"))
    }

    fn left_behind(env: &TestEnv, script: &str, stdin: impl Into<Stdio>, command: &str) -> Self {
        let (folder, lifeline) = stage(env, script);
        let text = format!("exec 3<&0\n{command} <&3 3<&- &");
        let mut command = Command::new("sh");
        command
            .args(["-c", &text])
            .current_dir(&folder)
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.env_clear().env("PATH", "/usr/bin:/bin");
        assert!(command.status().expect("the shell starts").success());
        wait_until("the server is ready", || folder.join("ready").exists());
        let pid = fs::read_to_string(folder.join("ready"))
            .expect("it tells its number")
            .trim()
            .parse()
            .expect("a number");
        Self { pid, child: None, lifeline: Some(lifeline), folder }
    }

    pub fn is_running(&self) -> bool {
        is_alive(self.pid)
    }
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
