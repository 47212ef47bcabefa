//! Whether a process listens on a socket: its descriptors against the tables of its network namespace. That is dear,
//! and asked only of the few that would be ended.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::directory::unknown;
use crate::core::host::Unknown;

/// `TCP_LISTEN` of linux/tcp_states.h, as `/proc/net/tcp` writes it.
const LISTEN: &str = "0A";
/// `__SO_ACCEPTCON` of linux/net.h, as `/proc/net/unix` writes it.
const ACCEPTS: &str = "00010000";

/// Whether any descriptor of the process is a socket that takes connections.
pub fn listens(root: &Path, pid: u32) -> Result<bool, Unknown> {
    let folder = root.join(pid.to_string());
    let mut sockets = HashSet::new();
    for entry in fs::read_dir(folder.join("fd")).map_err(|error| unknown(&error))? {
        let link = entry.and_then(|entry| fs::read_link(entry.path()));
        let link = link.unwrap_or_default();
        let inode = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']'));
        sockets.extend(inode.map(str::to_owned));
    }
    if sockets.is_empty() {
        return Ok(false);
    }
    let table = |name: &str| fs::read_to_string(folder.join("net").join(name));
    let internet = ["tcp", "tcp6"].into_iter().filter_map(|name| table(name).ok());
    let unix = table("unix").map_err(|error| unknown(&error))?;
    Ok(internet
        .flat_map(|text| inodes_of_tcp(&text))
        .chain(inodes_of_unix(&unix))
        .any(|inode| sockets.contains(&inode)))
}

/// The fourth column is the state, the tenth the inode.
fn inodes_of_tcp(text: &str) -> Vec<String> {
    let rows = text.lines().skip(1).map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(3) == Some(&LISTEN))
        .filter_map(|row| row.get(9).map(|&inode| inode.to_owned()))
        .collect()
}

/// The fourth column has the flags, the seventh the inode.
fn inodes_of_unix(text: &str) -> Vec<String> {
    let rows = text.lines().skip(1).map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(3) == Some(&ACCEPTS))
        .filter_map(|row| row.get(6).map(|&inode| inode.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::listens;

    /// Whether a child that has this socket as its standard input listens.
    fn child_listens(socket: impl Into<std::os::fd::OwnedFd>) -> bool {
        let stdin: Stdio = socket.into().into();
        let mut child = Command::new("sleep").arg("60").stdin(stdin).stdout(Stdio::null()).spawn().unwrap();
        let found = listens(Path::new("/proc"), child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        found.unwrap()
    }

    #[test]
    fn a_listener_is_told_from_a_connection() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let connected = TcpStream::connect(tcp.local_addr().unwrap()).unwrap();
        assert!(child_listens(tcp));
        assert!(!child_listens(connected));
        assert!(child_listens(UnixListener::bind(path).unwrap()));
        assert!(!child_listens(UnixStream::pair().unwrap().0));
        assert!(!child_listens(std::fs::File::open("/dev/null").unwrap()));
    }
}
