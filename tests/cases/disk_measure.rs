//! What entries of a cache take, next to what du says.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use brainwav::core::cache::disk::{Disk, FileKind, OpenError, Usage};
use brainwav::sys::disk::SystemDisk;

use crate::support::store::{Store, du, total};
use crate::support::{SetAtTheEnd, TestEnv};

#[test]
fn it_agrees_with_du() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for entry in 0..40 {
        for file in 0..25 {
            store.file(&format!("{entry}/outputs/{}/{file}.js", file % 3), entry * file * 100);
        }
    }
    store.file("alone.tar", 12_345);
    let found = store.measure();
    assert_eq!(found.len(), 41);
    for entry in &found {
        let path = store.path.join(&entry.listed.name);
        assert_eq!(entry.usage.disk_bytes, du(&path, &[]), "{}", path.display());
        assert!(entry.is_whole && entry.trouble.is_none());
    }
    let files = total(found.iter().map(|entry| &entry.usage)).files;
    assert_eq!(files, 40 * 25 + 1);
    let alone = store.entry("alone.tar");
    assert_eq!((alone.usage.apparent_bytes, alone.usage.files), (12_345, 1));
    assert_eq!(store.entry("4").usage.apparent_bytes, (0..25).map(|file| 400 * file).sum::<u64>());
}

#[test]
fn a_listing_says_what_a_name_stands_for() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    let file = store.file("file", 5_000);
    store.file("folder/file", 0);
    symlink("nowhere", store.path.join("link")).unwrap();
    let _socket = UnixListener::bind(store.path.join("socket")).unwrap();
    let mut found = store.list();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    let kinds: Vec<FileKind> = found.iter().map(|listed| listed.kind).collect();
    assert_eq!(kinds, [FileKind::File, FileKind::Folder, FileKind::Link, FileKind::Other]);
    assert_eq!((found[0].apparent_bytes, found[0].links), (5_000, 1));
    let modified = fs::metadata(file).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
    assert_eq!(found[0].modified, modified);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    assert!(found.iter().all(|listed| listed.changed <= now && now - listed.changed < now / 2));
    for listed in found {
        let again = SystemDisk.stat_in(&store.folder, &listed.name).unwrap();
        assert_eq!(again, Some(listed));
    }
    assert_eq!(SystemDisk.stat_in(&store.folder, OsStr::new("nothing")).unwrap(), None);
    let space = SystemDisk.space(&store.folder).unwrap();
    assert!(space.total_bytes > 0 && space.free_bytes <= space.total_bytes);
}

#[test]
fn links_are_counted_and_not_followed() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    fs::create_dir(env.path("outside")).unwrap();
    fs::write(env.path("outside/large"), vec![0; 1_000_000]).unwrap();
    store.file("entry/file", 100);
    let before = store.entry("entry").usage;
    symlink(env.path("outside"), store.path.join("entry/folder")).unwrap();
    symlink(env.path("outside/large"), store.path.join("entry/large")).unwrap();
    symlink(env.path("outside"), store.path.join("whole")).unwrap();
    let after = store.entry("entry").usage;
    assert_eq!(after.files, before.files + 2);
    assert!(after.disk_bytes < before.disk_bytes + 100_000, "{after:?}");
    let whole = store.entry("whole");
    assert_eq!((whole.listed.kind, whole.usage.files), (FileKind::Link, 1));
    assert!(whole.usage.disk_bytes < 100_000);
}

#[test]
fn a_store_that_is_a_link_is_refused() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    let link = env.path("link");
    symlink(&store.path, &link).unwrap();
    let slash = env.path("link/");
    let dot = env.path("link/.");
    for path in [link, slash, dot] {
        let error = SystemDisk.open(&path).err().unwrap();
        assert!(matches!(error, OpenError::NotAFolder(_, "symbolic link")), "{error}");
    }
    let file = store.file("file", 0);
    assert!(matches!(SystemDisk.open(&file), Err(OpenError::NotAFolder(_, "file"))));
    assert!(matches!(SystemDisk.open(&env.path("nothing")), Err(OpenError::Missing(_))));
    symlink(".", store.path.join("inside")).unwrap();
    assert!(SystemDisk.open_in(&store.folder, OsStr::new("inside")).is_err());
    assert!(SystemDisk.open_in(&store.folder, OsStr::new("..")).is_err());
}

#[test]
fn a_file_with_several_names_counts_once() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    let inside = store.file("inside/a/one", 100_000);
    fs::create_dir(store.path.join("inside/b")).unwrap();
    fs::hard_link(&inside, store.path.join("inside/b/two")).unwrap();
    let across = store.file("across-1/one", 100_000);
    store.file("across-2/own", 0);
    fs::hard_link(&across, store.path.join("across-2/two")).unwrap();
    fs::hard_link(&across, store.path.join("across-2/three")).unwrap();
    let outside = store.file("outside/one", 100_000);
    fs::hard_link(&outside, env.path("elsewhere")).unwrap();
    let alone = store.file("alone", 100_000);
    fs::hard_link(alone, env.path("alone too")).unwrap();
    let inside = store.entry("inside");
    assert_eq!((inside.usage.linked_bytes, inside.usage.files, inside.is_whole), (0, 1, true));
    assert_eq!(inside.usage.disk_bytes, du(&store.path.join("inside"), &[]));
    for (name, files) in [("across-1", 1), ("across-2", 2), ("outside", 1), ("alone", 1)] {
        let found = store.entry(name);
        let Usage { disk_bytes, linked_bytes, .. } = found.usage;
        assert!(linked_bytes >= 100_000 && disk_bytes < 100_000, "{name}: {found:?}");
        assert_eq!(disk_bytes + linked_bytes, du(&store.path.join(name), &[]), "{name}");
        assert_eq!((found.usage.files, found.is_whole), (files, false), "{name}");
    }
}

