use std::time::Duration;

use super::{Class, Evidence, Kind, Parent, Seen, Verdict, judge};
use crate::core::host::{Channel, InputKind, StandardInput, Unknown};

const MIN_AGE: Duration = Duration::from_secs(60);

fn input(kind: InputKind, peer_is_gone: bool) -> Result<StandardInput, Unknown> {
    Ok(StandardInput { kind, inode: 7, peer_is_gone, is_moved: false })
}

fn moved(peer_is_gone: bool) -> Result<StandardInput, Unknown> {
    input(InputKind::Pipe, peer_is_gone).map(|input| StandardInput { is_moved: true, ..input })
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
        channel: Ok(Channel::Absent),
        listens: Ok(false),
        unit: None,
        in_container: false,
        newer_sibling: None,
    }
}

fn worker(parent: Parent, channel: Result<Channel, Unknown>) -> Seen {
    Seen { kind: Kind::Worker, parent, channel, ..server() }
}

fn reaper() -> Parent {
    Parent::Reaper("systemd --user".to_owned())
}

fn verdict(seen: &Seen) -> (Class, Verdict) {
    let judgement = judge(seen, MIN_AGE);
    (judgement.class, judgement.verdict)
}

fn orphan(kind: InputKind, peer_is_gone: bool) -> Seen {
    Seen { parent: reaper(), input: input(kind, peer_is_gone), ..server() }
}

#[test]
fn servers_whose_client_is_gone() {
    let unit = Some("a.service".to_owned());
    let young = Duration::from_secs(59);
    let pipe = || orphan(InputKind::Pipe, true);
    let disconnected = || Seen { input: input(InputKind::Socket, true), ..server() };
    let table: Vec<(&str, Seen, (Class, Verdict))> = vec![
        ("A by pipe", pipe(), (Class::Orphan, Verdict::End)),
        ("A by socket", orphan(InputKind::Socket, true), (Class::Orphan, Verdict::End)),
        ("A in a container", Seen { in_container: true, ..pipe() }, (Class::Orphan, Verdict::End)),
        ("A, young", Seen { age: young, ..pipe() }, (Class::Orphan, Verdict::Keep)),
        ("B", Seen { is_wrapped: true, ..pipe() }, (Class::OrphanChain, Verdict::End)),
        ("C by unit", Seen { unit, ..pipe() }, (Class::Daemon, Verdict::Keep)),
        ("D", disconnected(), (Class::Disconnected, Verdict::End)),
        ("D, wrapped", Seen { is_wrapped: true, ..disconnected() }, (Class::Disconnected, Verdict::End)),
        ("D, young", Seen { age: young, ..disconnected() }, (Class::Disconnected, Verdict::Keep)),
    ];
    for (what, seen, expected) in table {
        assert_eq!(verdict(&seen), expected, "{what}");
    }
}

#[test]
fn servers_that_are_in_use_or_may_be() {
    let unknown = |unknown| Seen { input: Err(unknown), ..orphan(InputKind::Pipe, true) };
    let day = Duration::from_secs(90_000);
    let table: Vec<(&str, Seen, (Class, Verdict))> = vec![
        ("in use", server(), (Class::Connected, Verdict::Keep)),
        ("a leaked end looks alive", orphan(InputKind::Pipe, false), (Class::Connected, Verdict::Keep)),
        ("C by /dev/null", orphan(InputKind::NullDevice, false), (Class::Daemon, Verdict::Keep)),
        ("C by terminal", orphan(InputKind::Terminal, false), (Class::Daemon, Verdict::Keep)),
        ("C by file", orphan(InputKind::File, false), (Class::Daemon, Verdict::Keep)),
        ("C by FIFO", orphan(InputKind::NamedPipe, false), (Class::Daemon, Verdict::Keep)),
        (
            "serves HTTP",
            Seen { listens: Ok(true), ..orphan(InputKind::Pipe, true) },
            (Class::Connected, Verdict::Keep),
        ),
        (
            "may serve HTTP",
            Seen { listens: Err(Unknown::Denied), ..orphan(InputKind::Pipe, true) },
            (Class::Connected, Verdict::Unknown),
        ),
        ("E", Seen { newer_sibling: Some(9), ..server() }, (Class::Superseded, Verdict::Report)),
        ("F", Seen { age: day, ..server() }, (Class::Idle, Verdict::Report)),
        ("F, but at work", Seen { age: day, cpu: day / 10, ..server() }, (Class::Connected, Verdict::Keep)),
        ("denied", unknown(Unknown::Denied), (Class::Connected, Verdict::Unknown)),
        ("unsupported", unknown(Unknown::Unsupported), (Class::Connected, Verdict::Unknown)),
    ];
    for (what, seen, expected) in table {
        assert_eq!(verdict(&seen), expected, "{what}");
    }
}

