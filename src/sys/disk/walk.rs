//! The walk itself: threads that open folders, do with each name what the task says, and close the folders again.
//! No call goes deeper because a tree does, and no folder is reached but from one that is open.

mod finish;

use std::ffi::{CStr, CString};
use std::iter;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;

use super::listing::{Kind, Names, Reading};
use super::node::{self, Kept, Node};
use super::platform::{Buffer, Listing};
use super::pool::{Item, Pool};
use super::tally::{Batch, Entry, Tally};
use super::task::Task;
use super::{facts, opening};
use crate::core::cache::disk::{Cause, FileId, Trouble, Usage};

/// So many folders of one folder wait to be opened before the rest of it is listed.
const ENOUGH: usize = 512;

/// What a walk is given.
pub struct Walk<'a, T> {
    /// The folder of the store.
    pub store: BorrowedFd<'a>,
    /// Its device.
    pub device: u64,
    /// How many entries there are.
    pub entries: usize,
    /// What to do.
    pub task: T,
    /// Is told what is done.
    pub progress: &'a (dyn Fn(&Usage) + Sync),
    /// Says when to stop.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl<T: Task> Walk<'_, T> {
    /// Does it, and returns what is known of each entry by its number, and whether all were done.
    pub fn run(&self) -> (Vec<Tally>, bool) {
        let pool = Pool::new(self.entries);
        let work = || Worker::new(self, &pool).run();
        let started = std::thread::scope(|scope| {
            // On a machine that has no thread left for us, this one does the work of all.
            let others: Vec<_> = (1..T::THREADS.min(self.threads_wanted()))
                .map_while(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok())
                .collect();
            let mut started = work();
            started.extend(others.into_iter().filter_map(|thread| thread.join().ok()).flatten());
            started
        });
        let mut tallies: Vec<Tally> = (0..self.entries).map(|_| Tally::default()).collect();
        for entry in started {
            tallies[entry.index] = entry.take();
        }
        (tallies, !pool.is_stopped())
    }

    /// Nothing to do is done without threads.
    fn threads_wanted(&self) -> usize {
        if self.entries == 0 { 1 } else { T::THREADS }
    }
}

/// A folder that is open: that of the store, or one below it.
enum Place<'a> {
    Store(BorrowedFd<'a>),
    Below(Arc<OwnedFd>),
}

impl AsFd for Place<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Store(store) => *store,
            Self::Below(folder) => folder.as_fd(),
        }
    }
}

/// One thread.
struct Worker<'a, T> {
    walk: &'a Walk<'a, T>,
    pool: &'a Pool,
    stack: Vec<Item>,
    kept: Kept,
    batch: Batch,
    buffer: Buffer,
    names: Names,
    started: Vec<Arc<Entry>>,
}

impl<'a, T: Task> Worker<'a, T> {
    fn new(walk: &'a Walk<'a, T>, pool: &'a Pool) -> Self {
        pool.join();
        Self {
            walk,
            pool,
            stack: Vec::new(),
            kept: Kept::default(),
            batch: Batch::default(),
            buffer: Buffer::new(),
            names: Names::default(),
            started: Vec::new(),
        }
    }

    /// Works until nothing is left, and returns the entries that it began.
    fn run(mut self) -> Vec<Arc<Entry>> {
        while let Some(item) = self.stack.pop().or_else(|| self.pool.take()) {
            if self.is_stopped() {
                break;
            }
            match item {
                Item::Entry(index) => self.start(index),
                Item::Folder(above, name) => self.enter(&Arc::clone(&above.entry), Some(above), name),
                Item::Rest(node, listing, descriptor) => {
                    self.pool.resume();
                    self.read(&node, listing, descriptor);
                }
            }
            if self.stack.len() > 1 && self.pool.is_hungry() {
                let older = self.stack.len() / 2;
                self.pool.give(self.stack.drain(..older));
            }
        }
        self.started
    }

    fn is_stopped(&self) -> bool {
        if !self.pool.is_stopped() && (self.walk.stop)() {
            self.pool.stop();
        }
        self.pool.is_stopped()
    }

