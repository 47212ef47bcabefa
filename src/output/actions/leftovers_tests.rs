use std::os::unix::net::UnixListener;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::{Nudge, SocketRow, ZombieRow, nudge_begun, nudge_ended, socket_begun, socket_ended};
use crate::core::host::fake::stat;
use crate::core::process::{CommandLine, NamePattern, Protection};
use crate::core::reap::sockets::{Place, Removal, SocketVerdict, find};
use crate::core::reap::zombies::Neglect;
use crate::core::telemetry::event::{Draft, EventKind};

fn said(draft: Option<Draft>) -> Option<(String, String)> {
    let outcome = draft?.outcome?;
    let member = |name: &str| outcome[name].as_str().map(str::to_owned);
    Some((member("status")?, member("happened")?))
}

fn words(status: &str, happened: &str) -> Option<(String, String)> {
    Some((status.to_owned(), happened.to_owned()))
}

#[test]
fn every_removal_has_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mcp.sock");
    drop(UnixListener::bind(&path).unwrap());
    let names = vec![NamePattern::new("*.sock").unwrap()];
    let place = Place { folder: folder.path().to_owned(), names, min_age: Duration::ZERO };
    let (found, _) = find(&[place], SystemTime::now() + Duration::from_secs(3600));
    let [file] = &found[..] else { panic!("one socket") };
    let begun = socket_begun(file);
    let labels = begun.labels.unwrap();
    let path = json!(path.to_str().unwrap());
    assert_eq!((&labels["path"], &labels["action"]), (&path, &json!("remove_socket")));
    assert_eq!(begun.kind, Some(EventKind::ToolInvoked));
    assert!(begun.metrics.unwrap()["age_seconds"].as_u64().unwrap() >= 3599);
    let table = [
        (SocketVerdict::Stale, Some(Removal::Removed), words("success", "removed")),
        (SocketVerdict::Stale, Some(Removal::AlreadyGone), words("success", "already_gone")),
        (SocketVerdict::Stale, Some(Removal::Replaced), words("kept", "kept")),
        (SocketVerdict::Stale, Some(Removal::Failed("EACCES".to_owned())), words("error", "failed")),
        (SocketVerdict::Stale, Some(Removal::WouldRemove), None),
        (SocketVerdict::Answers, None, words("kept", "kept")),
    ];
    for (verdict, removal, expected) in table {
        let row = SocketRow { file: file.clone(), verdict, removal };
        assert_eq!(said(socket_ended(&row, Duration::ZERO)), expected, "{row:?}");
    }
}

#[test]
fn every_nudge_has_its_words() {
    let neglect = |protection| Neglect {
        parent: stat(500, 1, 10),
        command: CommandLine::from_words(&["node", "--token=secret"]),
        children: vec![stat(501, 500, 11), stat(502, 500, 12)],
        protection,
        identity: None,
    };
    let begun = nudge_begun(&neglect(None));
    assert_eq!(begun.labels.as_ref().unwrap()["pid"], "500");
    assert_eq!(begun.metrics.unwrap()["zombies"], 2);
    assert!(!format!("{:?}", begun.labels).contains("secret"));
    let table = [
        (Nudge::NotAsked, None),
        (Nudge::Refused, words("kept", "kept")),
        (Nudge::Failed("EPERM".to_owned()), words("error", "failed")),
        (Nudge::Told { collected: 2, left: 0 }, words("success", "collected")),
        (Nudge::Told { collected: 1, left: 1 }, words("error", "not_collected")),
        (Nudge::ParentEnded { left: 0 }, words("success", "parent_ended")),
    ];
    for (nudge, expected) in table {
        let neglect = neglect((nudge == Nudge::Refused).then_some(Protection::FirstProcess));
        let row = ZombieRow { neglect, dead_for: Duration::ZERO, nudge };
        assert_eq!(said(nudge_ended(&row, Duration::ZERO)), expected, "{row:?}");
    }
}
