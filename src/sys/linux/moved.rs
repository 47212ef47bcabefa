//! A standard input that is no longer descriptor 0.
//!
//! The MCP SDK for Python, from version 2 on, duplicates both standard streams to the lowest descriptors that are free,
//! puts the null device in the place of the first and the standard error in the place of the second, and serves its
//! client over the duplicates. Descriptor 0 then looks as that of a daemon does. What tells them apart are the
//! duplicates: first a reading and then a writing end, next to each other, right behind the descriptors of the event
//! loop, and nothing else of the kind. Whoever starts children and holds the other ends of their streams has a writing
//! end first, or more of them, or has them elsewhere. In doubt it was not moved.

use rustix::fs::OFlags;

use super::descriptor::{kind_of, nobody_reads, nobody_writes, target};
use super::directory::{Directory, PidPath, ReadBuffer};
use super::sock_diag::{self, Peer};
use crate::core::host::{InputKind, StandardInput, Unknown};

/// The flags of a descriptor, as `fdinfo` writes them.
const ACCESS: u32 = OFlags::ACCMODE.bits();
const READS: u32 = OFlags::RDONLY.bits();
const WRITES: u32 = OFlags::WRONLY.bits();
const CLOSED_ON_EXEC: u32 = OFlags::CLOEXEC.bits();
/// A server with more pipes and sockets than this has more than its client.
const MOST: usize = 64;

/// What a descriptor above the standard ones is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Pipe { inode: u64, access: u32 },
    Socket { inode: u64, peer: Peer },
    EventPoll,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Descriptor {
    number: u32,
    what: What,
    /// Nothing that was inherited is closed on exec: the process made it itself.
    is_own: bool,
}

impl What {
    const fn is_end(self) -> bool {
        matches!(self, Self::Pipe { .. } | Self::Socket { .. })
    }
}

/// The standard input that a process moved, if it did.
pub fn moved_input(directory: &Directory, pid: u32) -> Result<Option<StandardInput>, Unknown> {
    if !is_diverted(directory, pid)? {
        return Ok(None);
    }
    let Some(descriptors) = descriptors(directory, pid)? else { return Ok(None) };
    let Some([input, output]) = wire(&descriptors) else { return Ok(None) };
    let (kind, inode, input_is_gone) = match input.what {
        What::Socket { inode, peer } => (InputKind::Socket, inode, peer == Peer::Gone),
        What::Pipe { inode, .. } => (InputKind::Pipe, inode, nobody_writes(directory, pid, input.number)?),
        What::EventPoll | What::Other => return Ok(None),
    };
    let output_is_gone = match output.what {
        What::Socket { peer, .. } => peer == Peer::Gone,
        _ => input_is_gone && nobody_reads(directory, pid, output.number)?,
    };
    let peer_is_gone = input_is_gone && output_is_gone;
    Ok(Some(StandardInput { kind, inode, peer_is_gone, is_moved: true }))
}

/// Whether descriptor 0 is the null device, opened for reading only, and descriptor 1 what descriptor 2 is.
fn is_diverted(directory: &Directory, pid: u32) -> Result<bool, Unknown> {
    let link = |number: u32| target(directory, pid, &format!("fd/{number}"));
    let found = || {
        let reads_only = flags(directory, pid, 0)? & ACCESS == READS;
        Ok(reads_only && kind_of(&link(0)?).0 == InputKind::NullDevice && link(1)? == link(2)?)
    };
    match found() {
        // One of them is not open.
        Err(Unknown::Gone) => Ok(false),
        found => found,
    }
}

/// All descriptors above the standard ones; `None` if they are too many pipes and sockets.
fn descriptors(directory: &Directory, pid: u32) -> Result<Option<Vec<Descriptor>>, Unknown> {
    let mut found = Vec::new();
    let mut ends = 0;
    for number in directory.descriptors(pid)?.into_iter().filter(|number| *number > 2) {
        let descriptor = match descriptor(directory, pid, number) {
            // It was closed meanwhile.
            Err(Unknown::Gone) => continue,
            other => other?,
        };
        ends += usize::from(descriptor.what.is_end());
        if ends > MOST {
            return Ok(None);
        }
        found.push(descriptor);
    }
    Ok(Some(found))
}

fn descriptor(directory: &Directory, pid: u32, number: u32) -> Result<Descriptor, Unknown> {
    let link = target(directory, pid, &format!("fd/{number}"))?;
    let what = match kind_of(&link) {
        (InputKind::Pipe, inode) => What::Pipe { inode, access: flags(directory, pid, number)? & ACCESS },
        // One of another family, or of another network namespace, is no end that could be the client's.
        (InputKind::Socket, inode) => {
            sock_diag::peer(inode)?.map_or(What::Other, |peer| What::Socket { inode, peer })
        }
        _ if link == b"anon_inode:[eventpoll]" => What::EventPoll,
        _ => What::Other,
    };
    let is_own = what.is_end() && flags(directory, pid, number)? & CLOSED_ON_EXEC != 0;
    Ok(Descriptor { number, what, is_own })
}

/// The flags of a descriptor: those of the open file, and whether it is closed on exec.
fn flags(directory: &Directory, pid: u32, number: u32) -> Result<u32, Unknown> {
    let mut buffer = ReadBuffer::small();
    let bytes = directory.read(&PidPath::new(pid, &format!("fdinfo/{number}")), &mut buffer)?;
    let text = String::from_utf8_lossy(bytes);
    let value = text.lines().find_map(|line| line.strip_prefix("flags:"));
    value
        .and_then(|value| u32::from_str_radix(value.trim(), 8).ok())
        .ok_or_else(|| Unknown::Failed("fdinfo is not understood".to_owned()))
}

