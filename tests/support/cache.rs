//! Caches of a test: files with sizes and ages of its choice.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Output, TestEnv};

pub const HOUR: Duration = Duration::from_secs(3600);

/// A file of so many bytes that was read and changed last so long ago.
pub fn file(path: &Path, bytes: usize, age: Duration) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // Not of zeros alone, which some file systems do not store.
    fs::write(path, vec![b'x'; bytes]).unwrap();
    grow_old(path, age);
}

pub fn grow_old(path: &Path, age: Duration) {
    let then = SystemTime::now() - age;
    let times = FileTimes::new().set_accessed(then).set_modified(then);
    File::open(path).unwrap().set_times(times).unwrap();
}

/// The hash of the entry of this number.
pub fn hash(number: u32) -> String {
    format!("{number:016x}")
}

/// A cache of Turborepo in the workspace: entry 1 was used one hour ago, entry 2 two hours ago, and so on.
pub fn turbo(env: &TestEnv, entries: u32, bytes: usize) -> PathBuf {
    let folder = env.workspace().join(".turbo/cache");
    for number in 1..=entries {
        let hash = hash(number);
        file(&folder.join(format!("{hash}.tar.zst")), bytes, HOUR * number);
        file(&folder.join(format!("{hash}-meta.json")), 20, HOUR * number);
    }
    folder
}

/// The numbers of the entries that are there, each with both of its files.
pub fn left(folder: &Path) -> Vec<u32> {
    let names = TestEnv::file_names(folder);
    let numbers =
        names.iter().filter_map(|name| u32::from_str_radix(name.strip_suffix(".tar.zst")?, 16).ok());
    let numbers: Vec<u32> = numbers.collect();
    for number in &numbers {
        assert!(names.contains(&format!("{}-meta.json", hash(*number))), "{number} is whole");
    }
    numbers
}

/// Starts what stops itself at a fault point, changes something there, given its number, and lets it go on.
#[cfg(target_os = "linux")]
pub fn stopped(mut command: std::process::Command, change: impl FnOnce(u32)) -> Output {
    use std::process::Stdio;

    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stat = format!("/proc/{}/stat", child.id());
    super::wait_until("it stops", || fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T ")));
    change(child.id());
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    Output::from(child.wait_with_output().unwrap())
}

impl Output {
    /// The entry of a store in a document of `prune-cache`.
    #[track_caller]
    pub fn store(&self, name: &str) -> serde_json::Value {
        let document = self.json();
        let stores = document["stores"].as_array().unwrap();
        let found = stores.iter().find(|store| store["store"] == name);
        found.unwrap_or_else(|| panic!("{name} is not listed in {}", self.stdout)).clone()
    }
}
