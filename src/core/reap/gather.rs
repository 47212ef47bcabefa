//! Finds the candidates, and finds out about each what a verdict needs.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::judge::{Class, Judgement, Kind, Parent, Seen, Verdict, judge};
use super::worker::{is_test_worker, is_wrapper};
use crate::core::host::{Channel, Host, InputKind, LookError, Process, StandardInput, Stat, State, Unknown};
use crate::core::process::invocation::Invocation;
use crate::core::process::life::LifeRule;
use crate::core::process::{Arguments, Facts, Guard, Identity, Pid, Protection, Rule, Scope, Tree};
use crate::core::termination::Root;

/// What is to be looked at.
#[derive(Debug)]
pub struct Request<'a> {
    /// The rules, in the order in which they are asked.
    pub rules: &'a [Rule],
    /// Where rules of the workspace look.
    pub workspace: &'a Path,
    /// Whether all rules look only there.
    pub scope: Scope,
    /// How old a process must be to be judged.
    pub min_age: Duration,
}

/// A server or a worker with its verdict.
#[derive(Debug)]
pub struct Candidate {
    /// The process.
    pub process: Process,
    /// Who it is.
    pub identity: Identity,
    /// What it is.
    pub kind: Kind,
    /// The name of its rule; a worker of a runner that no rule knows has none.
    pub rule: Option<String>,
    /// How long it has been there.
    pub age: Duration,
    /// The wrappers around it, innermost first: they share its standard input.
    pub wrappers: Vec<Process>,
    /// The verdict.
    pub judgement: Judgement,
    /// What forbids to end it, if it should be.
    pub protection: Option<Protection>,
}

impl Candidate {
    /// Whether it is to be ended: by proof, or, where another one has taken its place, on request.
    #[must_use]
    pub fn is_to_end(&self, superseded: bool) -> bool {
        match self.judgement.verdict {
            Verdict::End => true,
            Verdict::Report => superseded && self.judgement.class == Class::Superseded,
            Verdict::Keep | Verdict::Unknown => false,
        }
    }

    /// What is to be ended: the outermost wrapper that has started nothing else takes everything in it along.
    #[must_use]
    pub fn root(&self, tree: &Tree) -> Option<Root> {
        let mut outermost = &self.process;
        for wrapper in &self.wrappers {
            let others = tree
                .children(wrapper.stat.pid)
                .any(|child| child.pid != outermost.stat.pid && child.state != State::Zombie);
            if others {
                break;
            }
            outermost = wrapper;
        }
        let pid = Pid::new(outermost.stat.pid)?;
        let identity = Identity { boot: self.identity.boot, pid, start: outermost.stat.start };
        Some(Root { identity, command: outermost.command.clone() })
    }
}

/// What a look came to.
#[derive(Debug)]
pub struct Gathered {
    /// All candidates, by number.
    pub candidates: Vec<Candidate>,
    /// How many processes there are.
    pub seen: usize,
    /// Those that have no command line, among them all zombies.
    pub without_command: Vec<u32>,
}

/// Looks at the machine.
///
/// # Errors
/// When the process table cannot be read.
pub fn gather<H: Host>(host: &H, guard: &Guard, request: &Request<'_>) -> Result<Gathered, LookError> {
    let scan = host.scan(&|arguments: Arguments<'_>| {
        let invocation = Invocation::of(arguments);
        is_test_worker(&invocation)
            || servers(request.rules).any(|rule| rule.matches_command(arguments, &invocation).is_some())
    })?;
    let mine = scan.processes.into_iter().filter(|process| guard.includes_user(process.uid));
    let named: Vec<Named> = mine.filter_map(|process| name(host, request, process)).collect();
    let tree = lineage(host, &named);
    let siblings = newest_siblings(&named, &tree);
    let mut candidates: Vec<Candidate> =
        named.into_iter().map(|named| investigate(host, guard, request, &tree, &siblings, named)).collect();
    drop_wrappers(&mut candidates);
    candidates.sort_by_key(|candidate| candidate.identity.pid);
    for candidate in &mut candidates {
        if matches!(candidate.judgement.verdict, Verdict::End | Verdict::Report) {
            candidate.protection = guard.forbids(&Facts::gather(host, candidate.process.stat.clone()));
        }
    }
    Ok(Gathered { candidates, seen: scan.seen, without_command: scan.without_command })
}

