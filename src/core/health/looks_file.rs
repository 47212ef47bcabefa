//! The looks on disk: the wire form, apart from what the program works with.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::looks::{Look, Looks, TreeLook};
use crate::core::process::{BootId, Identity, Pid, StartTicks};
use crate::core::state::Versioned;

/// The file as a whole.
#[derive(Debug, Serialize, Deserialize)]
pub struct LooksFile {
    boot_id: String,
    looks: Vec<LookEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LookEntry {
    pid: u32,
    start_ticks: u64,
    at_milliseconds: u64,
    cpu_milliseconds: u64,
    strikes: u32,
    #[serde(default)]
    limit_percent: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tree: Option<TreeEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TreeEntry {
    at_milliseconds: u64,
    cpu_milliseconds: u64,
    io_bytes: u64,
    members: usize,
    youngest_start_ticks: u64,
    quiet_since_milliseconds: u64,
}

impl Versioned for LooksFile {
    const VERSION: u32 = 1;
}

impl From<&Looks> for LooksFile {
    fn from(looks: &Looks) -> Self {
        let entries = looks.sorted().into_iter().map(|(identity, look)| LookEntry {
            pid: identity.pid.get(),
            start_ticks: identity.start.0,
            at_milliseconds: milliseconds(look.at),
            cpu_milliseconds: milliseconds(look.cpu),
            strikes: look.strikes,
            limit_percent: look.limit_percent,
            tree: look.tree.as_ref().map(TreeEntry::from),
        });
        Self { boot_id: looks.boot().to_string(), looks: entries.collect() }
    }
}

impl From<&TreeLook> for TreeEntry {
    fn from(look: &TreeLook) -> Self {
        Self {
            at_milliseconds: milliseconds(look.at),
            cpu_milliseconds: milliseconds(look.cpu),
            io_bytes: look.io_bytes,
            members: look.members,
            youngest_start_ticks: look.youngest,
            quiet_since_milliseconds: milliseconds(look.quiet_since),
        }
    }
}

impl LooksFile {
    /// What the file says about this boot. The looks of an earlier boot, of a time that has not come yet, or
    /// of numbers that are none, say nothing.
    #[must_use]
    pub fn into_looks(self, boot: BootId, now: Duration) -> Looks {
        let mut looks = Looks::new(boot);
        if BootId::parse(&self.boot_id) != Some(boot) {
            return looks;
        }
        for entry in self.looks {
            let at = Duration::from_millis(entry.at_milliseconds);
            let Some(pid) = Pid::new(entry.pid).filter(|_| at <= now) else { continue };
            let identity = Identity { boot, pid, start: StartTicks(entry.start_ticks) };
            let cpu = Duration::from_millis(entry.cpu_milliseconds);
            looks.insert(
                identity,
                Look {
                    at,
                    cpu,
                    strikes: entry.strikes,
                    limit_percent: entry.limit_percent,
                    tree: entry.tree.map(TreeLook::from),
                },
            );
        }
        looks
    }
}

impl From<TreeEntry> for TreeLook {
    fn from(entry: TreeEntry) -> Self {
        Self {
            at: Duration::from_millis(entry.at_milliseconds),
            cpu: Duration::from_millis(entry.cpu_milliseconds),
            io_bytes: entry.io_bytes,
            members: entry.members,
            youngest: entry.youngest_start_ticks,
            quiet_since: Duration::from_millis(entry.quiet_since_milliseconds),
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::LooksFile;
    use crate::core::process::{BootId, Identity, Pid, StartTicks};

    /// As the first version that was ever written: without a tree, and without the limit of the strikes.
    const OLDEST: &str = r#"{"version":1,"boot_id":"00000000000000000000000000000007",
        "looks":[{"pid":200,"start_ticks":10,"at_milliseconds":5000,"cpu_milliseconds":40,"strikes":2}]}"#;

    #[test]
    fn the_oldest_file_is_still_read() {
        let file: LooksFile = serde_json::from_str(OLDEST).unwrap();
        let looks = file.into_looks(BootId(7), Duration::from_secs(10));
        let identity = Identity { boot: BootId(7), pid: Pid::new(200).unwrap(), start: StartTicks(10) };
        let look = looks.get(&identity).unwrap();
        assert_eq!((look.at, look.strikes, look.limit_percent), (Duration::from_secs(5), 2, 0));
    }

    #[test]
    fn a_look_of_another_boot_or_of_the_future_is_not_believed() {
        for (boot, now) in [(8, 10), (7, 4)] {
            let file: LooksFile = serde_json::from_str(OLDEST).unwrap();
            assert!(file.into_looks(BootId(boot), Duration::from_secs(now)).sorted().is_empty());
        }
    }
}
