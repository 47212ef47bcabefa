use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::{Progress, status};
use super::{End, Flush, Part, SinkReport, deliver_all};
use crate::core::state::{Folder, Lock};
use crate::core::telemetry::sink::{Delivery, Record, Sink};
use crate::core::telemetry::spool::{Durability, Spool, SpoolLimits, list};

type Taken = Arc<Mutex<Vec<String>>>;

/// Takes what its answer says, and notes it.
struct Told {
    name: &'static str,
    taken: Taken,
    answer: fn(&[Record]) -> Delivery,
}

impl Sink for Told {
    fn name(&self) -> &str {
        self.name
    }

    fn most(&self) -> usize {
        7
    }

    fn deliver(&mut self, batch: &[Record], _deadline: Instant) -> Delivery {
        let answer = (self.answer)(batch);
        if matches!(answer, Delivery::Accepted | Delivery::Partly(_)) {
            self.taken.lock().unwrap().extend(batch.iter().map(|record| record.id.clone()));
        }
        answer
    }
}

struct World {
    _folder: tempfile::TempDir,
    spool: Spool,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let uid = fs::metadata(folder.path()).unwrap().uid();
        let own = Folder::open(&folder.path().join("telemetry"), uid).unwrap();
        let limits = SpoolLimits { segment_bytes: 500, total_bytes: 1 << 20 };
        Self { _folder: folder, spool: Spool::open(own, limits, Durability::Process).unwrap() }
    }

    fn emit(&self, ids: std::ops::Range<usize>) {
        for id in ids {
            let line = format!(
                "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"s\",\"type\":\"t\",\"data\":{{}}}}\n"
            );
            self.spool.append(line.as_bytes()).unwrap();
        }
    }

    fn flush(&self, sinks: Vec<Told>, patience: Duration) -> Vec<SinkReport> {
        let flush = Flush {
            spool: &self.spool,
            time: patience,
            patience: Duration::ZERO,
            is_patient: false,
            redactor: Arc::default(),
            others: &[],
            seed: 1,
            interrupted: &|| false,
        };
        let part = |sink| Part { sink: Box::new(sink), waits: None };
        deliver_all(&flush, sinks.into_iter().map(part).collect()).unwrap()
    }

    fn segments(&self) -> usize {
        list(self.spool.folder().path()).unwrap().len()
    }

    fn dead(&self, sink: &str) -> String {
        fs::read_to_string(self.spool.folder().file(&format!("dead-{sink}.ndjson"))).unwrap_or_default()
    }
}

fn told(name: &'static str, answer: fn(&[Record]) -> Delivery) -> (Told, Taken) {
    let taken = Taken::default();
    (Told { name, taken: Arc::clone(&taken), answer }, taken)
}

