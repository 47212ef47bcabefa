//! A `/proc` in a temporary folder: what no real machine shows on demand.

#![cfg(all(target_os = "linux", not(feature = "portable")))]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use brainwav::core::host::{Host, Ourselves, State, Unknown};
use brainwav::sys::SystemHost;

const OURSELVES: Ourselves = Ourselves { pid: 50, uid: 1000 };

struct FakeProc(tempfile::TempDir);

impl FakeProc {
    fn new() -> Self {
        let fake = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(fake.path().join("sys/kernel/random")).unwrap();
        let boot = "7f3e4f0e-52a5-4d0c-8a2b-0d8e5c1b2a3f\n";
        fs::write(fake.path().join("sys/kernel/random/boot_id"), boot).unwrap();
        std::os::unix::fs::symlink("50", fake.path().join("self")).unwrap();
        fake.process(50, b"brainwav", b"brainwav\0health\0");
        fake
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn process(&self, pid: u32, name: &[u8], command: &[u8]) -> PathBuf {
        let folder = self.path().join(pid.to_string());
        fs::create_dir_all(&folder).unwrap();
        let mut stat = format!("{pid} (").into_bytes();
        stat.extend_from_slice(name);
        stat.extend_from_slice(
            b") S 1 7 7 0 -1 4194304 0 0 0 0 100 50 0 0 20 0 1 0 5000 1000 256 18446744073709551615\n",
        );
        fs::write(folder.join("stat"), stat).unwrap();
        fs::write(folder.join("cmdline"), command).unwrap();
        folder
    }

    fn host(&self) -> SystemHost {
        SystemHost::at(self.path(), OURSELVES).unwrap()
    }

    /// The numbers of all processes with any command line.
    fn scan(&self) -> Vec<u32> {
        let scan = self.host().scan(&|_| true).unwrap();
        let mut pids: Vec<u32> = scan.processes.iter().map(|process| process.stat.pid).collect();
        pids.sort_unstable();
        pids
    }
}

#[test]
fn a_table_that_is_not_there_cannot_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    assert!(SystemHost::at(&folder.path().join("none"), OURSELVES).is_err());
    let error = SystemHost::at(folder.path(), OURSELVES).err().unwrap().to_string();
    assert!(error.contains("no boot id"), "{error}");
    let fake = FakeProc::new();
    fs::write(fake.path().join("sys/kernel/random/boot_id"), "torn").unwrap();
    assert!(SystemHost::at(fake.path(), OURSELVES).is_err());
}

#[test]
fn a_table_of_another_pid_namespace_is_refused() {
    let fake = FakeProc::new();
    fake.process(51, b"node", b"node\0a.js\0");
    for ourselves in [Ourselves { pid: 51, ..OURSELVES }, Ourselves { pid: 99, ..OURSELVES }] {
        let error = SystemHost::at(fake.path(), ourselves).err().unwrap().to_string();
        assert!(error.contains("PID namespace"), "{error}");
    }
    fs::remove_file(fake.path().join("self")).unwrap();
    assert!(SystemHost::at(fake.path(), OURSELVES).is_err());
}

#[test]
fn a_table_without_ourselves_is_not_ours() {
    let fake = FakeProc::new();
    fs::remove_dir_all(fake.path().join("50")).unwrap();
    fake.process(60, b"node", b"node\0a.js\0");
    let host = fake.host();
    for error in [host.scan(&|_| true).err(), host.everyone().err()] {
        assert!(error.unwrap().to_string().contains("does not list this process itself"));
    }
}

#[test]
fn hostile_names_are_read_as_names() {
    let fake = FakeProc::new();
    let names: &[&[u8]] = &[b"foo) Z 1 (", b"a\nb", b"\x1b[2J", b"\xff\xfe", b"()", b""];
    for (at, name) in names.iter().enumerate() {
        let pid = 100 + u32::try_from(at).unwrap();
        fake.process(pid, name, b"node\0a.js\0");
        let stat = fake.host().stat(pid).unwrap();
        assert_eq!((stat.name.as_slice(), stat.parent, stat.state), (*name, 1, State::Sleeping));
        assert_eq!((stat.start.0, stat.group), (5000, 7));
    }
}

