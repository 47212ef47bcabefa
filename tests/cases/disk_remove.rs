//! What removing takes away, what it leaves, and what it says of both.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use brainwav::core::cache::disk::{Cause, Disk, Usage};
use brainwav::sys::disk::SystemDisk;

use crate::support::store::{Store, total};
use crate::support::{SetAtTheEnd, TestEnv};

fn names(store: &Store) -> Vec<OsString> {
    store.list().into_iter().map(|listed| listed.name).collect()
}

#[test]
fn all_that_is_named_goes_and_is_counted() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for entry in 0..60 {
        for file in 0..20 {
            store.file(&format!("{entry}/outputs/{}/{file}.js", file % 4), entry * file * 50);
        }
    }
    store.file("alone.tar", 12_345);
    store.file("kept/file", 1);
    let before: BTreeMap<OsString, Usage> =
        store.measure().into_iter().map(|entry| (entry.listed.name, entry.usage)).collect();
    let mut gone = names(&store);
    gone.retain(|name| name != "kept");
    let told = Mutex::new(Usage::default());
    let progress = |usage: &Usage| *told.lock().unwrap() += *usage;
    let removed = SystemDisk.remove(&store.folder, &gone, &progress, &|| false);
    for (name, removed) in gone.iter().zip(&removed) {
        assert_eq!((removed.usage, &removed.trouble), (before[name], &None), "{name:?}");
    }
    assert_eq!(*told.lock().unwrap(), total(removed.iter().map(|removed| &removed.usage)));
    assert_eq!(names(&store), ["kept"]);
    assert_eq!(store.entry("kept").usage, before[OsStr::new("kept")]);
}

#[test]
fn links_go_and_what_they_lead_to_stays() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    fs::create_dir_all(env.path("outside/sources")).unwrap();
    fs::write(env.path("outside/sources/index.ts"), "mine").unwrap();
    let mode = fs::metadata(env.path("outside")).unwrap().permissions();
    store.file("entry/node_modules/file", 1);
    symlink(env.path("outside"), store.path.join("entry/node_modules/app")).unwrap();
    symlink(env.path("outside/sources/index.ts"), store.path.join("entry/index.ts")).unwrap();
    symlink("/", store.path.join("entry/all")).unwrap();
    symlink("..", store.path.join("entry/up")).unwrap();
    symlink(env.path("outside"), store.path.join("whole")).unwrap();
    for name in ["entry", "whole"] {
        assert_eq!(store.remove(name).trouble, None, "{name}");
    }
    assert!(names(&store).is_empty());
    assert_eq!(fs::read_to_string(env.path("outside/sources/index.ts")).unwrap(), "mine");
    assert_eq!(fs::metadata(env.path("outside")).unwrap().permissions(), mode);
}

#[test]
fn what_took_the_place_of_an_entry_as_a_link_goes_alone() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    fs::create_dir(env.path("outside")).unwrap();
    fs::write(env.path("outside/file"), "mine").unwrap();
    store.file("entry/file", 1);
    let gone = names(&store);
    fs::remove_dir_all(store.path.join("entry")).unwrap();
    symlink(env.path("outside"), store.path.join("entry")).unwrap();
    let removed = SystemDisk.remove(&store.folder, &gone, &|_| {}, &|| false);
    assert_eq!((removed[0].usage.files, &removed[0].trouble), (1, &None));
    assert!(names(&store).is_empty());
    assert_eq!(fs::read_to_string(env.path("outside/file")).unwrap(), "mine");
}

#[test]
fn folders_that_become_links_again_and_again_lead_nowhere() {
    let env = TestEnv::new();
    fs::create_dir_all(env.path("outside/folder")).unwrap();
    for file in 0..10 {
        fs::write(env.path(&format!("outside/folder/{file}")), "mine").unwrap();
        fs::write(env.path(&format!("outside/{file}")), "mine").unwrap();
    }
    let store = Store::new(&env);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // What fails is what was removed meanwhile.
            while !is_over.load(Ordering::SeqCst) {
                let _ = fs::create_dir_all(env.path("new/folder"));
                let _ = fs::write(env.path("new/folder/1"), "theirs");
                let _ = fs::create_dir(store.path.join("entry"));
                let _ = fs::rename(env.path("new"), store.path.join("entry/a"));
                let _ = fs::rename(store.path.join("entry/a"), store.path.join("entry/b"));
                let _ = symlink(env.path("outside"), store.path.join("entry/a"));
                let _ = fs::rename(store.path.join("entry/a"), store.path.join("entry/c"));
            }
        });
        let _over = SetAtTheEnd(&is_over);
        for _ in 0..2_000 {
            let _outcome = store.remove("entry");
        }
    });
    for file in 0..10 {
        assert_eq!(fs::read_to_string(env.path(&format!("outside/{file}"))).unwrap(), "mine");
        assert_eq!(fs::read_to_string(env.path(&format!("outside/folder/{file}"))).unwrap(), "mine");
    }
}

