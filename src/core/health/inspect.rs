//! One look at the machine: who matches a rule, and what exceeds a limit.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::assess::{self, Finding, Note};
use super::limits::{Effective, Limits};
use super::looks::{Look, Looks, TreeLook};
use crate::core::host::{Host, LookError, Process, Stat, State, Unknown};
use crate::core::process::invocation::Invocation;
use crate::core::process::life::Life;
use crate::core::process::{
    Arguments, Facts, Guard, Identity, MatchedBy, Pid, Protection, Rule, Scope, Tree,
};

/// What is to be looked at, and how.
#[derive(Debug)]
pub struct Request<'a> {
    /// The rules, in the order in which they are asked.
    pub rules: &'a [Rule],
    /// The names of the rules whose processes are judged; all of them if there are none. The others are known all the
    /// same: what a server started is no run that should have ended.
    pub only: &'a [String],
    /// The limits.
    pub limits: &'a Limits,
    /// Where rules of the workspace look.
    pub workspace: &'a Path,
    /// Whether all rules look only there.
    pub scope: Scope,
    /// How long to measure the CPU of a process that no earlier look has seen.
    pub sample: Option<Duration>,
    /// Whether families are asked for although no limit needs them.
    pub families: bool,
    /// What earlier looks saw.
    pub looks: &'a Looks,
}

/// A process that a rule speaks of, with everything that was found out about it.
#[derive(Debug)]
pub struct Watched {
    /// The process.
    pub process: Process,
    /// Who it is.
    pub identity: Identity,
    /// The place of its rule among the rules.
    pub rule: usize,
    /// How the rule recognised it.
    pub matched_by: MatchedBy,
    /// Its working directory, if a rule asked for it.
    pub cwd: Option<PathBuf>,
    /// Whether it is expected to end by itself.
    pub life: Life,
    /// The limits that hold for it.
    pub limits: Effective,
    /// How long it has been there.
    pub age: Duration,
    /// Per cent of one core, if an earlier look tells.
    pub cpu_percent: Option<f64>,
    /// What speaks for ending it.
    pub findings: Vec<Finding>,
    /// What explains why there is no finding.
    pub notes: Vec<Note>,
    /// What forbids to end it, if there are findings.
    pub protection: Option<Protection>,
}

/// What a look came to.
#[derive(Debug)]
pub struct Inspection {
    /// The processes that rules speak of, by number.
    pub watched: Vec<Watched>,
    /// How many processes there are.
    pub seen: usize,
    /// How many of them could not be read.
    pub unreadable: usize,
    /// How many processes of other users the rules speak of.
    pub of_others: usize,
    /// Who started whom, if that was asked for.
    pub tree: Option<Tree>,
    /// What the next look has to know.
    pub looks: Looks,
}

impl Inspection {
    /// The processes with findings.
    pub fn problems(&self) -> impl Iterator<Item = &Watched> {
        self.watched.iter().filter(|watched| !watched.findings.is_empty())
    }
}

/// Looks at the machine.
///
/// # Errors
/// When the process table cannot be read.
pub fn inspect<H: Host>(host: &H, guard: &Guard, request: &Request<'_>) -> Result<Inspection, LookError> {
    let wanted = |arguments: Arguments<'_>| {
        let invocation = Invocation::of(arguments);
        request.rules.iter().any(|rule| rule.matches_command(arguments, &invocation).is_some())
    };
    let scan = host.scan(&wanted)?;
    let now = host.since_boot();
    let (mine, others): (Vec<Process>, Vec<Process>) =
        scan.processes.into_iter().partition(|process| guard.includes_user(process.uid));
    let mut watched: Vec<Watched> =
        mine.into_iter().filter_map(|process| recognise(host, request, process, now)).collect();
    watched.sort_by_key(|watched| watched.identity.pid);
    let mut inspection = Inspection {
        watched,
        seen: scan.seen,
        unreadable: scan.unreadable,
        of_others: others.len(),
        tree: None,
        looks: request.looks.clone(),
    };
    look_at_memory(&mut inspection);
    look_at_cpu(host, request, &mut inspection);
    if request.families || needs_families(request, &inspection) {
        let tree = Tree::new(host.everyone()?);
        look_at_trees(host, request, &tree, &mut inspection);
        inspection.tree = Some(tree);
    }
    let is_chosen = |watched: &Watched| {
        request.only.is_empty() || request.only.contains(&request.rules[watched.rule].name)
    };
    inspection.watched.retain(is_chosen);
    inspection.looks.forget_old(host.awake());
    for watched in inspection.watched.iter_mut().filter(|watched| !watched.findings.is_empty()) {
        watched.protection = guard.forbids(&Facts::gather(host, watched.process.stat.clone()));
    }
    Ok(inspection)
}

