//! The evidence of `reap` in words.

use super::units::time;
use super::words;
use crate::core::host::InputKind;
use crate::core::reap::sockets::{Removal, SocketVerdict};
use crate::core::reap::{Class, Evidence, Verdict};

const fn input(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Pipe => "a pipe",
        InputKind::Socket => "a socket",
        InputKind::NullDevice => "/dev/null",
        InputKind::Terminal => "a terminal",
        InputKind::NamedPipe => "a named pipe",
        InputKind::File => "a file",
    }
}

/// A piece of evidence.
#[must_use]
pub fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::InputAbandoned(kind) => {
            format!("nobody holds the other end of its stdin, {}", input(*kind))
        }
        Evidence::InputHeld(kind) => format!("somebody holds the other end of its stdin, {}", input(*kind)),
        Evidence::InputMoved => {
            "it has its stdin and stdout at other descriptors, as the MCP SDK for Python does".to_owned()
        }
        Evidence::InputWithoutPeer(kind) => {
            format!("its stdin is {}, so it was made independent", input(*kind))
        }
        Evidence::InputUnknown(unknown) => format!("its stdin cannot be examined: {unknown}"),
        Evidence::ChannelAbandoned => "nobody holds the other end of the channel to its runner".to_owned(),
        Evidence::ChannelHeld => "its runner holds the other end of their channel".to_owned(),
        Evidence::ChannelClosed => {
            "it has closed the channel to its runner, as node does when that is gone".to_owned()
        }
        Evidence::NoChannel => "it has no channel to a runner".to_owned(),
        Evidence::ChannelUnknown(unknown) => format!("its channel cannot be examined: {unknown}"),
        Evidence::HangsOnReaper(name) => format!("its parent has gone: it hangs on {name}"),
        Evidence::ParentLives(pid) => format!("its parent {pid} lives"),
        Evidence::Listens => "it listens on a socket, and may have clients there".to_owned(),
        Evidence::ListensUnknown(unknown) => {
            format!("whether it listens on a socket cannot be told: {unknown}")
        }
        Evidence::InContainer => "in a container everything may hang on process 1".to_owned(),
        Evidence::Young(age) => format!("it is only {} old", time(*age)),
        Evidence::Unit(unit) => format!("the service {unit} supervises it"),
        Evidence::NewerSibling(pid) => format!("{pid} does the same for the same parent, and is newer"),
        Evidence::Idle(age) => format!("it has hardly worked in {}", time(*age)),
    }
}

/// How a candidate was judged.
#[must_use]
pub const fn class(class: Class) -> &'static str {
    match class {
        Class::Orphan => "orphan",
        Class::OrphanChain => "orphan with its wrappers",
        Class::Daemon => "independent",
        Class::Disconnected => "disconnected",
        Class::Superseded => "superseded",
        Class::Idle => "idle",
        Class::Worker => "worker without a runner",
        Class::Connected => "in use",
    }
}

/// The name of a class in documents.
#[must_use]
pub const fn class_code(class: Class) -> &'static str {
    match class {
        Class::Orphan => "orphan",
        Class::OrphanChain => "orphan_chain",
        Class::Daemon => "daemon",
        Class::Disconnected => "disconnected",
        Class::Superseded => "superseded",
        Class::Idle => "idle",
        Class::Worker => "worker",
        Class::Connected => "connected",
    }
}

/// The name of a verdict in documents.
#[must_use]
pub const fn verdict_code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::End => "end",
        Verdict::Keep => "keep",
        Verdict::Report => "report",
        Verdict::Unknown => "unknown",
    }
}

/// What became clear about a socket file.
#[must_use]
pub fn socket(verdict: &SocketVerdict) -> String {
    match verdict {
        SocketVerdict::Stale => "nothing is bound to it, and a connection is refused".to_owned(),
        SocketVerdict::OtherUser(uid) => format!("it belongs to user {uid}"),
        SocketVerdict::Young => "it is too young".to_owned(),
        SocketVerdict::SharedMount => "other machines may be behind it".to_owned(),
        SocketVerdict::Bound => "a socket is bound to it".to_owned(),
        SocketVerdict::Answers => "somebody answers".to_owned(),
        SocketVerdict::Inconclusive(reason) => format!("a connection proves nothing: {reason}"),
        SocketVerdict::Unknown(what, unknown) => format!("{what} cannot be told: {unknown}"),
    }
}

/// The name of a verdict on a socket in documents.
#[must_use]
pub const fn socket_code(verdict: &SocketVerdict) -> &'static str {
    match verdict {
        SocketVerdict::Stale => "stale",
        SocketVerdict::OtherUser(_) => "other_user",
        SocketVerdict::Young => "young",
        SocketVerdict::SharedMount => "shared_mount",
        SocketVerdict::Bound => "bound",
        SocketVerdict::Answers => "answers",
        SocketVerdict::Inconclusive(_) => "inconclusive",
        SocketVerdict::Unknown(..) => "unknown",
    }
}

/// What became of a dead socket.
#[must_use]
pub fn removal(removal: &Removal) -> String {
    match removal {
        Removal::Removed => "removed".to_owned(),
        Removal::WouldRemove => "would be removed".to_owned(),
        Removal::AlreadyGone => "somebody else removed it".to_owned(),
        Removal::Replaced => "left alone: another file is in its place now".to_owned(),
        Removal::Failed(reason) => format!("not removed: {reason}"),
    }
}

/// Why a candidate that should be ended is left alone.
#[must_use]
pub fn left_alone(protection: &crate::core::process::Protection) -> String {
    format!("left alone: {}", words::protection(protection))
}
