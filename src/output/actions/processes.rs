//! The events about processes that are ended.

use std::time::Duration;

use super::super::{reap_words, words};
use super::{Deed, End, Status};
use crate::core::health::Watched;
use crate::core::host::Stat;
use crate::core::process::Rule;
use crate::core::reap::{Candidate, Kind};
use crate::core::telemetry::event::Draft;
use crate::core::termination::{Outcome, Plan, Report, Role, TooMany};

/// Why a process is to be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pid: u32,
    rule: String,
    class: String,
    kind: Option<&'static str>,
}

impl Subject {
    /// What `health` found about a process: its class is the limits that it exceeds.
    #[must_use]
    pub fn over_a_limit(rules: &[Rule], watched: &Watched) -> Self {
        let codes: Vec<&str> = watched.findings.iter().map(words::finding_code).collect();
        let rule = rules.get(watched.rule).map(|rule| rule.name.clone()).unwrap_or_default();
        Self { pid: watched.identity.pid.get(), rule, class: codes.join(","), kind: None }
    }

    /// What `reap` found about a server or worker, and so about the wrappers around it.
    #[must_use]
    pub fn orphans(candidate: &Candidate) -> Vec<Self> {
        let subject = |pid: u32| Self {
            pid,
            rule: candidate.rule.clone().unwrap_or_else(|| "worker".to_owned()),
            class: reap_words::class_code(candidate.judgement.class).to_owned(),
            kind: Some(match candidate.kind {
                Kind::Server => "server",
                Kind::Worker => "worker",
            }),
        };
        let wrappers = candidate.wrappers.iter().map(|wrapper| wrapper.stat.pid);
        std::iter::once(candidate.identity.pid.get()).chain(wrappers).map(subject).collect()
    }
}

/// A run that ends processes.
#[derive(Debug)]
pub struct Ending {
    /// The command.
    pub command: &'static str,
    /// Whom it is about.
    pub subjects: Vec<Subject>,
}

impl Ending {
    /// These are about to be ended.
    #[must_use]
    pub fn begun(&self, plan: &Plan) -> Vec<Draft> {
        plan.ending.iter().map(|planned| self.deed(&planned.stat, Some(planned.role)).begun()).collect()
    }

    /// This became of them, of what they started meanwhile, and of what was left alone.
    #[must_use]
    pub fn ended(&self, report: &Report, took: Duration) -> Vec<Draft> {
        let ended = report.ended.iter().filter_map(|ended| {
            let end = end(&ended.outcome)?;
            Some(self.deed(&ended.planned.stat, Some(ended.planned.role)).ended(&end, took))
        });
        let kept = report.kept.iter().map(|kept| {
            let end = End::new(Status::Kept, "kept", words::protection(&kept.reason));
            self.deed(&kept.stat, None).ended(&end, took)
        });
        let search = report.search_failed.iter().map(|reason| {
            let reason = format!("children that were started meanwhile may be left: {reason}");
            Deed::new(self.command, "end_process").ended(&End::new(Status::Error, "failed", reason), took)
        });
        ended.chain(kept).chain(search).collect()
    }

    /// Nothing is done, because it would be too much.
    #[must_use]
    pub fn refused(&self, TooMany { planned, limit }: TooMany) -> Draft {
        let reason =
            format!("{planned} processes would be ended, more than the {limit} that one run may end");
        let deed = Deed::new(self.command, "end_process").metric("processes", planned as u64);
        deed.ended(&End::new(Status::Refused, "refused", reason), Duration::ZERO)
    }

    fn deed(&self, stat: &Stat, role: Option<Role>) -> Deed {
        let mut deed = Deed::new(self.command, "end_process")
            .label("pid", stat.pid.to_string())
            .label("program", String::from_utf8_lossy(&stat.name))
            .metric("rss_bytes", stat.rss_bytes);
        let target = match role {
            Some(Role::Descendant(target)) => {
                deed = deed.label("role", "descendant").label("target_pid", target.to_string());
                Some(target.get())
            }
            Some(Role::Target) => {
                deed = deed.label("role", "target");
                None
            }
            None => None,
        };
        let subject = |pid: u32| self.subjects.iter().find(|subject| subject.pid == pid);
        let Some(subject) = subject(stat.pid).or_else(|| subject(target?)) else { return deed };
        deed = deed.label("rule", &subject.rule).label("class", &subject.class);
        match subject.kind {
            Some(kind) => deed.label("kind", kind),
            None => deed,
        }
    }
}

/// What an outcome says; nothing where nothing was to be done.
fn end(outcome: &Outcome) -> Option<End> {
    let (status, happened) = match outcome {
        Outcome::Terminated => (Status::Success, "ended"),
        Outcome::Killed => (Status::Success, "killed"),
        Outcome::AlreadyGone => (Status::Success, "already_gone"),
        Outcome::Changed | Outcome::Protected(_) => (Status::Kept, "kept"),
        Outcome::WouldEnd => return None,
        Outcome::Denied | Outcome::NotProved(_) => (Status::Error, "failed"),
        Outcome::Survived => (Status::Error, "survived"),
        Outcome::Interrupted => (Status::Error, "interrupted"),
    };
    Some(End::new(status, happened, words::outcome(outcome)))
}

#[cfg(test)]
#[path = "processes_tests.rs"]
mod tests;
