use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{StoreRow, begun, ended};
use crate::core::cache::apply::Outcome;
use crate::core::cache::disk::Usage;
use crate::core::cache::plan::{Eviction, Limits, Plan, Reason};
use crate::core::cache::run::Pruned;
use crate::core::cache::store::{Kind, LastUse, Origin, Selection, Store};
use crate::core::cache::trash::Settled;
use crate::core::cache::users::User;
use crate::core::telemetry::event::EventKind;

const GONE: Outcome =
    Outcome::Removed(Usage { disk_bytes: 30, linked_bytes: 0, apparent_bytes: 0, files: 1 });

fn store(kind: Kind, refusal: Option<&str>) -> Store {
    Store {
        name: "turbo".to_owned(),
        kind,
        origin: Origin::Package,
        folder: "/w/.turbo/cache".into(),
        selection: Selection::Turborepo,
        last_use: LastUse::Touched,
        project: "/w".into(),
        serves_everywhere: false,
        users: Vec::new(),
        limits: Limits { max_bytes: Some(50), target_percent: 80, max_age: None, min_age: Duration::ZERO },
        nx: None,
        version: None,
        notes: Vec::new(),
        refusal: refusal.map(str::to_owned),
        seen: None,
    }
}

fn vite() -> User {
    User { pid: 7, program: "node vite.js".to_owned() }
}

fn plan(evictions: usize) -> Plan {
    let evictions = (0..evictions).map(|entry| Eviction { entry, reason: Reason::OverSize }).collect();
    Plan { evictions, total_bytes: 100, freed_bytes: 60, ..Plan::default() }
}

fn row(outcomes: Option<Vec<Outcome>>) -> StoreRow {
    let plan = plan(2);
    let pruned = Pruned { plan, outcomes, ..Pruned::default() };
    StoreRow {
        store: store(Kind::Entries, None),
        result: Ok(pruned),
        users: Vec::new(),
        is_locked: false,
        is_action: false,
        acts: true,
    }
}

fn said(row: &StoreRow) -> Option<(String, String)> {
    let outcome = ended(row, Duration::from_secs(2))?.outcome?;
    let member = |name: &str| outcome[name].as_str().map(str::to_owned);
    Some((member("status")?, member("happened")?))
}

fn words(status: &str, happened: &str) -> Option<(String, String)> {
    Some((status.to_owned(), happened.to_owned()))
}

fn object(members: Option<Map<String, Value>>) -> Value {
    Value::Object(members.unwrap_or_default())
}

#[test]
fn a_plan_is_told_with_its_numbers_and_an_empty_one_is_not() {
    let store = store(Kind::Entries, None);
    assert!(begun(&store, &plan(0)).is_none());
    let draft = begun(&store, &plan(2)).unwrap();
    assert_eq!(draft.kind, Some(EventKind::ToolInvoked));
    let expected = json!({
        "tool": "brainwav prune-cache", "command": "prune-cache", "action": "prune", "store": "turbo",
        "class": "entries", "path": "/w/.turbo/cache",
    });
    assert_eq!(object(draft.labels), expected);
    assert_eq!(object(draft.metrics), json!({"total_bytes": 100, "planned_bytes": 60, "planned_entries": 2}));
}

#[test]
fn what_became_of_a_store_has_its_words_and_its_numbers() {
    let failed = || Outcome::Failed("EACCES".to_owned());
    let nothing = || StoreRow { result: Ok(Pruned::default()), ..row(None) };
    let settled = |left: &[&str]| {
        let left = left.iter().map(|text| (*text).to_owned()).collect();
        let settled = Settled { restored: 1, left, ..Settled::default() };
        StoreRow { result: Ok(Pruned { settled, ..Pruned::default() }), ..row(None) }
    };
    let unread =
        |acts, is_locked| StoreRow { result: Err("EACCES".to_owned()), acts, is_locked, ..row(None) };
    let refused = StoreRow { store: store(Kind::Entries, Some("tracked")), acts: false, ..row(None) };
    let in_use = StoreRow { users: vec![vite()], acts: false, ..row(None) };
    let reported = StoreRow { store: store(Kind::Reported("x"), None), acts: false, ..row(None) };
    let table = [
        ("all gone", row(Some(vec![GONE, Outcome::GoneAlready])), words("success", "pruned")),
        ("one was used since", row(Some(vec![GONE, Outcome::UsedSince])), words("kept", "partly_pruned")),
        ("one failed", row(Some(vec![GONE, failed()])), words("error", "failed")),
        ("interrupted", row(Some(vec![GONE, Outcome::NotBegun])), words("kept", "partly_pruned")),
        ("nothing to do", nothing(), None),
        ("an earlier run is settled", settled(&[]), words("success", "settled")),
        ("it could not be settled", settled(&["a: EACCES"]), words("error", "failed")),
        ("refused", refused, words("refused", "refused")),
        ("in use", in_use, words("refused", "in_use")),
        ("another run is at it", unread(true, true), words("refused", "refused")),
        ("it cannot be read", unread(true, false), words("error", "failed")),
        ("it was only to be looked at", unread(false, false), None),
        ("it is only reported", reported, None),
    ];
    for (what, row, expected) in table {
        assert_eq!(said(&row), expected, "{what}");
    }
    let draft = ended(&row(Some(vec![GONE, Outcome::UsedSince])), Duration::from_secs(2)).unwrap();
    let expected = json!({
        "total_bytes": 100, "planned_bytes": 60, "planned_entries": 2, "bytes": 30, "entries": 1,
        "restored_entries": 0, "duration_ms": 2000,
    });
    assert_eq!(object(draft.metrics), expected);
    let reason = draft.outcome.unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("used meanwhile"), "{reason}");
}
