use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::super::disk::Disk;
use super::super::ledger::{Doubt, LedgerError};
use super::super::nx::fixture::{Alone, Folder, NO_ROOM_FOR, PlainDisk};
use super::super::plan::{Eviction, Reason};
use super::{
    Entry, Ledger, Opened, Outcome, Part, Plan, Record, Standing, Struck, Trash, Usage, Watch, apply,
};

/// A tool that writes its entries again, each when it has just been renamed away.
#[derive(Default)]
struct Rebuilding {
    known: HashSet<OsString>,
    makes: Option<PathBuf>,
    struck: RefCell<usize>,
}

impl Ledger for Rebuilding {
    fn records(&mut self) -> Result<HashMap<OsString, Record>, LedgerError> {
        Ok(HashMap::new())
    }
    fn strike(&mut self, entries: &[(OsString, Record)], _: &dyn Watch) -> Vec<Struck> {
        *self.struck.borrow_mut() += entries.len();
        vec![Struck::Gone; entries.len()]
    }
    fn knows(&mut self, _: &[OsString]) -> Result<HashSet<OsString>, LedgerError> {
        if let Some(folder) = &self.makes {
            fs::create_dir(folder).unwrap();
        }
        Ok(self.known.clone())
    }
    fn doubt(&self) -> Option<Doubt> {
        None
    }
}

/// The folder of a cache with one entry in it.
struct Cache {
    folder: Folder,
    entry: Entry,
}

const TRASH: &str = "trash";

impl Cache {
    fn new(name: &str) -> Self {
        let folder = Folder::new();
        fs::create_dir(folder.path(name)).unwrap();
        fs::write(folder.path(name).join("old"), "").unwrap();
        let listed = PlainDisk.stat_in(&folder.path(""), OsStr::new(name)).unwrap().unwrap();
        let entry = Entry {
            name: name.into(),
            parts: vec![Part::new(None, &listed)],
            usage: Usage::default(),
            shared_bytes: 0,
            last_use: Duration::ZERO,
            written: Duration::ZERO,
            standing: Standing::Recorded(Record::default()),
            hold: None,
        };
        Self { folder, entry }
    }

    fn apply(&self, ledger: &mut Rebuilding) -> Outcome {
        let (base, mut trash) = (self.folder.path(""), Trash::new(OsStr::new(TRASH), self.folder.uid()));
        let mut opened = Opened { disk: &PlainDisk, base: &base, trash: &mut trash };
        let evictions = vec![Eviction { entry: 0, reason: Reason::OverSize }];
        let plan = Plan { evictions, ..Plan::default() };
        apply(&mut opened, std::slice::from_ref(&self.entry), &plan, ledger, &Alone).remove(0)
    }

    fn settle(&self, known: &[&str]) -> super::super::trash::Settled {
        let (base, mut trash) = (self.folder.path(""), Trash::new(OsStr::new(TRASH), self.folder.uid()));
        let known = known.iter().map(OsString::from).collect();
        let mut ledger = Rebuilding { known, ..Rebuilding::default() };
        trash.settle(&PlainDisk, &base, &mut ledger, &Alone).unwrap()
    }

    fn names(&self, within: &str) -> Vec<String> {
        let found = fs::read_dir(self.folder.path(within)).into_iter().flatten();
        let mut names: Vec<String> =
            found.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn what_nobody_wants_again_goes() {
    let cache = Cache::new("123");
    assert_eq!(cache.apply(&mut Rebuilding::default()), Outcome::Removed(Usage::default()));
    assert_eq!(cache.names(""), [""; 0]);
}

#[test]
fn what_is_wanted_again_is_put_back_and_goes_only_for_a_newer_one() {
    let wanted = |name: &str| Rebuilding { known: HashSet::from([name.into()]), ..Rebuilding::default() };
    let cache = Cache::new("123");
    assert_eq!(cache.apply(&mut wanted("123")), Outcome::UsedSince);
    assert_eq!(cache.names("123"), ["old"]);

    let cache = Cache::new("123");
    let mut ledger = Rebuilding { makes: Some(cache.folder.path("123")), ..wanted("123") };
    assert_eq!(cache.apply(&mut ledger), Outcome::Removed(Usage::default()));
    assert_eq!((cache.names(""), cache.names("123")), (vec!["123".to_owned()], Vec::new()));
}

#[test]
fn what_is_wanted_again_and_cannot_be_put_back_stays_in_the_trash() {
    let cache = Cache::new(NO_ROOM_FOR);
    let mut ledger = Rebuilding { known: HashSet::from([NO_ROOM_FOR.into()]), ..Rebuilding::default() };
    let Outcome::Failed(reason) = cache.apply(&mut ledger) else { panic!("it is no success") };
    assert!(reason.contains("the next run tries again"), "{reason}");
    assert_eq!(cache.names(TRASH), ["0.2.28.28"], "under its name, by which the next run knows it");
    let settled = cache.settle(&[NO_ROOM_FOR]);
    assert_eq!((settled.restored, settled.left.len()), (0, 1));
    assert_eq!(cache.names(TRASH), ["0.2.28.28"]);
    cache.settle(&[]);
    assert_eq!(cache.names(""), [""; 0], "and it goes when nobody wants it any more");
}

#[test]
fn an_output_that_cannot_be_deleted_is_no_success() {
    for (name, is_gone) in [("123", true), (NO_ROOM_FOR, false)] {
        let mut cache = Cache::new(name);
        let outputs = cache.folder.path("terminalOutputs");
        fs::create_dir(&outputs).unwrap();
        fs::write(outputs.join(name), "").unwrap();
        let listed = PlainDisk.stat_in(&outputs, OsStr::new(name)).unwrap().unwrap();
        cache.entry.parts.push(Part::new(Some("terminalOutputs"), &listed));
        let outcome = cache.apply(&mut Rebuilding::default());
        assert_eq!(matches!(outcome, Outcome::Removed(_)), is_gone, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::LeftInTrash(..)), !is_gone, "{outcome:?}");
        assert_eq!(cache.names(""), ["terminalOutputs"]);
        assert_eq!(cache.names("terminalOutputs").is_empty(), is_gone);
    }
}

#[test]
fn without_a_trash_nothing_is_struck() {
    let cache = Cache::new("123");
    fs::write(cache.folder.path(TRASH), "in its way").unwrap();
    let mut ledger = Rebuilding::default();
    assert!(matches!(cache.apply(&mut ledger), Outcome::Failed(_)));
    assert_eq!(ledger.struck.take(), 0);
    assert_eq!(cache.names("123"), ["old"]);
}

#[test]
fn half_of_an_entry_is_never_put_back() {
    let cache = Cache::new("123");
    let in_trash = |name: &str| fs::create_dir_all(cache.folder.path(TRASH).join(name)).unwrap();
    in_trash("0.3.456.456");
    in_trash("1.gone");
    in_trash("2");
    let settled = cache.settle(&["123", "456", "1", "2", "gone"]);
    assert_eq!(settled.restored, 1);
    assert_eq!(cache.names(""), ["123", "456"]);
}
