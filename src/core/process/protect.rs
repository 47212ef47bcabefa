//! The never-list: what no rule, limit or option can end.

use std::collections::HashSet;

use super::command_line::CommandLine;
use super::invocation::Invocation;
use super::pattern::NamePattern;
use crate::core::host::{Host, Ourselves, Stat, Unknown};

/// Why a process is left alone whatever else is true of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// The first process, or a number that stands for more than one process.
    FirstProcess,
    /// A thread of the kernel.
    KernelThread,
    /// This very program.
    Ourselves,
    /// The program that called this one, or that called that one, and so on.
    Ancestor,
    /// It belongs to another user.
    OtherUser(u32),
    /// A service manager supervises it, and would start it again.
    ServiceUnit(String),
    /// It is in the protected set, by this pattern.
    Program(String),
    /// Something that would have to be known to be sure is not.
    Unprovable(&'static str, Unknown),
}

/// Everything about a process that the never-list asks for.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The facts about it.
    pub stat: Stat,
    /// Its user.
    pub uid: Result<u32, Unknown>,
    /// What it runs.
    pub command: Result<CommandLine, Unknown>,
    /// The unit that supervises it.
    pub unit: Result<Option<String>, Unknown>,
}

impl Facts {
    /// Reads what is not known yet about the process that `stat` describes.
    pub fn gather<H: Host>(host: &H, stat: Stat) -> Self {
        let pid = stat.pid;
        Self { stat, uid: host.owner(pid), command: host.command(pid), unit: host.service_unit(pid) }
    }
}

/// The never-list of this run.
#[derive(Debug, Clone)]
pub struct Guard {
    ourselves: Ourselves,
    ancestors: HashSet<u32>,
    own_unit: Option<String>,
    all_users: bool,
    programs: Vec<NamePattern>,
}

impl Guard {
    /// The never-list for the process that we are. `all_users` lets root end processes of other users; for
    /// anybody else it changes nothing.
    pub fn new<H: Host>(host: &H, programs: Vec<NamePattern>, all_users: bool) -> Self {
        let ourselves = host.ourselves();
        Self {
            ourselves,
            ancestors: ancestors(host, ourselves.pid),
            own_unit: host.service_unit(ourselves.pid).ok().flatten(),
            all_users: all_users && ourselves.uid == 0,
            programs,
        }
    }

    /// Whether processes of this user are ours to look after.
    #[must_use]
    pub const fn includes_user(&self, uid: u32) -> bool {
        self.all_users || uid == self.ourselves.uid
    }

    /// The reason for which a process must be left alone, if there is one.
    #[must_use]
    pub fn forbids(&self, facts: &Facts) -> Option<Protection> {
        self.forbids_number(&facts.stat)
            .or_else(|| self.forbids_owner(facts))
            .or_else(|| self.forbids_role(facts))
    }

    /// The unit of a process, unless it is the one that we run in ourselves.
    #[must_use]
    pub fn foreign_unit(&self, unit: &Result<Option<String>, Unknown>) -> Option<String> {
        unit.as_ref().ok()?.clone().filter(|unit| self.own_unit.as_ref() != Some(unit))
    }

    /// The reason for which a process must not even be told that a child of it has ended. That harms nobody
    /// who is ours, so the protected set, units and ancestors are no reason.
    #[must_use]
    pub fn forbids_telling(&self, facts: &Facts) -> Option<Protection> {
        match self.forbids_number(&facts.stat) {
            Some(Protection::Ancestor) | None => self.forbids_owner(facts),
            reason => reason,
        }
    }

    fn forbids_number(&self, stat: &Stat) -> Option<Protection> {
        if super::Pid::new(stat.pid).is_none() {
            return Some(Protection::FirstProcess);
        }
        if stat.kernel_thread {
            return Some(Protection::KernelThread);
        }
        if stat.pid == self.ourselves.pid {
            return Some(Protection::Ourselves);
        }
        self.ancestors.contains(&stat.pid).then_some(Protection::Ancestor)
    }

    fn forbids_owner(&self, facts: &Facts) -> Option<Protection> {
        match &facts.uid {
            Ok(uid) if self.includes_user(*uid) => None,
            Ok(uid) => Some(Protection::OtherUser(*uid)),
            Err(unknown) => Some(Protection::Unprovable("its user", unknown.clone())),
        }
    }

    fn forbids_role(&self, facts: &Facts) -> Option<Protection> {
        match &facts.unit {
            // The unit that we run in ourselves says nothing: it is the cron or the CI runner that called us.
            Ok(Some(unit)) if self.own_unit.as_ref() != Some(unit) => {
                return Some(Protection::ServiceUnit(unit.clone()));
            }
            // Where nobody tells, whoever hangs on the first process may well be supervised by it.
            Err(unknown @ Unknown::Unsupported) if facts.stat.parent == 1 => {
                return Some(Protection::Unprovable("its service unit", unknown.clone()));
            }
            Ok(_) | Err(Unknown::Unsupported) => {}
            Err(unknown) => return Some(Protection::Unprovable("its service unit", unknown.clone())),
        }
        match &facts.command {
            Ok(command) => self.program(&facts.stat, command).map(Protection::Program),
            Err(unknown) => Some(Protection::Unprovable("its command line", unknown.clone())),
        }
    }

    fn program(&self, stat: &Stat, command: &CommandLine) -> Option<String> {
        let invocation = Invocation::of(command.arguments());
        let names: Vec<&[u8]> = invocation.names().map(|(_, name)| name).collect();
        let known = |pattern: &&NamePattern| {
            pattern.matches(&stat.name) || names.iter().any(|name| pattern.matches(name))
        };
        self.programs.iter().find(known).map(|pattern| pattern.text().clone().into_owned())
    }
}

/// Parent, grandparent and so on, asked one by one: there are few, and a look at everybody is dear.
fn ancestors<H: Host>(host: &H, of: u32) -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut at = of;
    while let Ok(stat) = host.stat(at) {
        if stat.parent == 0 || !found.insert(stat.parent) {
            break;
        }
        at = stat.parent;
    }
    found
}

#[cfg(test)]
#[path = "protect_tests.rs"]
mod tests;
