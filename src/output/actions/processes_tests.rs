use std::time::Duration;

use serde_json::{Value, json};

use super::{Ending, Subject};
use crate::core::host::Unknown;
use crate::core::host::fake::{BOOT, stat};
use crate::core::process::{Identity, Pid, Protection};
use crate::core::telemetry::event::{Draft, EventKind};
use crate::core::termination::{Ended, Kept, Outcome, Plan, Planned, Report, Role, TooMany};

fn planned(pid: u32, role: Role) -> Planned {
    let mut stat = stat(pid, 1, 10);
    stat.rss_bytes = u64::from(pid) << 20;
    let identity = Identity { boot: BOOT, pid: Pid::new(pid).unwrap(), start: stat.start };
    Planned { identity, stat, role, judged: None }
}

fn subject(pid: u32, class: &str, kind: Option<&'static str>) -> Subject {
    Subject { pid, rule: "vitest".to_owned(), class: class.to_owned(), kind }
}

fn ending() -> Ending {
    Ending { command: "health", subjects: vec![subject(200, "memory,cpu", None)] }
}

fn labels(draft: &Draft) -> Value {
    Value::Object(draft.labels.clone().unwrap())
}

fn member(draft: &Draft, name: &str) -> Value {
    draft.outcome.as_ref().unwrap()[name].clone()
}

#[test]
fn whoever_is_to_be_ended_is_named_with_the_reason_and_never_with_its_command_line() {
    let target = Pid::new(200).unwrap();
    let ending_these = vec![planned(200, Role::Target), planned(201, Role::Descendant(target))];
    let drafts = ending().begun(&Plan { ending: ending_these, ..Plan::default() });
    let expected = json!({
        "tool": "brainwav health", "command": "health", "action": "end_process",
        "pid": "200", "program": "node", "role": "target", "rule": "vitest", "class": "memory,cpu",
    });
    assert_eq!(labels(&drafts[0]), expected);
    let child = labels(&drafts[1]);
    assert_eq!((&child["role"], &child["target_pid"]), (&json!("descendant"), &json!("200")));
    assert_eq!((&child["rule"], &child["class"]), (&json!("vitest"), &json!("memory,cpu")));
    assert_eq!(Value::Object(drafts[0].metrics.clone().unwrap()), json!({"rss_bytes": 200 << 20}));
    for draft in &drafts {
        assert_eq!((draft.kind, &draft.outcome), (Some(EventKind::ToolInvoked), &None));
    }
    assert_eq!(drafts.len(), 2);
}

#[test]
fn every_outcome_has_its_words() {
    let table = [
        (Outcome::Terminated, Some(("success", "ended"))),
        (Outcome::Killed, Some(("success", "killed"))),
        (Outcome::AlreadyGone, Some(("success", "already_gone"))),
        (Outcome::Changed, Some(("kept", "kept"))),
        (Outcome::Protected(Protection::Ancestor), Some(("kept", "kept"))),
        (Outcome::WouldEnd, None),
        (Outcome::Denied, Some(("error", "failed"))),
        (Outcome::NotProved(Unknown::Unsupported), Some(("error", "failed"))),
        (Outcome::Survived, Some(("error", "survived"))),
        (Outcome::Interrupted, Some(("error", "interrupted"))),
    ];
    for (outcome, expected) in table {
        let ended = vec![Ended { planned: planned(200, Role::Target), outcome: outcome.clone() }];
        let report = Report { ended, ..Report::default() };
        let drafts = ending().ended(&report, Duration::from_millis(1500));
        let Some((status, happened)) = expected else {
            assert!(drafts.is_empty(), "{outcome:?}: nothing was done");
            continue;
        };
        let [draft] = &drafts[..] else { panic!("{outcome:?}: one event") };
        assert_eq!((member(draft, "status"), member(draft, "happened")), (json!(status), json!(happened)));
        assert!(!member(draft, "reason").as_str().unwrap().is_empty(), "{outcome:?}");
        assert_eq!(draft.metrics.as_ref().unwrap()["duration_ms"], 1500);
        assert_eq!(draft.kind, Some(EventKind::ToolResult));
        assert_eq!(labels(draft)["pid"], "200");
    }
}

#[test]
fn what_was_left_alone_or_not_searched_or_refused_is_told_too() {
    let kept = vec![Kept { stat: stat(202, 200, 11), reason: Protection::OtherUser(5) }];
    let report = Report { kept, search_failed: Some("no table".to_owned()), ..Report::default() };
    let drafts = ending().ended(&report, Duration::ZERO);
    let seen: Vec<(Value, Value, Value)> = drafts
        .iter()
        .map(|draft| (labels(draft)["pid"].clone(), member(draft, "status"), member(draft, "reason")))
        .collect();
    let search = "children that were started meanwhile may be left: no table";
    assert_eq!(
        seen,
        [
            (json!("202"), json!("kept"), json!("it belongs to user 5")),
            (Value::Null, json!("error"), json!(search)),
        ]
    );
    let refused = ending().refused(TooMany { planned: 25, limit: 20 });
    assert_eq!((member(&refused, "status"), refused.kind), (json!("refused"), Some(EventKind::ToolResult)));
    assert!(member(&refused, "reason").as_str().unwrap().contains("25 processes would be ended"));
    assert!(ending().ended(&Report::default(), Duration::ZERO).is_empty());
}

#[test]
fn a_wrapper_has_the_class_of_what_it_wraps() {
    let subjects = vec![subject(300, "orphan_chain", Some("server"))];
    let ending = Ending { command: "reap", subjects };
    let plan =
        Plan { ending: vec![planned(300, Role::Target), planned(400, Role::Target)], ..Plan::default() };
    let drafts = ending.begun(&plan);
    let first = labels(&drafts[0]);
    assert_eq!((&first["class"], &first["kind"]), (&json!("orphan_chain"), &json!("server")));
    let stranger = labels(&drafts[1]);
    assert_eq!((stranger.get("rule"), &stranger["pid"]), (None, &json!("400")));
}
