//! The verdict on one candidate, as a pure function of what was found out about it.

use std::time::Duration;

use crate::core::host::{Channel, InputKind, StandardInput, Unknown};

/// What a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It serves a client over its standard input.
    Server,
    /// A runner forked it and talks to it over a channel.
    Worker,
}

/// Who a process hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// Somebody who takes in the children of the dead: the first process, `systemd --user`, WSL.
    Reaper(String),
    /// A process that may well have started it.
    Live(u32),
}

/// How a candidate was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Its client is gone, and it hangs on a reaper.
    Orphan,
    /// The same, with the wrappers around it.
    OrphanChain,
    /// It was made independent on purpose.
    Daemon,
    /// Its parent lives, and has closed its end.
    Disconnected,
    /// The same parent started the same server again, later.
    Superseded,
    /// Its client is there and has had nothing for it for a long time.
    Idle,
    /// A test worker without its runner.
    Worker,
    /// It is in use, or may be.
    Connected,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be ended.
    End,
    /// It is left alone.
    Keep,
    /// It is reported, and ended only on request.
    Report,
    /// There is no proof either way; it is left alone.
    Unknown,
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Nobody holds the other end of its standard input.
    InputAbandoned(InputKind),
    /// Somebody holds the other end of its standard input.
    InputHeld(InputKind),
    /// It has its standard input and output at other descriptors.
    InputMoved,
    /// Its standard input has no other end.
    InputWithoutPeer(InputKind),
    /// Whether somebody holds it cannot be told.
    InputUnknown(Unknown),
    /// Nobody holds the other end of the channel to its runner.
    ChannelAbandoned,
    /// Somebody holds the other end of the channel to its runner.
    ChannelHeld,
    /// It has closed its end of the channel to its runner, as node does when the runner is gone.
    ChannelClosed,
    /// It has no channel to a runner.
    NoChannel,
    /// Whether somebody holds its channel cannot be told.
    ChannelUnknown(Unknown),
    /// It hangs on somebody who takes in the children of the dead.
    HangsOnReaper(String),
    /// Its parent lives.
    ParentLives(u32),
    /// It listens on a socket, where it may have any number of clients.
    Listens,
    /// Whether it listens on a socket cannot be told.
    ListensUnknown(Unknown),
    /// In a container everything may hang on the first process.
    InContainer,
    /// It is younger than the least age.
    Young(Duration),
    /// A service manager supervises it.
    Unit(String),
    /// This newer process does the same for the same parent.
    NewerSibling(u32),
    /// It has hardly worked in all its life.
    Idle(Duration),
}

/// Everything that a verdict rests on.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What it is.
    pub kind: Kind,
    /// How long it has been there.
    pub age: Duration,
    /// The CPU time that it took in all its life.
    pub cpu: Duration,
    /// Who it, or the outermost wrapper around it, hangs on.
    pub parent: Parent,
    /// Whether wrappers are around it.
    pub is_wrapped: bool,
    /// Its standard input.
    pub input: Result<StandardInput, Unknown>,
    /// The channel to its runner.
    pub channel: Result<Channel, Unknown>,
    /// Whether it listens on a socket; asked only where nobody holds its standard input.
    pub listens: Result<bool, Unknown>,
    /// The unit that supervises it, our own excepted.
    pub unit: Option<String>,
    /// Whether we are in a container.
    pub in_container: bool,
    /// A newer process of the same parent with the same command line.
    pub newer_sibling: Option<u32>,
}

/// The verdict, with what speaks for it and what against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How it was judged.
    pub class: Class,
    /// What follows.
    pub verdict: Verdict,
    /// What speaks for ending it.
    pub evidence: Vec<Evidence>,
    /// What speaks against.
    pub against: Vec<Evidence>,
}

/// A server that took less than this share of its life is idle; it must have lived for an hour.
const IDLE_SHARE: f64 = 0.0005;
const IDLE_AGE: Duration = Duration::from_secs(3600);

/// Judges. `min_age` is how old a process must be: one that has only just started may not have its client yet.
#[must_use]
pub fn judge(seen: &Seen, min_age: Duration) -> Judgement {
    let mut judgement = match seen.kind {
        Kind::Server => server(seen),
        Kind::Worker => worker(seen),
    };
    if let Some(unit) = &seen.unit {
        judgement.against.push(Evidence::Unit(unit.clone()));
        (judgement.class, judgement.verdict) = (Class::Daemon, Verdict::Keep);
    } else if seen.age < min_age && judgement.verdict != Verdict::Keep {
        judgement.against.push(Evidence::Young(seen.age));
        judgement.verdict = Verdict::Keep;
    }
    judgement
}

