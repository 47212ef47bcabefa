//! What follows when all that is in a folder is done: the folder itself, and then the one above it.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::io::Errno;

use super::super::node::Node;
use super::super::opening;
use super::super::platform::Listing;
use super::super::pool::Item;
use super::super::tally::Entry;
use super::super::task::Task;
use super::{Place, Worker};
use crate::core::cache::disk::Usage;

impl<T: Task> Worker<'_, T> {
    /// One thing in a folder is done; with the last one so is the folder, and one thing in that above.
    pub(super) fn complete(&mut self, node: &Arc<Node>, descriptor: Option<Arc<OwnedFd>>) {
        let (mut node, mut descriptor) = (Arc::clone(node), descriptor);
        while node.settle() {
            let given = descriptor.take();
            let own = self.kept.close(&node).or(given);
            self.lend(&node, own.as_ref());
            if T::REMOVES && !node.is_stuck() {
                let is_left = self.vanish(&node, own.as_ref());
                self.flush(&node.entry);
                if is_left {
                    return;
                }
            }
            let Some(above) = node.above.clone() else {
                self.close(&node.entry);
                return;
            };
            if node.is_stuck() {
                above.stick();
            }
            node = above;
        }
    }

    /// Opens the folder above from this one while it is there, if it was closed and is needed.
    pub(super) fn lend(&mut self, node: &Node, own: Option<&Arc<OwnedFd>>) {
        if let (Some(above), Some(own)) = (&node.above, own)
            && (T::REMOVES || above.is_needed())
            && above.descriptor().is_none()
            && let Ok(opened) = opening::above(own.as_fd(), above.id)
        {
            self.kept.keep(above, Arc::new(opened));
        }
    }

    /// Removes a folder in which all is done. Says whether it must be listed once more.
    pub(super) fn vanish(&mut self, node: &Arc<Node>, own: Option<&Arc<OwnedFd>>) -> bool {
        let result = self
            .place(node.above.as_ref())
            .and_then(|place| self.walk.task.done(place.as_fd(), node, &mut self.batch));
        match result {
            Ok(()) => false,
            Err(Errno::NOTEMPTY | Errno::EXIST) if self.again(node, own) => true,
            Err(error) => {
                self.refused(&node.entry, node.above.as_ref(), &node.name, error);
                false
            }
        }
    }

    /// Lists a folder once more, into which something came since, or whose listing left something out.
    pub(super) fn again(&mut self, node: &Arc<Node>, own: Option<&Arc<OwnedFd>>) -> bool {
        let place = own.map_or_else(|| self.place(Some(node)), |own| Ok(Place::Below(Arc::clone(own))));
        let Ok(Place::Below(descriptor)) = place else { return false };
        let Ok(listing) = Listing::again(Arc::clone(&descriptor)) else { return false };
        let may = node.try_again();
        if may {
            self.pool.pause();
            self.stack.push(Item::Rest(Arc::clone(node), listing, descriptor));
        }
        may
    }

    /// Adds what was found to the entry.
    pub(super) fn flush(&mut self, entry: &Entry) {
        let gone = entry.add(&mut self.batch);
        if T::REMOVES && gone != Usage::default() {
            (self.walk.progress)(&gone);
        }
    }

    pub(super) fn close(&self, entry: &Entry) {
        let room = |wanted| if T::REMOVES { 0 } else { self.pool.room(wanted) };
        let (usage, linked) = entry.close(room);
        let told = if T::REMOVES { linked } else { usage };
        if !T::REMOVES || told != Usage::default() {
            (self.walk.progress)(&told);
        }
    }
}
