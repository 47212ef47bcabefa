use std::cell::Cell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use super::super::database::Purpose;
use super::super::fixture::{Folder, NOON, VERSIONS, at_noon, count, insert};
use super::{Database, Pace, Record, Strikes, Struck, strike};

const LATER: &str = "2026-03-01 12:00:01";

/// Databases beside one cache: a host and a container, or two versions.
struct Beside {
    folder: Folder,
    nx: Vec<Connection>,
    paths: Vec<PathBuf>,
}

impl Beside {
    fn new(versions: &[&str]) -> Self {
        let folder = Folder::new();
        let made = versions.iter().enumerate();
        let (paths, nx) = made.map(|(at, version)| folder.database(&format!("m{at}"), version)).unzip();
        Self { folder, nx, paths }
    }

    fn open(&self) -> Vec<Database> {
        let open = |path: &PathBuf| Database::open(path, self.folder.uid(), Purpose::Strike).unwrap();
        self.paths.iter().map(open).collect()
    }

    fn strike(&self, entries: &[(OsString, Record)], patience: Duration) -> Strikes {
        let now = || Duration::ZERO;
        strike(&mut self.open(), entries, &Pace { patience, ..Pace::usual(&now) })
    }

    fn counts(&self) -> Vec<i64> {
        self.nx.iter().map(count).collect()
    }
}

const SOON: Duration = Duration::from_millis(50);

fn entry(hash: &str, databases: &[usize]) -> (OsString, Record) {
    (hash.into(), at_noon(databases))
}

#[test]
fn a_row_goes_from_the_database_of_every_version() {
    for (version, _, _) in VERSIONS.iter().filter(|(_, _, statements)| statements.contains("cache_outputs")) {
        let beside = Beside::new(&[version]);
        insert(&beside.nx[0], "1", NOON);
        insert(&beside.nx[0], "2", NOON);
        assert_eq!(beside.strike(&[entry("1", &[0])], SOON).struck, [Struck::Gone], "{version}");
        let left: String = beside.nx[0]
            .query_row("SELECT group_concat(hash) FROM cache_outputs", [], |row| row.get(0))
            .unwrap();
        assert_eq!(left, "2", "{version}");
        let details = "SELECT count(*) FROM task_details WHERE hash = '1'";
        let details: i64 = beside.nx[0].query_row(details, [], |row| row.get(0)).unwrap();
        assert_eq!(details, 1, "{version}: as Nx itself, which keeps them for its history");
    }
}

#[test]
fn all_databases_or_none() {
    for (name, first, second, marks, expected, left) in [
        ("both say noon", Some(NOON), Some(NOON), &[0, 1][..], Struck::Gone, [0, 0]),
        ("used in the first", Some(LATER), Some(NOON), &[0, 1], Struck::UsedSince, [1, 1]),
        ("used in the second", Some(NOON), Some(LATER), &[0, 1], Struck::UsedSince, [1, 1]),
        ("made anew in the second", Some(NOON), Some(NOON), &[0], Struck::UsedSince, [1, 1]),
        ("gone from the second", Some(NOON), None, &[0, 1], Struck::Gone, [0, 0]),
        ("gone from both", None, None, &[0, 1], Struck::Gone, [0, 0]),
    ] {
        let beside = Beside::new(&["22.7.12", "24.0.6"]);
        for (nx, at) in beside.nx.iter().zip([first, second]) {
            at.into_iter().for_each(|at| insert(nx, "1", at));
        }
        assert_eq!(beside.strike(&[entry("1", marks)], SOON).struck, [expected], "{name}");
        assert_eq!(beside.counts(), left, "{name}");
    }
}

#[test]
fn what_cannot_be_compared_is_kept() {
    let beside = Beside::new(&["24.0.6"]);
    insert(&beside.nx[0], "1", NOON);
    let unreadable = Record { last_use: None, ..at_noon(&[0]) };
    assert!(matches!(beside.strike(&[("1".into(), unreadable)], SOON).struck[0], Struck::Failed(_)));
    beside.nx[0].execute("UPDATE cache_outputs SET accessed_at = NULL", []).unwrap();
    assert_eq!(beside.strike(&[entry("1", &[0])], SOON).struck, [Struck::UsedSince]);
    assert_eq!(beside.counts(), [1]);
}

#[test]
fn a_lock_that_is_held_is_waited_for_and_nothing_is_half_done() {
    let beside = Beside::new(&["22.7.12", "24.0.6"]);
    beside.nx.iter().for_each(|nx| insert(nx, "1", NOON));
    for holder in 0..2 {
        beside.nx[holder].execute_batch("BEGIN IMMEDIATE").unwrap();
        let entries = [entry("1", &[0, 1]), entry("2", &[])];
        let done = beside.strike(&entries, SOON);
        assert!(
            matches!(&done.struck[..], [Struck::Failed(one), Struck::Failed(_)] if one.contains("locked"))
        );
        assert_eq!(done.transactions, 0);
        beside.nx[holder].execute_batch("ROLLBACK").unwrap();
        assert_eq!(beside.counts(), [1, 1], "neither database was changed while {holder} was held");
    }
    assert_eq!(beside.strike(&[entry("1", &[0, 1])], SOON).struck, [Struck::Gone]);
}

