//! The surroundings of one test: folders of its own, and rules that see nothing but its own processes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::run::Output;
use super::watchdog::Watchdog;

/// The built-in rules, narrowed to processes whose working directory is in the folder of the test: whatever
/// else runs on the machine is invisible to them.
const RULES: [&str; 5] = ["local-memory", "vitest", "nx", "tsc", "mcp"];

pub struct TestEnv {
    root: tempfile::TempDir,
    _watchdog: Watchdog,
}

impl TestEnv {
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("brainwav-test-").tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let env = Self { root, _watchdog: Watchdog::start() };
        for folder in ["home", "workspace", "tmp"] {
            fs::create_dir(env.path(folder)).unwrap();
        }
        env.write_config("");
        env
    }

    pub fn path(&self, name: &str) -> PathBuf {
        // The kernel tells working directories without links; the rules must speak of the same path.
        self.root.path().canonicalize().unwrap().join(name)
    }

    pub fn workspace(&self) -> PathBuf {
        self.path("workspace")
    }

    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// The configuration of the workspace: these lines, and the narrowed rules.
    pub fn write_config(&self, lines: &str) {
        let root = self.path("").display().to_string();
        let rules = RULES.map(|name| {
            format!("[[process]]\nname = \"{name}\"\ncwd = \"{}/**\"\n", root.trim_end_matches('/'))
        });
        fs::write(self.workspace().join("brainwav.toml"), format!("{lines}\n{}", rules.concat())).unwrap();
    }

    /// The binary, with nothing of the caller's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brainwav"));
        command
            .args(arguments)
            .current_dir(self.workspace())
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("BRAINWAV_STATE_DIR", self.state())
            .env("TMPDIR", self.path("tmp"))
            // What is delivered is what a test delivers, unless it is about the other way.
            .env("BRAINWAV_TELEMETRY_FLUSH", "manual")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        Output::of(self.command(arguments))
    }

    /// Runs `health` and reads its document.
    pub fn health(&self, arguments: &[&str]) -> Output {
        self.run(&[&["health", "--json", "-v"], arguments].concat())
    }

    pub fn looks_file(&self) -> PathBuf {
        self.state().join("looks.json")
    }

    pub fn file_names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
