//! Trees that are deep, wide, closed, mounted on, or larger than the memory that may be used.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use brainwav::core::cache::disk::{Cause, Disk, Usage};
use brainwav::sys::disk::SystemDisk;
use tempfile::TempDir;

use crate::support::store::{Store, again, as_a_user, inside, only_trouble};
use crate::support::{Output, TestEnv, not_tested, unshare};

/// A folder in memory, where the system has one: hundreds of thousands of names are hard on a disk.
struct Memory(TempDir);

impl Memory {
    fn new() -> Self {
        let mut builder = tempfile::Builder::new();
        builder.prefix("brainwav-test-");
        Self(builder.tempdir_in("/dev/shm").or_else(|_| builder.tempdir()).unwrap())
    }
}

impl Drop for Memory {
    /// What a failed test leaves can be too deep for the library.
    fn drop(&mut self) {
        let _ = Command::new("rm").arg("-rf").arg(self.0.path()).status();
    }
}

/// Makes `levels` folders, each in the one before and with `beside` others next to it. No path is long enough for
/// them, so that somebody has to go down.
fn deep(store: &Store, levels: usize, beside: &str) {
    let script = format!(
        "import os\nos.chdir('entry')\nfor level in range({levels}):\n    \
         [os.mkdir(name) for name in {beside}]\n    os.mkdir('d')\n    open('f', 'w').close()\n    os.chdir('d')\n"
    );
    fs::create_dir(store.path.join("entry")).unwrap();
    let made = Command::new("python3").args(["-c", &script]).current_dir(&store.path).status();
    assert!(made.expect("python3 starts").success());
}

#[test]
fn ten_thousand_levels_need_no_stack_and_few_descriptors() {
    const TEST: &str = "cases::disk_hostile::ten_thousand_levels_need_no_stack_and_few_descriptors";
    let Some(place) = inside() else { return limited(TEST, LIMITS) };
    let store = Store::at(place);
    for (levels, beside, folders) in [(10_000, "[]", 1), (500, "['a', 'z']", 3)] {
        deep(&store, levels, beside);
        let found = store.entry("entry");
        assert_eq!((found.usage.files, &found.trouble), (levels as u64, &None));
        assert!(found.is_whole);
        let removed = store.remove("entry");
        assert_eq!((removed.usage, removed.trouble), (found.usage, None), "{folders} folders a level");
        assert!(store.list().is_empty());
    }
}

#[test]
fn a_deep_tree_can_be_left_at_any_time() {
    let root = Memory::new();
    let store = Store::at(root.0.path().to_owned());
    for (levels, beside) in [(60_000, "[]"), (1_000, "['a']")] {
        deep(&store, levels, beside);
        for after in [10, levels * 3 / 4] {
            let calls = AtomicUsize::new(0);
            let stop = || calls.fetch_add(1, Ordering::SeqCst) > after;
            assert!(SystemDisk.measure(&store.folder, store.list(), &|_| {}, &stop).is_err());
        }
        assert_eq!(store.remove("entry").trouble, None);
    }
}

