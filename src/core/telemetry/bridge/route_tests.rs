use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::super::tail::{Step, Tail};
use super::{Cursor, Route, route};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn route(&self, cursor: &Cursor) -> Route {
        route(&self.path("queue.jsonl"), cursor, |path: &Path| File::open(path)).unwrap()
    }

    /// The cursor behind all that is there.
    fn cursor(&self) -> Cursor {
        let mut tail = Tail::new(File::open(self.path("queue.jsonl")).unwrap());
        read(&mut tail);
        tail.cursor()
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }
}

fn read(tail: &mut Tail) -> String {
    let mut text = String::new();
    while tail
        .step(|(_, line)| {
            text.push_str(&String::from_utf8_lossy(line.unwrap()));
            text.push(' ');
            Ok::<(), io::Error>(())
        })
        .unwrap()
        == Step::More
    {}
    text
}

/// All that is read on the way.
fn rest(folder: &Folder, cursor: &Cursor) -> (String, bool) {
    let mut route = folder.route(cursor);
    (route.parts.iter_mut().map(|part| read(&mut part.tail)).collect(), route.is_new)
}

#[test]
fn a_queue_is_read_from_its_cursor_on_and_one_that_is_not_there_is_empty() {
    let folder = Folder::new(&[("queue.jsonl", "1\n2\n")]);
    assert_eq!(rest(&folder, &Cursor::default()), ("1 2 ".to_owned(), false));
    let cursor = folder.cursor();
    assert_eq!(rest(&folder, &cursor), (String::new(), false));
    folder.write("queue.jsonl", "1\n2\n3\n");
    assert_eq!(rest(&folder, &cursor), ("3 ".to_owned(), false));
    fs::remove_file(folder.path("queue.jsonl")).unwrap();
    assert_eq!(rest(&folder, &cursor), (String::new(), false));
    assert_eq!(rest(&folder, &Cursor::default()), (String::new(), false));
}

#[test]
fn what_was_moved_away_or_copied_is_read_to_its_end_first() {
    for (moved, between) in [("queue.jsonl.1", false), ("queue.jsonl.3", true), ("queue.jsonl.old", false)] {
        let folder = Folder::new(&[("queue.jsonl", "1\n2\n")]);
        let cursor = folder.cursor();
        folder.write("queue.jsonl", "1\n2\n3\n");
        folder.rename("queue.jsonl", moved);
        assert_eq!(rest(&folder, &cursor), ("3 ".to_owned(), false), "{moved}: before there is a new one");
        if between {
            folder.write("queue.jsonl.2", "4\n");
            folder.write("queue.jsonl.1", "5\n");
        } else {
            folder.write("queue.jsonl.9", "what was there long before\n");
        }
        folder.write("queue.jsonl", "6\n");
        let expected = if between { "3 4 5 6 " } else { "3 6 " };
        assert_eq!(rest(&folder, &cursor), (expected.to_owned(), false), "{moved}");
    }
}

#[test]
fn a_queue_that_is_another_one_is_read_from_its_beginning() {
    let folder = Folder::new(&[("queue.jsonl", "1\n2\n")]);
    let cursor = folder.cursor();
    folder.write("queue.jsonl", "3\n");
    assert_eq!(rest(&folder, &cursor), ("3 ".to_owned(), true));
    folder.write("queue.jsonl.1", "other\n");
    assert_eq!(rest(&folder, &cursor), ("3 ".to_owned(), true));
    folder.write("queue.jsonl", "");
    assert_eq!(rest(&folder, &cursor), (String::new(), false), "it was emptied, and nothing is new");
}

#[test]
fn what_is_refused_stops_the_queue_and_not_its_neighbours() {
    let folder = Folder::new(&[("queue.jsonl", "1\n2\n")]);
    let cursor = folder.cursor();
    let refuse = |name: &'static str| {
        move |path: &Path| match path.ends_with(name) {
            true => Err(io::Error::other("refused")),
            false => File::open(path),
        }
    };
    assert!(route(&folder.path("queue.jsonl"), &cursor, refuse("queue.jsonl")).is_err());
    folder.rename("queue.jsonl", "queue.jsonl.2");
    folder.write("queue.jsonl.1", "3\n");
    let found = route(&folder.path("queue.jsonl"), &cursor, refuse("queue.jsonl.1")).unwrap();
    assert_eq!(found.parts.len(), 1);
    let found = route(&folder.path("queue.jsonl"), &cursor, refuse("queue.jsonl.2")).unwrap();
    assert!(found.parts.is_empty());
}
