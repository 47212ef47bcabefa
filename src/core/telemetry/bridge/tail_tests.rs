use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Cursor, LONGEST, PIECE, Step, Tail};

struct Queue(tempfile::TempDir);

impl Queue {
    fn new(text: &[u8]) -> Self {
        let queue = Self(tempfile::tempdir().unwrap());
        fs::write(queue.path(), text).unwrap();
        queue
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("queue.jsonl")
    }

    fn append(&self, text: &[u8]) {
        OpenOptions::new().append(true).open(self.path()).unwrap().write_all(text).unwrap();
    }
}

type Lines = Vec<(u64, Option<String>)>;

fn rest(tail: &mut Tail) -> (Lines, Step) {
    let mut found = Vec::new();
    loop {
        let step = tail
            .step(|(number, line)| {
                found.push((number, line.ok().map(|line| String::from_utf8_lossy(line).into_owned())));
                Ok::<(), io::Error>(())
            })
            .unwrap();
        if step != Step::More {
            return (found, step);
        }
    }
}

fn at(path: &Path, cursor: &Cursor) -> Option<Tail> {
    Tail::at(File::open(path).unwrap(), cursor).unwrap().ok()
}

fn lines(found: &[(u64, &str)]) -> Lines {
    found.iter().map(|(number, text)| (*number, Some((*text).to_owned()))).collect()
}

#[test]
fn a_line_is_read_when_it_has_ended_and_from_a_cursor_on() {
    let queue = Queue::new(b"one\n\ntw");
    let mut tail = Tail::new(File::open(queue.path()).unwrap());
    assert_eq!(rest(&mut tail), (lines(&[(1, "one"), (2, "")]), Step::End { is_torn: true }));
    let cursor = tail.cursor();
    assert_eq!((cursor.offset, cursor.lines), (5, 2));
    queue.append(b"o\nthree\n");
    let expected = (lines(&[(3, "two"), (4, "three")]), Step::End { is_torn: false });
    assert_eq!(rest(&mut tail), expected);
    assert_eq!(rest(&mut at(&queue.path(), &cursor).unwrap()), expected);
    assert_eq!(rest(&mut tail).0, []);
}

#[test]
fn a_file_that_was_cut_or_is_another_one_is_noticed_also_when_it_has_grown_again() {
    let queue = Queue::new(b"one\ntwo\n");
    let mut tail = Tail::new(File::open(queue.path()).unwrap());
    rest(&mut tail);
    let cursor = tail.cursor();
    for text in [&b""[..], b"one\n", b"one\ntwx\n", b"1\n2\n3\n4\n5\n6\n7\n"] {
        // In place: the number of the file stays.
        OpenOptions::new().write(true).truncate(true).open(queue.path()).unwrap().write_all(text).unwrap();
        assert_eq!(rest(&mut tail), (Vec::new(), Step::Changed));
        assert!(at(&queue.path(), &cursor).is_none());
    }
    fs::remove_file(queue.path()).unwrap();
    fs::write(queue.path(), b"one\ntwo\nthree\n").unwrap();
    assert_eq!(
        rest(&mut at(&queue.path(), &cursor).unwrap()).0,
        lines(&[(3, "three")]),
        "a copy is the same"
    );
    assert!(at(&queue.path(), &Cursor::default()).is_some());
}

#[test]
fn lines_of_every_length_are_counted_and_those_too_long_passed_over() {
    let long = |length: usize| "x".repeat(length);
    for length in [PIECE - 1, PIECE, PIECE + 1, LONGEST - 1] {
        let queue = Queue::new(format!("a\n{}\nb\n", long(length)).as_bytes());
        let (found, _) = rest(&mut Tail::new(File::open(queue.path()).unwrap()));
        assert_eq!(found, lines(&[(1, "a"), (2, &long(length)), (3, "b")]), "{length}");
    }
    for length in [LONGEST + 1, 3 * LONGEST] {
        let queue = Queue::new(format!("a\n{}", long(length)).as_bytes());
        let mut tail = Tail::new(File::open(queue.path()).unwrap());
        assert_eq!(rest(&mut tail), (lines(&[(1, "a")]), Step::End { is_torn: true }), "{length}");
        queue.append(b"\nb\n");
        let expected = [vec![(2, None)], lines(&[(3, "b")])].concat();
        assert_eq!(rest(&mut tail), (expected, Step::End { is_torn: false }), "{length}");
        assert!(at(&queue.path(), &tail.cursor()).is_some());
    }
}

#[test]
fn whoever_appends_all_the_time_is_left_for_the_next_time() {
    let queue = Queue::new(b"one\ntw");
    let mut tail = Tail::new(File::open(queue.path()).unwrap()).bounded().unwrap();
    queue.append(b"o\nthree\n");
    assert_eq!(rest(&mut tail), (lines(&[(1, "one")]), Step::End { is_torn: true }));
    let mut tail = at(&queue.path(), &tail.cursor()).unwrap().bounded().unwrap();
    assert_eq!(rest(&mut tail).0, lines(&[(2, "two"), (3, "three")]));
}

#[test]
fn what_is_not_taken_comes_again() {
    let queue = Queue::new(b"one\ntwo\n");
    let mut tail = Tail::new(File::open(queue.path()).unwrap());
    let refuse = |(number, _): super::NumberedLine<'_>| match number {
        1 => Ok(()),
        _ => Err(io::Error::other("full")),
    };
    assert!(tail.step(refuse).is_err());
    assert_eq!(tail.cursor().offset, 0);
    assert_eq!(rest(&mut tail).0, lines(&[(1, "one"), (2, "two")]));
}
