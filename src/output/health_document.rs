//! What `health` found, for programs. Names are stable: fields are added, never renamed.

use serde::Serialize;

use super::health::{Mode, View};
use super::{BRAND, words};
use crate::core::health::{DevelopmentTree, Watched};
use crate::core::process::life::Life;
use crate::core::redact::redacted_words;
use crate::core::termination::{Ended, Kept, Report, Role};
use crate::exit::ExitCode;

/// The document `brainwav.health/1`.
#[derive(Debug, Serialize)]
pub struct Document {
    schema: &'static str,
    brand: &'static str,
    generated_at: String,
    mode: &'static str,
    exit_code: u8,
    processes_seen: usize,
    processes_unreadable: usize,
    processes_of_other_users: usize,
    look_seconds: f64,
    rules: Vec<String>,
    limits: LimitsEntry,
    problems: usize,
    processes: Vec<ProcessEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trees: Option<Vec<TreeEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    termination: Option<TerminationEntry>,
}

#[derive(Debug, Serialize)]
struct LimitsEntry {
    max_memory_bytes: u64,
    max_tree_memory_bytes: Option<u64>,
    max_cpu_percent: u32,
    cpu_strikes: u32,
    max_runtime_seconds: f64,
}

#[derive(Debug, Serialize)]
struct ProcessEntry {
    pid: u32,
    parent_pid: u32,
    boot_id: String,
    start_ticks: u64,
    uid: u32,
    rule: String,
    matched_by: String,
    name: String,
    command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_directory: Option<String>,
    rss_bytes: u64,
    cpu_seconds: f64,
    cpu_percent: Option<f64>,
    age_seconds: f64,
    ends_by_itself: Option<bool>,
    limits: LimitsEntry,
    findings: Vec<FindingEntry>,
    against: Vec<String>,
    protected_because: Option<String>,
}

#[derive(Debug, Serialize)]
struct FindingEntry {
    kind: &'static str,
    reason: String,
}

#[derive(Debug, Serialize)]
struct TreeEntry {
    pid: u32,
    rule: String,
    processes: usize,
    rss_bytes: u64,
    pss_bytes: Option<u64>,
    command: Vec<String>,
}

#[derive(Debug, Serialize)]
struct TerminationEntry {
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedEntry>,
    outcomes: Vec<OutcomeEntry>,
    kept: Vec<KeptEntry>,
    interrupted_by_signal: Option<i32>,
    search_failed: Option<String>,
}

#[derive(Debug, Serialize)]
struct RefusedEntry {
    processes_planned: usize,
    max_batch: usize,
}

#[derive(Debug, Serialize)]
struct OutcomeEntry {
    pid: u32,
    start_ticks: u64,
    name: String,
    role: &'static str,
    target_pid: u32,
    outcome: &'static str,
    reason: String,
}

#[derive(Debug, Serialize)]
struct KeptEntry {
    pid: u32,
    name: String,
    reason: String,
}

impl Document {
    /// The document for one run.
    #[must_use]
    pub fn new(view: &View<'_>, exit_code: ExitCode) -> Self {
        let inspection = view.inspection;
        let listed = inspection
            .watched
            .iter()
            .filter(|watched| view.all || !watched.findings.is_empty() || !watched.notes.is_empty());
        Self {
            schema: "brainwav.health/1",
            brand: BRAND,
            generated_at: humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string(),
            mode: mode(view.mode),
            exit_code: exit_code.number(),
            processes_seen: inspection.seen,
            processes_unreadable: inspection.unreadable,
            processes_of_other_users: inspection.of_others,
            look_seconds: view.elapsed.as_secs_f64(),
            rules: view.judged().map(str::to_owned).collect(),
            limits: LimitsEntry {
                max_memory_bytes: view.limits.max_memory_bytes,
                max_tree_memory_bytes: view.limits.max_tree_memory_bytes,
                max_cpu_percent: view.limits.max_cpu_percent,
                cpu_strikes: view.limits.cpu_strikes,
                max_runtime_seconds: view.limits.max_runtime.as_secs_f64(),
            },
            problems: inspection.problems().count(),
            processes: listed.map(|watched| process(view, watched)).collect(),
            trees: (!view.trees.is_empty())
                .then(|| view.trees.iter().map(|entry| tree(view, entry)).collect()),
            termination: termination(view),
        }
    }
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Look => "look",
        Mode::DryRun => "dry_run",
        Mode::Enforce => "enforce",
    }
}

