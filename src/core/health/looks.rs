//! What earlier looks saw, by identity: one look shows a state, only two show a rate.

use std::collections::HashMap;
use std::time::Duration;

use crate::core::process::{BootId, Identity};

/// A look is forgotten when its process has not been seen for so long.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What was seen of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When: see [`crate::core::host::Host::awake`].
    pub at: Duration,
    /// CPU time of the process until then.
    pub cpu: Duration,
    /// How many looks in a row have seen it over its CPU limit.
    pub strikes: u32,
    /// That limit, in per cent of one core.
    pub limit_percent: u32,
    /// What was seen of it and everything that it started, where that was asked for.
    pub tree: Option<TreeLook>,
}

/// What was seen of a process and everything that it started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeLook {
    /// When, since the boot.
    pub at: Duration,
    /// CPU time of all of them.
    pub cpu: Duration,
    /// Bytes that all of them have read and written.
    pub io_bytes: u64,
    /// How many they are.
    pub members: usize,
    /// The start of the youngest.
    pub youngest: u64,
    /// Since when, since the boot, no look has seen any progress.
    pub quiet_since: Duration,
}

/// CPU time below this share of the time between two looks is no progress: garbage collection and timers of an idle
/// node process take less than a thousandth, and the ping that esbuild sends to vitest every second a few of them.
const IDLE_CPU_SHARE: f64 = 0.005;
/// The kernel counts in ticks of a hundredth of a second: each process may have come to the end of one.
const TICK_SECONDS: f64 = 0.01;
/// Bytes per second below this are no progress: event descriptors count eight bytes at every wake-up, and a ping with
/// its answer some dozens.
const IDLE_BYTES_PER_SECOND: f64 = 512.0;

impl TreeLook {
    /// Whether anything happened between an earlier look and this one: somebody came or went, worked, read
    /// or wrote.
    #[must_use]
    pub fn shows_progress_since(&self, earlier: &Self) -> bool {
        let seconds = self.at.saturating_sub(earlier.at).as_secs_f64();
        let cpu = self.cpu.abs_diff(earlier.cpu).as_secs_f64();
        let bytes = self.io_bytes.abs_diff(earlier.io_bytes) as f64;
        self.members != earlier.members
            || self.youngest != earlier.youngest
            || cpu > seconds * IDLE_CPU_SHARE + self.members as f64 * TICK_SECONDS
            || bytes > seconds * IDLE_BYTES_PER_SECOND
    }
}

/// The looks of one boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    boot: BootId,
    looks: HashMap<Identity, Look>,
}

impl Looks {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(boot: BootId) -> Self {
        Self { boot, looks: HashMap::new() }
    }

    /// Which boot they are of: the looks of another boot say nothing about any process of this one.
    #[must_use]
    pub const fn boot(&self) -> BootId {
        self.boot
    }

    /// What was seen of this process.
    #[must_use]
    pub fn get(&self, identity: &Identity) -> Option<&Look> {
        self.looks.get(identity)
    }

    /// Keeps what was seen of a process. One of another boot is not kept.
    pub fn insert(&mut self, identity: Identity, look: Look) {
        if identity.boot == self.boot {
            self.looks.insert(identity, look);
        }
    }

    /// Drops what has not been looked at for a day.
    pub fn forget_old(&mut self, now: Duration) {
        self.looks.retain(|_, look| now.saturating_sub(look.at) < FORGET_AFTER);
    }

    /// All of them, in the order of their numbers.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&Identity, &Look)> {
        let mut all: Vec<_> = self.looks.iter().collect();
        all.sort_by_key(|(identity, _)| (identity.pid, identity.start));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::TreeLook;
    use std::time::Duration;

    fn look(at: u64, cpu_ms: u64, io_bytes: u64, members: usize, youngest: u64) -> TreeLook {
        let at = Duration::from_secs(at);
        TreeLook { at, cpu: Duration::from_millis(cpu_ms), io_bytes, members, youngest, quiet_since: at }
    }

    #[test]
    fn progress_is_work_bytes_or_a_change_in_the_family() {
        let earlier = look(100, 5000, 10_000, 3, 77);
        let table: &[(&str, TreeLook, bool)] = &[
            ("nothing", look(400, 5000, 10_000, 3, 77), false),
            ("a garbage collection", look(400, 5300, 10_000, 3, 77), false),
            ("timers", look(400, 5000, 18_000, 3, 77), false),
            ("work", look(400, 8000, 10_000, 3, 77), true),
            ("a ping every second", look(400, 5900, 90_000, 3, 77), false),
            ("ticks", look(101, 5030, 10_000, 3, 77), false),
            ("reading", look(400, 5000, 900_000, 3, 77), true),
            ("a child came", look(400, 5000, 10_000, 4, 390), true),
            ("a child went", look(400, 4000, 9_000, 2, 77), true),
            ("one went, one came", look(400, 5000, 10_000, 3, 390), true),
        ];
        for (what, later, expected) in table {
            assert_eq!(later.shows_progress_since(&earlier), *expected, "{what}");
        }
    }
}