/// Finds the rule of a process. The working directory is asked for once, and only if a rule needs it.
fn recognise<H: Host>(host: &H, request: &Request<'_>, process: Process, now: Duration) -> Option<Watched> {
    let pid = Pid::new(process.stat.pid)?;
    let arguments = process.command.arguments();
    let invocation = Invocation::of(arguments);
    let mut cwd: Option<Option<PathBuf>> = None;
    let (rule, matched_by) = request.rules.iter().enumerate().find_map(|(at, rule)| {
        let matched_by = rule.matches_command(arguments, &invocation)?;
        let workspace_only = request.scope == Scope::Workspace;
        if !rule.needs_cwd() && !workspace_only {
            return Some((at, matched_by));
        }
        let cwd = cwd.get_or_insert_with(|| host.working_directory(pid.get()).ok()).as_deref();
        let in_workspace = !workspace_only || cwd.is_some_and(|cwd| cwd.starts_with(request.workspace));
        (in_workspace && rule.matches_cwd(cwd, request.workspace)).then_some((at, matched_by))
    })?;
    Some(Watched {
        identity: Identity { boot: host.boot(), pid, start: process.stat.start },
        rule,
        matched_by,
        cwd: cwd.flatten(),
        life: request.rules[rule].life.life(&invocation),
        limits: request.limits.for_rule(&request.rules[rule]),
        age: now.saturating_sub(process.stat.started),
        cpu_percent: None,
        findings: Vec::new(),
        notes: Vec::new(),
        protection: None,
        process,
    })
}

fn look_at_memory(inspection: &mut Inspection) {
    for watched in &mut inspection.watched {
        watched.findings.extend(assess::memory(watched.process.stat.rss_bytes, &watched.limits));
    }
}

fn look_at_cpu<H: Host>(host: &H, request: &Request<'_>, inspection: &mut Inspection) {
    let sampled = sample(host, request, inspection);
    let Inspection { watched, looks, .. } = inspection;
    let now = host.awake();
    for watched in watched {
        let known = request.looks.get(&watched.identity);
        let first = sampled.get(&watched.identity);
        let (earlier, interval) =
            known.map_or((first, Duration::ZERO), |look| (Some(look), request.limits.look_interval));
        let usage = assess::cpu_use(watched.process.stat.cpu, now, earlier, interval, &watched.limits);
        let (finding, note) = assess::cpu(&usage, &watched.limits);
        watched.findings.extend(finding);
        watched.notes.extend(note);
        watched.cpu_percent = usage.percent;
        if usage.replaces {
            let tree = known.and_then(|look| look.tree.clone());
            let look = Look {
                at: now,
                cpu: watched.process.stat.cpu,
                strikes: usage.strikes,
                limit_percent: watched.limits.max_cpu_percent,
                tree,
            };
            looks.insert(watched.identity, look);
        }
    }
}

/// Gives processes that nobody has looked at yet a first look, waits, and reads them again.
fn sample<H: Host>(host: &H, request: &Request<'_>, inspection: &mut Inspection) -> HashMap<Identity, Look> {
    let mut first = HashMap::new();
    let Some(duration) = request.sample else { return first };
    let new = |watched: &&mut Watched| request.looks.get(&watched.identity).is_none();
    let at = host.awake();
    for watched in inspection.watched.iter_mut().filter(new) {
        let look = Look { at, cpu: watched.process.stat.cpu, strikes: 0, limit_percent: 0, tree: None };
        first.insert(watched.identity, look);
    }
    if !first.is_empty() {
        std::thread::sleep(duration);
    }
    inspection.watched.retain_mut(|watched| {
        if !first.contains_key(&watched.identity) {
            return true;
        }
        let again = host.stat(watched.identity.pid.get()).ok();
        let same = again.filter(|stat| stat.start == watched.identity.start);
        same.map(|stat| watched.process.stat = stat).is_some()
    });
    first
}

/// Families cost a second look at everybody: only for what may be hung, and where trees have a limit.
fn needs_families(request: &Request<'_>, inspection: &Inspection) -> bool {
    let any = !inspection.watched.is_empty();
    any && request.limits.max_tree_memory_bytes.is_some() || inspection.watched.iter().any(has_overrun)
}