    fn start(&mut self, index: usize) {
        let entry = Arc::new(Entry::new(index));
        self.started.push(Arc::clone(&entry));
        let name = self.walk.task.name(index);
        match opening::name(name) {
            Ok(name) => self.enter(&entry, None, name),
            Err(error) => {
                entry.trouble(|| Trouble { path: name.into(), cause: facts::cause(error) });
                self.close(&entry);
            }
        }
    }

    /// Opens a folder, and does what is to be done in it; or with what has its name now.
    fn enter(&mut self, entry: &Arc<Entry>, above: Option<Arc<Node>>, name: CString) {
        let opened = self.place(above.as_ref()).and_then(|place| {
            let result = self.walk.task.open(place.as_fd(), self.walk.device, &name);
            match result {
                // It is no folder, or not any more.
                Err(Errno::NOTDIR | Errno::LOOP) if self.may_be_a_file(entry, above.as_ref()) => {
                    self.batch.unsteady();
                    self.file(entry, &place, &name).map(|()| None)
                }
                result => result.map(Some),
            }
        });
        match opened {
            Ok(Some(opened)) if self.is_expected(entry, above.as_ref(), facts::id(&opened.stat)) => {
                let node = Arc::new(Node::new(Arc::clone(entry), above, name, &opened.stat));
                self.walk.task.opened(&node, &mut self.batch);
                self.begin(&node, Arc::new(opened.descriptor));
            }
            Ok(Some(_)) | Err(Errno::NOTDIR | Errno::LOOP) => {
                let cause = Cause::Failed("something else has its name now".to_owned());
                entry.trouble(|| Trouble { path: node::path(None, name.to_bytes()), cause });
                self.settle(entry, above);
            }
            Ok(None) => self.settle(entry, above),
            Err(error) => {
                self.refused(entry, above.as_ref(), &name, error);
                self.settle(entry, above);
            }
        }
    }

    fn begin(&mut self, node: &Arc<Node>, descriptor: Arc<OwnedFd>) {
        match Listing::new(Arc::clone(&descriptor)) {
            Ok(listing) => self.read(node, listing, descriptor),
            Err(error) => {
                self.refused(&node.entry, node.above.as_ref(), &node.name, error);
                node.stick();
                self.listed(node, descriptor, Vec::new(), None);
            }
        }
    }

    /// What is below an entry may become anything. An entry itself may not, if it was looked at before.
    fn may_be_a_file(&self, entry: &Entry, above: Option<&Arc<Node>>) -> bool {
        above.is_some() || self.walk.task.expected(entry.index).is_none()
    }

    fn is_expected(&self, entry: &Entry, above: Option<&Arc<Node>>, found: FileId) -> bool {
        above.is_some() || self.walk.task.expected(entry.index).is_none_or(|expected| expected == found)
    }

    #[inline(always)]
    fn file(&mut self, entry: &Entry, place: &Place<'_>, name: &CStr) -> Result<(), Errno> {
        self.walk.task.file(place.as_fd(), self.walk.device, name, entry, &mut self.batch)
    }

    /// Notes what was in the way. What is gone is not.
    fn refused(&mut self, entry: &Entry, above: Option<&Arc<Node>>, name: &CStr, error: Errno) {
        if error == Errno::NOENT {
            self.batch.unsteady();
            return;
        }
        entry.trouble(|| Trouble { path: node::path(above, name.to_bytes()), cause: facts::cause(error) });
        if let Some(above) = above {
            above.stick();
        }
    }

    /// Reads a listing, to its end or until it is time to look into the folders in it.
    fn read(&mut self, node: &Arc<Node>, listing: Listing, descriptor: Arc<OwnedFd>) {
        let mut folders = Vec::new();
        let rest = self.names(node, listing, &descriptor, &mut folders);
        // From here on nobody else holds the folder: the kernel pays dearly for one that outlives those above it.
        self.listed(node, descriptor, folders, rest);
    }

