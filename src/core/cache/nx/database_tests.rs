use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::super::fixture::{Folder, NOON, NOON_SECONDS, VERSIONS, insert, make};
use super::{Database, LedgerError, Purpose, Record, look_at, moment, uri};

fn rows(path: &Path, uid: u32) -> Result<Vec<(String, Record)>, LedgerError> {
    look_at(path, uid, |database| database.records(0))
}

fn hashes(path: &Path, uid: u32) -> Vec<String> {
    rows(path, uid).unwrap().into_iter().map(|(hash, _)| hash).collect()
}

#[test]
fn the_layout_of_every_version_is_read() {
    for (version, _, statements) in VERSIONS {
        let folder = Folder::new();
        let (path, nx) = folder.database("3d12", version);
        if !statements.contains("cache_outputs") {
            assert!(hashes(&path, folder.uid()).is_empty(), "{version} notes no entries");
            continue;
        }
        insert(&nx, "42", NOON);
        let found = rows(&path, folder.uid()).unwrap();
        let [(hash, record)] = found.as_slice() else { panic!("{version}: {found:?}") };
        assert_eq!((hash.as_str(), record.is_entry, record.size_bytes), ("42", true, Some(87)), "{version}");
        assert_eq!(record.last_use, Some(Duration::from_secs(NOON_SECONDS)), "{version}");
    }
}

#[test]
fn a_row_that_is_no_entry_is_told_apart() {
    let folder = Folder::new();
    let (path, nx) = folder.database("3d12", "24.0.6");
    insert(&nx, "1", NOON);
    insert(&nx, "2", NOON);
    nx.execute("UPDATE cache_outputs SET is_cache_entry = FALSE WHERE hash = '2'", []).unwrap();
    let found = rows(&path, folder.uid()).unwrap();
    let entries: Vec<bool> = found.iter().map(|(_, record)| record.is_entry).collect();
    assert_eq!(entries, [true, false]);
    let known = look_at(&path, folder.uid(), |database| Ok((database.knows("1")?, database.knows("2")?)));
    assert_eq!(known, Ok((true, false)));
}

/// The database and its companions in another folder, as they are after a kill.
fn leave_behind(path: &Path, endings: &[&str]) -> (Folder, PathBuf) {
    let folder = Folder::new();
    for ending in endings {
        let name = format!("{}{ending}", path.file_name().unwrap().to_str().unwrap());
        fs::copy(path.with_file_name(&name), folder.path(&name)).unwrap();
    }
    let left = folder.path(path.file_name().unwrap().to_str().unwrap());
    (folder, left)
}

#[test]
fn to_look_writes_nothing_and_sees_all() {
    let folder = Folder::new();
    let (path, nx) = folder.database("3d12", "23.1.3");
    insert(&nx, "1", NOON);
    nx.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
    insert(&nx, "2", NOON);
    let killed = leave_behind(&path, &["", "-wal", "-shm"]);
    // Within one process SQLite shares the index, so that nothing is written is seen below and by other processes.
    assert_eq!(hashes(&path, folder.uid()), ["1", "2"], "an Nx is alive");
    let before = killed.0.snapshot();
    assert_eq!(hashes(&killed.1, folder.uid()), ["1", "2"], "an Nx was killed");
    assert_eq!(killed.0.snapshot(), before);
    drop(nx);
    assert!(!path.with_extension("db-wal").exists());
    let before = folder.snapshot();
    assert_eq!(hashes(&path, folder.uid()), ["1", "2"], "none is there");
    assert_eq!(folder.snapshot(), before);
    fs::write(path.with_extension("db-wal"), "").unwrap();
    let before = folder.snapshot();
    assert_eq!(hashes(&path, folder.uid()), ["1", "2"], "an empty log is left");
    assert_eq!(folder.snapshot(), before);
}

