use std::ffi::OsString;
use std::fs::{self, File, FileTimes};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::super::database::Purpose;
use super::super::fixture::{Alone, Folder, NOON, NOON_SECONDS, PlainDisk, count, insert};
use super::{Ledger, LedgerError, NxNotes, NxStore, Record, Struck};

/// A cache and the databases beside it.
struct Cache {
    cache: Folder,
    beside: Folder,
}

impl Cache {
    fn new() -> Self {
        Self { cache: Folder::new(), beside: Folder::new() }
    }

    fn store(&self, databases: &[&PathBuf]) -> NxStore {
        let folder = self.cache.path("");
        NxStore {
            is_below_home: false,
            place: None,
            terminal_outputs: folder.join("terminalOutputs"),
            batch_outputs: folder.join("batchOutputs"),
            databases: databases.iter().map(|path| (*path).clone()).collect(),
            database_folders: vec![self.beside.path("")],
            has_commits: true,
            is_current: None,
            max_cache_bytes: None,
            has_usual_limit: false,
            is_exclusive: false,
            shared: None,
            folder,
        }
    }

    /// An entry of Nx 19 that was made and read at these seconds since 1970.
    fn entry(&self, hash: &str, made: u64, read: u64) {
        fs::create_dir(self.cache.path(hash)).unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (name, read) in [(format!("{hash}.commit"), made), (format!("{hash}/code"), read)] {
            let file = File::create(self.cache.path(&name)).unwrap();
            file.set_times(FileTimes::new().set_modified(at(made)).set_accessed(at(read))).unwrap();
        }
    }

    fn has(&self, name: &str) -> bool {
        self.cache.path(name).exists()
    }
}

fn notes<'a>(store: &NxStore, folder: &'a PathBuf, uid: u32, purpose: Purpose) -> NxNotes<'a, PlainDisk> {
    NxNotes::new(store, &PlainDisk, folder, uid, purpose)
}

fn of(records: &std::collections::HashMap<OsString, Record>, hash: &str) -> (OsString, Record) {
    (hash.into(), records[&OsString::from(hash)].clone())
}

fn known(ledger: &mut NxNotes<'_, PlainDisk>, names: &[&str]) -> Vec<String> {
    let names: Vec<OsString> = names.iter().map(OsString::from).collect();
    let known = ledger.knows(&names).unwrap();
    let mut known: Vec<String> = known.into_iter().map(|name| name.into_string().unwrap()).collect();
    known.sort();
    known
}

#[test]
fn an_entry_of_nx_19_was_used_when_its_files_were_read() {
    let cache = Cache::new();
    cache.entry("1", 100, 500);
    cache.entry("2", 100, 50);
    fs::write(cache.cache.path("x.commit"), "").unwrap();
    fs::write(cache.cache.path("3.commit"), "").unwrap();
    let (store, folder, uid) = (cache.store(&[]), cache.cache.path(""), cache.cache.uid());
    let records = notes(&store, &folder, uid, Purpose::Look).records().unwrap();
    let mut found: Vec<_> = records.keys().collect();
    found.sort();
    assert_eq!(found, ["1", "2", "3"]);
    assert_eq!(of(&records, "1").1.last_use, Some(Duration::from_secs(500)));
    assert_eq!(
        of(&records, "2").1.last_use,
        Some(Duration::from_secs(100)),
        "never read, or a mount with noatime"
    );
    let foreign = notes(&store, &folder, uid + 1, Purpose::Look).records().unwrap();
    assert_eq!(of(&foreign, "1").1.last_use, None, "a note of somebody else keeps its entry");
}

#[test]
fn a_note_of_nx_19_goes_only_as_it_was() {
    let cache = Cache::new();
    ["1", "2", "3", "4"].iter().for_each(|hash| cache.entry(hash, 100, 100));
    let (store, folder) = (cache.store(&[]), cache.cache.path(""));
    let mut ledger = notes(&store, &folder, cache.cache.uid(), Purpose::Strike);
    let records = ledger.records().unwrap();
    let read = FileTimes::new().set_accessed(SystemTime::now());
    File::options().write(true).open(cache.cache.path("2/code")).unwrap().set_times(read).unwrap();
    fs::remove_file(cache.cache.path("3.commit")).unwrap();
    fs::write(cache.cache.path("new"), "").unwrap();
    fs::rename(cache.cache.path("new"), cache.cache.path("4.commit")).unwrap();
    let entries: Vec<_> = ["1", "2", "3", "4"].iter().map(|hash| of(&records, hash)).collect();
    let expected = [Struck::Gone, Struck::UsedSince, Struck::Gone, Struck::UsedSince];
    assert_eq!(ledger.strike(&entries, &Alone), expected);
    assert_eq!(known(&mut ledger, &["1", "2", "3", "4", "5"]), ["2", "4"]);
    assert!(cache.has("1/code"), "the files are not this one's to remove");
}

