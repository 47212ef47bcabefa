//! A connection to a unix socket that is given up at once.

use std::path::Path;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect as raw_connect, socket_with,
};

use crate::core::host::Connection;

/// Without waiting: a full backlog answers at once that it is full.
pub fn connect(path: &Path) -> Connection {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let attempt = SocketAddrUnix::new(path).and_then(|address| {
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        raw_connect(&socket, &address)
    });
    match attempt {
        Ok(()) => Connection::Accepted,
        Err(Errno::CONNREFUSED) => Connection::Refused,
        Err(other) => Connection::Other(other.to_string()),
    }
}
