//! The work that threads share. Each has a heap of its own and takes what it put there last, so that it goes deep
//! first; only to those with nothing to do it hands the older half, which are the larger parts.

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::node::Node;
use super::platform::Listing;

/// How many listings may be paused at a time, each with its folder open.
const MAX_PAUSED: usize = 32;

/// So many files with several names are kept to be told apart, 4 MiB of them.
const MAX_LINKED: usize = 262_144;

/// Something to do.
pub enum Item {
    /// The entry of this number.
    Entry(usize),
    /// A folder in a folder.
    Folder(Arc<Node>, CString),
    /// The rest of a listing, and the folder that it is of.
    Rest(Arc<Node>, Listing, Arc<OwnedFd>),
}

#[derive(Default)]
struct Shared {
    items: Vec<Item>,
    idle: usize,
    is_over: bool,
}

/// What the threads share.
pub struct Pool {
    shared: Mutex<Shared>,
    wake: Condvar,
    threads: AtomicUsize,
    hungry: AtomicUsize,
    next: AtomicUsize,
    entries: usize,
    paused: AtomicUsize,
    linked: AtomicUsize,
    is_stopped: AtomicBool,
}

impl Pool {
    /// The work on this many entries.
    pub fn new(entries: usize) -> Self {
        Self {
            shared: Mutex::default(),
            wake: Condvar::new(),
            threads: AtomicUsize::new(0),
            hungry: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            entries,
            paused: AtomicUsize::new(0),
            linked: AtomicUsize::new(0),
            is_stopped: AtomicBool::new(false),
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more thread takes part, to the end.
    pub fn join(&self) {
        self.threads.fetch_add(1, Ordering::SeqCst);
    }

    /// Sets room aside for so many files with several names, and returns for how many there is some.
    pub fn room(&self, wanted: usize) -> usize {
        let taken = self.linked.fetch_add(wanted, Ordering::Relaxed);
        MAX_LINKED.saturating_sub(taken).min(wanted)
    }

    /// Somebody asked to stop.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.shared().is_over = true;
        self.wake.notify_all();
    }

    /// Whether somebody asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Whether a thread has nothing to do, and nothing to take.
    pub fn is_hungry(&self) -> bool {
        self.hungry.load(Ordering::Relaxed) > 0
    }

    /// Whether one more listing may be paused.
    pub fn may_pause(&self) -> bool {
        self.paused.load(Ordering::Relaxed) < MAX_PAUSED
    }

    /// A listing was paused.
    pub fn pause(&self) {
        self.paused.fetch_add(1, Ordering::Relaxed);
    }

    /// It goes on.
    pub fn resume(&self) {
        self.paused.fetch_sub(1, Ordering::Relaxed);
    }

    /// Hands work to the threads that have none, and wakes as many as there is work for.
    pub fn give(&self, items: impl ExactSizeIterator<Item = Item>) {
        let more = items.len();
        let mut shared = self.shared();
        shared.items.extend(items);
        self.note_hunger(&shared);
        drop(shared);
        (0..more).for_each(|_| self.wake.notify_one());
    }

    /// What is there for the idle to take makes nobody hand out more.
    fn note_hunger(&self, shared: &Shared) {
        self.hungry.store(shared.idle.saturating_sub(shared.items.len()), Ordering::Relaxed);
    }

    /// Waits for something to do; nothing when all of it is done.
    pub fn take(&self) -> Option<Item> {
        let next = self.next.load(Ordering::Relaxed);
        if next < self.entries {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index < self.entries {
                return Some(Item::Entry(index));
            }
        }
        let mut shared = self.shared();
        shared.idle += 1;
        self.note_hunger(&shared);
        let found = loop {
            if shared.is_over {
                break None;
            }
            if let Some(item) = shared.items.pop() {
                break Some(item);
            }
            if shared.idle == self.threads.load(Ordering::SeqCst) {
                shared.is_over = true;
                self.wake.notify_all();
                break None;
            }
            shared = self.wake.wait(shared).unwrap_or_else(PoisonError::into_inner);
        };
        shared.idle -= 1;
        self.note_hunger(&shared);
        found
    }
}