#[test]
fn what_only_a_write_could_read_is_an_error() {
    let folder = Folder::new();
    let (path, nx) = folder.database("3d12", "23.1.3");
    insert(&nx, "1", NOON);
    let (left, path) = leave_behind(&path, &["", "-wal"]);
    let before = left.snapshot();
    assert!(matches!(rows(&path, folder.uid()), Err(LedgerError::NeedsRecovery { .. })));
    assert_eq!(left.snapshot(), before);
    let striking = Database::open(&path, folder.uid(), Purpose::Strike).unwrap();
    assert!(striking.knows("1").unwrap(), "with the right to write, SQLite puts it right");
}

#[test]
fn what_is_no_file_of_the_user_is_left_alone() {
    let folder = Folder::new();
    let (path, nx) = folder.database("3d12", "24.0.6");
    let uid = folder.uid();
    let untrusted = |path: &Path, uid: u32| {
        for purpose in [Purpose::Look, Purpose::Strike] {
            let error = Database::open(path, uid, purpose).unwrap_err();
            assert!(matches!(error, LedgerError::Untrusted { .. }), "{error}");
        }
    };
    untrusted(&path, uid + 1);
    symlink(&path, folder.path("link-v6.db")).unwrap();
    untrusted(&folder.path("link-v6.db"), uid);
    fs::create_dir(folder.path("folder-v6.db")).unwrap();
    untrusted(&folder.path("folder-v6.db"), uid);
    drop(nx);
    symlink("/nowhere", path.with_extension("db-wal")).unwrap();
    untrusted(&path, uid);
    fs::remove_file(path.with_extension("db-wal")).unwrap();
    fs::hard_link(&path, folder.path("second")).unwrap();
    untrusted(&path, uid);
    fs::remove_file(folder.path("second")).unwrap();
    assert!(Database::open(&path, uid, Purpose::Strike).is_ok());
}

#[test]
fn torn_and_made_up_databases_are_errors() {
    let folder = Folder::new();
    let (whole, nx) = folder.database("whole", "24.0.6");
    (0..2000).for_each(|hash| insert(&nx, &hash.to_string(), NOON));
    drop(nx);
    let bytes = fs::read(&whole).unwrap();
    let mut scribbled = bytes.clone();
    scribbled[4096..].fill(0x5a);
    for (name, content, is_unknown) in [
        ("half", &bytes[..bytes.len() / 2], false),
        ("scribbled", &scribbled[..], false),
        ("text", b"not a database, far from it", true),
    ] {
        let path = folder.path(&format!("{name}-v6.db"));
        fs::write(&path, content).unwrap();
        let error = rows(&path, folder.uid()).unwrap_err();
        let is_as_said = match error {
            LedgerError::Unreadable { .. } => !is_unknown,
            LedgerError::UnknownSchema { .. } => is_unknown,
            _ => false,
        };
        assert!(is_as_said, "{name}: {error}");
        assert_eq!(fs::read(&path).unwrap(), content, "{name} was changed");
    }
    assert!(matches!(rows(&folder.path("none.db"), 0), Err(LedgerError::Unreadable { .. })));
}

#[test]
fn unknown_layouts_are_not_touched() {
    let plain =
        "CREATE TABLE cache_outputs (hash TEXT PRIMARY KEY, code INT, size INT, created_at, accessed_at";
    for (name, statements, reason) in [
        ("a-v7.db", format!("{plain});"), "its version is 7"),
        ("a-v6.db", format!("{plain}, pinned);"), "the column `pinned`"),
        (
            "a-v6.db",
            format!("{plain}); ALTER TABLE cache_outputs RENAME accessed_at TO at;"),
            "no column `accessed_at`",
        ),
        ("a-v6.db", "CREATE VIEW cache_outputs AS SELECT 1 AS hash;".to_owned(), "is a view"),
        (
            "a-v6.db",
            format!(
                "{plain}); CREATE TRIGGER t DELETE ON cache_outputs BEGIN DELETE FROM cache_outputs; END;"
            ),
            "the trigger `t`",
        ),
    ] {
        let folder = Folder::new();
        let path = folder.path(name);
        drop(make(&path, &statements));
        for purpose in [Purpose::Look, Purpose::Strike] {
            match Database::open(&path, folder.uid(), purpose).unwrap_err() {
                LedgerError::UnknownSchema { reason: found, .. } => {
                    assert!(found.contains(reason), "{found}");
                }
                other => panic!("{statements}: {other}"),
            }
        }
    }
}