    fn names(
        &mut self,
        node: &Arc<Node>,
        mut listing: Listing,
        descriptor: &Arc<OwnedFd>,
        folders: &mut Vec<CString>,
    ) -> Option<Listing> {
        let place = Place::Below(Arc::clone(descriptor));
        let mut names = mem::take(&mut self.names);
        let rest = loop {
            names.clear();
            let reading = listing.read(&mut self.buffer, &mut names);
            // A folder of many files would keep a single thread busy. To empty it, more only wait for each other.
            if !T::REMOVES && reading == Ok(Reading::Partial) && self.may_hand_on() {
                node.expect(1);
                self.pool.give(iter::once(Item::Rest(Arc::clone(node), listing, Arc::clone(descriptor))));
                self.each(node, &place, &mut names, folders);
                break None;
            }
            self.each(node, &place, &mut names, folders);
            match reading {
                Ok(Reading::Complete) => break None,
                Ok(Reading::Partial) if self.is_time(folders.len()) => break Some(listing),
                Ok(Reading::Partial) => {}
                Err(error) => {
                    self.refused(&node.entry, node.above.as_ref(), &node.name, error);
                    node.stick();
                    break None;
                }
            }
        };
        self.names = names;
        rest
    }

    fn may_hand_on(&self) -> bool {
        let may = self.pool.is_hungry() && self.pool.may_pause();
        if may {
            self.pool.pause();
        }
        may
    }

    /// Whether to pause a listing in which so many folders were found.
    fn is_time(&self, folders: usize) -> bool {
        let is_enough = folders >= ENOUGH || (folders > 1 && self.pool.is_hungry());
        self.is_stopped() || (is_enough && self.pool.may_pause())
    }

    /// Puts on the stack what a listing has found.
    fn listed(
        &mut self,
        node: &Arc<Node>,
        descriptor: Arc<OwnedFd>,
        folders: Vec<CString>,
        rest: Option<Listing>,
    ) {
        // First of all: whoever settles the last thing closes the entry.
        self.flush(&node.entry);
        node.expect(folders.len());
        let (is_complete, has_folders) = (rest.is_none(), !folders.is_empty());
        if let Some(rest) = rest {
            self.pool.pause();
            self.stack.push(Item::Rest(Arc::clone(node), rest, Arc::clone(&descriptor)));
        }
        self.stack.extend(folders.into_iter().map(|name| Item::Folder(Arc::clone(node), name)));
        if has_folders {
            self.kept.keep(node, Arc::clone(&descriptor));
        }
        if is_complete {
            self.complete(node, Some(descriptor));
        }
    }

    fn each(&mut self, node: &Arc<Node>, place: &Place<'_>, names: &mut Names, folders: &mut Vec<CString>) {
        names.sort();
        for (name, kind) in names.iter() {
            let is_folder = match kind {
                Kind::Folder => true,
                Kind::Other => false,
                Kind::Unknown => {
                    statat(place, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| facts::is_folder(&stat))
                }
            };
            if is_folder {
                folders.push(name.to_owned());
            } else if let Err(error) = self.file(&node.entry, place, name) {
                self.refused(&node.entry, Some(node), name, error);
            }
        }
    }

    /// The open folder of a node, or of the store.
    fn place(&mut self, node: Option<&Arc<Node>>) -> Result<Place<'a>, Errno> {
        let Some(node) = node else { return Ok(Place::Store(self.walk.store)) };
        if let Some(descriptor) = node.descriptor() {
            return Ok(Place::Below(descriptor));
        }
        let mut way = Vec::new();
        let mut step = Some(node);
        let mut place = Place::Store(self.walk.store);
        while let Some(closed) = step {
            if let Some(descriptor) = closed.descriptor() {
                place = Place::Below(descriptor);
                break;
            }
            way.push(closed);
            step = closed.above.as_ref();
        }
        for closed in way.into_iter().rev() {
            let opened = opening::child(place.as_fd(), self.walk.device, &closed.name)?;
            if facts::id(&opened.stat) != closed.id {
                return Err(Errno::NOENT);
            }
            place = Place::Below(Arc::new(opened.descriptor));
        }
        if let Place::Below(descriptor) = &place {
            self.kept.keep(node, Arc::clone(descriptor));
        }
        Ok(place)
    }

    /// One thing in a folder is done, or the entry that is no folder.
    fn settle(&mut self, entry: &Entry, above: Option<Arc<Node>>) {
        self.flush(entry);
        match above {
            Some(above) => self.complete(&above, None),
            None => self.close(entry),
        }
    }
}
