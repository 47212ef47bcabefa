//! Whom a run would end: the targets, what they started, and nobody on the never-list.

use std::collections::HashSet;

use crate::core::host::{Stat, State};
use crate::core::process::{BootId, CommandLine, Identity, Pid, Protection, Tree};

/// A process that qualified, as it was when it was judged.
#[derive(Debug, Clone)]
pub struct Root {
    /// Who it is.
    pub identity: Identity,
    /// What it ran. If that has changed, the judgement holds no longer.
    pub command: CommandLine,
}

/// Why a process is in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It qualified itself.
    Target,
    /// It was started by this target, and would be an orphan.
    Descendant(Pid),
}

/// A process that is to be ended.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Who it is.
    pub identity: Identity,
    /// The facts about it when the plan was made.
    pub stat: Stat,
    /// Why it is in the plan.
    pub role: Role,
    /// What a target ran when it was judged.
    pub judged: Option<CommandLine>,
}

/// A process that would have been taken along, or was a target, and is left alone with all that it started.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The facts about it.
    pub stat: Stat,
    /// Why it is left alone.
    pub reason: Protection,
}

/// Whom a run would end.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// These, targets before what they started.
    pub ending: Vec<Planned>,
    /// Not these.
    pub kept: Vec<Kept>,
    /// Targets that were gone when the plan was made.
    pub gone: Vec<Root>,
}

/// A plan that is larger than one run may carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// So many processes were planned.
    pub planned: usize,
    /// So many are allowed.
    pub limit: usize,
}

impl Plan {
    /// Refuses a plan of more than `limit` processes as a whole: something is wrong with the rules, or with
    /// the machine, and a person should look.
    ///
    /// # Errors
    /// [`TooMany`] with both numbers.
    pub fn within(self, limit: Option<usize>) -> Result<Self, TooMany> {
        match limit {
            Some(limit) if self.ending.len() > limit => Err(TooMany { planned: self.ending.len(), limit }),
            _ => Ok(self),
        }
    }
}

/// Makes the plan from one look at all processes. `forbids` is the never-list.
pub fn plan(
    roots: &[Root],
    boot: BootId,
    tree: &Tree,
    forbids: &mut dyn FnMut(&Stat) -> Option<Protection>,
) -> Plan {
    let mut plan = Plan::default();
    let mut taken = HashSet::new();
    let targets: HashSet<u32> = roots.iter().map(|root| root.identity.pid.get()).collect();
    for root in roots {
        let found = tree.get(root.identity.pid.get()).filter(|stat| stat.start == root.identity.start);
        let Some(stat) = found.filter(|_| root.identity.boot == boot) else {
            plan.gone.push(root.clone());
            continue;
        };
        if let Some(reason) = forbids(stat) {
            plan.kept.push(Kept { stat: stat.clone(), reason });
            continue;
        }
        if taken.insert(stat.pid) {
            let judged = Some(root.command.clone());
            plan.ending.push(Planned {
                identity: root.identity,
                stat: stat.clone(),
                role: Role::Target,
                judged,
            });
        }
        let mut family = family(tree, root.identity.pid, &mut plan.kept, forbids);
        let leaders: Vec<Stat> = std::iter::once(stat.clone()).chain(family.iter().cloned()).collect();
        family.extend(leaders.iter().flat_map(|leader| session_of(leader, tree, forbids)));
        plan.ending.extend(family.into_iter().filter_map(|stat| {
            let is_new = !targets.contains(&stat.pid) && taken.insert(stat.pid);
            is_new.then(|| descendant(boot, &stat, root.identity.pid)).flatten()
        }));
    }
    plan.ending.sort_by_key(|planned| matches!(planned.role, Role::Descendant(_)));
    plan
}

/// What a process started, without those that the never-list keeps and what those started.
pub(super) fn family(
    tree: &Tree,
    root: Pid,
    kept: &mut Vec<Kept>,
    forbids: &mut dyn FnMut(&Stat) -> Option<Protection>,
) -> Vec<Stat> {
    let pids = tree.descendants(root.get(), |stat| match forbids(stat) {
        // The children of a zombie have gone to another parent already.
        _ if stat.state == State::Zombie => false,
        None => true,
        Some(reason) => {
            if !kept.iter().any(|kept| kept.stat.pid == stat.pid) {
                kept.push(Kept { stat: stat.clone(), reason });
            }
            false
        }
    });
    pids.into_iter().filter_map(|pid| tree.get(pid).cloned()).collect()
}

/// Everybody in the session that this process leads. Sessions are only ever inherited, so they all descend from it,
/// also when those in between are gone; but what a process on the never-list started in it stays with that one. The
/// number of a session is not given away while anybody is in it: as long as no other process has it, it is the same.
pub(super) fn session_of(
    leader: &Stat,
    tree: &Tree,
    forbids: &mut dyn FnMut(&Stat) -> Option<Protection>,
) -> Vec<Stat> {
    let leads = leader.session == leader.pid;
    if !leads || tree.get(leader.pid).is_some_and(|now| now.start != leader.start) {
        return Vec::new();
    }
    let is_member = |stat: &&Stat| {
        stat.session == leader.pid
            && stat.pid != leader.pid
            && stat.start >= leader.start
            && stat.state != State::Zombie
    };
    let mut members: Vec<Stat> = tree.iter().filter(is_member).cloned().collect();
    members.sort_by_key(|stat| (stat.start, stat.pid));
    members.retain(|stat| {
        let between = tree.ancestors(stat.pid).into_iter().filter_map(|pid| tree.get(pid));
        let mut line: Vec<&Stat> = between
            .take_while(|ancestor| ancestor.session == leader.pid && ancestor.pid != leader.pid)
            .collect();
        line.push(stat);
        line.into_iter().all(|stat| forbids(stat).is_none())
    });
    members
}

pub(super) fn descendant(boot: BootId, stat: &Stat, of: Pid) -> Option<Planned> {
    let identity = Identity { boot, pid: Pid::new(stat.pid)?, start: stat.start };
    Some(Planned { identity, stat: stat.clone(), role: Role::Descendant(of), judged: None })
}
