//! The limits that `health` holds processes against.

use std::time::Duration;

use crate::core::process::Rule;

/// The general limits, and how they are measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// RSS of one process, in bytes.
    pub max_memory_bytes: u64,
    /// PSS of a process and all its descendants, in bytes; `None` asks for no such sum.
    pub max_tree_memory_bytes: Option<u64>,
    /// Per cent of one core, averaged between two looks.
    pub max_cpu_percent: u32,
    /// Consecutive looks over `max_cpu_percent` before it counts.
    pub cpu_strikes: u32,
    /// Time without progress after which a process that should end counts as hung.
    pub max_runtime: Duration,
    /// The least time between two looks that are compared; a look that comes sooner changes nothing.
    pub look_interval: Duration,
    /// Which of these a flag or the environment set, so that they hold before a rule's own.
    pub overriding: Overriding,
}

/// The limits that were set for this one run, and so hold before the limits of a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "four independent settings, each of which can be overridden"
)]
pub struct Overriding {
    /// `max_memory_bytes` was.
    pub max_memory: bool,
    /// `max_cpu_percent` was.
    pub max_cpu: bool,
    /// `cpu_strikes` was.
    pub cpu_strikes: bool,
    /// `max_runtime` was.
    pub max_runtime: bool,
}

/// The limits that hold for the processes of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effective {
    /// RSS of one process, in bytes.
    pub max_memory_bytes: u64,
    /// Per cent of one core.
    pub max_cpu_percent: u32,
    /// Consecutive looks.
    pub cpu_strikes: u32,
    /// Time without progress.
    pub max_runtime: Duration,
}

impl Limits {
    /// What holds for the processes of `rule`: its own limit where it has one, unless this run overrides it.
    #[must_use]
    pub fn for_rule(&self, rule: &Rule) -> Effective {
        let (own, over) = (&rule.limits, self.overriding);
        Effective {
            max_memory_bytes: choose(own.max_memory_bytes, self.max_memory_bytes, over.max_memory),
            max_cpu_percent: choose(own.max_cpu_percent, self.max_cpu_percent, over.max_cpu),
            cpu_strikes: choose(own.cpu_strikes, self.cpu_strikes, over.cpu_strikes),
            max_runtime: choose(own.max_runtime, self.max_runtime, over.max_runtime),
        }
    }
}

fn choose<T>(own: Option<T>, general: T, overridden: bool) -> T {
    own.filter(|_| !overridden).unwrap_or(general)
}