fn server(seen: &Seen) -> Judgement {
    let of = |class, verdict, evidence: Vec<Evidence>, against: Vec<Evidence>| Judgement {
        class,
        verdict,
        evidence,
        against,
    };
    let parent = parent(seen);
    match &seen.input {
        Err(unknown) => {
            of(Class::Connected, Verdict::Unknown, vec![], vec![Evidence::InputUnknown(unknown.clone())])
        }
        Ok(input) if !matches!(input.kind, InputKind::Pipe | InputKind::Socket) => {
            of(Class::Daemon, Verdict::Keep, vec![], vec![Evidence::InputWithoutPeer(input.kind)])
        }
        Ok(input) if input.peer_is_gone && seen.listens != Ok(false) => {
            let gone = Evidence::InputAbandoned(input.kind);
            match &seen.listens {
                Err(unknown) => {
                    let against = vec![Evidence::ListensUnknown(unknown.clone())];
                    of(Class::Connected, Verdict::Unknown, vec![gone], against)
                }
                Ok(_) => of(Class::Connected, Verdict::Keep, vec![gone], vec![Evidence::Listens]),
            }
        }
        Ok(input) if input.peer_is_gone => abandoned(seen, input),
        // That it speaks with somebody over the moved input is inferred: nothing more is concluded from it.
        Ok(input) if input.is_moved => {
            let against = [Evidence::InputHeld(input.kind), Evidence::InputMoved];
            let lives = Some(parent).filter(|parent| matches!(parent, Evidence::ParentLives(_)));
            of(Class::Connected, Verdict::Keep, vec![], against.into_iter().chain(lives).collect())
        }
        Ok(input) => connected(seen, Evidence::InputHeld(input.kind)),
    }
}

/// Nobody holds the other end. Of an input that was moved, which takes more inference than one that was not, that is
/// enough only where the parent is gone too.
fn abandoned(seen: &Seen, input: &StandardInput) -> Judgement {
    let class = match (&seen.parent, seen.is_wrapped) {
        (Parent::Live(_), _) => Class::Disconnected,
        (Parent::Reaper(_), true) => Class::OrphanChain,
        (Parent::Reaper(_), false) => Class::Orphan,
    };
    let mut evidence = vec![Evidence::InputAbandoned(input.kind)];
    evidence.extend(input.is_moved.then_some(Evidence::InputMoved));
    let lives = matches!(seen.parent, Parent::Live(_));
    let verdict = if lives && input.is_moved { Verdict::Report } else { Verdict::End };
    let mut against = Vec::new();
    if lives { &mut against } else { &mut evidence }.push(parent(seen));
    Judgement { class, verdict, evidence, against }
}

/// Somebody holds the other end: only what another one has taken the place of is worth a word.
fn connected(seen: &Seen, held: Evidence) -> Judgement {
    let (class, verdict, evidence) = match (&seen.parent, seen.newer_sibling) {
        (Parent::Live(_), Some(newer)) => {
            (Class::Superseded, Verdict::Report, vec![Evidence::NewerSibling(newer)])
        }
        (Parent::Live(_), None) if is_idle(seen) => {
            (Class::Idle, Verdict::Report, vec![Evidence::Idle(seen.age)])
        }
        (Parent::Live(_), None) => (Class::Connected, Verdict::Keep, vec![]),
        (Parent::Reaper(_), _) => (Class::Connected, Verdict::Keep, vec![parent(seen)]),
    };
    let mut against = vec![held];
    against.extend(Some(parent(seen)).filter(|parent| matches!(parent, Evidence::ParentLives(_))));
    Judgement { class, verdict, evidence, against }
}

fn is_idle(seen: &Seen) -> bool {
    seen.age >= IDLE_AGE && seen.cpu.as_secs_f64() < seen.age.as_secs_f64() * IDLE_SHARE
}

fn parent(seen: &Seen) -> Evidence {
    match &seen.parent {
        Parent::Reaper(name) => Evidence::HangsOnReaper(name.clone()),
        Parent::Live(pid) => Evidence::ParentLives(*pid),
    }
}

/// The runner holds the other end of the channel as long as it lives; without a channel only the parent tells.
fn worker(seen: &Seen) -> Judgement {
    let is_orphan = matches!(seen.parent, Parent::Reaper(_));
    let parent = parent(seen);
    let (verdict, evidence, against) = match &seen.channel {
        Ok(Channel::Abandoned) if is_orphan => {
            (Verdict::End, vec![Evidence::ChannelAbandoned, parent], vec![])
        }
        Ok(Channel::Abandoned) => (Verdict::End, vec![Evidence::ChannelAbandoned], vec![parent]),
        Ok(Channel::Held) => (Verdict::Keep, vec![], vec![Evidence::ChannelHeld]),
        Ok(Channel::Closed) if is_orphan => (Verdict::End, vec![Evidence::ChannelClosed, parent], vec![]),
        Ok(Channel::Closed) => (Verdict::Keep, vec![Evidence::ChannelClosed], vec![parent]),
        Ok(Channel::Absent) if is_orphan && !seen.in_container => {
            (Verdict::End, vec![parent], vec![Evidence::NoChannel])
        }
        Ok(Channel::Absent) if is_orphan => {
            (Verdict::Unknown, vec![parent], vec![Evidence::NoChannel, Evidence::InContainer])
        }
        Ok(Channel::Absent) => (Verdict::Keep, vec![], vec![parent]),
        Err(unknown) => (Verdict::Unknown, vec![], vec![Evidence::ChannelUnknown(unknown.clone())]),
    };
    let class = if verdict == Verdict::End { Class::Worker } else { Class::Connected };
    Judgement { class, verdict, evidence, against }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
