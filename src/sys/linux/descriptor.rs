//! The descriptors of other processes, and whether anybody is at the other end. Only the few that are asked
//! for are looked at, and nothing is read from them.

use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, readlinkat, statat, statfs};

use super::directory::{Directory, PidPath, ReadBuffer, from_errno};
use super::sock_diag;
use crate::core::host::{Channel, InputKind, StandardInput, Unknown};

/// The standard input of a process.
pub fn standard_input(directory: &Directory, pid: u32) -> Result<StandardInput, Unknown> {
    let (kind, inode) = match kind_of(&target(directory, pid, "fd/0")?) {
        (InputKind::File, _) if is_named_pipe(directory, pid)? => (InputKind::NamedPipe, 0),
        found => found,
    };
    let peer_is_gone = match kind {
        InputKind::Pipe => nobody_writes(directory, pid, 0)?,
        InputKind::Socket => sock_diag::peer_is_gone(inode)?,
        InputKind::NullDevice | InputKind::Terminal | InputKind::NamedPipe | InputKind::File => false,
    };
    Ok(StandardInput { kind, inode, peer_is_gone, is_moved: false })
}

/// Whether descriptor 0 is a pipe that has a path: its link does not tell it from a file.
fn is_named_pipe(directory: &Directory, pid: u32) -> Result<bool, Unknown> {
    let path = PidPath::new(pid, "fd/0");
    let found = statat(directory.descriptor(), path.as_c_str(), AtFlags::empty()).map_err(from_errno)?;
    Ok(FileType::from_raw_mode(found.st_mode) == FileType::Fifo)
}

/// The channel that node gives to a child that it forks: a descriptor whose number is in the environment.
pub fn channel(directory: &Directory, pid: u32) -> Result<Channel, Unknown> {
    const VARIABLE: &[u8] = b"NODE_CHANNEL_FD=";
    let mut buffer = ReadBuffer::new();
    let environment = directory.read(&PidPath::new(pid, "environ"), &mut buffer)?;
    let number = environment.split(|byte| *byte == 0).find_map(|pair| pair.strip_prefix(VARIABLE));
    let number = number.and_then(|text| std::str::from_utf8(text).ok()?.parse::<u16>().ok());
    let Some(number) = number else {
        // What did not fit into the buffer may name one.
        let is_whole = environment.len() < ReadBuffer::LENGTH;
        return if is_whole {
            Ok(Channel::Absent)
        } else {
            Err(Unknown::Failed("a large environment".to_owned()))
        };
    };
    match target(directory, pid, &format!("fd/{number}")).map(|link| kind_of(&link)) {
        Ok((InputKind::Socket, inode)) if sock_diag::peer_is_gone(inode)? => Ok(Channel::Abandoned),
        Ok((InputKind::Socket, _)) => Ok(Channel::Held),
        // Something else has the number by now.
        Ok(_) => Ok(Channel::Closed),
        Err(Unknown::Gone) if directory.owner(pid).is_ok() => Ok(Channel::Closed),
        Err(unknown) => Err(unknown),
    }
}

/// What a link in the folder of a process points to.
pub fn target(directory: &Directory, pid: u32, file: &str) -> Result<Vec<u8>, Unknown> {
    let path = PidPath::new(pid, file);
    let link = readlinkat(directory.descriptor(), path.as_c_str(), Vec::new()).map_err(from_errno)?;
    Ok(link.into_bytes())
}

/// What a link in `/proc/PID/fd` says: `pipe:[12]`, `socket:[12]`, or a path.
pub fn kind_of(link: &[u8]) -> (InputKind, u64) {
    let text = String::from_utf8_lossy(link);
    let number = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix(']')?.parse().ok();
    if let Some(inode) = number("pipe:[") {
        return (InputKind::Pipe, inode);
    }
    if let Some(inode) = number("socket:[") {
        return (InputKind::Socket, inode);
    }
    let is_terminal = text.starts_with("/dev/pts/") || text.starts_with("/dev/tty") || text == "/dev/console";
    match text.as_ref() {
        "/dev/null" => (InputKind::NullDevice, 0),
        _ if is_terminal => (InputKind::Terminal, 0),
        _ => (InputKind::File, 0),
    }
}

/// Whether no process holds the writing end of a pipe any more. Its reading end is opened once more, asked, and closed;
/// one more reading end changes nothing for a writer.
pub fn nobody_writes(directory: &Directory, pid: u32, descriptor: u32) -> Result<bool, Unknown> {
    let events = ask_pipe(directory, pid, descriptor, OFlags::RDONLY, PollFlags::IN)?;
    // What is still unread in it was meant for the process, which may be about to do it.
    Ok(events.contains(PollFlags::HUP) && !events.contains(PollFlags::IN))
}

/// Whether no process holds the reading end of a pipe any more, asked in the same way through its writing end. As long
/// as ours is open, which is for microseconds, a reader would not see the end of the pipe.
pub fn nobody_reads(directory: &Directory, pid: u32, descriptor: u32) -> Result<bool, Unknown> {
    let events = ask_pipe(directory, pid, descriptor, OFlags::WRONLY, PollFlags::OUT)?;
    Ok(events.contains(PollFlags::ERR))
}

fn ask_pipe(
    directory: &Directory,
    pid: u32,
    descriptor: u32,
    access: OFlags,
    events: PollFlags,
) -> Result<PollFlags, Unknown> {
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let path = PidPath::new(pid, &format!("fd/{descriptor}"));
    let pipe = openat(directory.descriptor(), path.as_c_str(), flags, Mode::empty()).map_err(from_errno)?;
    let mut descriptors = [PollFd::new(&pipe, events)];
    poll(&mut descriptors, Some(&Timespec::default())).map_err(from_errno)?;
    Ok(descriptors[0].revents())
}

/// The types of file systems that are this machine's own (linux/magic.h and the sources of each). On any other a
/// socket may belong to a process of another machine.
const LOCAL: [rustix::fs::FsWord; 11] = [
    0xef53,      // ext2, ext3, ext4
    0x0102_1994, // tmpfs
    0x9123_683e, // btrfs
    0x5846_5342, // XFS
    0x794c_7630, // overlayfs
    0xf2f5_2010, // F2FS
    0x2fc1_2fc1, // ZFS
    0x8584_58f6, // ramfs
    0x3153_464a, // JFS
    0x5265_4973, // ReiserFS
    0xca45_1a4e, // bcachefs
];

/// Whether the file system of a path is none of these.
pub fn is_shared_mount(path: &Path) -> Result<bool, Unknown> {
    let kind = statfs(path).map_err(from_errno)?.f_type;
    Ok(!LOCAL.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::kind_of;
    use crate::core::host::InputKind;

    #[test]
    fn links_of_descriptors() {
        let table: &[(&str, (InputKind, u64))] = &[
            ("pipe:[123]", (InputKind::Pipe, 123)),
            ("socket:[456]", (InputKind::Socket, 456)),
            ("/dev/null", (InputKind::NullDevice, 0)),
            ("/dev/pts/3", (InputKind::Terminal, 0)),
            ("/dev/tty1", (InputKind::Terminal, 0)),
            ("/home/me/pipe:[123]", (InputKind::File, 0)),
            ("pipe:[x]", (InputKind::File, 0)),
            ("anon_inode:[eventfd]", (InputKind::File, 0)),
            ("/dev/null (deleted)", (InputKind::File, 0)),
        ];
        for (link, expected) in table {
            assert_eq!(kind_of(link.as_bytes()), *expected, "{link}");
        }
    }
}
