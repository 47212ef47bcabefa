//! A folder of a cache with what a test puts into it, and the engine that measures and empties it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use brainwav::core::cache::disk::{Disk, Listed, Measured, Removed, Trouble, Usage};
use brainwav::sys::disk::{OpenFolder, SystemDisk};

use super::environment::TestEnv;
use super::run::{Output, is_root};

/// Tells a test that it was started by itself, and where to work.
const INSIDE: &str = "BRAINWAV_TEST_INSIDE";

pub struct Store {
    pub path: PathBuf,
    pub folder: OpenFolder,
}

impl Store {
    pub fn new(env: &TestEnv) -> Self {
        let path = env.path("store");
        fs::create_dir(&path).unwrap();
        Self::at(path)
    }

    pub fn at(path: PathBuf) -> Self {
        let folder = SystemDisk.open(&path).unwrap();
        Self { path, folder }
    }

    /// Writes a file, and makes the folders that it is in.
    pub fn file(&self, path: &str, bytes: usize) -> PathBuf {
        let file = self.path.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, vec![b'x'; bytes]).unwrap();
        file
    }

    pub fn list(&self) -> Vec<Listed> {
        SystemDisk.list(&self.folder).unwrap()
    }

    pub fn measure(&self) -> Vec<Measured> {
        SystemDisk.measure(&self.folder, self.list(), &|_| {}, &|| false).unwrap()
    }

    /// Measures one entry.
    #[track_caller]
    pub fn entry(&self, name: &str) -> Measured {
        self.measure().into_iter().find(|found| found.listed.name == name).expect("it is listed")
    }

    pub fn remove(&self, name: &str) -> Removed {
        let removed = SystemDisk.remove(&self.folder, &[OsString::from(name)], &|_| {}, &|| false);
        removed.into_iter().next().expect("one name, one result")
    }
}

/// What du says of a path, in bytes: an opinion that is not ours.
pub fn du(path: &Path, options: &[&str]) -> u64 {
    let output = Command::new("du").arg("-s").arg("--block-size=1").args(options).arg(path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

pub fn total<'a>(usages: impl Iterator<Item = &'a Usage>) -> Usage {
    usages.fold(Usage::default(), |mut all, usage| {
        all += *usage;
        all
    })
}

#[track_caller]
pub fn only_trouble(trouble: Option<Trouble>) -> (PathBuf, brainwav::core::cache::disk::Cause) {
    let trouble = trouble.expect("something was in the way");
    (trouble.path, trouble.cause)
}

/// Where to work, if this is the test that another one started: see [`again`].
pub fn inside() -> Option<PathBuf> {
    std::env::var_os(INSIDE).map(PathBuf::from)
}

/// The arguments after a command that make it run one test once more, alone and with [`inside`].
pub fn again(command: &mut Command, test: &str, place: &Path) {
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(INSIDE, place);
}

/// Runs a test once more as a user who is not root, in a folder of that user.
pub fn as_a_user(env: &TestEnv, test: &str) {
    let place = env.path("user");
    fs::create_dir(&place).unwrap();
    // The test itself may be where only root can read it.
    let binary = env.path("test-binary");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let mut command = Command::new(binary);
    again(&mut command, test, &place);
    if is_root() {
        std::os::unix::fs::chown(&place, Some(65534), Some(65534)).unwrap();
        command.uid(65534).gid(65534);
    }
    let output = Output::of(command).expect_code(0);
    assert!(output.stdout.contains("1 passed"), "{}", output.stdout);
}