/// The candidates with their ancestors. They are few, and siblings share theirs: to read everybody would double the
/// cost of the look.
fn lineage<H: Host>(host: &H, named: &[Named]) -> Tree {
    let mut known: HashMap<u32, Stat> =
        named.iter().map(|named| (named.pid.get(), named.process.stat.clone())).collect();
    let mut open: Vec<u32> = named.iter().map(|named| named.process.stat.parent).collect();
    open.push(1);
    while let Some(pid) = open.pop() {
        if known.contains_key(&pid) {
            continue;
        }
        if let Ok(stat) = host.stat(pid) {
            open.push(stat.parent);
            known.insert(pid, stat);
        }
    }
    Tree::new(known.into_values().collect())
}

/// The rules of servers: only these have a client over their standard input.
fn servers(rules: &[Rule]) -> impl Iterator<Item = &Rule> {
    rules.iter().filter(|rule| rule.life == LifeRule::Server)
}

struct Named {
    process: Process,
    pid: Pid,
    kind: Kind,
    rule: Option<String>,
    cwd: Option<PathBuf>,
    environment: Option<Vec<u8>>,
}

impl Named {
    /// Whatever is the same here does the same: the parent, the command line, the working directory and the
    /// environment. Of what cannot be read nothing is said.
    fn task(&self, parent: u32) -> Option<Task> {
        let command = self.process.command.arguments().joined();
        Some((parent, command, self.cwd.clone()?, self.environment.clone()?))
    }
}

type Task = (u32, Vec<u8>, PathBuf, Vec<u8>);

fn name<H: Host>(host: &H, request: &Request<'_>, process: Process) -> Option<Named> {
    let pid = Pid::new(process.stat.pid)?;
    let arguments = process.command.arguments();
    let invocation = Invocation::of(arguments);
    let cwd = host.working_directory(pid.get()).ok();
    if request.scope == Scope::Workspace
        && !cwd.as_ref().is_some_and(|cwd| cwd.starts_with(request.workspace))
    {
        return None;
    }
    let of = |rule: &&Rule| {
        rule.matches_command(arguments, &invocation).is_some()
            && rule.matches_cwd(cwd.as_deref(), request.workspace)
    };
    let rule = request.rules.iter().find(of);
    if is_test_worker(&invocation) {
        // A rule that was narrowed to a folder narrows the workers of its tool with it.
        let mut runners = request.rules.iter().filter(|rule| rule.life == LifeRule::Vitest);
        let fits = rule.is_some() || runners.all(|rule| rule.matches_cwd(cwd.as_deref(), request.workspace));
        let rule = rule.map(|rule| rule.name.clone());
        return fits.then_some(Named { process, pid, kind: Kind::Worker, rule, cwd, environment: None });
    }
    let rule = rule.filter(|rule| rule.life == LifeRule::Server)?.name.clone();
    let environment = host.environment(pid.get()).ok();
    Some(Named { process, pid, kind: Kind::Server, rule: Some(rule), cwd, environment })
}

/// For each task, the process that was started last.
fn newest_siblings(named: &[Named], tree: &Tree) -> HashMap<Task, Pid> {
    let mut newest: HashMap<Task, (Pid, u64)> = HashMap::new();
    for one in named.iter().filter(|one| one.kind == Kind::Server) {
        let Some(parent) = tree.parent(one.pid.get()) else { continue };
        let start = one.process.stat.start.0;
        let Some(task) = one.task(parent.pid) else { continue };
        let entry = newest.entry(task).or_insert((one.pid, start));
        if start > entry.1 {
            *entry = (one.pid, start);
        }
    }
    newest.into_iter().map(|(key, (pid, _))| (key, pid)).collect()
}

