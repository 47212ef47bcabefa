//! What the kernel tells of unix sockets over netlink (sock_diag(7)), which `/proc/net/unix` does not: the
//! peer of a socket, and the file that it is bound to.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

use super::directory::from_errno;
use crate::core::host::{BoundSockets, Unknown};

const HEADER: usize = 16;
const MESSAGE: usize = 16;
/// `SOCK_DIAG_BY_FAMILY` of linux/sock_diag.h.
const BY_FAMILY: u16 = 20;
/// Message types and flags of linux/netlink.h.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
/// What to show, and the attributes of the answer, of linux/unix_diag.h.
const SHOW_NAME: u32 = 1;
const SHOW_VFS: u32 = 2;
const SHOW_PEER: u32 = 4;
const NAME: u16 = 0;
const VFS: u16 = 1;
const PEER: u16 = 2;
const SHUTDOWN: u16 = 6;
/// Both directions are shut.
const BOTH: u8 = 3;

/// Who is at the other end of a unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The socket of this number.
    Held(u32),
    /// There was one, and it is gone: nothing can be read or written any more.
    Gone,
    /// There is none: it listens, or was never connected.
    Absent,
}

/// Whether the peer of a connected socket is gone.
pub fn peer_is_gone(inode: u64) -> Result<bool, Unknown> {
    let elsewhere = || Unknown::Failed("its socket is not in our network namespace".to_owned());
    Ok(peer(inode)?.ok_or_else(elsewhere)? == Peer::Gone)
}

/// The peer of a socket; `None` if it is no unix socket of our network namespace.
pub fn peer(inode: u64) -> Result<Option<Peer>, Unknown> {
    let number =
        u32::try_from(inode).map_err(|_| Unknown::Failed("a socket number beyond 32 bits".to_owned()))?;
    let mut answer = None;
    let asked = ask(REQUEST, number, SHOW_PEER, &mut |message| {
        let peer = attribute(message, PEER).and_then(number_of).filter(|peer| *peer != 0);
        let shutdown = attribute(message, SHUTDOWN).and_then(|value| value.first().copied());
        let without = if shutdown == Some(BOTH) { Peer::Gone } else { Peer::Absent };
        answer = Some(peer.map_or(without, Peer::Held));
    });
    match asked {
        Ok(()) => Ok(answer),
        // The kernel shows no such socket.
        Err(Unknown::Gone) => Ok(None),
        Err(unknown) => Err(unknown),
    }
}

/// Every bound socket of our network namespace.
pub fn bound_sockets() -> Result<BoundSockets, Unknown> {
    let mut bound = BoundSockets::default();
    ask(REQUEST | DUMP, 0, SHOW_NAME | SHOW_VFS, &mut |message| {
        bound.inodes.extend(attribute(message, VFS).and_then(number_of));
        bound.paths.extend(attribute(message, NAME).map(|name| {
            let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
            name[..end].to_vec()
        }));
    })?;
    Ok(bound)
}

/// Sends one request, and hands each message of the answer on.
fn ask(flags: u16, inode: u32, show: u32, each: &mut dyn FnMut(&[u8])) -> Result<(), Unknown> {
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(netlink::SOCK_DIAG))
            .map_err(from_errno)?;
    send(&socket, &request(flags, inode, show), SendFlags::empty()).map_err(from_errno)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let (length, _) = recv(&socket, &mut buffer[..], RecvFlags::empty()).map_err(from_errno)?;
        if read_answer(&buffer[..length], each)? || flags & DUMP == 0 {
            return Ok(());
        }
    }
}

/// `struct nlmsghdr` and `struct unix_diag_req`.
fn request(flags: u16, inode: u32, show: u32) -> Vec<u8> {
    const ANY: [u8; 4] = u32::MAX.to_ne_bytes();
    let length: u32 = 40;
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([AddressFamily::UNIX.as_raw() as u8, 0, 0, 0]);
    bytes.extend(ANY);
    bytes.extend(inode.to_ne_bytes());
    bytes.extend(show.to_ne_bytes());
    bytes.extend(ANY);
    bytes.extend(ANY);
    bytes
}

/// Whether the answer is complete.
fn read_answer(mut bytes: &[u8], each: &mut dyn FnMut(&[u8])) -> Result<bool, Unknown> {
    while let Some((length, kind)) = header(bytes) {
        let Some(content) = bytes.get(HEADER..length) else { break };
        match kind {
            DONE => return Ok(true),
            ERROR => {
                let code = number_of(content).map_or(0, |code| code.cast_signed().wrapping_neg());
                return Err(from_errno(Errno::from_raw_os_error(code)));
            }
            _ => each(content),
        }
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
    }
    Ok(false)
}

fn header(bytes: &[u8]) -> Option<(usize, u16)> {
    let length = usize::try_from(number_of(bytes)?).ok().filter(|length| *length >= HEADER)?;
    let kind = bytes.get(4..6)?.try_into().ok().map(u16::from_ne_bytes)?;
    Some((length, kind))
}

/// An attribute of one message: behind `struct unix_diag_msg` stand length, kind and value of each.
fn attribute(message: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut rest = message.get(MESSAGE..)?;
    loop {
        let length = usize::from(rest.get(..2)?.try_into().ok().map(u16::from_ne_bytes)?);
        let kind = rest.get(2..4)?.try_into().ok().map(u16::from_ne_bytes)?;
        let value = rest.get(4..length)?;
        if kind == wanted {
            return Some(value);
        }
        rest = rest.get(aligned(length)..)?;
    }
}

fn number_of(bytes: &[u8]) -> Option<u32> {
    bytes.get(..4)?.try_into().ok().map(u32::from_ne_bytes)
}

const fn aligned(length: usize) -> usize {
    (length + 3) & !3
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::{attribute, bound_sockets, peer_is_gone, read_answer};

    fn inode(socket: &UnixStream) -> u64 {
        let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
        let text = link.to_str().unwrap().to_owned();
        text.trim_start_matches("socket:[").trim_end_matches(']').parse().unwrap()
    }

    #[test]
    fn a_peer_is_there_until_its_last_holder_closes_it() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let copy = theirs.try_clone().unwrap();
        assert_eq!(peer_is_gone(inode(&ours)), Ok(false));
        drop(theirs);
        assert_eq!(peer_is_gone(inode(&ours)), Ok(false));
        drop(copy);
        assert_eq!(peer_is_gone(inode(&ours)), Ok(true));
        assert!(peer_is_gone(1).is_err());
        assert!(peer_is_gone(u64::MAX).is_err());
    }

    #[test]
    fn a_bound_socket_is_listed_until_its_owner_closes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mcp.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let inode = std::fs::metadata(&path).unwrap().ino() as u32;
        let bound = bound_sockets().unwrap();
        assert!(bound.inodes.contains(&inode));
        assert!(bound.paths.contains(path.as_os_str().as_encoded_bytes()));
        drop(listener);
        assert!(!bound_sockets().unwrap().inodes.contains(&inode));
    }

    #[test]
    fn a_torn_answer_is_no_crash() {
        let mut whole = 24_u32.to_ne_bytes().to_vec();
        whole.extend([20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        for end in 0..whole.len() {
            assert_eq!(read_answer(&whole[..end], &mut |_| panic!("{end}")), Ok(false));
        }
        for length in 0..64 {
            assert_eq!(attribute(&vec![0; length], 2), None);
        }
    }
}
