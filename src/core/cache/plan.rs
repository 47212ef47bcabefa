//! What has to go, decided once for the dry run and for the deed.

use std::time::Duration;

use super::entry::{Entry, Hold, Standing};

/// How large and how old a store may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on the disk.
    pub max_bytes: Option<u64>,
    /// How much of `max_bytes` is left when more than that was found, in per cent.
    pub target_percent: u32,
    /// The time since the last use.
    pub max_age: Option<Duration>,
    /// What was used within this time is never touched.
    pub min_age: Duration,
}

impl Limits {
    /// What is to be left, in bytes, of a store that is too large.
    #[must_use]
    pub fn target_bytes(&self) -> Option<u64> {
        let most = u128::from(self.max_bytes?);
        u64::try_from(most * u128::from(self.target_percent.min(100)) / 100).ok()
    }
}

/// Why an entry has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The store is too large, and this was used longest ago.
    OverSize,
    /// It was not used for longer than allowed.
    OverAge,
    /// The tool does not know it any more.
    Unreachable,
}

/// One entry that has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eviction {
    /// Its place among the entries.
    pub entry: usize,
    /// Why.
    pub reason: Reason,
}

/// What has to go, and what is left then.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What has to go, oldest use first.
    pub evictions: Vec<Eviction>,
    /// Bytes on the disk of all entries.
    pub total_bytes: u64,
    /// Bytes that the evictions free.
    pub freed_bytes: u64,
    /// Bytes above the target that are left, because nothing else may go.
    pub excess_bytes: u64,
    /// Entries older than allowed that stay because something holds them.
    pub held_over_age: usize,
    /// Entries unknown to their tool that stay because nothing proves that nobody knows them.
    pub lost_held: usize,
}

impl Plan {
    /// Whether the store keeps its limits, or will once this is carried out.
    #[must_use]
    pub const fn suffices(&self) -> bool {
        self.excess_bytes == 0 && self.held_over_age == 0
    }
}

/// Decides. `now` is the time since 1970, `fixed_bytes` what the store holds besides its entries.
#[must_use]
pub fn plan(entries: &[Entry], fixed_bytes: u64, now: Duration, limits: &Limits) -> Plan {
    let size = |entry: &Entry| {
        let once = entry.usage.linked_bytes.saturating_sub(entry.shared_bytes);
        entry.usage.disk_bytes.saturating_add(once)
    };
    let total_bytes = entries.iter().map(size).fold(fixed_bytes, u64::saturating_add);
    let mut plan = Plan { total_bytes, ..Plan::default() };
    let mut oldest: Vec<usize> = (0..entries.len()).collect();
    oldest.sort_by(|a, b| order(&entries[*a]).cmp(&order(&entries[*b])));
    let is_too_large = limits.max_bytes.is_some_and(|most| total_bytes > most);
    let target = limits.target_bytes().filter(|_| is_too_large);
    for at in oldest {
        let entry = &entries[at];
        let age = age(entry, now);
        let left = total_bytes - plan.freed_bytes.min(total_bytes);
        let is_over_age = limits.max_age.is_some_and(|most| age > most);
        let reason = match () {
            () if entry.standing.is_lost() => Reason::Unreachable,
            () if is_over_age => Reason::OverAge,
            () if target.is_some_and(|target| left > target) && frees_much(entry) => Reason::OverSize,
            () => continue,
        };
        let rest = now.saturating_sub(entry.written);
        if entry.hold.is_some() || age.min(rest) < least_age(entry, limits) {
            plan.held_over_age += usize::from(reason == Reason::OverAge);
            plan.lost_held += usize::from(reason == Reason::Unreachable);
            continue;
        }
        plan.freed_bytes = plan.freed_bytes.saturating_add(entry.usage.disk_bytes);
        plan.evictions.push(Eviction { entry: at, reason });
    }
    let left = total_bytes - plan.freed_bytes.min(total_bytes);
    // What belongs to no entry cannot go, and is no fault of the entries.
    plan.excess_bytes = target.map_or(0, |target| left.saturating_sub(target.max(fixed_bytes)));
    plan
}

/// Nx writes the files of an entry first and its record last: for what has none yet, no setting makes this shorter.
const SETTLING: Duration = Duration::from_secs(600);

/// Nx notes uses in whole seconds: of two in the same second the later one would not be seen.
const RESOLUTION: Duration = Duration::from_secs(2);

fn least_age(entry: &Entry, limits: &Limits) -> Duration {
    match entry.standing {
        Standing::Unreachable => limits.min_age.max(SETTLING),
        Standing::Recorded(_) => limits.min_age.max(RESOLUTION),
        Standing::Unrecorded | Standing::Struck => limits.min_age,
    }
}

/// Whether it is worth to evict something for its size: what has names elsewhere frees nothing.
fn frees_much(entry: &Entry) -> bool {
    entry.usage.disk_bytes >= entry.usage.linked_bytes
}

/// What cannot be used any more goes first, then what was used longest ago; the name makes the order total.
fn order(entry: &Entry) -> (bool, Duration, &std::ffi::OsStr) {
    (!entry.standing.is_lost(), entry.last_use, &entry.name)
}

/// The time since the last use. A clock that went back, or a time to come, makes an entry young.
fn age(entry: &Entry, now: Duration) -> Duration {
    if entry.hold == Some(Hold::UseUnknown) { Duration::ZERO } else { now.saturating_sub(entry.last_use) }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
