//! Carries a plan out. This is the only file that sends signals, and [`Campaign::send`] the only function.

use std::collections::HashSet;
use std::time::Duration;

use super::outcome::{Ended, Outcome, Report};
use super::plan::{Plan, Planned, Role, descendant, family, session_of};
use crate::core::host::{Host, Signal, Stat, State, Unknown, Waited};
use crate::core::process::{Facts, Guard, Protection, Tree};

/// How a plan is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long all of them together have to end after SIGTERM.
    pub grace: Duration,
    /// Whether to stop short of sending anything.
    pub dry_run: bool,
}

/// How long to wait for the kernel to carry a SIGKILL out. A process that is still there then hangs in the
/// kernel (a dead network mount, a broken device), and waiting longer would not help.
const KILL_WAIT: Duration = Duration::from_secs(2);
/// How often to look for new children before those that were found are ended. Each round can only find what
/// was started before its parent was stopped, so a tree of this depth is the longest that is waited for.
const SEARCH_ROUNDS: usize = 32;

/// Ends what the plan says. Returns as soon as the last one has ended, at the latest after one grace time
/// and the time that SIGKILL takes.
pub fn end<H: Host>(host: &H, guard: &Guard, plan: Plan, settings: Settings) -> Report {
    let mut campaign = Campaign::new(host, guard, settings, plan);
    campaign.ask_and_wait();
    if !settings.dry_run && campaign.report.interrupted.is_none() && campaign.is_open() {
        campaign.force();
    }
    campaign.finish()
}

/// A look at all processes can miss one whose parent ends while it is taken, so one that finds nobody new is followed
/// by another.
const EMPTY_LOOKS: u8 = 2;

/// How long to wait between two searches for what was started meanwhile: at first a moment, for most end at once.
const FIRST_SLICE: Duration = Duration::from_millis(50);
const LAST_SLICE: Duration = Duration::from_secs(1);

/// A process that is held open until its outcome is known.
struct Member<T> {
    planned: Planned,
    handle: Option<T>,
    outcome: Option<Outcome>,
    asked: bool,
    stopped: bool,
    /// How many more looks at the session that it leads may find nobody.
    patience: u8,
}

struct Campaign<'a, H: Host> {
    host: &'a H,
    guard: &'a Guard,
    settings: Settings,
    members: Vec<Member<H::Handle>>,
    report: Report,
}

impl<'a, H: Host> Campaign<'a, H> {
    fn new(host: &'a H, guard: &'a Guard, settings: Settings, plan: Plan) -> Self {
        let report = Report { kept: plan.kept, ..Report::default() };
        let mut campaign = Self { host, guard, settings, members: Vec::new(), report };
        for planned in plan.ending {
            campaign.admit(planned);
        }
        campaign
    }

    /// Opens a process, and only then proves that it is still the one that was judged. Whatever has its
    /// number from now on, the handle means this one.
    fn admit(&mut self, planned: Planned) {
        let opened = self
            .host
            .open(planned.identity.pid)
            .and_then(|handle| self.prove(&planned).map(|refused| (handle, refused)));
        let (handle, outcome) = match opened {
            Ok((handle, None)) => (Some(handle), None),
            Ok((_, refused)) => (None, refused),
            Err(Unknown::Gone) => (None, Some(Outcome::AlreadyGone)),
            Err(Unknown::Denied) => (None, Some(Outcome::Denied)),
            Err(unknown) => (None, Some(Outcome::NotProved(unknown))),
        };
        self.members.push(Member {
            planned,
            handle,
            outcome,
            asked: false,
            stopped: false,
            patience: EMPTY_LOOKS,
        });
    }

    /// The proof: the same start time, alive, the same program as when it was judged, and nothing on the
    /// never-list.
    fn prove(&self, planned: &Planned) -> Result<Option<Outcome>, Unknown> {
        let stat = self.host.stat(planned.identity.pid.get())?;
        if stat.start != planned.identity.start || stat.state == State::Zombie {
            return Ok(Some(Outcome::AlreadyGone));
        }
        let facts = Facts::gather(self.host, stat);
        let changed = planned.judged.as_ref().is_some_and(|judged| facts.command.as_ref() != Ok(judged));
        if changed {
            return Ok(Some(Outcome::Changed));
        }
        Ok(match self.guard.forbids(&facts) {
            None => None,
            Some(Protection::Unprovable(_, Unknown::Gone)) => Some(Outcome::AlreadyGone),
            Some(Protection::Unprovable(_, unknown)) => Some(Outcome::NotProved(unknown)),
            Some(reason) => Some(Outcome::Protected(reason)),
        })
    }

    /// The one function that signals, and so the one that knows what a dry run is.
    fn send(&mut self, at: usize, signal: Signal) {
        if self.settings.dry_run {
            self.members[at].outcome.get_or_insert(Outcome::WouldEnd);
            return;
        }
        let member = &mut self.members[at];
        let Some(handle) = &member.handle else { return };
        match self.host.signal(handle, signal) {
            // Continue is a courtesy after Terminate; whatever came of it, waiting shows the result.
            Ok(()) => member.stopped = signal == Signal::Stop,
            Err(_) if signal == Signal::Continue => {}
            // It ended by itself between two signals: waiting sees it.
            Err(Unknown::Gone) => {}
            Err(Unknown::Denied) => member.outcome = Some(Outcome::Denied),
            Err(unknown) => member.outcome = Some(Outcome::NotProved(unknown)),
        }
    }

