//! Evidence in words.

use std::time::Duration;

use super::units::{plural, size, time};
use crate::core::health::{Finding, Note};
use crate::core::host::Unknown;
use crate::core::process::invocation::Named;
use crate::core::process::{MatchedBy, Protection};
use crate::core::termination::Outcome;

/// How a rule recognised a process.
#[must_use]
pub fn matched_by(matched_by: &MatchedBy) -> String {
    match matched_by {
        MatchedBy::Name(Named::Program, name) => format!("the program is {name}"),
        MatchedBy::Name(Named::Script, name) => format!("the script is {name}"),
        MatchedBy::Name(Named::Package, name) => format!("the script is in the package {name}"),
        MatchedBy::Name(Named::Module, name) => format!("the module is {name}"),
        MatchedBy::Name(Named::Launched, name) => format!("it launches {name}"),
        MatchedBy::Title(title) => format!("the title begins with \"{title}\""),
        MatchedBy::Command => "the command line matches".to_owned(),
    }
}

/// A limit that is exceeded.
#[must_use]
pub fn finding(finding: &Finding) -> String {
    match finding {
        Finding::Memory { rss_bytes, limit_bytes } => {
            format!("over memory: {} RSS, limit {}", size(*rss_bytes), size(*limit_bytes))
        }
        Finding::Cpu { percent, limit_percent, strikes } => {
            format!("over CPU: {percent:.0} % of a core in {strikes} looks in a row, limit {limit_percent} %")
        }
        Finding::Hung { age, quiet, limit } => {
            format!("hung: {} old, no progress for {}, limit {}", time(*age), time(*quiet), time(*limit))
        }
        Finding::TreeMemory { pss_bytes, limit_bytes, processes } => {
            let processes = plural(*processes, "process", "processes");
            format!("tree over memory: {} PSS in {processes}, limit {}", size(*pss_bytes), size(*limit_bytes))
        }
    }
}

/// Every name that [`finding_code`] gives.
pub const FINDING_CODES: &[&str] = &["memory", "cpu", "hung", "tree_memory"];

/// The name of a finding in documents.
#[must_use]
pub const fn finding_code(finding: &Finding) -> &'static str {
    match finding {
        Finding::Memory { .. } => "memory",
        Finding::Cpu { .. } => "cpu",
        Finding::Hung { .. } => "hung",
        Finding::TreeMemory { .. } => "tree_memory",
    }
}

/// Why there is no finding.
#[must_use]
pub fn note(note: &Note) -> String {
    match note {
        Note::Busy { percent, strikes, needed } => {
            format!("busy: {percent:.0} % of a core, look {strikes} of the {needed} in a row that count")
        }
        Note::Endless(what) => format!("not hung: {what} runs until it is stopped"),
        Note::LifeUnknown => "not hung: its arguments do not tell whether it should have ended".to_owned(),
        Note::Progress => "not hung: it makes progress".to_owned(),
        Note::Quiet(Duration::ZERO) => "not hung: this is the first look at its progress".to_owned(),
        Note::Quiet(quiet) => format!("not hung yet: no progress for {}", time(*quiet)),
        Note::PartOfTree(pid) => format!("not hung: process {pid}, which started it, is judged with it"),
        Note::Stopped => "not hung: it is stopped, by a person or a debugger".to_owned(),
        Note::ProgressUnknown(reason) => format!("not hung: its progress cannot be seen ({reason})"),
    }
}

/// Why a process is left alone.
#[must_use]
pub fn protection(protection: &Protection) -> String {
    match protection {
        Protection::FirstProcess => "it is the first process".to_owned(),
        Protection::KernelThread => "it is a thread of the kernel".to_owned(),
        Protection::Ourselves => "it is this very program".to_owned(),
        Protection::Ancestor => "this program was started from it".to_owned(),
        Protection::OtherUser(uid) => format!("it belongs to user {uid}"),
        Protection::ServiceUnit(unit) => format!("the service {unit} supervises it; use its service manager"),
        Protection::Program(pattern) => format!("{pattern} is in the protected set"),
        Protection::Unprovable(what, unknown) => format!("{what} cannot be told: {unknown}"),
    }
}

/// What became of a process.
#[must_use]
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Terminated => "ended by SIGTERM".to_owned(),
        Outcome::Killed => "killed by SIGKILL".to_owned(),
        Outcome::AlreadyGone => "had ended already".to_owned(),
        Outcome::Changed => "left alone: it is another program now".to_owned(),
        Outcome::Protected(reason) => format!("left alone: {}", protection(reason)),
        Outcome::WouldEnd => "would be ended".to_owned(),
        Outcome::Denied => "not ended: permission denied".to_owned(),
        Outcome::NotProved(Unknown::Unsupported) => {
            "left alone: this kernel has no pidfd, so nothing proves which process would be hit".to_owned()
        }
        Outcome::NotProved(unknown) => format!("left alone: not proved to be the same process ({unknown})"),
        Outcome::Survived => "survived SIGKILL: it hangs in the kernel".to_owned(),
        Outcome::Interrupted => "SIGTERM sent, then interrupted: outcome unknown".to_owned(),
    }
}

/// The name of an outcome in documents.
#[must_use]
pub const fn outcome_code(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Terminated => "terminated",
        Outcome::Killed => "killed",
        Outcome::AlreadyGone => "already_gone",
        Outcome::Changed => "changed",
        Outcome::Protected(_) => "protected",
        Outcome::WouldEnd => "would_end",
        Outcome::Denied => "denied",
        Outcome::NotProved(_) => "not_proved",
        Outcome::Survived => "survived",
        Outcome::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FINDING_CODES, Finding, finding_code};

    #[test]
    fn every_finding_has_one_of_the_codes() {
        let (limit, now) = (1, Duration::ZERO);
        let findings = [
            Finding::Memory { rss_bytes: 2, limit_bytes: limit },
            Finding::Cpu { percent: 2.0, limit_percent: 1, strikes: 1 },
            Finding::Hung { age: now, quiet: now, limit: now },
            Finding::TreeMemory { pss_bytes: 2, limit_bytes: limit, processes: 1 },
        ];
        assert_eq!(findings.each_ref().map(finding_code), FINDING_CODES);
    }
}