/// Runs a test once more with limits of the shell, and fails if it does.
fn limited(test: &str, limits: &str) {
    let root = Memory::new();
    let mut command = Command::new("sh");
    let script = format!("{limits} || exit 99; exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap());
    again(&mut command, test, root.0.path());
    let output = Output::of(command).expect_code(0);
    assert!(output.stdout.contains("1 passed"), "{}", output.stdout);
}

/// `ulimit -d` counts the stacks of threads too, two megabytes each, which are hardly touched.
const LIMITS: &str = "ulimit -n 256 && ulimit -d 49152";

#[test]
fn a_hundred_thousand_names_need_little_memory_and_few_descriptors() {
    const TEST: &str = "cases::disk_hostile::a_hundred_thousand_names_need_little_memory_and_few_descriptors";
    let Some(place) = inside() else { return limited(TEST, LIMITS) };
    fs::create_dir(place.join("limited")).unwrap();
    let store = Store::at(place.join("limited"));
    store.file("flat/first", 1);
    for file in 0..50_000 {
        fs::write(store.path.join(format!("flat/a-name-that-takes-some-memory-{file}")), "").unwrap();
    }
    for folder in 0..50_000 {
        fs::create_dir_all(store.path.join(format!("wide/a-name-that-takes-some-memory-{folder}"))).unwrap();
    }
    let files: u64 = store.measure().iter().map(|entry| entry.usage.files).sum();
    assert_eq!(files, 50_001);
    for name in ["flat", "wide"] {
        assert_eq!(store.remove(name).trouble, None, "{name}");
    }
}

#[test]
fn the_limit_on_memory_is_one() {
    const TEST: &str = "cases::disk_hostile::the_limit_on_memory_is_one";
    if inside().is_some() {
        let room = vec![1_u8; 64 << 20];
        assert_eq!(room.iter().map(|byte| u64::from(*byte)).sum::<u64>(), 64 << 20);
        return;
    }
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{LIMITS}; exec \"$0\" \"$@\"")]).arg(std::env::current_exe().unwrap());
    again(&mut command, TEST, Path::new("/"));
    let output = Output::of(command);
    assert_ne!(output.code(), 0, "a test that holds more than it may must not pass");
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

// The portable back end opens a folder for reading before anything else, and so is refused sooner.
#[test]
#[cfg(not(feature = "portable"))]
fn what_may_not_be_read_is_told() {
    const TEST: &str = "cases::disk_hostile::what_may_not_be_read_is_told";
    let Some(place) = inside() else { return as_a_user(&TestEnv::new(), TEST) };
    let store = Store::at(place);
    for (name, mode) in [("closed", 0o000), ("unlisted", 0o300), ("names-only", 0o400)] {
        store.file(&format!("{name}/before"), 10);
        store.file(&format!("{name}/folder/file"), 10);
        allow(&store.path.join(name).join("folder"), mode);
    }
    for (name, path, files) in [
        ("closed", "closed/folder", 1),
        ("unlisted", "unlisted/folder", 1),
        ("names-only", "names-only/folder/file", 1),
    ] {
        let found = store.entry(name);
        assert_eq!((found.usage.files, found.is_whole), (files, false), "{name}");
        assert_eq!(only_trouble(found.trouble), (PathBuf::from(path), Cause::Denied));
        if cfg!(feature = "portable") && name != "names-only" {
            // Only what can be opened can be given rights there; Linux follows a link otherwise.
            assert_eq!(store.remove(name).trouble.map(|trouble| trouble.cause), Some(Cause::Denied));
            allow(&store.path.join(name).join("folder"), 0o700);
        }
        // They are the user's own, and go all the same.
        assert_eq!(store.remove(name).trouble, None, "{name}");
    }
    assert!(store.list().is_empty());
}

#[test]
fn folders_that_may_not_be_changed_go_and_no_other_is_touched() {
    const TEST: &str = "cases::disk_hostile::folders_that_may_not_be_changed_go_and_no_other_is_touched";
    let Some(place) = inside() else { return as_a_user(&TestEnv::new(), TEST) };
    let store = Store::at(place.clone());
    fs::create_dir(place.join("outside")).unwrap();
    let outside = Store::at(place.join("outside"));
    outside.file("file", 1);
    store.file("entry/a/b/file", 10);
    symlink("../../outside", store.path.join("entry/a/link")).unwrap();
    for path in ["entry/a/b", "entry/a", "entry", "outside"] {
        allow(&store.path.join(path), 0o555);
    }
    assert_eq!(store.remove("entry").trouble, None);
    assert_eq!(fs::metadata(&outside.path).unwrap().permissions().mode() & 0o777, 0o555);
    assert!(outside.path.join("file").exists());
    allow(&outside.path, 0o755);
}