#[test]
fn servers_that_moved_their_input() {
    let day = Duration::from_secs(90_000);
    let orphan = |is_gone| Seen { input: moved(is_gone), ..orphan(InputKind::Pipe, true) };
    let child = |is_gone| Seen { input: moved(is_gone), ..server() };
    let table: Vec<(&str, Seen, (Class, Verdict))> = vec![
        ("A", orphan(true), (Class::Orphan, Verdict::End)),
        ("B", Seen { is_wrapped: true, ..orphan(true) }, (Class::OrphanChain, Verdict::End)),
        ("C by unit", Seen { unit: Some("a".to_owned()), ..orphan(true) }, (Class::Daemon, Verdict::Keep)),
        ("D", child(true), (Class::Disconnected, Verdict::Report)),
        ("young", Seen { age: Duration::ZERO, ..orphan(true) }, (Class::Orphan, Verdict::Keep)),
        ("serves", Seen { listens: Ok(true), ..orphan(true) }, (Class::Connected, Verdict::Keep)),
        ("in use", child(false), (Class::Connected, Verdict::Keep)),
        ("in use, on a reaper", orphan(false), (Class::Connected, Verdict::Keep)),
        ("no E", Seen { newer_sibling: Some(9), ..child(false) }, (Class::Connected, Verdict::Keep)),
        ("no F", Seen { age: day, ..child(false) }, (Class::Connected, Verdict::Keep)),
    ];
    for (what, seen, expected) in table {
        assert_eq!(verdict(&seen), expected, "{what}");
    }
    let judgement = judge(&orphan(true), MIN_AGE);
    let reaper = Evidence::HangsOnReaper("systemd --user".to_owned());
    assert_eq!(judgement.evidence, [Evidence::InputAbandoned(InputKind::Pipe), Evidence::InputMoved, reaper]);
}

#[test]
fn workers() {
    let live = || Parent::Live(100);
    let table: Vec<(&str, Seen, Verdict)> = vec![
        ("in use", worker(live(), Ok(Channel::Held)), Verdict::Keep),
        ("G", worker(reaper(), Ok(Channel::Abandoned)), Verdict::End),
        ("G below a subreaper", worker(live(), Ok(Channel::Abandoned)), Verdict::End),
        ("a held channel looks alive", worker(reaper(), Ok(Channel::Held)), Verdict::Keep),
        ("no channel, on a reaper", worker(reaper(), Ok(Channel::Absent)), Verdict::End),
        ("no channel, on a parent", worker(live(), Ok(Channel::Absent)), Verdict::Keep),
        (
            "no channel, in a container",
            Seen { in_container: true, ..worker(reaper(), Ok(Channel::Absent)) },
            Verdict::Unknown,
        ),
        ("closed, on a reaper", worker(reaper(), Ok(Channel::Closed)), Verdict::End),
        (
            "closed, in a container",
            Seen { in_container: true, ..worker(reaper(), Ok(Channel::Closed)) },
            Verdict::End,
        ),
        ("closed, on a parent", worker(live(), Ok(Channel::Closed)), Verdict::Keep),
        ("unknown", worker(reaper(), Err(Unknown::Denied)), Verdict::Unknown),
        (
            "young",
            Seen { age: Duration::from_secs(3), ..worker(reaper(), Ok(Channel::Abandoned)) },
            Verdict::Keep,
        ),
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