fn ids(taken: &Taken) -> Vec<usize> {
    taken.lock().unwrap().iter().map(|id| id.parse().unwrap()).collect()
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn every_sink_gets_everything_once_and_what_all_have_is_removed() {
    let world = World::new();
    world.emit(0..100);
    let before = world.segments();
    for range in [0..100, 100..130, 130..130] {
        if range.start > 0 {
            world.emit(range.clone());
        }
        let (a, taken_a) = told("a", |_| Delivery::Accepted);
        let (b, taken_b) = told("b", |_| Delivery::Accepted);
        let reports = world.flush(vec![a, b], LONG);
        assert!(
            reports.iter().all(|report| report.end == End::Done && report.delivered == range.len() as u64)
        );
        assert_eq!((ids(&taken_a), ids(&taken_b)), (range.clone().collect(), range.collect()));
    }
    assert!(before > 10 && world.segments() == 1, "{before} segments, then {}", world.segments());
}

#[test]
fn a_dead_sink_delays_nobody_and_loses_nothing() {
    let world = World::new();
    world.emit(0..50);
    let down: fn(&[Record]) -> Delivery = |_| Delivery::Retry { after: None, reason: "refused".to_owned() };
    let (up, taken) = told("up", |_| Delivery::Accepted);
    let (dead, _) = told("down", down);
    let reports = world.flush(vec![up, dead], Duration::from_millis(600));
    assert_eq!((ids(&taken).len(), &reports[0].end), (50, &End::Done));
    assert_eq!(reports[1].end, End::Stopped("refused".to_owned()));
    assert!(world.segments() > 5, "they wait for the one that is down");
    let (progress, _) = Progress::load(world.spool.folder(), "down");
    assert_eq!(progress.last_failure.unwrap().reason, "refused");
    let (dead, taken) = told("down", |_| Delivery::Accepted);
    let (up, again) = told("up", |_| Delivery::Accepted);
    let reports = world.flush(vec![up, dead], LONG);
    assert!(reports.iter().all(|report| report.end == End::Done));
    assert_eq!((ids(&taken), ids(&again).len()), ((0..50).collect(), 0));
    assert_eq!((world.segments(), world.dead("down")), (1, String::new()));
}

#[test]
fn a_sink_that_never_returns_is_not_waited_for() {
    let world = World::new();
    world.emit(0..10);
    let (up, taken) = told("up", |_| Delivery::Accepted);
    let (stuck, _) = told("stuck", |_| {
        loop {
            std::thread::park();
        }
    });
    let reports = world.flush(vec![stuck, up], Duration::from_millis(100));
    assert!(matches!(&reports[0].end, End::Stopped(reason) if reason.contains("in time")));
    assert_eq!((ids(&taken).len(), &reports[1].end), (10, &End::Done));
}

#[test]
fn what_is_never_taken_is_kept_with_the_reason() {
    let world = World::new();
    world.emit(0..20);
    world.spool.append(b"{\"torn\n\0\0\n[1,2]\n{\"specversion\":\"1.0\"}\n").unwrap();
    world.emit(20..40);
    let (picky, taken) = told("picky", |batch| {
        let odd = batch.iter().position(|record| record.id.ends_with('3'));
        match odd {
            Some(_) if batch.len() > 1 => Delivery::Refused("400 bad request".to_owned()),
            Some(at) => Delivery::Partly(vec![(at, "400 of one".to_owned())]),
            None => Delivery::Accepted,
        }
    });
    let reports = world.flush(vec![picky], LONG);
    assert_eq!((&reports[0].end, reports[0].delivered, reports[0].dead), (&End::Done, 36, 8));
    let taken: BTreeSet<usize> = ids(&taken).into_iter().collect();
    assert_eq!(taken.len(), 40, "partly taken ones were seen as well");
    let dead = world.dead("picky");
    assert_eq!(dead.lines().count(), 8);
    assert_eq!(dead.matches("400 of one").count(), 4);
    assert_eq!(dead.matches("no envelope").count(), 3, "{dead}");
    let found = status(&world.spool, &["picky".to_owned()], std::time::SystemTime::now()).unwrap();
    assert_eq!((found.sinks[0].pending, found.sinks[0].progress.dead), (0, 8));
}

#[test]
fn one_run_at_a_time_delivers_to_a_sink() {
    let world = World::new();
    world.emit(0..10);
    let held = Lock::take(&world.spool.folder().file("sink-a.lock"), Duration::ZERO).unwrap();
    let (a, taken_a) = told("a", |_| Delivery::Accepted);
    let (b, taken_b) = told("b", |_| Delivery::Accepted);
    let reports = world.flush(vec![a, b], LONG);
    assert_eq!((&reports[0].end, &reports[1].end), (&End::Held, &End::Done));
    assert_eq!((ids(&taken_a).len(), ids(&taken_b).len()), (0, 10));
    drop(held);
    let (a, taken) = told("a", |_| Delivery::Accepted);
    assert_eq!(world.flush(vec![a], LONG)[0].end, End::Done);
    assert_eq!(ids(&taken), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_broken_progress_file_delivers_again_and_says_so() {
    let world = World::new();
    world.emit(0..5);
    let (sink, _) = told("a", |_| Delivery::Accepted);
    let (other, _) = told("b", |_| Delivery::Retry { after: Some(LONG), reason: "down".to_owned() });
    let first = world.flush(vec![sink, other], Duration::from_secs(30));
    assert_eq!(first[0].end, End::Done);
    fs::write(world.spool.folder().file("sink-a.json"), "{\"vers").unwrap();
    let (sink, taken) = told("a", |_| Delivery::Accepted);
    let reports = world.flush(vec![sink], LONG);
    assert!(reports[0].warning.as_ref().unwrap().contains("again"));
    assert_eq!(ids(&taken).len(), 5);
}
