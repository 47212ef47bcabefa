use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Loaded, Versioned, load, save};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Notes {
    notes: Vec<String>,
}

impl Versioned for Notes {
    const VERSION: u32 = 3;
}

fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn what_is_saved_is_loaded_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.json");
    assert!(matches!(load::<Notes>(&path), Loaded::Missing));
    for text in ["first", "second"] {
        let notes = Notes { notes: vec![text.to_owned()] };
        save(&path, &notes).unwrap();
        assert!(matches!(load::<Notes>(&path), Loaded::Content(found) if found == notes));
    }
    assert_eq!(names(folder.path()), ["notes.json"]);
}

#[test]
fn an_older_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.json");
    fs::write(&path, r#"{"version":1,"notes":["old"],"gone":true}"#).unwrap();
    assert!(matches!(load::<Notes>(&path), Loaded::Content(found) if found.notes == ["old"]));
}

#[test]
fn what_cannot_be_read_is_moved_aside_and_kept() {
    let whole = r#"{"version":3,"notes":["a"]}"#;
    let mut contents: Vec<Vec<u8>> = (0..whole.len()).map(|end| whole.as_bytes()[..end].to_vec()).collect();
    contents.push(br#"{"version":4,"notes":[]}"#.to_vec());
    contents.push(br#"{"version":3,"notes":7}"#.to_vec());
    contents.push(b"\xff\xfe\0\0".to_vec());
    contents.push(b"[".repeat(100_000));
    for content in contents {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.json");
        fs::write(&path, &content).unwrap();
        let Loaded::Unreadable { moved_to: Some(moved), .. } = load::<Notes>(&path) else {
            panic!("{:?} was read", String::from_utf8_lossy(&content));
        };
        assert_eq!(fs::read(moved).unwrap(), content);
        assert!(!path.exists());
    }
}

#[test]
fn a_folder_or_a_pipe_in_the_place_of_the_file_is_no_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.json");
    fs::create_dir(&path).unwrap();
    assert!(matches!(load::<Notes>(&path), Loaded::Unreadable { .. }));
    assert!(save(&path, &Notes { notes: Vec::new() }).is_err());
    assert_eq!(names(folder.path()), ["notes.json"]);
}