fn process(view: &View<'_>, watched: &Watched) -> ProcessEntry {
    let stat = &watched.process.stat;
    ProcessEntry {
        pid: stat.pid,
        parent_pid: stat.parent,
        boot_id: watched.identity.boot.to_string(),
        start_ticks: stat.start.0,
        uid: watched.process.uid,
        rule: view.rules[watched.rule].name.clone(),
        matched_by: words::matched_by(&watched.matched_by),
        name: String::from_utf8_lossy(&stat.name).into_owned(),
        command: redacted_words(watched.process.command.arguments()),
        working_directory: watched.cwd.as_ref().map(|cwd| cwd.display().to_string()),
        rss_bytes: stat.rss_bytes,
        cpu_seconds: stat.cpu.as_secs_f64(),
        cpu_percent: watched.cpu_percent.map(|percent| (percent * 10.0).round() / 10.0),
        age_seconds: watched.age.as_secs_f64(),
        ends_by_itself: match watched.life {
            Life::Ends => Some(true),
            Life::Endless(_) => Some(false),
            Life::Unknown => None,
        },
        limits: LimitsEntry {
            max_memory_bytes: watched.limits.max_memory_bytes,
            max_tree_memory_bytes: view.limits.max_tree_memory_bytes,
            max_cpu_percent: watched.limits.max_cpu_percent,
            cpu_strikes: watched.limits.cpu_strikes,
            max_runtime_seconds: watched.limits.max_runtime.as_secs_f64(),
        },
        findings: watched.findings.iter().map(finding).collect(),
        against: watched.notes.iter().map(words::note).collect(),
        protected_because: watched.protection.as_ref().map(words::protection),
    }
}

fn finding(finding: &crate::core::health::Finding) -> FindingEntry {
    FindingEntry { kind: words::finding_code(finding), reason: words::finding(finding) }
}

fn tree(view: &View<'_>, tree: &DevelopmentTree<'_>) -> TreeEntry {
    TreeEntry {
        pid: tree.root.identity.pid.get(),
        rule: view.rules[tree.root.rule].name.clone(),
        processes: tree.processes,
        rss_bytes: tree.rss_bytes,
        pss_bytes: tree.pss_bytes,
        command: redacted_words(tree.root.process.command.arguments()),
    }
}

fn termination(view: &View<'_>) -> Option<TerminationEntry> {
    if view.mode == Mode::Look {
        return None;
    }
    let report = view.termination;
    Some(TerminationEntry {
        dry_run: view.mode == Mode::DryRun,
        refused: view
            .refused
            .map(|refused| RefusedEntry { processes_planned: refused.planned, max_batch: refused.limit }),
        outcomes: report.iter().flat_map(|report| &report.ended).map(outcome).collect(),
        kept: report.iter().flat_map(|report| &report.kept).map(kept).collect(),
        interrupted_by_signal: report.and_then(|report: &Report| report.interrupted),
        search_failed: report.and_then(|report| report.search_failed.clone()),
    })
}

fn outcome(ended: &Ended) -> OutcomeEntry {
    let pid = ended.planned.identity.pid.get();
    let (role, target_pid) = match ended.planned.role {
        Role::Target => ("target", pid),
        Role::Descendant(target) => ("descendant", target.get()),
    };
    OutcomeEntry {
        pid,
        start_ticks: ended.planned.identity.start.0,
        name: String::from_utf8_lossy(&ended.planned.stat.name).into_owned(),
        role,
        target_pid,
        outcome: words::outcome_code(&ended.outcome),
        reason: words::outcome(&ended.outcome),
    }
}

fn kept(kept: &Kept) -> KeptEntry {
    KeptEntry {
        pid: kept.stat.pid,
        name: String::from_utf8_lossy(&kept.stat.name).into_owned(),
        reason: words::protection(&kept.reason),
    }
}