#[test]
fn a_process_that_ends_between_any_two_reads_is_simply_not_there() {
    let fake = FakeProc::new();
    fake.process(60, b"node", b"node\0a.js\0");
    for file in ["stat", "cmdline"] {
        let folder = fake.process(61, b"node", b"node\0b.js\0");
        fs::remove_file(folder.join(file)).unwrap();
        assert_eq!(fake.scan(), [50, 60], "without {file}");
    }
    fs::create_dir_all(fake.path().join("62")).unwrap();
    let scan = fake.host().scan(&|_| true).unwrap();
    assert_eq!((scan.processes.len(), scan.unreadable), (2, 0));
    assert_eq!(fake.host().stat(62), Err(Unknown::Gone));
}

#[test]
fn a_torn_stat_is_counted_as_unreadable_and_not_guessed() {
    let fake = FakeProc::new();
    let folder = fake.process(60, b"node", b"node\0a.js\0");
    for content in ["", "60 (node", "60 (node) S 1 2", "garbage"] {
        fs::write(folder.join("stat"), content).unwrap();
        let scan = fake.host().scan(&|_| true).unwrap();
        assert_eq!((scan.processes.len(), scan.unreadable), (1, 1), "{content:?}");
    }
}

#[test]
fn what_is_no_process_is_not_read() {
    let fake = FakeProc::new();
    for name in ["net", "4294967296", "12x", "-1", "99999999999999999999"] {
        fs::create_dir_all(fake.path().join(name)).unwrap();
    }
    assert_eq!(fake.scan(), [50]);
}

#[test]
fn kernel_threads_and_zombies_have_no_command_line_and_match_nothing() {
    let fake = FakeProc::new();
    fake.process(60, b"kworker/0:1", b"");
    fake.process(61, b"node", b"\0\0\0\0");
    assert_eq!(fake.scan(), [50]);
}

#[test]
fn a_long_command_line_is_read_up_to_a_bound() {
    let fake = FakeProc::new();
    let mut command = b"node\0a.js\0".to_vec();
    command.extend(vec![b'x'; 300_000]);
    fake.process(60, b"node", &command);
    let found = fake.host().command(60).unwrap();
    let length = found.arguments().joined().len();
    assert!((10_000..=65_536).contains(&length), "{length}");
    assert_eq!(found.arguments().iter().nth(1), Some(b"a.js".as_slice()));
}

#[test]
fn what_may_not_be_read_is_denied_and_not_absent() {
    let fake = FakeProc::new();
    let folder = fake.process(60, b"node", b"node\0a.js\0");
    fs::set_permissions(folder.join("cmdline"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(folder.join("cmdline")).is_ok() {
        crate::support::not_tested("root may read everything");
        return;
    }
    let scan = fake.host().scan(&|_| true).unwrap();
    assert_eq!((scan.processes.len(), scan.unreadable), (1, 1));
    assert_eq!(fake.host().command(60), Err(Unknown::Denied));
}

#[test]
fn many_processes_are_all_found_however_many_threads_look() {
    let fake = FakeProc::new();
    for pid in 1000..4000 {
        fake.process(pid, b"node", b"node\0a.js\0");
    }
    let scan = fake.scan();
    assert_eq!(scan.len(), 3001);
    assert_eq!(fake.host().everyone().unwrap().len(), 3001);
}

#[test]
fn the_smaller_files_are_understood() {
    let fake = FakeProc::new();
    let folder = fake.process(60, b"node", b"node\0a.js\0");
    fs::write(folder.join("io"), "rchar: 100\nwchar: 23\nsyscr: 1\n").unwrap();
    fs::write(folder.join("smaps_rollup"), "00400000-ff ---p 0 0 0 [rollup]\nRss: 9 kB\nPss: 7 kB\n")
        .unwrap();
    fs::write(folder.join("cgroup"), "0::/system.slice/mcp.service\n").unwrap();
    let host = fake.host();
    assert_eq!((host.io_bytes(60), host.pss_bytes(60)), (Ok(123), Ok(7 * 1024)));
    assert_eq!(host.service_unit(60), Ok(Some("mcp.service".to_owned())));
    fs::write(folder.join("io"), "torn").unwrap();
    assert!(matches!(host.io_bytes(60), Err(Unknown::Failed(_))));
    assert_eq!(host.io_bytes(61), Err(Unknown::Gone));
}
