//! The table: every metric with its meaning, its labels, and where its values come from.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::super::health::View;
use super::super::words::{FINDING_CODES, finding_code, outcome_code};
use crate::core::health::{Note, Watched};
use crate::core::telemetry::deliver::{Backlog, SinkBacklog};

/// What the values are taken from.
pub struct Snapshot<'a> {
    /// What `health` found.
    pub view: &'a View<'a>,
    /// What waits in the spool; nothing if that could not be told.
    pub backlog: Option<&'a Backlog>,
    /// How large the spool may get, in bytes.
    pub spool_limit_bytes: u64,
    /// When it was.
    pub now: SystemTime,
}

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// It goes up and down.
    Gauge,
    /// It only goes up, or begins anew.
    Counter,
}

impl Type {
    /// The word of the format.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
        }
    }
}

/// A metric.
pub struct Metric {
    /// Its name, with its base unit; that of a counter ends with `_total`.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Type,
    /// What it means.
    pub help: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// Its values, each with a text for each label.
    pub samples: fn(&Snapshot<'_>) -> Vec<Sample>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The texts of the labels, in the order of their names.
    pub labels: Vec<String>,
    /// The value, in base units.
    pub value: f64,
}

/// What is over a limit.
pub const CRITICAL: &str = "critical";

/// What is over its limit on CPU, but not yet in enough looks in a row.
pub const WARNING: &str = "warning";

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    samples: fn(&Snapshot<'_>) -> Vec<Sample>,
) -> Metric {
    Metric { name, kind: Type::Gauge, help, labels, samples }
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    samples: fn(&Snapshot<'_>) -> Vec<Sample>,
) -> Metric {
    Metric { name, kind: Type::Counter, help, labels, samples }
}

/// The version, as a label.
pub static BUILD: Metric =
    gauge("brainwav_build_info", &["version"], "The version of brAInwav; always 1.", |_| {
        vec![Sample { labels: vec![env!("CARGO_PKG_VERSION").to_owned()], value: 1.0 }]
    });

/// How many there are.
pub static PROCESSES: Metric =
    gauge("brainwav_processes", RULE, "Processes that a rule speaks of.", |snapshot| {
        by_rule(snapshot, |watched| Some(watched.len() as f64))
    });

/// How many have findings.
pub static PROBLEMS: Metric =
    gauge("brainwav_problem_processes", RULE, "Processes that exceed at least one limit.", |snapshot| {
        by_rule(snapshot, |watched| {
            Some(watched.iter().filter(|watched| !watched.findings.is_empty()).count() as f64)
        })
    });

/// What they exceed.
pub static FINDINGS: Metric = gauge(
    "brainwav_findings",
    &["rule", "kind", "severity"],
    "Processes by the limit that they exceed; severity warning: not yet in enough looks in a row to count.",
    findings,
);

/// What they take together.
pub static MEMORY: Metric = gauge(
    "brainwav_resident_memory_bytes",
    RULE,
    "Resident memory of the processes of a rule together; shared pages count in each.",
    |snapshot| by_rule(snapshot, |watched| Some(watched.iter().map(|one| rss(one)).sum::<u64>() as f64)),
);

/// What the largest takes.
pub static LARGEST: Metric = gauge(
    "brainwav_largest_process_resident_memory_bytes",
    RULE,
    "Resident memory of the largest process of a rule.",
    |snapshot| by_rule(snapshot, |watched| watched.iter().map(|one| rss(one) as f64).reduce(f64::max)),
);

/// What one may take.
pub static MEMORY_LIMIT: Metric = gauge(
    "brainwav_memory_limit_bytes",
    RULE,
    "Resident memory that one process of a rule may have.",
    |snapshot| {
        let view = snapshot.view;
        let rules = view.rules.iter().filter(|rule| view.judged().any(|name| name == rule.name));
        let limit = |rule| view.limits.for_rule(rule).max_memory_bytes as f64;
        rules.map(|rule| Sample { labels: vec![rule.name.clone()], value: limit(rule) }).collect()
    },
);

/// How old the oldest is.
pub static OLDEST: Metric =
    gauge("brainwav_oldest_process_age_seconds", RULE, "Age of the oldest process of a rule.", |snapshot| {
        by_rule(snapshot, |watched| watched.iter().map(|one| one.age.as_secs_f64()).reduce(f64::max))
    });

/// What became of those that were to be ended.
pub static OUTCOMES: Metric = gauge(
    "brainwav_health_outcomes",
    &["outcome"],
    "Processes by what became of them in the last run; of runs with --enforce alone.",
    outcomes,
);

/// How many there are at all.
pub static SEEN: Metric = gauge(
    "brainwav_health_scanned_processes",
    &[],
    "Processes on the machine in the last look.",
    |snapshot| one(snapshot.view.inspection.seen as f64),
);

/// How many could not be read.
pub static UNREADABLE: Metric = gauge(
    "brainwav_health_unreadable_processes",
    &[],
    "Processes that the last look could not read.",
    |snapshot| one(snapshot.view.inspection.unreadable as f64),
);

/// How long the look took.
pub static SCAN: Metric =
    gauge("brainwav_health_scan_duration_seconds", &[], "How long the last look took.", |snapshot| {
        one(snapshot.view.elapsed.as_secs_f64())
    });

/// When it was.
pub static TIMESTAMP: Metric =
    gauge("brainwav_health_timestamp_seconds", &[], "When the last look was, in Unix time.", |snapshot| {
        one(snapshot.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64())
    });

/// How large the spool is.
pub static SPOOL: Metric =
    gauge("brainwav_telemetry_spool_bytes", &[], "Size of the spool of telemetry.", |snapshot| {
        snapshot.backlog.map_or_else(Vec::new, |backlog| one(backlog.bytes as f64))
    });

/// How large it may get.
pub static SPOOL_LIMIT: Metric = gauge(
    "brainwav_telemetry_spool_limit_bytes",
    &[],
    "Size at which the spool of telemetry refuses events.",
    |snapshot| one(snapshot.spool_limit_bytes as f64),
);

/// What a sink does not have yet.
pub static PENDING: Metric = gauge(
    "brainwav_telemetry_pending_bytes",
    SINK,
    "Size of the events that a sink does not have yet.",
    |snapshot| by_sink(snapshot, |sink| sink.pending_bytes as f64),
);

/// How long that has waited.
pub static OLDEST_EVENT: Metric = gauge(
    "brainwav_telemetry_oldest_pending_event_age_seconds",
    SINK,
    "Age of the oldest event that a sink does not have yet; 0 when it has everything.",
    |snapshot| by_sink(snapshot, |sink| sink.oldest.unwrap_or(Duration::ZERO).as_secs_f64()),
);

/// What it has.
pub static DELIVERED: Metric =
    counter("brainwav_telemetry_delivered_events_total", SINK, "Events that a sink has taken.", |snapshot| {
        by_sink(snapshot, |sink| sink.progress.delivered as f64)
    });

/// What it will never have.
pub static DEAD: Metric = counter(
    "brainwav_telemetry_dead_events_total",
    SINK,
    "Events that a sink will never take, kept as dead letters.",
    |snapshot| by_sink(snapshot, |sink| sink.progress.dead as f64),
);

/// All of them, in the order in which they are written.
pub static METRICS: &[&Metric] = &[
    &BUILD,
    &PROCESSES,
    &PROBLEMS,
    &FINDINGS,
    &MEMORY,
    &LARGEST,
    &MEMORY_LIMIT,
    &OLDEST,
    &OUTCOMES,
    &SEEN,
    &UNREADABLE,
    &SCAN,
    &TIMESTAMP,
    &SPOOL,
    &SPOOL_LIMIT,
    &PENDING,
    &OLDEST_EVENT,
    &DELIVERED,
    &DEAD,
];

const RULE: &[&str] = &["rule"];

const SINK: &[&str] = &["sink"];

fn one(value: f64) -> Vec<Sample> {
    vec![Sample { labels: Vec::new(), value }]
}

const fn rss(watched: &Watched) -> u64 {
    watched.process.stat.rss_bytes
}

/// One value for each rule that was asked for, also one that speaks of nobody, so that no series ends.
fn by_rule(snapshot: &Snapshot<'_>, value: fn(&[&Watched]) -> Option<f64>) -> Vec<Sample> {
    let sample = |rule: &str| {
        let labels = vec![rule.to_owned()];
        value(&of_rule(snapshot, rule)).map(|value| Sample { labels, value })
    };
    snapshot.view.judged().filter_map(sample).collect()
}

fn of_rule<'a>(snapshot: &'a Snapshot<'_>, rule: &str) -> Vec<&'a Watched> {
    let view = snapshot.view;
    let is_of_it = |watched: &&Watched| view.rules.get(watched.rule).is_some_and(|found| found.name == rule);
    view.inspection.watched.iter().filter(is_of_it).collect()
}

fn findings(snapshot: &Snapshot<'_>) -> Vec<Sample> {
    let of = |rule: &str| {
        let watched = of_rule(snapshot, rule);
        let number = |has: &dyn Fn(&Watched) -> bool| watched.iter().filter(|one| has(one)).count() as f64;
        let sample = |kind: &str, severity: &str, value| {
            let labels = [rule, kind, severity].map(str::to_owned).to_vec();
            Sample { labels, value }
        };
        let busy = number(&|one| one.notes.iter().any(|note| matches!(note, Note::Busy { .. })));
        let mut samples = vec![sample("cpu", WARNING, busy)];
        samples.extend(FINDING_CODES.iter().map(|kind| {
            let exceeds = |one: &Watched| one.findings.iter().any(|found| finding_code(found) == *kind);
            sample(kind, CRITICAL, number(&exceeds))
        }));
        samples
    };
    snapshot.view.judged().flat_map(of).collect()
}

/// The outcomes that matter are there also when there are none, for alerts.
fn outcomes(snapshot: &Snapshot<'_>) -> Vec<Sample> {
    if snapshot.view.mode != super::super::health::Mode::Enforce {
        return Vec::new();
    }
    let mut counts: BTreeMap<&str, u32> =
        ["terminated", "killed", "survived", "denied", "not_proved"].map(|code| (code, 0)).into();
    for ended in snapshot.view.termination.iter().flat_map(|report| &report.ended) {
        *counts.entry(outcome_code(&ended.outcome)).or_default() += 1;
    }
    let sample = |(code, count): (&str, u32)| Sample { labels: vec![code.to_owned()], value: count.into() };
    counts.into_iter().map(sample).collect()
}

fn by_sink(snapshot: &Snapshot<'_>, value: fn(&SinkBacklog) -> f64) -> Vec<Sample> {
    let sinks = snapshot.backlog.iter().flat_map(|backlog| &backlog.sinks);
    sinks.map(|sink| Sample { labels: vec![sink.sink.clone()], value: value(sink) }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{METRICS, Type};

    #[test]
    fn names_follow_the_conventions() {
        let mut seen = BTreeSet::new();
        for metric in METRICS {
            let name = metric.name;
            assert!(seen.insert(name), "{name} is there once");
            let fits = |letter: char| letter.is_ascii_lowercase() || letter == '_';
            assert!(name.starts_with("brainwav_") && name.chars().all(fits), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind == Type::Counter, "{name}");
            assert!(metric.help.ends_with('.') && !metric.help.contains('\n'), "{name}");
            for foreign in ["_ms", "_kib", "_mib", "_percent", "_minutes"] {
                assert!(!name.contains(foreign), "{name} is in base units");
            }
        }
    }
}
