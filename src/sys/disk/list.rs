//! What a folder of a store holds.

use std::ffi::{CStr, OsStr};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::thread;

use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;

use super::listing::{Names, Reading};
use super::platform::{Buffer, Listing};
use super::{facts, opening};
use crate::core::cache::disk::Listed;

/// More threads than there are cores: on a disk that is not in memory they wait.
const MAX_THREADS: usize = 8;
/// How many names are worth a thread.
const NAMES_PER_THREAD: usize = 500;

/// The names in a folder that are wanted, and what they stand for. What vanishes meanwhile is left out.
pub fn list(folder: BorrowedFd<'_>, is_wanted: &dyn Fn(&OsStr) -> bool) -> Result<Vec<Listed>, Errno> {
    // A descriptor of its own, so that every listing starts at the beginning.
    let again = opening::again(folder)?;
    let mut listing = Listing::new(Arc::new(again))?;
    let (mut buffer, mut found) = (Buffer::new(), Names::default());
    while listing.read(&mut buffer, &mut found)? == Reading::Partial {}
    found.sort();
    let is_wanted = |name: &&CStr| is_wanted(OsStr::from_bytes(name.to_bytes()));
    let names: Vec<&CStr> = found.iter().map(|(name, _)| name).filter(is_wanted).collect();
    let threads = (names.len() / NAMES_PER_THREAD).clamp(1, MAX_THREADS);
    let share = names.len().div_ceil(threads).max(1);
    let parts: Vec<Result<Vec<Listed>, Errno>> = thread::scope(|scope| {
        let mut shares = names.chunks(share);
        let own = shares.next().unwrap_or_default();
        let others: Vec<_> = shares
            .map(|part| (part, thread::Builder::new().spawn_scoped(scope, move || look(folder, part)).ok()))
            .collect();
        let mut parts = vec![look(folder, own)];
        // What no thread did, this one does.
        parts.extend(others.into_iter().map(|(part, thread)| {
            thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| look(folder, part))
        }));
        parts
    });
    let parts: Vec<Vec<Listed>> = parts.into_iter().collect::<Result<_, _>>()?;
    Ok(parts.into_iter().flatten().collect())
}

fn look(folder: BorrowedFd<'_>, names: &[&CStr]) -> Result<Vec<Listed>, Errno> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match statat(folder, *name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => found.push(facts::listed(OsStr::from_bytes(name.to_bytes()).to_owned(), &stat)),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
