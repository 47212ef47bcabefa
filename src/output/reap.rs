//! What `reap` found, for people.

use std::time::Duration;

use super::BRAND;
use super::command::command;
use super::reap_words;
use super::sanitize::sanitize;
use super::table::{Table, Tone};
use super::ui::Ui;
use super::units::{count, plural, size, time};
use super::words;
use crate::core::reap::sockets::{Removal, SocketFile, SocketVerdict};
use crate::core::reap::zombies::Neglect;
use crate::core::reap::{Candidate, Class, Verdict};
use crate::core::termination::{Ended, Outcome, Report, TooMany};
use crate::exit::ExitCode;

/// What telling a parent came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nudge {
    /// It was not told.
    NotAsked,
    /// It must not be told.
    Refused,
    /// It could not be told.
    Failed(String),
    /// It was told, and then so many were collected and so many left.
    Told {
        /// Zombies that are gone.
        collected: usize,
        /// Zombies that are still there.
        left: usize,
    },
    /// It was told, and has ended: what is gone was collected by whoever took its children in.
    ParentEnded {
        /// Zombies that are still there.
        left: usize,
    },
}

/// A parent with its zombies.
#[derive(Debug)]
pub struct ZombieRow {
    /// The parent.
    pub neglect: Neglect,
    /// How long at least one of them has been dead.
    pub dead_for: Duration,
    /// What telling the parent came to.
    pub nudge: Nudge,
}

impl ZombieRow {
    /// Whether none of the zombies is left.
    #[must_use]
    pub const fn is_solved(&self) -> bool {
        matches!(self.nudge, Nudge::Told { left: 0, .. } | Nudge::ParentEnded { left: 0 })
    }
}

/// A socket file with what became of it.
#[derive(Debug)]
pub struct SocketRow {
    /// The file.
    pub file: SocketFile,
    /// The verdict.
    pub verdict: SocketVerdict,
    /// What became of a dead one.
    pub removal: Option<Removal>,
}

/// Everything that there is to say about one run.
#[derive(Debug)]
pub struct View<'a> {
    /// Whether nothing was to be done.
    pub dry_run: bool,
    /// Whether what is in use is listed too.
    pub all: bool,
    /// Whether superseded servers were to be ended too.
    pub superseded: bool,
    /// Whether orphans, zombies and sockets were looked for.
    pub looked_for: [bool; 3],
    /// How many processes there are, if they were looked at.
    pub seen: Option<usize>,
    /// Servers and workers.
    pub candidates: &'a [Candidate],
    /// Parents with zombies.
    pub zombies: &'a [ZombieRow],
    /// Socket files.
    pub sockets: &'a [SocketRow],
    /// What became of the orphans.
    pub termination: Option<&'a Report>,
    /// Why nothing was done about them.
    pub refused: Option<TooMany>,
    /// How long the look took.
    pub elapsed: Duration,
}

impl View<'_> {
    fn orphans(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(|candidate| candidate.is_to_end(self.superseded))
    }

    fn dead_sockets(&self) -> impl Iterator<Item = &SocketRow> {
        self.sockets.iter().filter(|row| row.removal.is_some())
    }

    /// Whether there was nothing to find.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.orphans().next().is_none() && self.zombies.is_empty() && self.dead_sockets().next().is_none()
    }

    /// What became of a candidate: of the very process, or of the wrapper around it.
    fn outcome(&self, candidate: &Candidate) -> Option<&Ended> {
        let pid = candidate.identity.pid;
        self.termination?.ended.iter().find(|ended| ended.planned.identity.pid == pid)
    }

    /// From what became of everything, never from what was meant.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if let Some(signal) = self.termination.and_then(|report| report.interrupted) {
            return ExitCode::Signal(signal);
        }
        let refused = self.refused.is_some() && !self.dry_run;
        let failed = |row: &SocketRow| matches!(row.removal, Some(Removal::Failed(_)));
        if refused || self.termination.is_some_and(Report::has_failure) || self.sockets.iter().any(failed) {
            return ExitCode::ActionFailed;
        }
        // Who is neither in the plan nor kept had ended before there was a plan.
        let is_gone = |candidate: &Candidate| match self.outcome(candidate) {
            Some(ended) => ended.outcome.is_gone() || ended.outcome == Outcome::Changed,
            None => self.termination.is_some_and(|report| !is_kept(report, candidate)),
        };
        let would_remove = |row: &SocketRow| row.removal == Some(Removal::WouldRemove);
        let left = !self.orphans().all(is_gone)
            || self.zombies.iter().any(|row| !row.is_solved())
            || self.sockets.iter().any(would_remove);
        if left { ExitCode::ProblemsFound } else { ExitCode::Success }
    }
}

