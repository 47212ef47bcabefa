use std::time::Duration;

use super::{Class, Evidence, Kind, Parent, Seen, Verdict, judge};
use crate::core::host::{InputKind, StandardInput, Unknown};

const MIN_AGE: Duration = Duration::from_secs(60);

fn input(kind: InputKind, peer_is_gone: bool) -> Result<StandardInput, Unknown> {
    Ok(StandardInput { kind, inode: 7, peer_is_gone })
}

/// A server in use under a living parent.
fn server() -> Seen {
    Seen {
        kind: Kind::Server,
        age: Duration::from_secs(600),
        cpu: Duration::from_secs(10),
        parent: Parent::Live(100),
        is_wrapped: false,
        input: input(InputKind::Pipe, false),
        channel: Ok(None),
        unit: None,
        in_container: false,
        newer_sibling: None,
    }
}

fn worker(parent: Parent, channel: Result<Option<bool>, Unknown>) -> Seen {
    Seen { kind: Kind::Worker, parent, channel, ..server() }
}

fn reaper() -> Parent {
    Parent::Reaper("systemd --user".to_owned())
}

fn verdict(seen: &Seen) -> (Class, Verdict) {
    let judgement = judge(seen, MIN_AGE);
    (judgement.class, judgement.verdict)
}

#[test]
fn servers() {
    let gone = |kind| input(kind, true);
    let table: Vec<(&str, Seen, (Class, Verdict))> = vec![
        ("in use", server(), (Class::Connected, Verdict::Keep)),
        (
            "A by pipe",
            Seen { parent: reaper(), input: gone(InputKind::Pipe), ..server() },
            (Class::Orphan, Verdict::End),
        ),
        (
            "A by socket",
            Seen { parent: reaper(), input: gone(InputKind::Socket), ..server() },
            (Class::Orphan, Verdict::End),
        ),
        (
            "B",
            Seen { parent: reaper(), input: gone(InputKind::Pipe), is_wrapped: true, ..server() },
            (Class::OrphanChain, Verdict::End),
        ),
        (
            "C null",
            Seen { parent: reaper(), input: input(InputKind::NullDevice, false), ..server() },
            (Class::Daemon, Verdict::Keep),
        ),
        (
            "C terminal",
            Seen { parent: reaper(), input: input(InputKind::Terminal, false), ..server() },
            (Class::Daemon, Verdict::Keep),
        ),
        (
            "C file",
            Seen { parent: reaper(), input: input(InputKind::File, false), ..server() },
            (Class::Daemon, Verdict::Keep),
        ),
        (
            "C unit",
            Seen {
                parent: reaper(),
                input: gone(InputKind::Pipe),
                unit: Some("a.service".to_owned()),
                ..server()
            },
            (Class::Daemon, Verdict::Keep),
        ),
        ("D", Seen { input: gone(InputKind::Socket), ..server() }, (Class::Disconnected, Verdict::End)),
        (
            "D wrapped",
            Seen { input: gone(InputKind::Socket), is_wrapped: true, ..server() },
            (Class::Disconnected, Verdict::End),
        ),
        ("E", Seen { newer_sibling: Some(9), ..server() }, (Class::Superseded, Verdict::Report)),
        ("F", Seen { age: Duration::from_secs(90_000), ..server() }, (Class::Idle, Verdict::Report)),
        (
            "a leaked end looks alive",
            Seen { parent: reaper(), ..server() },
            (Class::Connected, Verdict::Keep),
        ),
        (
            "young",
            Seen { age: Duration::from_secs(59), parent: reaper(), input: gone(InputKind::Pipe), ..server() },
            (Class::Orphan, Verdict::Keep),
        ),
        (
            "unknown",
            Seen { parent: reaper(), input: Err(Unknown::Denied), ..server() },
            (Class::Connected, Verdict::Unknown),
        ),
        (
            "unsupported",
            Seen { parent: reaper(), input: Err(Unknown::Unsupported), ..server() },
            (Class::Connected, Verdict::Unknown),
        ),
        (
            "in a container",
            Seen { parent: reaper(), in_container: true, input: gone(InputKind::Pipe), ..server() },
            (Class::Orphan, Verdict::End),
        ),
    ];
    for (what, seen, expected) in table {
        assert_eq!(verdict(&seen), expected, "{what}");
    }
}

#[test]
fn workers() {
    let live = || Parent::Live(100);
    let table: Vec<(&str, Seen, Verdict)> = vec![
        ("in use", worker(live(), Ok(Some(false))), Verdict::Keep),
        ("G", worker(reaper(), Ok(Some(true))), Verdict::End),
        ("G below a subreaper", worker(live(), Ok(Some(true))), Verdict::End),
        ("a held channel looks alive", worker(reaper(), Ok(Some(false))), Verdict::Keep),
        ("no channel, on a reaper", worker(reaper(), Ok(None)), Verdict::End),
        ("no channel, on a parent", worker(live(), Ok(None)), Verdict::Keep),
        (
            "no channel, in a container",
            Seen { in_container: true, ..worker(reaper(), Ok(None)) },
            Verdict::Unknown,
        ),
        ("unknown", worker(reaper(), Err(Unknown::Denied)), Verdict::Unknown),
        ("young", Seen { age: Duration::from_secs(3), ..worker(reaper(), Ok(Some(true))) }, Verdict::Keep),
    ];
    for (what, seen, expected) in table {
        assert_eq!(verdict(&seen).1, expected, "{what}");
    }
}

#[test]
fn each_verdict_carries_what_speaks_for_it_and_against() {
    let judgement = judge(&Seen { input: input(InputKind::Pipe, true), ..server() }, MIN_AGE);
    assert_eq!(judgement.evidence, [Evidence::InputAbandoned(InputKind::Pipe)]);
    assert_eq!(judgement.against, [Evidence::ParentLives(100)]);
    let judgement = judge(&Seen { parent: reaper(), ..server() }, MIN_AGE);
    assert_eq!(judgement.evidence, [Evidence::HangsOnReaper("systemd --user".to_owned())]);
    assert_eq!(judgement.against, [Evidence::InputHeld(InputKind::Pipe)]);
}