/// The two descriptors to which the standard streams were moved: the only ends that the process made itself and does
/// not hold both sides of.
fn wire(descriptors: &[Descriptor]) -> Option<[Descriptor; 2]> {
    let is_private =
        |one: &&Descriptor| one.what.is_end() && one.is_own && !holds_other_side(descriptors, one);
    let mut ends = descriptors.iter().filter(is_private);
    let (input, output, more) = (*ends.next()?, *ends.next()?, ends.next());
    let reads = matches!(input.what, What::Socket { .. } | What::Pipe { access: READS, .. });
    let writes = matches!(output.what, What::Socket { .. } | What::Pipe { access: WRITES, .. });
    let is_wire = more.is_none()
        && (reads && writes)
        && output.number == input.number + 1
        && follows_event_loop(descriptors, input.number);
    is_wire.then_some([input, output])
}

/// Whether a process talks to itself over this end.
fn holds_other_side(descriptors: &[Descriptor], one: &Descriptor) -> bool {
    descriptors.iter().any(|other| match (one.what, other.what) {
        (What::Pipe { inode, access }, What::Pipe { inode: same, access: opposite }) => {
            inode == same && access != opposite
        }
        (What::Socket { peer: Peer::Held(peer), .. }, What::Socket { inode, .. }) => u64::from(peer) == inode,
        _ => false,
    })
}

/// Whether the three descriptors before this one are those that asyncio opens first: epoll, and a pair of sockets with
/// which it wakes itself.
fn follows_event_loop(descriptors: &[Descriptor], number: u32) -> bool {
    let before = |distance: u32| {
        let wanted = number.checked_sub(distance)?;
        descriptors.iter().find(|one| one.number == wanted).map(|one| one.what)
    };
    let Some([What::EventPoll, What::Socket { inode, peer }, What::Socket { inode: other, .. }]) =
        before(3).zip(before(2)).zip(before(1)).map(|((first, second), third)| [first, second, third])
    else {
        return false;
    };
    inode != other && matches!(peer, Peer::Held(peer) if u64::from(peer) == other)
}

#[cfg(test)]
mod tests {
    use super::{Descriptor, Peer, READS, WRITES, What, wire};

    const fn own(number: u32, what: What) -> Descriptor {
        Descriptor { number, what, is_own: true }
    }

    const fn reads(inode: u64) -> What {
        What::Pipe { inode, access: READS }
    }

    const fn writes(inode: u64) -> What {
        What::Pipe { inode, access: WRITES }
    }

    const fn gone(inode: u64) -> What {
        What::Socket { inode, peer: Peer::Gone }
    }

    const fn talks(inode: u64, peer: u32) -> What {
        What::Socket { inode, peer: Peer::Held(peer) }
    }

    /// What is behind an event loop at 3, 4 and 5.
    fn behind_loop(ends: &[What]) -> Vec<Descriptor> {
        let all = [What::EventPoll, talks(40, 41), talks(41, 40)].into_iter().chain(ends.iter().copied());
        (3..).zip(all).map(|(number, what)| own(number, what)).collect()
    }

    fn numbers(descriptors: &[Descriptor]) -> Option<[u32; 2]> {
        wire(descriptors).map(|ends| ends.map(|end| end.number))
    }

    #[test]
    fn the_wire_is_right_behind_the_event_loop() {
        let table: &[(&str, &[What])] = &[
            ("pipes", &[reads(1), writes(2)]),
            ("sockets", &[talks(1, 90), talks(2, 91)]),
            ("sockets without a peer", &[gone(1), gone(2)]),
            ("a socket and a pipe", &[talks(1, 90), writes(2)]),
            ("a file behind it", &[reads(1), writes(2), What::Other]),
            ("a pipe to itself behind it", &[reads(1), writes(2), reads(3), writes(3)]),
            ("a pair to itself behind it", &[reads(1), writes(2), talks(3, 4), talks(4, 3)]),
        ];
        for (what, ends) in table {
            assert_eq!(numbers(&behind_loop(ends)), Some([6, 7]), "{what}");
        }
        let mut inherited = behind_loop(&[reads(1), writes(2)]);
        inherited.push(Descriptor { is_own: false, ..own(251, writes(9)) });
        assert_eq!(numbers(&inherited), Some([6, 7]), "an inherited end behind it");
    }

    #[test]
    fn what_looks_like_a_wire_and_is_none() {
        let table: &[(&str, &[What])] = &[
            ("nothing", &[]),
            ("the streams of a child: writing first", &[writes(1), reads(2)]),
            ("those of two children", &[writes(1), reads(2), writes(3), reads(4)]),
            ("a child behind the wire", &[reads(1), writes(2), writes(3)]),
            ("two that read", &[reads(1), reads(2)]),
            ("one end", &[reads(1)]),
            ("not next to each other", &[reads(1), What::Other, writes(2)]),
            ("not right behind the loop", &[What::Other, reads(1), writes(2)]),
            ("a pipe to itself", &[reads(1), writes(1)]),
            ("a pair to itself", &[talks(1, 2), talks(2, 1)]),
            ("a third socket", &[gone(1), gone(2), gone(3)]),
        ];
        for (what, ends) in table {
            assert_eq!(numbers(&behind_loop(ends)), None, "{what}");
        }
        let without_loop = [own(6, reads(1)), own(7, writes(2))];
        assert_eq!(numbers(&without_loop), None, "no event loop");
        let mut strangers = behind_loop(&[reads(1), writes(2)]);
        strangers[2].what = talks(41, 77);
        assert_eq!(numbers(&strangers), None, "no pair of its own");
        for at in [3, 4] {
            let mut inherited = behind_loop(&[reads(1), writes(2)]);
            inherited[at].is_own = false;
            assert_eq!(numbers(&inherited), None, "an inherited end");
        }
    }
}
