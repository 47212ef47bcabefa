//! What `reap` found, for programs.

use serde::Serialize;

use super::reap::{Nudge, SocketRow, View, ZombieRow};
use super::{BRAND, reap_words, words};
use crate::core::reap::sockets::Removal;
use crate::core::reap::{Candidate, Kind};
use crate::core::redact::redacted_words;
use crate::core::termination::{Ended, Role};
use crate::exit::ExitCode;

/// The document `brainwav.reap/1`.
#[derive(Debug, Serialize)]
pub struct Document {
    schema: &'static str,
    brand: &'static str,
    generated_at: String,
    dry_run: bool,
    exit_code: u8,
    processes_seen: Option<usize>,
    look_seconds: f64,
    candidates: Vec<CandidateEntry>,
    outcomes: Vec<OutcomeEntry>,
    kept: Vec<KeptEntry>,
    refused: Option<RefusedEntry>,
    interrupted_by_signal: Option<i32>,
    zombies: Vec<ZombieEntry>,
    sockets: Vec<SocketEntry>,
}

#[derive(Debug, Serialize)]
struct CandidateEntry {
    pid: u32,
    start_ticks: u64,
    parent_pid: u32,
    kind: &'static str,
    rule: Option<String>,
    command: Vec<String>,
    rss_bytes: u64,
    age_seconds: f64,
    wrapper_pids: Vec<u32>,
    class: &'static str,
    verdict: &'static str,
    evidence: Vec<String>,
    against: Vec<String>,
    protected_because: Option<String>,
}

#[derive(Debug, Serialize)]
struct OutcomeEntry {
    pid: u32,
    start_ticks: u64,
    name: String,
    role: &'static str,
    outcome: &'static str,
    reason: String,
}

#[derive(Debug, Serialize)]
struct KeptEntry {
    pid: u32,
    reason: String,
}

#[derive(Debug, Serialize)]
struct RefusedEntry {
    processes_planned: usize,
    max_batch: usize,
}

#[derive(Debug, Serialize)]
struct ZombieEntry {
    parent_pid: u32,
    parent_command: Vec<String>,
    zombie_pids: Vec<u32>,
    dead_for_at_least_seconds: f64,
    nudge: &'static str,
    collected: Option<usize>,
    left: Option<usize>,
}

#[derive(Debug, Serialize)]
struct SocketEntry {
    path: String,
    age_seconds: f64,
    verdict: &'static str,
    reason: String,
    outcome: Option<&'static str>,
    outcome_reason: Option<String>,
}

impl Document {
    /// The document for one run.
    #[must_use]
    pub fn new(view: &View<'_>, exit_code: ExitCode) -> Self {
        let report = view.termination;
        Self {
            schema: "brainwav.reap/1",
            brand: BRAND,
            generated_at: humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string(),
            dry_run: view.dry_run,
            exit_code: exit_code.number(),
            processes_seen: view.seen,
            look_seconds: view.elapsed.as_secs_f64(),
            candidates: view.candidates.iter().map(candidate).collect(),
            outcomes: report.iter().flat_map(|report| &report.ended).map(outcome).collect(),
            kept: report
                .iter()
                .flat_map(|report| &report.kept)
                .map(|kept| KeptEntry { pid: kept.stat.pid, reason: words::protection(&kept.reason) })
                .collect(),
            refused: view
                .refused
                .map(|refused| RefusedEntry { processes_planned: refused.planned, max_batch: refused.limit }),
            interrupted_by_signal: report.and_then(|report| report.interrupted),
            zombies: view.zombies.iter().map(zombie).collect(),
            sockets: view.sockets.iter().map(socket).collect(),
        }
    }
}

fn candidate(candidate: &Candidate) -> CandidateEntry {
    let judgement = &candidate.judgement;
    CandidateEntry {
        pid: candidate.identity.pid.get(),
        start_ticks: candidate.identity.start.0,
        parent_pid: candidate.process.stat.parent,
        kind: match candidate.kind {
            Kind::Server => "server",
            Kind::Worker => "worker",
        },
        rule: candidate.rule.clone(),
        command: redacted_words(candidate.process.command.arguments()),
        rss_bytes: candidate.process.stat.rss_bytes,
        age_seconds: candidate.age.as_secs_f64(),
        wrapper_pids: candidate.wrappers.iter().map(|wrapper| wrapper.stat.pid).collect(),
        class: reap_words::class_code(judgement.class),
        verdict: reap_words::verdict_code(judgement.verdict),
        evidence: judgement.evidence.iter().map(reap_words::evidence).collect(),
        against: judgement.against.iter().map(reap_words::evidence).collect(),
        protected_because: candidate.protection.as_ref().map(words::protection),
    }
}

fn outcome(ended: &Ended) -> OutcomeEntry {
    OutcomeEntry {
        pid: ended.planned.identity.pid.get(),
        start_ticks: ended.planned.identity.start.0,
        name: String::from_utf8_lossy(&ended.planned.stat.name).into_owned(),
        role: if ended.planned.role == Role::Target { "target" } else { "descendant" },
        outcome: words::outcome_code(&ended.outcome),
        reason: words::outcome(&ended.outcome),
    }
}

fn zombie(row: &ZombieRow) -> ZombieEntry {
    let (nudge, counts) = match &row.nudge {
        Nudge::NotAsked => ("not_asked", None),
        Nudge::Refused => ("refused", None),
        Nudge::Failed(_) => ("failed", None),
        Nudge::Told { collected, left } => ("told", Some((Some(*collected), *left))),
        Nudge::ParentEnded { left } => ("parent_ended", Some((None, *left))),
    };
    ZombieEntry {
        parent_pid: row.neglect.parent.pid,
        parent_command: redacted_words(row.neglect.command.arguments()),
        zombie_pids: row.neglect.children.iter().map(|child| child.pid).collect(),
        dead_for_at_least_seconds: row.dead_for.as_secs_f64(),
        nudge,
        collected: counts.and_then(|(collected, _)| collected),
        left: counts.map(|(_, left)| left),
    }
}

fn socket(row: &SocketRow) -> SocketEntry {
    SocketEntry {
        path: row.file.path.to_string_lossy().into_owned(),
        age_seconds: row.file.age.as_secs_f64(),
        verdict: reap_words::socket_code(&row.verdict),
        reason: reap_words::socket(&row.verdict),
        outcome: row.removal.as_ref().map(|removal| match removal {
            Removal::Removed => "removed",
            Removal::WouldRemove => "would_remove",
            Removal::AlreadyGone => "already_gone",
            Removal::Replaced => "replaced",
            Removal::Failed(_) => "failed",
        }),
        outcome_reason: row.removal.as_ref().map(reap_words::removal),
    }
}