#[test]
fn what_cannot_be_removed_is_told_and_not_counted() {
    const TEST: &str = "cases::disk_hostile::what_cannot_be_removed_is_told_and_not_counted";
    let Some(place) = inside() else { return as_a_user(&TestEnv::new(), TEST) };
    fs::create_dir(place.join("store")).unwrap();
    let store = Store::at(place.join("store"));
    store.file("entry/file", 10_000);
    store.file("file", 10);
    // The folder of the store is not going: its rights are the user's word.
    allow(&store.path, 0o555);
    let before = store.entry("entry").usage;
    let removed = store.remove("entry");
    assert_eq!(only_trouble(removed.trouble), (PathBuf::from("entry"), Cause::Denied));
    assert!(removed.usage.files == 1 && removed.usage.disk_bytes < before.disk_bytes);
    let removed = store.remove("file");
    assert_eq!(only_trouble(removed.trouble), (PathBuf::from("file"), Cause::Denied));
    assert_eq!(removed.usage, Usage::default());
    assert!(store.path.join("entry").exists() && store.path.join("file").exists());
    assert_eq!(fs::metadata(&store.path).unwrap().permissions().mode() & 0o777, 0o555);
    allow(&store.path, 0o755);
}

/// Mounts onto folders and files of `entry`, and runs the test once more where only it sees that.
fn mounted(env: &TestEnv, test: &str) {
    let store = Store::new(env);
    for path in [
        "entry/own/file",
        "entry/same/none",
        "entry/other/none",
        "entry/covered",
        "alien/covered",
        "whole/none",
    ] {
        store.file(path, 10_000);
    }
    fs::create_dir(env.path("outside")).unwrap();
    fs::write(env.path("outside/file"), vec![0; 1_000_000]).unwrap();
    let script = "cd \"$BRAINWAV_TEST_INSIDE\" && mount --bind outside store/entry/same \
         && mount -t tmpfs none store/entry/other && echo kept >store/entry/other/file \
         && mount --bind store/entry/other/file store/alien/covered \
         && mount --bind outside/file store/entry/covered && mount --bind outside store/whole \
         && exec \"$0\" \"$@\"";
    let Some(mut command) = unshare(&[]) else { return };
    command.args(["sh", "-c", script]).arg(std::env::current_exe().unwrap());
    again(&mut command, test, &env.path(""));
    let output = Output::of(command).expect_code(0);
    assert!(output.stdout.contains("1 passed"), "{}", output.stdout);
    assert!(env.path("outside/file").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn mounts_are_not_crossed() {
    const TEST: &str = "cases::disk_hostile::mounts_are_not_crossed";
    if cfg!(feature = "portable") {
        return not_tested("only Linux's own back end sees a mount of the same device");
    }
    let Some(place) = inside() else { return mounted(&TestEnv::new(), TEST) };
    let store = Store::at(place.join("store"));
    let found = store.entry("entry");
    let (path, cause) = only_trouble(found.trouble);
    assert!(path.starts_with("entry") && cause == Cause::Mount, "{}", path.display());
    assert!(!found.is_whole);
    assert_eq!(only_trouble(store.entry("whole").trouble), (PathBuf::from("whole"), Cause::Mount));
    assert_eq!(store.entry("whole").usage, Usage::default());
    assert_eq!(only_trouble(store.entry("alien").trouble), (PathBuf::from("alien/covered"), Cause::Mount));
    assert!(SystemDisk.open_in(&store.folder, "whole".as_ref()).is_err());
    for name in ["entry", "whole", "alien"] {
        let (path, cause) = only_trouble(store.remove(name).trouble);
        assert!(path.starts_with(name) && cause == Cause::Mount, "{}", path.display());
    }
    assert!(!store.path.join("entry/own").exists());
    assert!(store.path.join("entry/other/file").exists() && store.path.join("whole/file").exists());
    assert_eq!(fs::metadata(place.join("outside/file")).unwrap().len(), 1_000_000);
}