#[test]
fn only_a_log_that_is_written_ahead_is_written_to() {
    let folder = Folder::new();
    let path = folder.path("3d12-v6.db");
    let nx = make(&path, VERSIONS[7].2);
    insert(&nx, "1", NOON);
    nx.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(nx);
    assert_eq!(hashes(&path, folder.uid()), ["1"]);
    let error = Database::open(&path, folder.uid(), Purpose::Strike).unwrap_err();
    assert!(error.to_string().contains("its journal is `delete`"), "{error}");
    fs::write(folder.path("3d12-v6.db-journal"), "x").unwrap();
    assert!(matches!(rows(&path, folder.uid()), Err(LedgerError::NeedsRecovery { .. })));
}

#[test]
fn rows_are_not_trusted() {
    let folder = Folder::new();
    let (path, nx) = folder.database("3d12", "24.0.6");
    nx.pragma_update(None, "foreign_keys", false).unwrap();
    let add = |hash: &str, size: &str, created: &str, accessed: &str| {
        let row = format!(
            "INSERT INTO cache_outputs (hash, code, size, created_at, accessed_at) \
             VALUES ({hash}, 0, {size}, {created}, {accessed})"
        );
        nx.execute(&row, []).unwrap();
    };
    let noon = format!("'{NOON}'");
    for name in ["'../../etc'", "''", "'12x'", "x'3132'", "'١٢'", "'1'||char(0)||'/2'"] {
        add(name, "1", &noon, &noon);
    }
    assert!(rows(&path, folder.uid()).unwrap().is_empty(), "none of these is a name");
    for (hash, accessed) in [
        ("1", "NULL"),
        ("2", "5"),
        ("3", "'2026-13-45 00:00:00'"),
        ("4", "'2026-03-01T12:00:00Z'"),
        ("5", "'1926-03-01 12:00:00'"),
        ("6", "x'ff'"),
        ("7", "'-'"),
    ] {
        add(&format!("'{hash}'"), "-1", "'never'", accessed);
    }
    for (hash, record) in rows(&path, folder.uid()).unwrap() {
        assert_eq!((record.last_use, record.created, record.size_bytes), (None, None, None), "{hash}");
    }
    assert_eq!(rows(&path, folder.uid()).unwrap().len(), 7);
}

#[test]
fn a_file_that_was_replaced_is_noticed() {
    let folder = Folder::new();
    let (path, nx) = folder.database("3d12", "24.0.6");
    let mut open = Database::open(&path, folder.uid(), Purpose::Strike).unwrap();
    open.refresh().unwrap();
    drop(nx);
    fs::rename(&path, folder.path("old")).unwrap();
    assert!(matches!(open.refresh(), Err(LedgerError::Replaced { .. })));
    drop(Connection::open(&path).unwrap());
    assert!(matches!(open.records(0), Err(LedgerError::Replaced { .. })));
}

#[test]
fn moments_and_addresses() {
    assert_eq!(moment("1970-01-01 00:00:01"), Some(Duration::from_secs(1)));
    for text in ["", "1970-01-01", "1970-01-01T00:00:01", "1969-12-31 23:59:59", "1970-01-01 00:00:61"] {
        assert_eq!(moment(text), None, "{text}");
    }
    assert_eq!(uri(Path::new("/a b?c#%/d.db"), "mode=ro"), "file:/a%20b%3Fc%23%25/d.db?mode=ro");
}

#[test]
fn a_folder_with_an_odd_name() {
    let folder = Folder::new();
    let odd = folder.path("a b?mode=memory&#%41");
    fs::create_dir(&odd).unwrap();
    let path = odd.join("3d12-v6.db");
    let nx = make(&path, VERSIONS[7].2);
    insert(&nx, "1", NOON);
    assert_eq!(hashes(&path, folder.uid()), ["1"]);
    assert!(Database::open(&path, folder.uid(), Purpose::Strike).unwrap().knows("1").unwrap());
}
