use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

use super::super::disk::{FileId, FileKind, Listed, Measured, Newest, Usage};
use super::{Index, IndexFile, file_name};
use crate::core::state::{Loaded, load, save};

const FOLDER: FileId = FileId { device: 3, inode: 5 };
const NOW: Duration = Duration::from_secs(1_000_000);
const MOST: u64 = 1_000_000;

fn listed(name: &str) -> Listed {
    Listed {
        name: name.into(),
        id: FileId { device: 3, inode: 9 },
        kind: FileKind::Folder,
        uid: 0,
        links: 2,
        disk_bytes: 4096,
        apparent_bytes: 40,
        modified: Duration::ZERO,
        accessed: Duration::ZERO,
        changed: Duration::new(900_000, 17),
    }
}

fn measured(name: &str) -> Measured {
    let usage = Usage { disk_bytes: 8192, linked_bytes: 0, apparent_bytes: 77, files: 2 };
    Measured {
        listed: listed(name),
        usage,
        newest: Newest::default(),
        is_whole: true,
        trouble: None,
        linked: Vec::new(),
        shared_bytes: 0,
    }
}

fn remembered(entry: &Measured) -> bool {
    !Index::of(FOLDER, std::slice::from_ref(entry), NOW).is_empty()
}

#[test]
fn what_is_remembered() {
    type Change = (&'static str, bool, fn(&mut Measured));
    let table: &[Change] = &[
        ("as it is", true, |_| {}),
        ("a minute old", true, |entry| entry.listed.changed = NOW - Duration::from_secs(60)),
        ("younger", false, |entry| entry.listed.changed = NOW - Duration::from_millis(59_999)),
        ("from the future", false, |entry| entry.listed.changed = NOW + Duration::from_secs(1)),
        ("not whole", false, |entry| entry.is_whole = false),
        ("a file", false, |entry| entry.listed.kind = FileKind::File),
        ("a link", false, |entry| entry.listed.kind = FileKind::Link),
        ("no Unicode", false, |entry| entry.listed.name = OsString::from_vec(vec![0xff])),
    ];
    for (what, expected, change) in table {
        let mut entry = measured("a");
        change(&mut entry);
        assert_eq!(remembered(&entry), *expected, "{what}");
    }
}

#[test]
fn what_is_taken_for_the_same() {
    let index = Index::of(FOLDER, &[measured("a")], NOW);
    assert_eq!(index.usage(&listed("a"), MOST), Some(measured("a").usage));
    type Change = (&'static str, fn(&mut Listed));
    let table: &[Change] = &[
        ("another name", |entry| entry.name = "b".into()),
        ("another inode", |entry| entry.id.inode += 1),
        ("another device", |entry| entry.id.device += 1),
        ("changed since", |entry| entry.changed += Duration::from_nanos(1)),
        ("a file now", |entry| entry.kind = FileKind::File),
    ];
    for (what, change) in table {
        let mut entry = listed("a");
        change(&mut entry);
        assert_eq!(index.usage(&entry, MOST), None, "{what}");
    }
    assert_eq!(index.usage(&listed("a"), 8191), None, "more than there is");
}

#[test]
fn what_was_saved_is_loaded_for_its_folder_alone() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("index.json");
    let index = Index::of(FOLDER, &[measured("a"), measured("new\nline")], NOW);
    save(&path, &IndexFile::from(&index)).unwrap();
    let load = || match load::<IndexFile>(&path) {
        Loaded::Content(file) => file,
        other => panic!("{other:?}"),
    };
    assert_eq!(load().into_index(FOLDER), index);
    assert!(load().into_index(FileId { inode: 6, ..FOLDER }).is_empty());
    assert!(load().into_index(FileId { device: 4, ..FOLDER }).is_empty());
}

#[test]
fn a_file_that_lies_costs_a_measure() {
    let table = [
        r#"{"device":3,"inode":5,"entries":[["a",9,900000,1000000017,1,1,1]]}"#,
        r#"{"device":3,"inode":5,"entries":[["a",9,900000,4294967295,1,1,1]]}"#,
        r#"{"device":3,"inode":5,"entries":[["a",9,900000,17,18446744073709551615,1,1]]}"#,
        r#"{"device":3,"inode":5,"entries":[["a",18446744073709551615,900000,17,1,1,1]]}"#,
        r#"{"device":3,"inode":5,"entries":[["a",9,18446744073709551615,999999999,1,1,1]]}"#,
    ];
    for text in table {
        let file: IndexFile = serde_json::from_str(text).unwrap();
        assert_eq!(file.into_index(FOLDER).usage(&listed("a"), MOST), None, "{text}");
    }
    let wrong = [
        r#"{"device":-3,"inode":5,"entries":[]}"#,
        r#"{"device":3,"inode":5,"entries":[["a"]]}"#,
        r#"{"device":3,"inode":5,"entries":{"a":1}}"#,
    ];
    assert!(wrong.iter().all(|text| serde_json::from_str::<IndexFile>(text).is_err()));
}

#[test]
fn sums_do_not_wrap_around() {
    let mut all = Usage { disk_bytes: 1, linked_bytes: 1, apparent_bytes: 1, files: 1 };
    let most =
        Usage { disk_bytes: u64::MAX, linked_bytes: u64::MAX, apparent_bytes: u64::MAX, files: u64::MAX };
    all += most;
    assert_eq!(all, most);
}

#[test]
fn a_file_for_each_folder() {
    let name = file_name(Path::new("/home/me/.nx/cache"), FOLDER);
    // The same in every release: else each would measure everything once more, and leave a file behind.
    assert_eq!(name, "cache-index-7bfb4b7595471f34.json");
    assert_ne!(name, file_name(Path::new("/home/me/.nx/cache2"), FOLDER));
    assert_ne!(name, file_name(Path::new("/home/me/.nx/cache"), FileId { inode: 6, ..FOLDER }));
    assert_ne!(name, file_name(Path::new("/home/me/.nx/cache"), FileId { device: 4, ..FOLDER }));
}
