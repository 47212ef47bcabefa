//! Since when zombies have been seen: the kernel does not tell when a process ended.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::zombies::Neglect;
use crate::core::process::BootId;
use crate::core::state::Versioned;

/// The file as a whole.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZombieFile {
    boot_id: String,
    zombies: Vec<ZombieEntry>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ZombieEntry {
    pid: u32,
    start_ticks: u64,
    first_seen_milliseconds: u64,
}

impl Versioned for ZombieFile {
    const VERSION: u32 = 1;
}

impl ZombieFile {
    /// What is to be remembered after this look, given what was remembered before it.
    #[must_use]
    pub fn after(earlier: Option<&Self>, boot: BootId, now: Duration, neglect: &[Neglect]) -> Self {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let same_boot = earlier.filter(|earlier| BootId::parse(&earlier.boot_id) == Some(boot));
        let known: HashMap<(u32, u64), u64> = same_boot
            .iter()
            .flat_map(|file| &file.zombies)
            .filter(|entry| entry.first_seen_milliseconds <= now)
            .map(|entry| ((entry.pid, entry.start_ticks), entry.first_seen_milliseconds))
            .collect();
        let children = neglect.iter().flat_map(|neglect| &neglect.children);
        let zombies = children.map(|child| ZombieEntry {
            pid: child.pid,
            start_ticks: child.start.0,
            first_seen_milliseconds: known.get(&(child.pid, child.start.0)).copied().unwrap_or(now),
        });
        Self { boot_id: boot.to_string(), zombies: zombies.collect() }
    }

    /// How long the child that was seen first has been dead, at least.
    #[must_use]
    pub fn dead_for(&self, neglect: &Neglect, now: Duration) -> Duration {
        let is_child = |entry: &&ZombieEntry| {
            neglect.children.iter().any(|child| (child.pid, child.start.0) == (entry.pid, entry.start_ticks))
        };
        let first = self.zombies.iter().filter(is_child).map(|entry| entry.first_seen_milliseconds).min();
        let since = first.map_or(now, Duration::from_millis);
        // The file knows milliseconds: what was seen first in this look is not older than that.
        now.checked_sub(since).filter(|dead| dead.as_millis() > 0).unwrap_or_default()
    }
}
