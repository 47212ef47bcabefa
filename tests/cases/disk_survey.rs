//! What is remembered of a store, and what is walked through again.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use brainwav::core::cache::disk::{Disk, Usage};
use brainwav::core::cache::index::{Index, IndexFile};
use brainwav::core::cache::measure::{Survey, SurveyError, survey};
use brainwav::sys::disk::SystemDisk;

use crate::support::TestEnv;
use crate::support::store::{Store, total};

/// The time of a later run, to which all that was just made is old.
fn later() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(61)
}

fn run(store: &Store, index: Option<&Index>, now: Duration) -> Survey {
    survey(&SystemDisk, &store.folder, index, now, &|_| {}, &|| false).unwrap()
}

fn usage(survey: &Survey) -> Usage {
    total(survey.measured.iter().map(|entry| &entry.usage))
}

fn filled(env: &TestEnv) -> Store {
    let store = Store::new(env);
    for entry in 0..20 {
        store.file(&format!("{entry}/outputs/file"), 10_000);
    }
    store
}

#[test]
fn what_did_not_change_is_remembered() {
    let env = TestEnv::new();
    let store = filled(&env);
    let file = store.file("linked/file", 100);
    fs::hard_link(file, env.path("elsewhere")).unwrap();
    symlink("0", store.path.join("link")).unwrap();
    store.file("file.tar", 100);
    let first = run(&store, None, later());
    assert_eq!((first.remembered, first.index.len()), (0, 20));
    let told = Mutex::new(Usage::default());
    let progress = |usage: &Usage| *told.lock().unwrap() += *usage;
    let index = IndexFile::from(&first.index).into_index(SystemDisk.stat(&store.folder).unwrap().id);
    let second = survey(&SystemDisk, &store.folder, Some(&index), later(), &progress, &|| false).unwrap();
    assert_eq!((second.remembered, second.measured.len()), (20, 23));
    assert_eq!(usage(&first), usage(&second));
    assert_eq!(*told.lock().unwrap(), usage(&second));
    assert_eq!(second.index, first.index);
}

#[test]
fn what_changed_is_measured_and_what_is_gone_forgotten() {
    let env = TestEnv::new();
    let store = filled(&env);
    let first = run(&store, None, later());
    store.file("0/more", 50_000);
    fs::remove_dir_all(store.path.join("1")).unwrap();
    fs::remove_dir_all(store.path.join("2")).unwrap();
    store.file("2/outputs/file", 70_000);
    store.file("new/file", 1);
    fs::rename(store.path.join("3"), store.path.join("4 renamed")).unwrap();
    let second = run(&store, Some(&first.index), later());
    assert_eq!((second.remembered, second.measured.len()), (16, 20));
    let fresh = run(&store, None, later());
    assert_eq!((usage(&second), second.index), (usage(&fresh), fresh.index));
}

#[test]
fn what_is_young_is_not_remembered() {
    let env = TestEnv::new();
    let store = filled(&env);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    assert!(run(&store, None, now).index.is_empty());
    assert_eq!(run(&store, None, later()).index.len(), 20);
}

#[test]
fn an_index_of_another_folder_is_not_believed() {
    let env = TestEnv::new();
    let store = filled(&env);
    let first = run(&store, None, later());
    let other = SystemDisk.open(&env.path("home")).unwrap();
    let index = IndexFile::from(&first.index).into_index(SystemDisk.stat(&other).unwrap().id);
    assert_eq!(run(&store, Some(&index), later()).remembered, 0);
}

#[test]
fn a_survey_that_is_stopped_says_so() {
    let env = TestEnv::new();
    let store = filled(&env);
    let stopped = survey(&SystemDisk, &store.folder, None, later(), &|_| {}, &|| true);
    assert!(matches!(stopped, Err(SurveyError::Interrupted)));
}
