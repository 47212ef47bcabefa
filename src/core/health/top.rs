//! The largest development trees, also when nothing is over a limit.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::inspect::{Inspection, Watched};
use crate::core::host::{Host, State, Unknown};
use crate::core::process::Tree;

/// A process that a rule speaks of, with everything that it started.
#[derive(Debug)]
pub struct DevelopmentTree<'a> {
    /// The topmost process.
    pub root: &'a Watched,
    /// How many processes it is in all.
    pub processes: usize,
    /// The sum of their RSS in bytes: what they share counts once for each.
    pub rss_bytes: u64,
    /// The sum of their PSS in bytes, if each of them can be measured: what it would free to end them all.
    pub pss_bytes: Option<u64>,
}

/// The `count` largest trees by RSS, largest first. Only for these is PSS measured.
pub fn largest<'a, H: Host>(host: &H, inspection: &'a Inspection, count: usize) -> Vec<DevelopmentTree<'a>> {
    let Some(tree) = &inspection.tree else { return Vec::new() };
    let known: HashSet<u32> = inspection.watched.iter().map(|watched| watched.identity.pid.get()).collect();
    let is_root = |watched: &&Watched| {
        !tree.ancestors(watched.identity.pid.get()).iter().any(|ancestor| known.contains(ancestor))
    };
    let mut trees: Vec<(&Watched, Vec<u32>, u64)> = inspection
        .watched
        .iter()
        .filter(is_root)
        .map(|root| {
            let members = members(tree, root);
            let rss = members.iter().filter_map(|pid| tree.get(*pid)).map(|stat| stat.rss_bytes).sum();
            (root, members, rss)
        })
        .collect();
    trees.sort_by_key(|(root, _, rss)| (Reverse(*rss), root.identity.pid));
    trees.truncate(count);
    trees
        .into_iter()
        .map(|(root, members, rss_bytes)| DevelopmentTree {
            root,
            processes: members.len(),
            rss_bytes,
            pss_bytes: members.iter().map(|pid| pss(host, *pid)).sum(),
        })
        .collect()
}

/// Who has ended meanwhile has no memory any more.
fn pss<H: Host>(host: &H, pid: u32) -> Option<u64> {
    match host.pss_bytes(pid) {
        Err(Unknown::Gone) => Some(0),
        measured => measured.ok(),
    }
}

fn members(tree: &Tree, root: &Watched) -> Vec<u32> {
    let pid = root.identity.pid.get();
    let mut members = tree.descendants(pid, |stat| stat.state != State::Zombie);
    members.push(pid);
    members
}
