//! Finds the candidates, and finds out about each what a verdict needs.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::judge::{Class, Judgement, Kind, Seen, Verdict, judge};
use super::lineage::Lineage;
use super::worker::is_test_worker;
use crate::core::host::{Channel, Host, InputKind, LookError, Process, StandardInput, State, Unknown};
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
    let lineage = Lineage::of(host, named.iter().map(|named| &named.process));
    let placed: Vec<Placed> = named.into_iter().map(|named| place(host, &lineage, named)).collect();
    let siblings = newest_siblings(host, &placed);
    let investigation = Investigation { host, guard, request, lineage: &lineage, siblings: &siblings };
    let mut candidates: Vec<Candidate> =
        placed.into_iter().map(|placed| investigation.investigate(placed)).collect();
    drop_wrappers(&mut candidates);
    candidates.sort_by_key(|candidate| candidate.identity.pid);
    Ok(Gathered { candidates, seen: scan.seen, without_command: scan.without_command })
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
}

/// A candidate with its input, the wrappers around it, and whom the outermost of these hangs on.
struct Placed {
    named: Named,
    input: Result<StandardInput, Unknown>,
    wrappers: Vec<Process>,
    parent: Option<u32>,
}

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
        return fits.then_some(Named { process, pid, kind: Kind::Worker, rule, cwd });
    }
    let rule = rule.filter(|rule| rule.life == LifeRule::Server)?.name.clone();
    Some(Named { process, pid, kind: Kind::Server, rule: Some(rule), cwd })
}

fn place<H: Host>(host: &H, lineage: &Lineage<'_, H>, named: Named) -> Placed {
    let pid = named.pid.get();
    let input = input(host, &named.process);
    let wrappers = match (&input, named.kind) {
        (Ok(input), Kind::Server) if input.inode != 0 => lineage.wrappers(pid, input.inode),
        _ => Vec::new(),
    };
    let outermost = wrappers.last().map_or(pid, |wrapper| wrapper.stat.pid);
    Placed { named, input, wrappers, parent: lineage.parent_number(outermost) }
}

/// For each server that does what another one does, the one that does it too and was started last. Whatever is the same
/// here does the same: the parent of the outermost wrapper, the command line, the working directory and the
/// environment. Of what cannot be read nothing is said.
fn newest_siblings<H: Host>(host: &H, placed: &[Placed]) -> HashMap<u32, Pid> {
    let mut families: HashMap<_, Vec<&Named>> = HashMap::new();
    for Placed { named, parent, .. } in placed.iter().filter(|placed| placed.named.kind == Kind::Server) {
        let Some((parent, cwd)) = parent.zip(named.cwd.as_ref()) else { continue };
        let command = named.process.command.arguments().joined();
        families.entry((parent, cwd, command)).or_default().push(named);
    }
    let mut newest = HashMap::new();
    for family in families.into_values().filter(|family| family.len() > 1) {
        let mut tasks: HashMap<Vec<u8>, Vec<&Named>> = HashMap::new();
        for named in family {
            // The environment is the dearest to read, and asked only where all the rest is the same.
            if let Ok(environment) = host.environment(named.pid.get()) {
                tasks.entry(environment).or_default().push(named);
            }
        }
        for siblings in tasks.values() {
            let last = siblings.iter().max_by_key(|named| named.process.stat.start.0);
            newest.extend(last.into_iter().flat_map(|last| {
                let older = siblings.iter().filter(|one| one.process.stat.start < last.process.stat.start);
                older.map(|one| (one.pid.get(), last.pid))
            }));
        }
    }
    newest
}

/// What everybody is investigated with.
struct Investigation<'a, H> {
    host: &'a H,
    guard: &'a Guard,
    request: &'a Request<'a>,
    lineage: &'a Lineage<'a, H>,
    siblings: &'a HashMap<u32, Pid>,
}

impl<H: Host> Investigation<'_, H> {
    fn investigate(&self, placed: Placed) -> Candidate {
        let Self { host, guard, lineage, .. } = self;
        let Placed { named: Named { process, pid, kind, rule, .. }, input, wrappers, .. } = placed;
        let outermost = wrappers.last().map_or(pid.get(), |wrapper| wrapper.stat.pid);
        let age = host.since_boot().saturating_sub(process.stat.started);
        let is_abandoned = kind == Kind::Server && input.as_ref().is_ok_and(|input| input.peer_is_gone);
        let listens = if is_abandoned { host.listens(pid.get()) } else { Ok(false) };
        let unit = host.service_unit(pid.get());
        let seen = Seen {
            kind,
            age,
            cpu: process.stat.cpu,
            parent: lineage.parent(outermost, process.uid),
            is_wrapped: !wrappers.is_empty(),
            input,
            listens,
            channel: if kind == Kind::Worker { host.channel(pid.get()) } else { Ok(Channel::Absent) },
            unit: guard.foreign_unit(&unit),
            in_container: lineage.is_container(),
            newer_sibling: self.siblings.get(&pid.get()).map(|newest| newest.get()),
        };
        let identity = Identity { boot: host.boot(), pid, start: process.stat.start };
        let judgement = judge(&seen, self.request.min_age);
        let is_spoken_of = matches!(judgement.verdict, Verdict::End | Verdict::Report);
        let protection = is_spoken_of.then(|| guard.forbids(&facts(&process, unit))).flatten();
        Candidate { process, identity, kind, rule, age, wrappers, judgement, protection }
    }
}

/// All of it is known already; whoever is ended is looked at again before.
fn facts(process: &Process, unit: Result<Option<String>, Unknown>) -> Facts {
    let Process { stat, uid, command } = process;
    Facts { stat: stat.clone(), uid: Ok(*uid), command: Ok(command.clone()), unit }
}

/// What a process reads from, also where its descriptor 0 is no longer that: only a Python server moves it.
fn input<H: Host>(host: &H, process: &Process) -> Result<StandardInput, Unknown> {
    let input = host.standard_input(process.stat.pid)?;
    if input.kind != InputKind::NullDevice || !Invocation::of(process.command.arguments()).is_python() {
        return Ok(input);
    }
    Ok(host.moved_input(process.stat.pid)?.unwrap_or(input))
}

/// A wrapper that is a candidate itself (`npm exec SERVER`) is judged with its server.
fn drop_wrappers(candidates: &mut Vec<Candidate>) {
    let wrapping: HashSet<u32> =
        candidates.iter().flat_map(|candidate| &candidate.wrappers).map(|wrapper| wrapper.stat.pid).collect();
    candidates.retain(|candidate| !wrapping.contains(&candidate.identity.pid.get()));
}