#[test]
fn a_file_with_names_elsewhere_stays_there_and_frees_nothing() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    let file = store.file("entry/one", 100_000);
    fs::hard_link(&file, env.path("elsewhere")).unwrap();
    let file = store.file("entry/two", 100_000);
    fs::hard_link(&file, store.path.join("entry/three")).unwrap();
    let before = store.entry("entry").usage;
    let removed = store.remove("entry");
    assert_eq!((removed.usage, removed.trouble), (before, None));
    assert!(before.linked_bytes >= 100_000 && before.disk_bytes >= 100_000);
    assert_eq!(fs::read(env.path("elsewhere")).unwrap().len(), 100_000);
}

#[test]
fn a_name_is_no_path_and_what_is_gone_is_no_trouble() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    fs::write(env.path("outside"), "mine").unwrap();
    store.file("entry/file", 1);
    for name in ["../outside", ".", "..", "", "entry/file", "/"] {
        let removed = store.remove(name);
        assert_eq!(removed.usage, Usage::default(), "{name:?}");
        assert!(removed.trouble.is_some(), "{name:?}");
        assert!(SystemDisk.unlink(&store.folder, name.as_ref()).is_err(), "{name:?}");
        let new = OsStr::new("new");
        assert!(SystemDisk.rename(&store.folder, name.as_ref(), &store.folder, new).is_err(), "{name:?}");
        assert!(SystemDisk.rename(&store.folder, "entry".as_ref(), &store.folder, name.as_ref()).is_err());
        assert!(SystemDisk.make_in(&store.folder, name.as_ref()).is_err(), "{name:?}");
    }
    assert_eq!(names(&store), ["entry"]);
    assert!(env.path("outside").exists());
    let removed = store.remove("nothing");
    assert_eq!((removed.usage, removed.trouble), (Usage::default(), None));
}

#[test]
fn who_asks_to_stop_is_heard_and_told_what_is_left() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for entry in 0..100 {
        store.file(&format!("{entry}/folder/file"), 1_000);
    }
    let files = total(store.measure().iter().map(|entry| &entry.usage)).files;
    let calls = AtomicUsize::new(0);
    let stop = || calls.fetch_add(1, Ordering::SeqCst) > 60;
    let gone = names(&store);
    let removed = SystemDisk.remove(&store.folder, &gone, &|_| {}, &stop);
    let interrupted = Cause::Failed("interrupted".to_owned());
    for (name, removed) in gone.iter().zip(&removed) {
        let is_left = store.path.join(name).exists();
        let cause = removed.trouble.as_ref().map(|trouble| &trouble.cause);
        assert_eq!(cause, is_left.then_some(&interrupted), "{name:?}");
    }
    let left = total(store.measure().iter().map(|entry| &entry.usage)).files;
    assert!(left > 0 && left < files, "{left} of {files}");
    assert_eq!(left + total(removed.iter().map(|removed| &removed.usage)).files, files);
}

#[test]
fn a_rename_takes_nobodys_name() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    for name in ["a/file", "b/file", "empty/file"] {
        store.file(name, 1);
    }
    fs::remove_file(store.path.join("empty/file")).unwrap();
    let trash = SystemDisk.make_in(&store.folder, OsStr::new("trash")).unwrap();
    assert_eq!(fs::metadata(store.path.join("trash")).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(SystemDisk.make_in(&store.folder, OsStr::new("trash")).is_ok());
    let rename = |name: &str, new: &str| {
        SystemDisk.rename(&store.folder, name.as_ref(), &trash, new.as_ref()).map_err(|error| error.kind())
    };
    assert_eq!(rename("a", "1"), Ok(()));
    assert_eq!(rename("b", "1"), Err(ErrorKind::AlreadyExists));
    assert_eq!(rename("empty", "1"), Err(ErrorKind::AlreadyExists));
    assert_eq!(rename("a", "2"), Err(ErrorKind::NotFound));
    let here =
        |name: &str, new: &str| SystemDisk.rename(&store.folder, name.as_ref(), &store.folder, new.as_ref());
    assert!(here("b", "empty").is_err(), "an empty folder is somebody's too");
    assert!(store.path.join("trash/1/file").exists() && store.path.join("b/file").exists());
    // What is held goes on meaning the folder.
    fs::rename(&store.path, env.path("moved")).unwrap();
    fs::create_dir(&store.path).unwrap();
    assert_eq!(rename("b", "2"), Ok(()));
    let moved: PathBuf = env.path("moved/trash/2/file");
    assert!(moved.exists());
}

#[test]
fn unlink_takes_files_only() {
    let env = TestEnv::new();
    let store = Store::new(&env);
    store.file("folder/file", 1);
    fs::create_dir(store.path.join("empty")).unwrap();
    store.file("file", 1);
    symlink("folder", store.path.join("link")).unwrap();
    for name in ["folder", "empty"] {
        assert!(SystemDisk.unlink(&store.folder, name.as_ref()).is_err(), "{name}");
    }
    for name in ["file", "link"] {
        SystemDisk.unlink(&store.folder, name.as_ref()).unwrap();
    }
    let mut left = names(&store);
    left.sort();
    assert_eq!(left, ["empty", "folder"]);
}
