//! Alerts for Prometheus, made from the table of metrics.

use std::fmt::Write as _;

use serde_json::Value;

use super::table::{DEAD, Metric, OLDEST_EVENT, OUTCOMES, PROBLEMS, SPOOL, SPOOL_LIMIT, TIMESTAMP};
use crate::output::BRAND;

/// An alert.
struct Alert {
    name: &'static str,
    expression: String,
    /// How long that must hold.
    lasts: &'static str,
    severity: &'static str,
    summary: &'static str,
    /// What to do.
    description: &'static str,
}

/// The file of rules, in YAML. Texts are in the quotes of JSON, which are those of YAML as well.
#[must_use]
pub fn rules() -> String {
    let mut text = format!(
        "# {BRAND}: written by brainwav telemetry dashboard --rules\ngroups:\n  - name: brainwav\n    rules:\n"
    );
    for alert in alerts() {
        let Alert { name, expression, lasts, severity, summary, description } = alert;
        let quoted = |text: &str| Value::from(text).to_string();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "      - alert: {name}\n        expr: {}\n        for: {lasts}\n        labels:\n          \
             severity: {severity}\n        annotations:\n          summary: {}\n          description: {}\n",
            quoted(&expression),
            quoted(summary),
            quoted(description),
        );
    }
    text
}

fn alerts() -> Vec<Alert> {
    [of_processes(), of_looks(), of_telemetry()].into_iter().flatten().collect()
}

fn alert(name: &'static str, expression: String, lasts: &'static str, texts: [&'static str; 3]) -> Alert {
    let [severity, summary, description] = texts;
    Alert { name, expression, lasts, severity, summary, description }
}

fn above(metric: &Metric, limit: &str) -> String {
    format!("{} > {limit}", metric.name)
}

fn of_processes() -> Vec<Alert> {
    let failed = format!("{}{{outcome=~\"survived|denied|not_proved\"}} > 0", OUTCOMES.name);
    vec![
        alert(
            "BrainwavProcessOverLimit",
            above(&PROBLEMS, "0"),
            "15m",
            [
                "warning",
                "{{ $value }} {{ $labels.rule }} processes on {{ $labels.instance }} exceed a limit",
                "Run brainwav health there to see which and why, and brainwav health --enforce to end them.",
            ],
        ),
        alert(
            "BrainwavProcessNotEnded",
            failed,
            "0m",
            [
                "critical",
                "{{ $value }} processes on {{ $labels.instance }} could not be ended: {{ $labels.outcome }}",
                "Run brainwav health --enforce there by hand; what survives SIGKILL hangs in the kernel.",
            ],
        ),
    ]
}

fn of_looks() -> Vec<Alert> {
    vec![
        alert(
            "BrainwavHealthStale",
            format!("time() - {} > 1800", TIMESTAMP.name),
            "5m",
            [
                "warning",
                "brainwav health has not looked at {{ $labels.instance }} for half an hour",
                "See whether cron runs it there, and what it says on stderr.",
            ],
        ),
        alert(
            "BrainwavHealthMissing",
            format!("absent({})", TIMESTAMP.name),
            "30m",
            [
                "warning",
                "No machine tells what brainwav health finds",
                "Run brainwav health --format prometheus --output FILE.prom in the folder of the textfile collector.",
            ],
        ),
    ]
}

fn of_telemetry() -> Vec<Alert> {
    vec![
        alert(
            "BrainwavTelemetryDeadLetters",
            format!("increase({}[1h]) > 0", DEAD.name),
            "0m",
            [
                "warning",
                "The sink {{ $labels.sink }} of {{ $labels.instance }} refuses events for good",
                "Run brainwav telemetry status there; dead letters are kept with the reason.",
            ],
        ),
        alert(
            "BrainwavTelemetryDelayed",
            above(&OLDEST_EVENT, "3600"),
            "15m",
            [
                "warning",
                "Events for the sink {{ $labels.sink }} of {{ $labels.instance }} have waited for over an hour",
                "Run brainwav telemetry flush there, and see what it says.",
            ],
        ),
        alert(
            "BrainwavTelemetrySpoolFull",
            format!("{} / {} > 0.8", SPOOL.name, SPOOL_LIMIT.name),
            "10m",
            [
                "critical",
                "The spool of telemetry on {{ $labels.instance }} is nearly full",
                "When it is full, events are refused. Run brainwav telemetry flush there, or raise telemetry.spool-size.",
            ],
        ),
    ]
}

#[cfg(test)]
#[path = "drift_tests.rs"]
mod tests;
