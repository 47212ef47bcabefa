//! Zombies: processes that have ended and that their parents have not collected. Nobody but the parent can do
//! that; what can be done is to tell it once more, and to look whether that helped.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::host::{Host, LookError, Stat, State};
use crate::core::process::{CommandLine, Facts, Guard, Identity, Pid, Protection};

/// A parent with the dead children that it has not collected.
#[derive(Debug, Clone)]
pub struct Neglect {
    /// The parent.
    pub parent: Stat,
    /// What it runs.
    pub command: CommandLine,
    /// Its dead children.
    pub children: Vec<Stat>,
    /// Why the parent is not to be told, if it is not.
    pub protection: Option<Protection>,
    /// Who it is; the first process has no identity here.
    pub identity: Option<Identity>,
}

/// All zombies by parent. Only what has no command line can be one, so little more than these is read: `silent`, if a
/// scan has found them already.
///
/// # Errors
/// When the process table cannot be read.
pub fn find<H: Host>(host: &H, guard: &Guard, silent: Option<&[u32]>) -> Result<Vec<Neglect>, LookError> {
    let silent = match silent {
        Some(silent) => silent.to_vec(),
        None => host.scan(&|_| false)?.without_command,
    };
    let mut by_parent: BTreeMap<u32, Vec<Stat>> = BTreeMap::new();
    let stats = silent.into_iter().filter_map(|pid| host.stat(pid).ok());
    for stat in stats.filter(|stat| stat.state == State::Zombie) {
        by_parent.entry(stat.parent).or_default().push(stat);
    }
    let neglect = by_parent.into_iter().filter_map(|(parent, children)| {
        let parent = host.stat(parent).ok()?;
        let facts = Facts::gather(host, parent.clone());
        Some(Neglect {
            command: facts.command.clone().unwrap_or_default(),
            protection: guard.forbids_telling(&facts),
            identity: Pid::new(parent.pid).map(|pid| Identity {
                boot: host.boot(),
                pid,
                start: parent.start,
            }),
            parent,
            children,
        })
    });
    let mut neglect: Vec<Neglect> = neglect.collect();
    neglect.sort_by_key(|neglect| neglect.parent.pid);
    Ok(neglect)
}

/// Which of these children are still there, as the very same zombies.
pub fn remaining<H: Host>(host: &H, children: &[Stat]) -> Vec<u32> {
    let is_there = |child: &&Stat| {
        host.stat(child.pid).is_ok_and(|stat| stat.start == child.start && stat.state == State::Zombie)
    };
    children.iter().filter(is_there).map(|child| child.pid).collect()
}

/// Whether a parent is still there, as the very same process, and able to collect.
pub fn is_there<H: Host>(host: &H, parent: &Stat) -> bool {
    host.stat(parent.pid).is_ok_and(|stat| stat.start == parent.start && stat.state != State::Zombie)
}

/// A parent needs a moment to collect a child that has just ended: what is gone after that was no zombie to speak of.
pub fn lasting<H: Host>(host: &H, found: Vec<Neglect>) -> Vec<Neglect> {
    if found.is_empty() {
        return found;
    }
    std::thread::sleep(MOMENT);
    let mut lasting = Vec::new();
    for mut neglect in found {
        let left = remaining(host, &neglect.children);
        neglect.children.retain(|child| left.contains(&child.pid));
        lasting.extend(Some(neglect).filter(|neglect| !neglect.children.is_empty()));
    }
    lasting
}

const MOMENT: Duration = Duration::from_millis(500);

/// How long a parent has to collect its children once it was told.
pub const PATIENCE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::{is_there, remaining};
    use crate::core::host::State;
    use crate::core::host::fake::{FakeHost, stat};

    #[test]
    fn a_parent_that_ended_or_was_followed_by_another_is_not_there() {
        let parent = stat(200, 1, 10);
        // Under which number, when it started, and what it does.
        let table = [
            ("it lives", 200, 10, State::Sleeping, true),
            ("it has ended", 999, 10, State::Sleeping, false),
            ("its number went to another", 200, 11, State::Sleeping, false),
            ("it is a zombie itself", 200, 10, State::Zombie, false),
        ];
        for (what, pid, start, state, expected) in table {
            let host = FakeHost::new(|world| world.add(stat(pid, 1, start), &["node"]).stat.state = state);
            assert_eq!(is_there(&host, &parent), expected, "{what}");
        }
    }

    #[test]
    fn only_the_very_same_zombies_remain() {
        let children = [stat(201, 200, 11), stat(202, 200, 12), stat(203, 200, 13)];
        let host = FakeHost::new(|world| {
            world.add(stat(201, 200, 11), &[]).stat.state = State::Zombie;
            world.add(stat(202, 200, 99), &[]).stat.state = State::Zombie;
        });
        assert_eq!(remaining(&host, &children), [201]);
    }
}