fn investigate<H: Host>(
    host: &H,
    guard: &Guard,
    request: &Request<'_>,
    tree: &Tree,
    siblings: &HashMap<Task, Pid>,
    named: Named,
) -> Candidate {
    let key = named.task(named.process.stat.parent);
    let Named { process, pid, kind, rule, .. } = named;
    let input = input(host, &process);
    let wrappers = match (&input, kind) {
        (Ok(input), Kind::Server) if input.inode != 0 => wrappers(host, tree, pid.get(), input.inode),
        _ => Vec::new(),
    };
    let outermost = wrappers.last().map_or(pid.get(), |wrapper| wrapper.stat.pid);
    let age = host.since_boot().saturating_sub(process.stat.started);
    let is_abandoned = kind == Kind::Server && input.as_ref().is_ok_and(|input| input.peer_is_gone);
    let listens = if is_abandoned { host.listens(pid.get()) } else { Ok(false) };
    let seen = Seen {
        kind,
        age,
        cpu: process.stat.cpu,
        parent: parent(host, tree, outermost),
        is_wrapped: !wrappers.is_empty(),
        input,
        listens,
        channel: if kind == Kind::Worker { host.channel(pid.get()) } else { Ok(Channel::Absent) },
        unit: guard.foreign_unit(&host.service_unit(pid.get())),
        in_container: is_container(tree),
        newer_sibling: key
            .and_then(|key| siblings.get(&key))
            .filter(|newest| **newest != pid)
            .map(|newest| newest.get()),
    };
    let identity = Identity { boot: host.boot(), pid, start: process.stat.start };
    let judgement = judge(&seen, request.min_age);
    Candidate { process, identity, kind, rule, age, wrappers, judgement, protection: None }
}

/// What a process reads from, also where its descriptor 0 is no longer that: only a Python server moves it.
fn input<H: Host>(host: &H, process: &Process) -> Result<StandardInput, Unknown> {
    let input = host.standard_input(process.stat.pid)?;
    if input.kind != InputKind::NullDevice || !Invocation::of(process.command.arguments()).is_python() {
        return Ok(input);
    }
    Ok(host.moved_input(process.stat.pid)?.unwrap_or(input))
}

/// The wrappers around a server: parents that only start something, and hand on the very same input.
fn wrappers<H: Host>(host: &H, tree: &Tree, of: u32, inode: u64) -> Vec<Process> {
    let mut found = Vec::new();
    for pid in tree.ancestors(of) {
        let Some(stat) = tree.get(pid) else { break };
        let Ok(command) = host.command(pid) else { break };
        if !is_wrapper(&Invocation::of(command.arguments()))
            || !host.standard_input(pid).is_ok_and(|input| input.inode == inode)
        {
            break;
        }
        let Ok(uid) = host.owner(pid) else { break };
        found.push(Process { stat: stat.clone(), uid, command });
    }
    found
}

/// Who takes in the children of the dead: the first process, the user's service manager, the two helpers of
/// WSL. Another subreaper cannot be told from a parent, and needs not be: the input tells.
fn parent<H: Host>(host: &H, tree: &Tree, pid: u32) -> Parent {
    let number = tree.get(pid).map_or(0, |stat| stat.parent);
    let Some(stat) = tree.parent(pid) else {
        return Parent::Reaper("a process that is not in sight".to_owned());
    };
    let command = host.command(number).unwrap_or_default();
    let words: Vec<&[u8]> = command.arguments().iter().take(2).collect();
    let is_manager = stat.name == b"systemd" && words.get(1) == Some(&b"--user".as_slice());
    let is_wsl = words.first() == Some(&b"/init".as_slice()) || stat.name.starts_with(b"Relay(");
    match number {
        1 => Parent::Reaper("process 1".to_owned()),
        _ if is_manager => Parent::Reaper("systemd --user".to_owned()),
        _ if is_wsl => Parent::Reaper("the init of WSL".to_owned()),
        _ => Parent::Live(number),
    }
}

/// Outside of a container the first process is an init system, whose work is to collect orphans.
fn is_container(tree: &Tree) -> bool {
    let inits: [&[u8]; 6] = [b"systemd", b"init", b"launchd", b"runit", b"s6-svscan", b"openrc-init"];
    !tree.get(1).is_some_and(|stat| inits.contains(&stat.name.as_slice()))
}

/// A wrapper that is a candidate itself (`npm exec SERVER`) is judged with its server.
fn drop_wrappers(candidates: &mut Vec<Candidate>) {
    let wrapping: HashSet<u32> =
        candidates.iter().flat_map(|candidate| &candidate.wrappers).map(|wrapper| wrapper.stat.pid).collect();
    candidates.retain(|candidate| !wrapping.contains(&candidate.identity.pid.get()));
}