#[test]
fn holes_take_nothing() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    let file = store.file("entry/sparse", 0);
    File::options().write(true).open(&file).unwrap().set_len(1 << 40).unwrap();
    let usage = store.entry("entry").usage;
    assert_eq!(usage.apparent_bytes, 1 << 40);
    assert!(usage.disk_bytes < 1 << 20, "{usage:?}");
}

#[test]
fn names_are_bytes() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for name in [&b"new\nline"[..], b"\xff\xfe", b"-rf", b"*", b"\x1b[31m"] {
        let folder = store.path.join(OsStr::from_bytes(name));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(OsStr::from_bytes(name)), "12345").unwrap();
    }
    let found = store.measure();
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|entry| entry.usage.apparent_bytes == 5 && entry.is_whole), "{found:?}");
}

#[test]
fn each_entry_is_told_once_and_kept_in_order() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for entry in 0..300 {
        store.file(&format!("{entry}/file"), entry);
    }
    store.file("file", 1_000);
    let listed = store.list();
    let told = Mutex::new(Vec::new());
    let progress = |usage: &Usage| told.lock().unwrap().push(usage.apparent_bytes);
    let found = SystemDisk.measure(&store.folder, listed.clone(), &progress, &|| false).unwrap();
    assert!(found.iter().map(|entry| &entry.listed).eq(&listed));
    let mut told = told.into_inner().unwrap();
    told.sort_unstable();
    assert_eq!(told, [(0..300).collect::<Vec<u64>>(), vec![1_000]].concat());
}

#[test]
fn who_asks_to_stop_is_heard() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for entry in 0..300 {
        store.file(&format!("{entry}/folder/file"), 1);
    }
    let calls = AtomicUsize::new(0);
    let stop = || calls.fetch_add(1, Ordering::SeqCst) > 100;
    assert!(SystemDisk.measure(&store.folder, store.list(), &|_| {}, &stop).is_err());
    let done = AtomicUsize::new(0);
    let count = |_: &Usage| {
        done.fetch_add(1, Ordering::SeqCst);
    };
    assert!(SystemDisk.measure(&store.folder, store.list(), &count, &|| true).is_err());
    assert_eq!(done.load(Ordering::SeqCst), 0, "after the word nothing is begun");
}

#[test]
fn what_comes_and_goes_meanwhile_is_no_error() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for file in 0..200 {
        store.file(&format!("still/{file}"), 1);
    }
    store.file("busy/still", 1);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                for number in 0..20 {
                    store.file(&format!("busy/{number}/a/b/file"), 10);
                }
                for number in 0..20 {
                    fs::remove_dir_all(store.path.join(format!("busy/{number}"))).unwrap();
                }
            }
        });
        let _over = SetAtTheEnd(&is_over);
        for _ in 0..200 {
            let found = store.measure();
            assert!(found.iter().all(|entry| entry.trouble.is_none()), "{found:?}");
            let still = found.iter().find(|entry| entry.listed.name == "still").unwrap();
            assert_eq!((still.usage.files, still.is_whole), (200, true));
        }
    });
}

#[test]
fn an_entry_that_was_replaced_or_is_gone_is_not_measured() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for name in ["gone", "replaced", "link", "same"] {
        store.file(&format!("{name}/file"), 1);
    }
    fs::create_dir(env.path("outside")).unwrap();
    fs::write(env.path("outside/large"), vec![0; 1_000_000]).unwrap();
    let listed = store.list();
    fs::remove_dir_all(store.path.join("gone")).unwrap();
    fs::rename(store.path.join("replaced"), env.path("kept")).unwrap();
    store.file("replaced/file", 1);
    fs::remove_dir_all(store.path.join("link")).unwrap();
    symlink(env.path("outside"), store.path.join("link")).unwrap();
    let found = SystemDisk.measure(&store.folder, listed, &|_| {}, &|| false).unwrap();
    let of = |name: &str| found.iter().find(|entry| entry.listed.name == name).unwrap();
    assert!(of("same").is_whole);
    assert_eq!(
        (of("gone").usage, of("gone").trouble.is_none(), of("gone").is_whole),
        (Usage::default(), true, false)
    );
    assert!(of("replaced").trouble.is_some() && of("replaced").usage == Usage::default());
    assert!(of("link").usage.disk_bytes < 100_000 && !of("link").is_whole, "{:?}", of("link"));
}