/// Whether the never-list kept a candidate, or one of the wrappers around it.
fn is_kept(report: &Report, candidate: &Candidate) -> bool {
    let line = std::iter::once(&candidate.process).chain(&candidate.wrappers);
    line.into_iter().any(|process| report.kept.iter().any(|kept| kept.stat.pid == process.stat.pid))
}

/// The text on stdout.
#[must_use]
pub fn human(ui: &Ui, view: &View<'_>) -> String {
    let text = [title(view), orphans(ui, view), zombies(ui, view), sockets(ui, view), rest(view)];
    text.concat()
}

fn title(view: &View<'_>) -> String {
    let zombies = view.zombies.iter().map(|row| row.neglect.children.len()).sum();
    let counts = [
        plural(view.orphans().count(), "orphan", "orphans"),
        plural(zombies, "zombie", "zombies"),
        plural(view.dead_sockets().count(), "dead socket", "dead sockets"),
    ];
    // Of what was not looked for nothing is said.
    let found = counts.into_iter().zip(view.looked_for).filter(|(_, looked)| *looked).map(|(count, _)| count);
    let found = found.collect::<Vec<_>>().join(", ");
    let looked = view.seen.map(|seen| format!("{}, ", plural(seen, "process", "processes")));
    let mode = if view.dry_run { " (dry run)" } else { "" };
    format!("{BRAND} reap: {}{found}{mode}\n", looked.unwrap_or_default())
}

fn orphans(ui: &Ui, view: &View<'_>) -> String {
    let listed: Vec<&Candidate> = view
        .candidates
        .iter()
        .filter(|candidate| view.all || candidate.judgement.verdict != Verdict::Keep)
        .filter(|candidate| view.all || candidate.judgement.class != Class::Idle || ui.verbosity() > 0)
        .collect();
    if listed.is_empty() {
        return String::new();
    }
    let mut table = Table::new(ui, &["PID", "RULE", "MEMORY", "AGE", "PROCESS AND VERDICT"], &[0, 2, 3]);
    for candidate in listed {
        let (lines, tone) = verdict(ui, view, candidate);
        table.row(&[
            (candidate.identity.pid.to_string(), Tone::Plain),
            (sanitize(candidate.rule.as_deref().unwrap_or("worker")), Tone::Plain),
            (size(candidate.process.stat.rss_bytes), Tone::Plain),
            (time(candidate.age), Tone::Plain),
            (lines.join("\n"), tone),
        ]);
    }
    format!("\n{}", table.render())
}

fn verdict(ui: &Ui, view: &View<'_>, candidate: &Candidate) -> (Vec<String>, Tone) {
    let judgement = &candidate.judgement;
    let mut lines = vec![command(&candidate.process.command, ui.width())];
    let for_it = judgement.evidence.iter().map(reap_words::evidence);
    let reasons: Vec<String> = for_it.collect();
    lines.push(match reasons.split_first() {
        Some((first, _)) => format!("{}: {first}", reap_words::class(judgement.class)),
        None => reap_words::class(judgement.class).to_owned(),
    });
    lines.extend(reasons.into_iter().skip(1));
    if ui.verbosity() > 0 || matches!(judgement.verdict, Verdict::Unknown | Verdict::Keep) {
        lines
            .extend(judgement.against.iter().map(|against| format!("but {}", reap_words::evidence(against))));
    }
    if !candidate.wrappers.is_empty() && candidate.is_to_end(view.superseded) {
        let wrappers: Vec<String> =
            candidate.wrappers.iter().map(|wrapper| wrapper.stat.pid.to_string()).collect();
        lines.push(format!("with the wrappers {}", wrappers.join(", ")));
    }
    lines.extend(candidate.protection.as_ref().map(reap_words::left_alone));
    let kept = view.termination.iter().flat_map(|report| &report.kept);
    let wrapper =
        kept.filter(|kept| candidate.wrappers.iter().any(|wrapper| wrapper.stat.pid == kept.stat.pid));
    lines.extend(wrapper.map(|kept| reap_words::left_alone(&kept.reason)));
    let ended = view.outcome(candidate);
    lines.extend(ended.map(|ended| format!("→ {}", words::outcome(&ended.outcome))));
    let tone = match ended.map(|ended| &ended.outcome) {
        Some(outcome) if outcome.is_gone() => Tone::Good,
        Some(Outcome::WouldEnd) => Tone::Warning,
        Some(_) => Tone::Bad,
        None if judgement.verdict == Verdict::End => Tone::Bad,
        None => Tone::Plain,
    };
    (lines, tone)
}

