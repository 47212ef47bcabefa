use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::{Position, Reader, list};
use super::{Durability, Folder, Spool, SpoolError, SpoolLimits, name};
use crate::core::telemetry::seal::LONGEST;

const LIMITS: SpoolLimits = SpoolLimits { segment_bytes: 64, total_bytes: 1 << 20 };

fn spool_in(folder: &Path, limits: SpoolLimits) -> Spool {
    let uid = std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder).unwrap());
    let folder = Folder::open(&folder.join("spool"), uid).unwrap();
    Spool::open(folder, limits, Durability::Disk).unwrap()
}

/// All lines from a position on, a few at a time.
fn lines(folder: &Path, from: Position) -> (Vec<String>, Position) {
    let mut reader = Reader::open(&folder.join("spool"), from).unwrap();
    let mut all = Vec::new();
    loop {
        let batch = reader.next(3, 1000).unwrap();
        if batch.lines.is_empty() {
            return (all, batch.end);
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        all.extend(batch.lines.iter().map(|line| text(&line.bytes)));
    }
}

#[test]
fn what_is_appended_is_read_in_order_over_all_segments() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool_in(folder.path(), LIMITS);
    let expected: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
    for (index, line) in expected.iter().enumerate() {
        spool.append(format!("{line}\n").as_bytes()).unwrap();
        let (found, end) = lines(folder.path(), Position::default());
        assert_eq!(found, expected[..=index]);
        assert_eq!(lines(folder.path(), end).0, Vec::<String>::new());
    }
    let segments = list(&folder.path().join("spool")).unwrap();
    assert!(segments.len() > 5 && segments.iter().all(|segment| segment.is_file), "{segments:?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&spool.folder().file(&name(1))), 0o600);
    assert_eq!(mode(spool.folder().path()), 0o700);
}

#[test]
fn a_torn_tail_costs_nobody_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool_in(folder.path(), LIMITS);
    spool.append(b"one\n").unwrap();
    let tear = || {
        let path = spool.folder().file(&name(1));
        fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"{\"torn").unwrap();
    };
    tear();
    assert_eq!(lines(folder.path(), Position::default()).0, ["one"], "its writer may still be at it");
    spool.append(b"two\nthree\n").unwrap();
    assert_eq!(lines(folder.path(), Position::default()).0, ["one", "{\"torn", "two", "three"]);
    tear();
    let segments = spool.settle().unwrap();
    let mut reader = Reader::new(spool.folder().path(), segments, Position::default());
    assert_eq!(reader.next(100, 1000).unwrap().lines.last().unwrap().bytes, b"{\"torn");
    tear();
    spool.rotate(1).unwrap();
    spool.append(b"four\n").unwrap();
    let found = lines(folder.path(), Position::default()).0;
    assert_eq!(found[found.len() - 2..], ["{\"torn", "four"]);
}

#[test]
fn a_full_spool_refuses_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool_in(folder.path(), SpoolLimits { segment_bytes: 10, total_bytes: 45 });
    let mut accepted = 0;
    let error = loop {
        match spool.append(b"0123456\n") {
            Ok(()) => accepted += 1,
            Err((0, error)) => break error,
            Err((kept, error)) => panic!("{kept} bytes were kept: {error}"),
        }
    };
    assert!(matches!(error, SpoolError::Full { bytes: 45, most: 45, .. }), "{error}");
    assert_eq!((accepted, lines(folder.path(), Position::default()).0.len()), (5, 5));
    assert_eq!(spool.remove_before(u64::MAX).unwrap(), 2);
    assert_eq!(lines(folder.path(), Position::default()).0.len(), 1, "the last segment stays");
    spool.append(b"0123456\n").unwrap();
}

#[test]
fn a_position_that_cannot_be_right_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool_in(folder.path(), LIMITS);
    spool.append(b"one\ntwo\n").unwrap();
    for (segment, offset, expected) in [(1, 5, 1), (1, 6, 2), (1, 99, 2), (7, 0, 2), (0, 3, 2), (1, 9, 0)] {
        let (found, _) = lines(folder.path(), Position { segment, offset });
        assert_eq!(found.len(), expected, "{segment}:{offset}");
    }
}

#[test]
fn hostile_lines_and_entries_stop_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool_in(folder.path(), SpoolLimits { segment_bytes: 1 << 30, total_bytes: 1 << 40 });
    let long = "x".repeat(3 * LONGEST);
    spool.append(format!("\n\n  \none\n{long}\n\0\0\0\n\u{fffd}\ntwo\n").as_bytes()).unwrap();
    fs::create_dir(spool.folder().file(&name(2))).unwrap();
    fs::write(spool.folder().file("segment-x.ndjson"), "no number\n").unwrap();
    spool.append(b"three\n").unwrap();
    let (found, _) = lines(folder.path(), Position::default());
    assert_eq!(found.len(), 6, "{:?}", found.iter().map(String::len).collect::<Vec<_>>());
    assert!(
        found[1].len() > LONGEST && found[1].len() < 2 * LONGEST,
        "no more in memory than can be an event"
    );
    assert_eq!((found[0].as_str(), found[4].as_str(), found[5].as_str()), ("one", "two", "three"));
    assert!(list(spool.folder().path()).unwrap().iter().any(|segment| segment.number == 3));
}

#[test]
fn writers_and_whoever_rotates_lose_nothing() {
    const WRITERS: usize = 8;
    const EACH: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let rotating = scope.spawn(|| {
            let spool = spool_in(folder.path(), LIMITS);
            while !done.load(Ordering::SeqCst) {
                spool.rotate(1).unwrap();
            }
        });
        let writing: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let folder = folder.path();
                scope.spawn(move || {
                    let spool = spool_in(folder, LIMITS);
                    for number in 0..EACH {
                        spool.append(format!("{writer} {number}\n").as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        // Whoever rotates is to end also when one has failed.
        let written: Vec<_> = writing.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::SeqCst);
        written.into_iter().for_each(Result::unwrap);
        rotating.join().unwrap();
    });
    let (found, _) = lines(folder.path(), Position::default());
    assert_eq!(found.len(), WRITERS * EACH);
    for writer in 0..WRITERS {
        let own = |line: &&String| line.starts_with(&format!("{writer} "));
        let numbers: Vec<&String> = found.iter().filter(own).collect();
        let expected: Vec<String> = (0..EACH).map(|number| format!("{writer} {number}")).collect();
        assert_eq!(numbers, expected.iter().collect::<Vec<_>>(), "in the order in which it wrote");
    }
}
