use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::{Entry, Eviction, FileId, Folder, Journal, Outcome, Part, Plan, Standing};
use crate::core::cache::disk::{Cause, Trouble, Usage};
use crate::core::cache::ledger::Record;
use crate::core::cache::plan::Reason;

const STORE: FileId = FileId { device: 7, inode: 1 };

struct State {
    _place: tempfile::TempDir,
    folder: Folder,
}

impl State {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let uid = std::fs::metadata(place.path()).unwrap().uid();
        let folder = Folder::open(&place.path().join("state"), uid).unwrap();
        Self { _place: place, folder }
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.folder, Path::new("/w/.nx/cache"), STORE)
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

fn part(within: Option<&'static str>, name: &str, inode: u64) -> Part {
    let id = FileId { device: STORE.device, inode };
    Part { within, name: name.into(), id, modified: Duration::new(100, 5) }
}

/// An entry with a folder of this inode and an output of the next one.
fn entry(name: &str, inode: u64, standing: Standing) -> Entry {
    Entry {
        name: name.into(),
        parts: vec![part(None, name, inode), part(Some("terminalOutputs"), name, inode + 1)],
        usage: Usage::default(),
        shared_bytes: 0,
        last_use: Duration::ZERO,
        written: Duration::ZERO,
        standing,
        hold: None,
    }
}

fn recorded(name: &str, inode: u64) -> Entry {
    entry(name, inode, Standing::Recorded(Record::default()))
}

fn plan(entries: &[usize]) -> Plan {
    let eviction = |entry: &usize| Eviction { entry: *entry, reason: Reason::OverSize };
    Plan { evictions: entries.iter().map(eviction).collect(), ..Plan::default() }
}

#[test]
fn what_was_about_to_be_struck_is_known_by_whatever_is_left_of_it() {
    let state = State::new();
    let entries = [recorded("1", 10), recorded("2", 20)];
    state.journal().begin(&entries, &plan(&[0])).unwrap();
    let journal = state.journal();
    let whole = recorded("1", 10);
    let output = Entry { parts: vec![whole.parts[1].clone()], ..whole.clone() };
    let mut rebuilt = whole.clone();
    rebuilt.parts[0].id.inode = 99;
    let mut younger = whole.clone();
    younger.parts[0].modified += Duration::from_nanos(1);
    let mut elsewhere = whole.clone();
    elsewhere.parts[0].id.device = 8;
    for (what, entry, expected) in [
        ("as it was", &whole, true),
        ("its output alone", &output, true),
        ("a new folder beside the old output", &rebuilt, false),
        ("the number of its folder, given to another one", &younger, false),
        ("on another device", &elsewhere, false),
        ("another name", &recorded("3", 10), false),
        ("not of the plan", &entries[1], false),
        ("without a part", &Entry { parts: Vec::new(), ..whole.clone() }, false),
    ] {
        assert_eq!(journal.knows(entry), expected, "{what}");
    }
    let other = Journal::open(&state.folder, Path::new("/w/.nx/cache"), FileId { inode: 2, ..STORE });
    assert!(!other.knows(&whole), "another folder at its path");
}

#[test]
fn what_an_earlier_run_struck_is_kept_until_it_is_done() {
    let state = State::new();
    let entries =
        [recorded("1", 10), entry("2", 20, Standing::Struck), entry("3", 30, Standing::Unreachable)];
    let plan = plan(&[0, 2]);
    state.journal().begin(&entries, &plan).unwrap();
    let journal = state.journal();
    assert_eq!(entries.each_ref().map(|entry| journal.knows(entry)), [true, true, false]);
    journal.close(&entries, &plan, &[Outcome::Removed(Usage::default()), Outcome::GoneAlready]);
    assert!(state.journal().knows(&entries[1]), "it is too young perhaps, and its turn is later");
}

#[test]
fn a_journal_ends_with_the_last_of_what_it_is_about() {
    let gone = || Outcome::Removed(Usage::default());
    let struck = || entry("1", 10, Standing::Struck);
    let trouble = || Trouble { path: "terminalOutputs/1".into(), cause: Cause::Denied };
    let left = || Outcome::LeftInTrash(Usage::default(), trouble());
    for (what, first, outcome, expected) in [
        ("all gone", recorded("1", 10), gone(), 0),
        ("used since", recorded("1", 10), Outcome::UsedSince, 0),
        ("not begun, with its record", recorded("1", 10), Outcome::NotBegun, 0),
        ("not begun, without one", struck(), Outcome::NotBegun, 1),
        ("struck by an earlier run, and gone", struck(), gone(), 0),
        ("it could not be taken out", recorded("1", 10), Outcome::Failed("EACCES".to_owned()), 1),
        ("somebody works with it", recorded("1", 10), Outcome::InUse, 1),
        ("its output could not be deleted", recorded("1", 10), left(), 1),
    ] {
        let state = State::new();
        let (entries, plan) = ([first, recorded("2", 20)], plan(&[1, 0]));
        state.journal().begin(&entries, &plan).unwrap();
        state.journal().close(&entries, &plan, &[gone(), outcome]);
        assert_eq!(state.files(), expected, "{what}");
    }
}

#[test]
fn without_anything_to_strike_nothing_is_written() {
    let state = State::new();
    let entries = [entry("1", 10, Standing::Unreachable), recorded("2", 20)];
    state.journal().begin(&entries, &plan(&[0])).unwrap();
    assert_eq!(state.files(), 0);
    std::fs::write(&state.journal().path, "{").unwrap();
    assert!(!state.journal().knows(&entries[1]), "what cannot be read says nothing");
}
