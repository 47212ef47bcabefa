//! The folders between an entry and the place where a walk is, and how few of them are kept open.

use std::collections::VecDeque;
use std::ffi::{CString, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::Stat;

use super::facts;
use super::tally::Entry;
use crate::core::cache::disk::FileId;

/// How many folders a thread keeps open to come back to. One that is needed after it was closed is opened anew from
/// the folder that is left, so that no depth of a tree takes more.
const KEPT_OPEN: usize = 12;

/// How often a folder is listed anew because something came into it while it was emptied.
const MAX_TRIES: u8 = 16;

/// A folder in which something is still to be done.
pub struct Node {
    /// What it belongs to.
    pub entry: Arc<Entry>,
    /// The folder that it is in; none for the entry itself.
    pub above: Option<Arc<Self>>,
    /// Its name there.
    pub name: CString,
    /// What it was when it was opened.
    pub id: FileId,
    /// What it takes itself.
    pub disk_bytes: u64,
    descriptor: Mutex<Option<Arc<OwnedFd>>>,
    /// Its own listing and the folders in it that are not done.
    pending: AtomicUsize,
    is_stuck: AtomicBool,
    tries: AtomicU8,
}

impl Node {
    /// A folder whose listing is to be read.
    pub fn new(entry: Arc<Entry>, above: Option<Arc<Self>>, name: CString, stat: &Stat) -> Self {
        Self {
            entry,
            above,
            name,
            id: facts::id(stat),
            disk_bytes: facts::disk_bytes(stat),
            descriptor: Mutex::default(),
            pending: AtomicUsize::new(1),
            is_stuck: AtomicBool::new(false),
            tries: AtomicU8::new(0),
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<OwnedFd>>> {
        self.descriptor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder, where it is open.
    pub fn descriptor(&self) -> Option<Arc<OwnedFd>> {
        self.slot().clone()
    }

    /// There are this many more things to do in it.
    pub fn expect(&self, more: usize) {
        self.pending.fetch_add(more, Ordering::Relaxed);
    }

    /// Whether more than one thing is still to be done.
    pub fn is_needed(&self) -> bool {
        self.pending.load(Ordering::Relaxed) > 1
    }

    /// One thing is done. Says whether it was the last one.
    pub fn settle(&self) -> bool {
        self.pending.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Something in it is left, so that it cannot be removed.
    pub fn stick(&self) {
        self.is_stuck.store(true, Ordering::Relaxed);
    }

    /// Whether something in it is left.
    pub fn is_stuck(&self) -> bool {
        self.is_stuck.load(Ordering::Relaxed)
    }

    /// Whether it may be listed once more; then that is what is still to be done.
    pub fn try_again(&self) -> bool {
        let may = self.tries.fetch_add(1, Ordering::Relaxed) < MAX_TRIES;
        self.pending.store(usize::from(may), Ordering::Relaxed);
        may
    }
}

impl Drop for Node {
    /// One after the other: dropped from within each other, a deep tree would overflow the stack.
    fn drop(&mut self) {
        let mut above = self.above.take();
        while let Some(node) = above {
            above = Arc::into_inner(node).and_then(|mut node| node.above.take());
        }
    }
}

/// Where a name is, from the folder of the store.
pub fn path(above: Option<&Arc<Node>>, name: &[u8]) -> PathBuf {
    let mut names = vec![name];
    let mut above = above;
    while let Some(node) = above {
        names.push(node.name.to_bytes());
        above = node.above.as_ref();
    }
    names.into_iter().rev().map(OsStr::from_bytes).collect()
}

/// The folders that one thread keeps open: the last ones that it came through.
#[derive(Default)]
pub struct Kept(VecDeque<Arc<Node>>);

impl Kept {
    /// Keeps a folder open, in place of another one if there are too many.
    pub fn keep(&mut self, node: &Arc<Node>, descriptor: Arc<OwnedFd>) {
        *node.slot() = Some(descriptor);
        if self.0.len() >= KEPT_OPEN {
            self.0.retain(|kept| kept.slot().is_some());
        }
        if self.0.len() >= KEPT_OPEN
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.slot().take();
        }
        self.0.push_back(Arc::clone(node));
    }

    /// Closes a folder, and returns it if nobody had done so.
    pub fn close(&mut self, node: &Arc<Node>) -> Option<Arc<OwnedFd>> {
        if self.0.back().is_some_and(|last| Arc::ptr_eq(last, node)) {
            self.0.pop_back();
        }
        node.slot().take()
    }
}
