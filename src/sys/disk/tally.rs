//! What a walk has found or removed so far, entry by entry.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::Stat;

use super::facts;
use crate::core::cache::disk::{LinkedFile, Newest, Trouble, Usage};

/// A file with several names.
#[derive(Debug, Clone, Copy)]
pub struct Linked {
    inode: u64,
    /// How many of its names are in the entry.
    here: u64,
    /// How many it has.
    links: u64,
    disk_bytes: u64,
    apparent_bytes: u64,
}

/// What one thread found in one folder; it is added to the tally of the entry at once.
#[derive(Debug, Default)]
pub struct Batch {
    usage: Usage,
    newest: Newest,
    linked: Vec<Linked>,
    is_unsteady: bool,
}

impl Batch {
    /// Counts anything but a folder; `may_be_last` of a file that had more names until now.
    pub fn file(&mut self, stat: &Stat, may_be_last: bool) {
        let (disk_bytes, apparent_bytes) = (facts::disk_bytes(stat), facts::apparent_bytes(stat));
        self.newest = self.newest.and(facts::newest(stat));
        let links = facts::links(stat);
        if links > 1 || may_be_last {
            let inode = facts::id(stat).inode;
            self.linked.push(Linked { inode, here: 1, links, disk_bytes, apparent_bytes });
        } else {
            self.usage += Usage { disk_bytes, linked_bytes: 0, apparent_bytes, files: 1 };
        }
    }

    /// Counts what a folder itself takes, in bytes on the disk.
    pub fn folder(&mut self, disk_bytes: u64) {
        self.usage.disk_bytes += disk_bytes;
    }

    /// Something changed while it was looked at.
    pub fn unsteady(&mut self) {
        self.is_unsteady = true;
    }
}

/// What is known of one entry.
#[derive(Debug, Default)]
pub struct Tally {
    /// Without the files that have several names, until it is closed.
    pub usage: Usage,
    /// The latest times of its files.
    pub newest: Newest,
    /// The first thing that was in the way.
    pub trouble: Option<Trouble>,
    /// Whether something changed while it was looked at, or has names elsewhere.
    pub is_unsteady: bool,
    /// Whether all of it was done.
    pub is_done: bool,
    /// The files with names elsewhere, once it is closed, as far as there was room for them.
    pub elsewhere: Vec<LinkedFile>,
    linked: HashMap<u64, Linked>,
}

impl Tally {
    fn add(&mut self, batch: &mut Batch) -> Usage {
        let usage = mem::take(&mut batch.usage);
        self.usage += usage;
        self.newest = self.newest.and(mem::take(&mut batch.newest));
        self.is_unsteady |= mem::take(&mut batch.is_unsteady);
        for found in batch.linked.drain(..) {
            let known = self.linked.entry(found.inode).or_insert(Linked { here: 0, ..found });
            known.here += 1;
            // Somebody who removes names meanwhile must not make it look as if all were here.
            known.links = known.links.max(found.links);
        }
        usage
    }

    /// Decides about the files with several names, and returns what they came to. `room` is asked for how many of
    /// them may be kept.
    fn close(&mut self, room: impl Fn(usize) -> usize) -> Usage {
        let mut usage = Usage::default();
        let mut left = if self.linked.is_empty() { 0 } else { room(self.linked.len()) };
        for file in mem::take(&mut self.linked).into_values() {
            let is_all_here = file.here >= file.links;
            self.is_unsteady |= !is_all_here;
            if !is_all_here && left > 0 {
                left -= 1;
                self.elsewhere.push(LinkedFile { inode: file.inode, disk_bytes: file.disk_bytes });
            }
            let (disk_bytes, linked_bytes) =
                if is_all_here { (file.disk_bytes, 0) } else { (0, file.disk_bytes) };
            usage += Usage { disk_bytes, linked_bytes, apparent_bytes: file.apparent_bytes, files: 1 };
        }
        self.usage += usage;
        usage
    }
}

/// One entry of the store while it is worked on.
#[derive(Debug)]
pub struct Entry {
    /// Its place in the order that was asked for.
    pub index: usize,
    tally: Mutex<Tally>,
    has_linked: AtomicBool,
}

impl Entry {
    /// One of which nothing is known yet.
    pub fn new(index: usize) -> Self {
        Self { index, tally: Mutex::default(), has_linked: AtomicBool::new(false) }
    }

    /// A file with several names is about to lose one.
    pub fn expect_linked(&self) {
        self.has_linked.store(true, Ordering::SeqCst);
    }

    /// Whether a file of it has lost a name, so that one with a single name may have had more.
    pub fn has_linked(&self) -> bool {
        self.has_linked.load(Ordering::SeqCst)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what was found, and returns how much that was, files with several names aside.
    pub fn add(&self, batch: &mut Batch) -> Usage {
        self.tally().add(batch)
    }

    /// Notes what is in the way, if it is the first.
    pub fn trouble(&self, trouble: impl FnOnce() -> Trouble) {
        let mut tally = self.tally();
        tally.trouble.get_or_insert_with(trouble);
    }

    /// All of it is done: returns the usage, and the share in it of files with several names. `room` says how many of
    /// those may be kept.
    pub fn close(&self, room: impl Fn(usize) -> usize) -> (Usage, Usage) {
        let mut tally = self.tally();
        tally.is_done = true;
        let linked = tally.close(room);
        (tally.usage, linked)
    }

    /// Takes what is known; files with several names are counted in any case.
    pub fn take(&self) -> Tally {
        let mut tally = mem::take(&mut *self.tally());
        tally.close(|_| 0);
        tally
    }
}
