//! Holds one process against its limits. Everything here is a pure function of what was seen.

use std::time::Duration;

use super::limits::Effective;
use super::looks::{Look, TreeLook};
use crate::core::process::life::Life;

/// A limit that a process exceeds: what speaks for ending it.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// More memory than one process may have.
    Memory {
        /// Its RSS.
        rss_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// More CPU than it may take, in so many looks in a row.
    Cpu {
        /// Per cent of one core, averaged between the last two looks.
        percent: f64,
        /// The limit.
        limit_percent: u32,
        /// Looks in a row.
        strikes: u32,
    },
    /// It should have ended, and nothing moves in it or in what it started.
    Hung {
        /// Since it started.
        age: Duration,
        /// Since when nothing moved.
        quiet: Duration,
        /// The limit.
        limit: Duration,
    },
    /// It and what it started have more memory than such a tree may have.
    TreeMemory {
        /// Their PSS.
        pss_bytes: u64,
        /// The limit.
        limit_bytes: u64,
        /// How many processes that is.
        processes: usize,
    },
}

/// Something that is no finding and that explains why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// It is over its CPU limit, but not yet in enough looks in a row.
    Busy {
        /// Per cent of one core.
        percent: f64,
        /// Looks in a row so far.
        strikes: u32,
        /// Looks in a row that count.
        needed: u32,
    },
    /// Its age exceeds the limit, but it is not expected to end.
    Endless(&'static str),
    /// Its age exceeds the limit, but whether it should have ended cannot be told from its arguments.
    LifeUnknown,
    /// Its age exceeds the limit, but something moves in it or in what it started.
    Progress,
    /// Its age exceeds the limit, and this look is the first, or nothing has moved for less than the limit.
    Quiet(Duration),
    /// Its age exceeds the limit, but it belongs to the tree of another one, which decides.
    PartOfTree(u32),
    /// It, or something that it started, is stopped by a person or a debugger.
    Stopped,
    /// Whether anything moves in it cannot be seen.
    ProgressUnknown(String),
}

/// What a look at the CPU time came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CpuUse {
    /// Per cent of one core since the earlier look, if there was one that is old enough to tell.
    pub percent: Option<f64>,
    /// Looks in a row over the limit, this one included.
    pub strikes: u32,
    /// Whether this look takes the place of the earlier one.
    pub replaces: bool,
}

/// RSS against its limit.
pub fn memory(rss_bytes: u64, limits: &Effective) -> Option<Finding> {
    let limit_bytes = limits.max_memory_bytes;
    (rss_bytes > limit_bytes).then_some(Finding::Memory { rss_bytes, limit_bytes })
}

/// The average since the earlier look. A look that comes before `interval` is over shows a rate, but neither
/// counts nor moves the earlier one: otherwise three quick looks would make three strikes of one burst.
pub fn cpu_use(
    cpu: Duration,
    now: Duration,
    earlier: Option<&Look>,
    interval: Duration,
    limits: &Effective,
) -> CpuUse {
    let Some(earlier) = earlier else { return CpuUse { percent: None, strikes: 0, replaces: true } };
    let elapsed = now.saturating_sub(earlier.at);
    if elapsed.is_zero() {
        return CpuUse { percent: None, strikes: 0, replaces: false };
    }
    // What was counted under another limit says nothing about this one.
    let strikes = if earlier.limit_percent == limits.max_cpu_percent { earlier.strikes } else { 0 };
    let percent = cpu.saturating_sub(earlier.cpu).as_secs_f64() / elapsed.as_secs_f64() * 100.0;
    if elapsed < interval {
        return CpuUse { percent: Some(percent), strikes, replaces: false };
    }
    let over = percent > f64::from(limits.max_cpu_percent);
    let strikes = if over { strikes.saturating_add(1) } else { 0 };
    CpuUse { percent: Some(percent), strikes, replaces: true }
}

/// The strikes against their limit.
pub fn cpu(usage: &CpuUse, limits: &Effective) -> (Option<Finding>, Option<Note>) {
    // Who has calmed down since the strikes were counted is no finding any more.
    let is_over = |percent: &f64| *percent > f64::from(limits.max_cpu_percent) && usage.strikes > 0;
    let Some(percent) = usage.percent.filter(is_over) else { return (None, None) };
    let needed = limits.cpu_strikes.max(1);
    if usage.strikes < needed {
        return (None, Some(Note::Busy { percent, strikes: usage.strikes, needed }));
    }
    let limit_percent = limits.max_cpu_percent;
    (Some(Finding::Cpu { percent, limit_percent, strikes: usage.strikes }), None)
}

/// What keeps a process that has exceeded its runtime from being hung, before anybody looks at its tree.
pub fn exempt(life: Life, ancestors: &[(u32, Life)]) -> Option<Note> {
    for life in ancestors.iter().map(|(_, life)| *life).chain([life]) {
        match life {
            Life::Endless(what) => return Some(Note::Endless(what)),
            Life::Unknown => return Some(Note::LifeUnknown),
            Life::Ends => {}
        }
    }
    ancestors.last().map(|(pid, _)| Note::PartOfTree(*pid))
}

/// Carries the quiet time on from the earlier look.
pub fn continue_quiet(mut look: TreeLook, earlier: Option<&TreeLook>) -> TreeLook {
    if let Some(earlier) = earlier.filter(|earlier| !look.shows_progress_since(earlier)) {
        look.quiet_since = earlier.quiet_since;
    }
    look
}

/// The quiet time against the limit. `tolerance` makes up for a look that comes a little early.
pub fn hung(
    look: &TreeLook,
    earlier: Option<&TreeLook>,
    age: Duration,
    tolerance: Duration,
    limits: &Effective,
) -> Result<Finding, Note> {
    let quiet = look.at.saturating_sub(look.quiet_since);
    let limit = limits.max_runtime;
    if earlier.is_some() && quiet.is_zero() {
        return Err(Note::Progress);
    }
    // The tolerance never makes up for a second look: there is no quiet time without one.
    let enough = !quiet.is_zero() && quiet.saturating_add(tolerance.min(limit / 10)) >= limit;
    if enough { Ok(Finding::Hung { age, quiet, limit }) } else { Err(Note::Quiet(quiet)) }
}

#[cfg(test)]
#[path = "assess_tests.rs"]
mod tests;