    /// Asks everybody to end and waits, with all together one grace time. Who starts something on being asked to
    /// end is looked for until nobody is left.
    fn ask_and_wait(&mut self) {
        let (mut left, mut slice) = (self.settings.grace, FIRST_SLICE);
        loop {
            self.ask();
            if self.settings.dry_run || left.is_zero() || !self.is_open() {
                return;
            }
            let wait = slice.min(left);
            self.await_end(wait, &Outcome::Terminated);
            if self.report.interrupted.is_some() {
                return;
            }
            (left, slice) = (left - wait, (slice * 2).min(LAST_SLICE));
        }
    }

    /// Asks everybody who was not asked yet, and whom they started since the last look, too.
    fn ask(&mut self) {
        for _ in 0..SEARCH_ROUNDS {
            let mut unasked = self.open();
            unasked.retain(|at| !self.members[*at].asked);
            for at in unasked {
                self.send(at, Signal::Terminate);
                self.send(at, Signal::Continue);
                self.members[at].asked = true;
            }
            // While somebody is left there will be another look anyway.
            let found = !self.settings.dry_run
                && if self.is_open() { self.admit_new_children() } else { self.finds_anybody() };
            if !found {
                return;
            }
        }
    }

    /// Ends what is left, and whatever that started meanwhile.
    fn force(&mut self) {
        for _ in 0..SEARCH_ROUNDS {
            self.freeze();
            for at in self.open() {
                self.send(at, Signal::Kill);
            }
            self.await_end(KILL_WAIT, &Outcome::Killed);
            let unanswered = self.open().into_iter().filter(|_| self.report.interrupted.is_none());
            for at in unanswered.collect::<Vec<_>>() {
                self.members[at].outcome = Some(Outcome::Survived);
            }
            if self.report.interrupted.is_some() || !self.finds_anybody() {
                return;
            }
        }
    }

    /// Stops what is left until nobody starts anything new.
    fn freeze(&mut self) {
        for _ in 0..SEARCH_ROUNDS {
            let mut moving = self.open();
            moving.retain(|at| self.may_stop(*at));
            for at in moving {
                self.send(at, Signal::Stop);
            }
            if !self.admit_new_children() {
                return;
            }
        }
    }

    /// Looks as often as it takes to be sure that there is nobody new.
    fn finds_anybody(&mut self) -> bool {
        (0..EMPTY_LOOKS).any(|_| self.admit_new_children())
    }

    /// Whoever is stopped in the foreground of a terminal hands that terminal back to the shell, which then
    /// believes the job to be suspended.
    fn may_stop(&self, at: usize) -> bool {
        let member = &self.members[at];
        !member.stopped && member.planned.stat.foreground_group != Some(member.planned.stat.group)
    }

    /// Looks for descendants that nobody knew, and takes them in. Returns whether there were any.
    fn admit_new_children(&mut self) -> bool {
        let tree = match self.host.everyone() {
            Ok(everyone) => Tree::new(everyone),
            Err(error) => {
                self.report.search_failed = Some(error.to_string());
                return false;
            }
        };
        let found = self.new_children(&tree);
        let any = !found.is_empty();
        for planned in found {
            self.admit(planned);
        }
        any
    }

    fn new_children(&mut self, tree: &Tree) -> Vec<Planned> {
        let (host, guard) = (self.host, self.guard);
        let mut forbids = |stat: &Stat| guard.forbids(&Facts::gather(host, stat.clone()));
        let mut found: Vec<Planned> = Vec::new();
        for member in self.members.iter_mut().filter(|member| member.handle.is_some()) {
            let identity = member.planned.identity;
            let root = match member.planned.role {
                Role::Target => identity.pid,
                Role::Descendant(root) => root,
            };
            let is_there = tree.get(identity.pid.get()).is_some_and(|stat| stat.start == identity.start);
            let mut family = match is_there {
                true => family(tree, identity.pid, &mut self.report.kept, &mut forbids),
                false => Vec::new(),
            };
            // As long as its leader or anybody else was in it a moment ago: the number of an empty session may be given
            // away, though not between two looks.
            if member.patience > 0 {
                let session = session_of(&member.planned.stat, tree, &mut forbids);
                let is_alive = is_there || !session.is_empty();
                member.patience = if is_alive { EMPTY_LOOKS } else { member.patience - 1 };
                family.extend(session);
            }
            found.extend(family.iter().filter_map(|stat| descendant(identity.boot, stat, root)));
        }
        let mut known: HashSet<_> = self.members.iter().map(|member| member.planned.identity).collect();
        found.retain(|planned| known.insert(planned.identity));
        found
    }

    fn await_end(&mut self, timeout: Duration, outcome: &Outcome) {
        let open = self.open();
        let handles: Vec<&H::Handle> =
            open.iter().filter_map(|at| self.members[*at].handle.as_ref()).collect();
        let Waited { ended, interrupted } = self.host.wait(&handles, timeout);
        for (at, _) in open.into_iter().zip(ended).filter(|(_, ended)| *ended) {
            self.members[at].outcome = Some(outcome.clone());
        }
        self.report.interrupted = self.report.interrupted.or(interrupted);
    }

    /// The places of those whose outcome is open.
    fn open(&self) -> Vec<usize> {
        let is_open = |at: &usize| self.members[*at].handle.is_some() && self.members[*at].outcome.is_none();
        (0..self.members.len()).filter(is_open).collect()
    }

    fn is_open(&self) -> bool {
        !self.open().is_empty()
    }

    fn finish(mut self) -> Report {
        self.report.ended = self
            .members
            .into_iter()
            .map(|member| {
                let outcome = member.outcome.unwrap_or(Outcome::Interrupted);
                Ended { planned: member.planned, outcome }
            })
            .collect();
        self.report
    }
}

#[cfg(test)]
#[path = "campaign_tests.rs"]
mod tests;