#[test]
fn an_upgraded_cache_has_both_kinds_of_notes() {
    let cache = Cache::new();
    let (path, nx) = cache.beside.database("m", "20.8.4");
    cache.entry("1", 100, 100);
    cache.entry("2", 100, NOON_SECONDS + 5);
    insert(&nx, "1", NOON);
    insert(&nx, "2", NOON);
    insert(&nx, "3", NOON);
    let (store, folder) = (cache.store(&[&path]), cache.cache.path(""));
    let mut ledger = notes(&store, &folder, cache.cache.uid(), Purpose::Strike);
    let records = ledger.records().unwrap();
    let used = |hash| of(&records, hash).1.last_use.unwrap().as_secs();
    assert_eq!([used("1"), used("2"), used("3")], [NOON_SECONDS, NOON_SECONDS + 5, NOON_SECONDS]);
    nx.execute("UPDATE cache_outputs SET accessed_at = datetime('now') WHERE hash = '2'", []).unwrap();
    let entries = ["1", "2", "3"].map(|hash| of(&records, hash));
    assert_eq!(ledger.strike(&entries, &Alone), [Struck::Gone, Struck::UsedSince, Struck::Gone]);
    assert!(!cache.has("1.commit") && cache.has("2.commit"), "a row that stays keeps the file");
    assert_eq!(known(&mut ledger, &["1", "2", "3"]), ["2"]);
    assert_eq!(count(&nx), 1);
}

#[test]
fn looking_strikes_nothing() {
    let cache = Cache::new();
    let (path, nx) = cache.beside.database("m", "24.0.6");
    insert(&nx, "1", NOON);
    drop(nx);
    let (store, folder) = (cache.store(&[&path]), cache.cache.path(""));
    let mut ledger = notes(&store, &folder, cache.cache.uid(), Purpose::Look);
    let before = cache.beside.snapshot();
    let records = ledger.records().unwrap();
    assert!(matches!(ledger.strike(&[of(&records, "1")], &Alone)[0], Struck::Failed(_)));
    assert_eq!(known(&mut ledger, &["1", "2"]), ["1"]);
    assert_eq!(cache.beside.snapshot(), before);
}

#[test]
fn a_database_that_comes_or_goes_stops_it() {
    let cache = Cache::new();
    let (path, nx) = cache.beside.database("m", "23.1.3");
    insert(&nx, "1", NOON);
    let (store, folder) = (cache.store(&[&path]), cache.cache.path(""));
    let mut ledger = notes(&store, &folder, cache.cache.uid(), Purpose::Strike);
    let records = ledger.records().unwrap();
    let (newer, newer_nx) = cache.beside.database("m", "24.0.6");
    assert!(
        matches!(&ledger.strike(&[of(&records, "1")], &Alone)[0], Struck::Failed(reason) if reason.contains("exchanged"))
    );
    assert!(matches!(ledger.knows(&["1".into()]), Err(LedgerError::Replaced { .. })));
    drop(newer_nx);
    fs::remove_file(newer).unwrap();
    assert_eq!(known(&mut ledger, &["1"]), ["1"]);
    drop(nx);
    fs::remove_file(path).unwrap();
    assert!(matches!(ledger.records(), Err(LedgerError::Replaced { .. })));
    assert!(matches!(&ledger.strike(&[of(&records, "1")], &Alone)[0], Struck::Failed(_)));
}

#[test]
fn one_bad_database_keeps_everything() {
    let cache = Cache::new();
    let (good, nx) = cache.beside.database("good", "24.0.6");
    insert(&nx, "1", NOON);
    let bad = cache.beside.path("bad-v6.db");
    fs::write(&bad, "no database at all, but long enough to look at").unwrap();
    let (store, folder) = (cache.store(&[&bad, &good]), cache.cache.path(""));
    for purpose in [Purpose::Look, Purpose::Strike] {
        let mut ledger = notes(&store, &folder, cache.cache.uid(), purpose);
        assert!(ledger.records().is_err());
        assert!(ledger.knows(&["1".into()]).is_err());
        let record = Record { last_use: Some(Duration::from_secs(NOON_SECONDS)), ..Record::default() };
        assert!(matches!(ledger.strike(&[("1".into(), record)], &Alone)[0], Struck::Failed(_)));
    }
    assert_eq!(count(&nx), 1);
}

#[test]
fn a_look_opens_nothing_for_writing_and_neither_does_the_question_before_something_is_struck() {
    let cache = Cache::new();
    let (path, nx) = cache.beside.database("m", "24.0.6");
    insert(&nx, "1", NOON);
    drop(nx);
    let (store, folder) = (cache.store(&[&path]), cache.cache.path(""));
    let mut ledger = notes(&store, &folder, cache.cache.uid(), Purpose::Strike);
    let before = cache.beside.snapshot();
    let records = ledger.records().unwrap();
    assert_eq!(known(&mut ledger, &["1", "2"]), ["1"]);
    assert_eq!(cache.beside.snapshot(), before);
    assert_eq!(ledger.strike(&[of(&records, "1")], &Alone), [Struck::Gone]);
    assert_eq!(known(&mut ledger, &["1", "2"]), [""; 0], "and it hears of what it has done");
}

#[test]
fn a_log_without_its_index_is_played_back_by_whoever_may_write() {
    let cache = Cache::new();
    let (path, nx) = cache.beside.database("m", "24.0.6");
    insert(&nx, "1", NOON);
    // As a copy of the folder has it that was made while an Nx was alive.
    let copy = Folder::new();
    for ending in ["", "-wal"] {
        let name = format!("m-v6.db{ending}");
        fs::copy(cache.beside.path(&name), copy.path(&name)).unwrap();
    }
    drop(nx);
    let path = copy.path(path.file_name().unwrap().to_str().unwrap());
    let mut store = cache.store(&[&path]);
    store.database_folders = vec![copy.path("")];
    let (folder, uid) = (cache.cache.path(""), cache.cache.uid());
    assert!(notes(&store, &folder, uid, Purpose::Look).records().unwrap_err().forbids());
    let records = notes(&store, &folder, uid, Purpose::Strike).records().unwrap();
    assert!(records.contains_key(&OsString::from("1")));
}