#[test]
fn a_lock_that_is_let_go_in_time_does_no_harm() {
    let mut beside = Beside::new(&["22.7.12", "24.0.6"]);
    beside.nx.iter().for_each(|nx| insert(nx, "1", NOON));
    let holder = beside.nx.remove(1);
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = std::thread::spawn(move || {
        std::thread::sleep(SOON);
        holder.execute_batch("UPDATE cache_outputs SET size = 1; COMMIT").unwrap();
        holder
    });
    let done = beside.strike(&[entry("1", &[0, 1])], Duration::from_secs(30));
    assert_eq!(done.struck, [Struck::Gone]);
    assert_eq!(count(&release.join().unwrap()), 0);
}

fn thousand(beside: &Beside) -> Vec<(OsString, Record)> {
    let hashes: Vec<String> = (0..1000).map(|hash| hash.to_string()).collect();
    hashes.iter().for_each(|hash| insert(&beside.nx[0], hash, NOON));
    hashes.iter().map(|hash| entry(hash, &[0])).collect()
}

#[test]
fn a_thousand_rows_take_one_transaction() {
    let beside = Beside::new(&["24.0.6"]);
    let entries = thousand(&beside);
    let done = beside.strike(&entries, SOON);
    assert_eq!((done.transactions, done.struck.len(), beside.counts()), (1, 1000, vec![0]));
}

#[test]
fn the_locks_are_let_go_when_their_time_is_up() {
    let beside = Beside::new(&["24.0.6"]);
    let entries = thousand(&beside);
    // A slow disk: every look at the clock is 10 ms later. A batch is over at the third entry.
    let time = Cell::new(Duration::ZERO);
    let now = || {
        time.set(time.get() + Duration::from_millis(10));
        time.get()
    };
    let done = strike(&mut beside.open(), &entries, &Pace::usual(&now));
    assert_eq!((done.transactions, beside.counts()), (334, vec![0]));
    let entries = thousand(&beside);
    let now = || Duration::ZERO;
    let done = strike(&mut beside.open(), &entries, &Pace { batch: 100, ..Pace::usual(&now) });
    assert_eq!((done.transactions, beside.counts()), (10, vec![0]));
}

#[test]
fn a_layout_that_changed_meanwhile_stops_it() {
    let beside = Beside::new(&["24.0.6"]);
    insert(&beside.nx[0], "1", NOON);
    let mut open = beside.open();
    beside.nx[0].execute_batch("ALTER TABLE cache_outputs ADD COLUMN pinned").unwrap();
    let now = || Duration::ZERO;
    let done = strike(&mut open, &[entry("1", &[0])], &Pace::usual(&now));
    assert!(matches!(&done.struck[0], Struck::Failed(reason) if reason.contains("`pinned`")), "{done:?}");
    assert_eq!(beside.counts(), [1]);
    beside.nx[0].execute_batch("BEGIN IMMEDIATE; ROLLBACK").unwrap();
}

#[test]
fn a_table_that_was_made_meanwhile_counts() {
    let beside = Beside::new(&["24.0.6", "19.8.14"]);
    insert(&beside.nx[0], "1", NOON);
    let mut open = beside.open();
    beside.nx[1]
        .execute_batch(
            &VERSIONS[1]
                .2
                .replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ")
                .replace("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS "),
        )
        .unwrap();
    insert(&beside.nx[1], "1", NOON);
    let now = || Duration::ZERO;
    let done = strike(&mut open, &[entry("1", &[0])], &Pace::usual(&now));
    assert_eq!((done.struck, beside.counts()), (vec![Struck::UsedSince], vec![1, 1]));
}

#[test]
fn without_databases_there_is_nothing_to_strike() {
    let now = || Duration::ZERO;
    let done = strike(&mut [], &[entry("1", &[])], &Pace::usual(&now));
    assert_eq!(done.struck, [Struck::Gone]);
}

#[test]
fn whoever_wants_to_stop_it_is_heard_while_a_lock_is_waited_for() {
    let beside = Beside::new(&["24.0.6"]);
    insert(&beside.nx[0], "1", NOON);
    beside.nx[0].execute_batch("BEGIN IMMEDIATE").unwrap();
    let now = || Duration::ZERO;
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() == 2
    };
    // Without being asked it would wait for a day.
    let pace = Pace { patience: Duration::from_secs(86_400), stop: &stop, ..Pace::usual(&now) };
    let struck = strike(&mut beside.open(), &[entry("1", &[0]), entry("2", &[0])], &pace).struck;
    assert_eq!(struck, [Struck::NotBegun, Struck::NotBegun]);
    assert_eq!(asked.get(), 2);
    beside.nx[0].execute_batch("ROLLBACK").unwrap();
    assert_eq!(beside.counts(), [1]);
}

#[test]
fn between_two_databases_there_is_an_instant_with_a_row_in_one() {
    let beside = Beside::new(&["22.7.12", "24.0.6"]);
    beside.nx.iter().for_each(|nx| insert(nx, "1", NOON));
    let (seen, now) = (Cell::new(None), || Duration::ZERO);
    let committed = || seen.set(Some(beside.counts()));
    let pace = Pace { committed: &committed, ..Pace::usual(&now) };
    assert_eq!(strike(&mut beside.open(), &[entry("1", &[0, 1])], &pace).struck, [Struck::Gone]);
    assert_eq!(seen.take(), Some(vec![0, 1]));
}