fn zombies(ui: &Ui, view: &View<'_>) -> String {
    if view.zombies.is_empty() {
        return String::new();
    }
    let mut table = Table::new(ui, &["PARENT", "ZOMBIES", "DEAD FOR", "PROCESS"], &[0, 1, 2]);
    for row in view.zombies {
        let mut lines = vec![command(&row.neglect.command, ui.width())];
        lines.extend(nudge(&row.nudge));
        let dead_for = match row.dead_for {
            Duration::ZERO => "first seen now".to_owned(),
            known => format!("{} or more", time(known)),
        };
        let tone = if row.is_solved() { Tone::Good } else { Tone::Warning };
        table.row(&[
            (row.neglect.parent.pid.to_string(), Tone::Plain),
            (count(row.neglect.children.len()), Tone::Plain),
            (dead_for, Tone::Plain),
            (lines.join("\n"), tone),
        ]);
    }
    format!("\n{}", table.render())
}

fn nudge(nudge: &Nudge) -> Option<String> {
    match nudge {
        Nudge::NotAsked => None,
        Nudge::Refused => Some("→ not told: it is not ours to tell".to_owned()),
        Nudge::Failed(reason) => Some(format!("→ not told: {reason}")),
        Nudge::ParentEnded { left } => {
            Some(format!("→ it has ended meanwhile, and its children went to another; {} left", count(*left)))
        }
        Nudge::Told { collected, left: 0 } => Some(format!("→ told, and it collected {}", count(*collected))),
        Nudge::Told { collected, left } => {
            Some(format!("→ told; it collected {}, {} left: restart it", count(*collected), count(*left)))
        }
    }
}

fn sockets(ui: &Ui, view: &View<'_>) -> String {
    let listed: Vec<&SocketRow> =
        view.sockets.iter().filter(|row| view.all || ui.verbosity() > 0 || row.removal.is_some()).collect();
    if listed.is_empty() {
        return String::new();
    }
    let mut table = Table::new(ui, &["AGE", "SOCKET"], &[0]);
    for row in listed {
        let path = sanitize(&row.file.path.to_string_lossy());
        let mut text = format!("{path}\n{}", reap_words::socket(&row.verdict));
        if let Some(removal) = &row.removal {
            text = format!("{text}\n→ {}", reap_words::removal(removal));
        }
        let tone = match &row.removal {
            Some(Removal::Removed | Removal::AlreadyGone) => Tone::Good,
            Some(Removal::Failed(_)) => Tone::Bad,
            Some(_) => Tone::Warning,
            None => Tone::Plain,
        };
        table.row(&[(time(row.file.age), Tone::Plain), (text, tone)]);
    }
    format!("\n{}", table.render())
}

/// One line for what is in use.
fn rest(view: &View<'_>) -> String {
    if view.seen.is_none() {
        return String::new();
    }
    let number =
        |class| view.candidates.iter().filter(|candidate| candidate.judgement.class == class).count();
    let in_use = number(Class::Connected) + number(Class::Idle);
    format!(
        "\n{} in use ({} idle), {} independent; --all lists them.\n",
        plural(in_use, "server or worker is", "servers and workers are"),
        count(number(Class::Idle)),
        count(number(Class::Daemon)),
    )
}
