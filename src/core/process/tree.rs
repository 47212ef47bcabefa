//! Families: who started whom, as one look at all processes shows it.

use std::collections::{HashMap, HashSet};

use crate::core::host::Stat;

/// The processes of one look by number, with their children.
#[derive(Debug, Default)]
pub struct Tree {
    stats: HashMap<u32, Stat>,
    children: HashMap<u32, Vec<u32>>,
}

impl Tree {
    /// From one look.
    #[must_use]
    pub fn new(everyone: Vec<Stat>) -> Self {
        let stats: HashMap<u32, Stat> = everyone.into_iter().map(|stat| (stat.pid, stat)).collect();
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for stat in stats.values() {
            if stats.get(&stat.parent).is_some_and(|parent| is_child(stat, parent)) {
                children.entry(stat.parent).or_default().push(stat.pid);
            }
        }
        for family in children.values_mut() {
            family.sort_unstable();
        }
        Self { stats, children }
    }

    /// The facts about a process of this look.
    #[must_use]
    pub fn get(&self, pid: u32) -> Option<&Stat> {
        self.stats.get(&pid)
    }

    /// The parent of a process, unless its number was given to another one meanwhile.
    #[must_use]
    pub fn parent(&self, pid: u32) -> Option<&Stat> {
        let stat = self.stats.get(&pid)?;
        self.stats.get(&stat.parent).filter(|parent| is_child(stat, parent))
    }

    /// What a process started, as far as it is still its child.
    pub fn children(&self, pid: u32) -> impl Iterator<Item = &Stat> {
        self.children.get(&pid).into_iter().flatten().filter_map(|child| self.stats.get(child))
    }

    /// Parent, grandparent and so on, nearest first.
    #[must_use]
    pub fn ancestors(&self, pid: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([pid]);
        let mut at = pid;
        while let Some(parent) = self.parent(at) {
            if !seen.insert(parent.pid) {
                break;
            }
            found.push(parent.pid);
            at = parent.pid;
        }
        found
    }

    /// Everything that a process started, directly or not, parents before their children. `enter` decides
    /// whether a descendant and what it started belong to it.
    pub fn descendants(&self, pid: u32, mut enter: impl FnMut(&Stat) -> bool) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([pid]);
        let mut open = vec![pid];
        while let Some(at) = open.pop() {
            for child in self.children.get(&at).into_iter().flatten() {
                let Some(stat) = self.stats.get(child) else { continue };
                if seen.insert(*child) && enter(stat) {
                    found.push(*child);
                    open.push(*child);
                }
            }
        }
        found
    }

    /// Every process of the look, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Stat> {
        self.stats.values()
    }
}

/// A process cannot be older than its parent: if it is, the number of the parent belongs to somebody new.
/// Equal times are possible, for the clock is coarser than a fork.
fn is_child(stat: &Stat, parent: &Stat) -> bool {
    stat.pid != parent.pid && parent.start <= stat.start
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use crate::core::host::Stat;
    use crate::core::host::fake::stat;

    fn tree(rows: &[(u32, u32, u64)]) -> Tree {
        Tree::new(rows.iter().map(|&(pid, parent, start)| stat(pid, parent, start)).collect::<Vec<Stat>>())
    }

    #[test]
    fn descendants_and_ancestors() {
        let tree = tree(&[(1, 0, 0), (10, 1, 5), (11, 10, 6), (12, 11, 7), (13, 10, 8), (20, 1, 9)]);
        assert_eq!(tree.descendants(10, |_| true), [11, 13, 12]);
        assert_eq!(tree.descendants(10, |stat| stat.pid != 11), [13]);
        assert_eq!(tree.ancestors(12), [11, 10, 1]);
        assert!(tree.descendants(99, |_| true).is_empty());
    }

    #[test]
    fn a_parent_that_is_younger_is_a_stranger_with_a_used_number() {
        let tree = tree(&[(1, 0, 0), (10, 1, 50), (11, 10, 6)]);
        assert!(tree.descendants(10, |_| true).is_empty());
        assert!(tree.ancestors(11).is_empty());
    }

    #[test]
    fn a_circle_ends() {
        let tree = tree(&[(10, 12, 5), (11, 10, 5), (12, 11, 5)]);
        assert_eq!(tree.descendants(10, |_| true), [11, 12]);
        assert_eq!(tree.ancestors(10), [12, 11]);
    }
}