fn has_overrun(watched: &Watched) -> bool {
    watched.age > watched.limits.max_runtime && watched.life == Life::Ends
}

fn look_at_trees<H: Host>(host: &H, request: &Request<'_>, tree: &Tree, inspection: &mut Inspection) {
    let lives: HashMap<u32, Life> =
        inspection.watched.iter().map(|watched| (watched.identity.pid.get(), watched.life)).collect();
    let now = host.awake();
    for watched in &mut inspection.watched {
        let ancestors: Vec<(u32, Life)> = tree
            .ancestors(watched.identity.pid.get())
            .into_iter()
            .filter_map(|pid| lives.get(&pid).map(|life| (pid, *life)))
            .collect();
        if let Some(limit_bytes) = request.limits.max_tree_memory_bytes.filter(|_| ancestors.is_empty()) {
            let finding = tree_memory(host, tree, watched.identity.pid.get(), limit_bytes);
            watched.findings.extend(finding);
        }
        if watched.age <= watched.limits.max_runtime {
            continue;
        }
        match assess::exempt(watched.life, &ancestors) {
            Some(note) => watched.notes.push(note),
            None => look_at_progress(host, request, tree, now, watched, &mut inspection.looks),
        }
    }
}

fn look_at_progress<H: Host>(
    host: &H,
    request: &Request<'_>,
    tree: &Tree,
    now: Duration,
    watched: &mut Watched,
    looks: &mut Looks,
) {
    let look = match tree_look(host, tree, watched.identity.pid.get(), now) {
        Ok(look) => look,
        Err(unknown) => {
            watched.notes.push(Note::ProgressUnknown(unknown.to_string()));
            return;
        }
    };
    let known = request.looks.get(&watched.identity);
    let is_stopped = members(tree, watched.identity.pid.get()).any(|stat| stat.state == State::Stopped);
    // Who was stopped, by a person or a debugger, does not move for that reason alone: it starts afresh.
    let earlier = known.and_then(|look| look.tree.as_ref()).filter(|_| !is_stopped);
    let interval = request.limits.look_interval;
    let look = assess::continue_quiet(look, earlier);
    watched.notes.extend(is_stopped.then_some(Note::Stopped));
    match assess::hung(&look, earlier, watched.age, interval, &watched.limits) {
        Ok(finding) => watched.findings.push(finding),
        Err(note) => watched.notes.push(note),
    }
    let too_soon = earlier.is_some_and(|earlier| now.saturating_sub(earlier.at) < interval);
    if let Some(stored) = looks.get(&watched.identity).filter(|_| !too_soon) {
        let stored = Look { tree: Some(look), ..stored.clone() };
        looks.insert(watched.identity, stored);
    }
}

fn members(tree: &Tree, pid: u32) -> impl Iterator<Item = &Stat> {
    std::iter::once(pid)
        .chain(tree.descendants(pid, |stat| stat.state != State::Zombie))
        .filter_map(|pid| tree.get(pid))
}

fn tree_look<H: Host>(host: &H, tree: &Tree, pid: u32, now: Duration) -> Result<TreeLook, Unknown> {
    let mut look =
        TreeLook { at: now, cpu: Duration::ZERO, io_bytes: 0, members: 0, youngest: 0, quiet_since: now };
    for stat in members(tree, pid) {
        look.members += 1;
        look.cpu += stat.cpu;
        look.youngest = look.youngest.max(stat.start.0);
        match host.io_bytes(stat.pid) {
            Ok(bytes) => look.io_bytes = look.io_bytes.saturating_add(bytes),
            // Whoever ends while we look shows progress at the next look, by its absence.
            Err(Unknown::Gone) => {}
            Err(unknown) => return Err(unknown),
        }
    }
    Ok(look)
}

/// The sum of RSS is never below that of PSS, and free: only a tree whose RSS is over the limit is measured.
fn tree_memory<H: Host>(host: &H, tree: &Tree, pid: u32, limit_bytes: u64) -> Option<Finding> {
    let rss: u64 = members(tree, pid).map(|stat| stat.rss_bytes).sum();
    if rss <= limit_bytes {
        return None;
    }
    let (mut pss_bytes, mut processes) = (0_u64, 0);
    for stat in members(tree, pid) {
        // What cannot be measured is not counted: the sum is then too small, never too large.
        pss_bytes += host.pss_bytes(stat.pid).unwrap_or(0);
        processes += 1;
    }
    (pss_bytes > limit_bytes).then_some(Finding::TreeMemory { pss_bytes, limit_bytes, processes })
}
