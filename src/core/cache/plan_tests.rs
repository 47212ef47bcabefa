use std::time::Duration;

use super::{Limits, Plan, Reason, plan};
use crate::core::cache::disk::Usage;
use crate::core::cache::entry::{Entry, Hold, Standing};
use crate::core::cache::ledger::Record;

const NOW: Duration = Duration::from_secs(1_000_000);

fn entry(name: &str, bytes: u64, age_seconds: u64) -> Entry {
    Entry {
        name: name.into(),
        parts: Vec::new(),
        usage: Usage { disk_bytes: bytes, ..Usage::default() },
        shared_bytes: 0,
        last_use: NOW.saturating_sub(Duration::from_secs(age_seconds)),
        written: NOW.saturating_sub(Duration::from_secs(age_seconds)),
        standing: Standing::Unrecorded,
        hold: None,
    }
}

fn limits(max_bytes: u64, target_percent: u32) -> Limits {
    Limits { max_bytes: Some(max_bytes), target_percent, max_age: None, min_age: Duration::from_secs(600) }
}

fn evicted(entries: &[Entry], limits: &Limits) -> (Vec<(String, Reason)>, Plan) {
    let plan = plan(entries, 0, NOW, limits);
    let name = |at: usize| entries[at].name.to_string_lossy().into_owned();
    (plan.evictions.iter().map(|one| (name(one.entry), one.reason)).collect(), plan)
}

fn names(entries: &[Entry], limits: &Limits) -> Vec<String> {
    evicted(entries, limits).0.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn nothing_goes_while_the_store_keeps_its_limits() {
    let entries = [entry("a", 50, 9_000), entry("b", 50, 8_000)];
    assert_eq!(names(&entries, &limits(100, 50)), [""; 0], "exactly the limit is not over it");
    let none = Limits { max_bytes: None, ..limits(0, 0) };
    assert_eq!(names(&entries, &none), [""; 0]);
}

#[test]
fn what_was_used_longest_ago_goes_first_and_only_down_to_the_target() {
    let entries = [entry("new", 40, 1_000), entry("old", 40, 9_000), entry("middle", 40, 5_000)];
    let (gone, plan) = evicted(&entries, &limits(100, 80));
    assert_eq!(gone, [("old".to_owned(), Reason::OverSize)], "80 are left, which is the target");
    assert_eq!((plan.total_bytes, plan.freed_bytes, plan.excess_bytes), (120, 40, 0));
    assert_eq!(names(&entries, &limits(100, 79)), ["old", "middle"]);
    assert_eq!(names(&entries, &limits(0, 80)), ["old", "middle", "new"]);
}

#[test]
fn what_is_young_or_held_stays_and_the_rest_is_called_excess() {
    let mut held = entry("held", 40, 9_000);
    held.hold = Some(Hold::UseUnknown);
    let entries = [entry("young", 40, 599), held, entry("old", 40, 601)];
    let (gone, plan) = evicted(&entries, &limits(100, 50));
    assert_eq!(gone, [("old".to_owned(), Reason::OverSize)]);
    assert_eq!(plan.excess_bytes, 30);
    assert!(!plan.suffices());
}

#[test]
fn age_is_a_limit_of_its_own() {
    let limits = Limits { max_age: Some(Duration::from_secs(5_000)), ..limits(1_000, 80) };
    let mut held = entry("held", 1, 9_000);
    held.hold = Some(Hold::MayBeShared);
    let entries = [entry("at-the-limit", 1, 5_000), entry("over", 1, 5_001), held];
    let (gone, plan) = evicted(&entries, &limits);
    assert_eq!(gone, [("over".to_owned(), Reason::OverAge)]);
    assert_eq!(plan.held_over_age, 1);
    assert!(!plan.suffices());
}

#[test]
fn what_nothing_can_use_goes_first_but_never_before_it_is_settled() {
    let unreachable = |name, age| Entry { standing: Standing::Unreachable, ..entry(name, 10, age) };
    let entries = [entry("old", 10, 9_000), unreachable("lost", 700), unreachable("being-written", 599)];
    let hasty = Limits { min_age: Duration::ZERO, ..limits(1_000, 80) };
    let (gone, _) = evicted(&entries, &hasty);
    assert_eq!(gone, [("lost".to_owned(), Reason::Unreachable)]);
    let patient = Limits { min_age: Duration::from_secs(800), ..limits(1_000, 80) };
    assert_eq!(names(&entries, &patient), [""; 0]);
}

#[test]
fn what_is_being_written_stays_whatever_its_record_says() {
    let mut rewritten = entry("rewritten", 200, 9_000);
    rewritten.written = NOW - Duration::from_secs(599);
    let entries = [rewritten, entry("at-rest", 200, 8_000)];
    assert_eq!(names(&entries, &limits(100, 0)), ["at-rest"]);
}

#[test]
fn what_was_struck_by_us_goes_at_once_and_uses_are_told_apart_by_seconds() {
    let hasty = Limits { min_age: Duration::ZERO, ..limits(1_000, 80) };
    let ours = Entry { standing: Standing::Struck, ..entry("ours", 10, 1) };
    assert_eq!(names(&[ours], &hasty), ["ours"]);
    let recorded = |age| Entry { standing: Standing::Recorded(Record::default()), ..entry("a", 2_000, age) };
    assert_eq!(names(&[recorded(1)], &hasty), [""; 0]);
    assert_eq!(names(&[recorded(2)], &hasty), ["a"]);
}

#[test]
fn a_clock_that_went_back_makes_everything_young() {
    let mut future = entry("future", 200, 0);
    future.last_use = NOW + Duration::from_secs(1_000);
    let (gone, plan) = evicted(&[future], &limits(100, 80));
    assert_eq!(gone, []);
    assert_eq!(plan.excess_bytes, 120);
}

#[test]
fn what_is_linked_elsewhere_counts_and_frees_nothing() {
    let mut linked = entry("linked", 0, 9_000);
    linked.usage.linked_bytes = 90;
    let entries = [linked, entry("own", 20, 8_000)];
    let (gone, plan) = evicted(&entries, &limits(100, 80));
    assert_eq!(gone, [("own".to_owned(), Reason::OverSize)], "the first one would free nothing, so it stays");
    assert_eq!((plan.total_bytes, plan.freed_bytes, plan.excess_bytes), (110, 20, 10));
}

#[test]
fn what_is_fixed_counts_and_is_no_fault_of_the_entries() {
    let entries = [entry("a", 10, 9_000)];
    let plan = plan(&entries, 200, NOW, &limits(100, 80));
    assert_eq!((plan.total_bytes, plan.freed_bytes, plan.excess_bytes), (210, 10, 0));
}
