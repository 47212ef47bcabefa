//! A dashboard for Grafana, made from the table of metrics.

use serde_json::{Value, json};

use super::table::{
    BUILD, CRITICAL, DEAD, DELIVERED, FINDINGS, LARGEST, MEMORY, MEMORY_LIMIT, Metric, OLDEST, OLDEST_EVENT,
    OUTCOMES, PENDING, PROBLEMS, PROCESSES, SCAN, SEEN, SPOOL, SPOOL_LIMIT, TIMESTAMP, UNREADABLE,
};
use crate::output::BRAND;

/// The columns of the grid of Grafana.
const COLUMNS: usize = 24;

/// The version of the dashboard model that is written: Grafana 10.3 and later read it as it is.
const SCHEMA_VERSION: u32 = 39;

/// A panel with its place left open.
struct Panel {
    title: &'static str,
    kind: &'static str,
    unit: &'static str,
    size: [usize; 2],
    /// From this value on it is red; a panel without one never is.
    alarm: Option<f64>,
    queries: Vec<(String, &'static str)>,
}

/// The model of the dashboard. Its data source is a variable.
#[must_use]
pub fn dashboard() -> Value {
    json!({
        "uid": "brainwav",
        "title": BRAND,
        "description": "What brainwav health finds, and what waits in the spool of telemetry.",
        "tags": ["brainwav"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": true,
        "timezone": "browser",
        "refresh": "1m",
        "time": { "from": "now-24h", "to": "now" },
        "annotations": { "list": [] },
        "links": [],
        "templating": { "list": [source(), variable("instance", &TIMESTAMP), variable("rule", &PROCESSES)] },
        "panels": placed(panels()),
    })
}

fn source() -> Value {
    json!({
        "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
        "refresh": 1, "hide": 0, "regex": "", "multi": false, "includeAll": false, "options": [], "current": {},
    })
}

/// A choice among the values of a label.
fn variable(label: &str, of: &Metric) -> Value {
    let query = format!("label_values({}, {label})", of.name);
    json!({
        "name": label, "label": label, "type": "query", "datasource": datasource(), "definition": query,
        "query": { "query": query, "refId": label }, "refresh": 2, "sort": 1, "hide": 0, "regex": "",
        "multi": true, "includeAll": true, "allValue": ".*", "options": [], "current": {},
    })
}

fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// The series of a metric that were chosen.
fn chosen(metric: &Metric) -> String {
    let rule = if metric.labels.contains(&"rule") { ",rule=~\"$rule\"" } else { "" };
    format!("{}{{instance=~\"$instance\"{rule}}}", metric.name)
}

fn panels() -> Vec<Panel> {
    [now(), processes(), telemetry()].into_iter().flatten().collect()
}

fn stat(title: &'static str, unit: &'static str, alarm: Option<f64>, expression: String) -> Panel {
    Panel { title, kind: "stat", unit, size: [4, 4], alarm, queries: vec![(expression, "")] }
}

fn graph(title: &'static str, unit: &'static str, queries: Vec<(String, &'static str)>) -> Panel {
    Panel { title, kind: "timeseries", unit, size: [12, 8], alarm: None, queries }
}

/// One row of numbers.
fn now() -> Vec<Panel> {
    let sum = |metric: &Metric| format!("sum({})", chosen(metric));
    vec![
        stat("Over a limit", "short", Some(1.0), sum(&PROBLEMS)),
        stat("Processes of the rules", "short", None, sum(&PROCESSES)),
        stat("Their memory", "bytes", None, sum(&MEMORY)),
        stat("Since the last look", "s", Some(1800.0), format!("time() - min({})", chosen(&TIMESTAMP))),
        stat("Dead letters", "short", Some(1.0), sum(&DEAD)),
        stat(
            "Spool in use",
            "percentunit",
            Some(0.8),
            format!("max({} / {})", chosen(&SPOOL), chosen(&SPOOL_LIMIT)),
        ),
    ]
}

fn processes() -> Vec<Panel> {
    let by_rule = |metric: &Metric| format!("sum by (rule) ({})", chosen(metric));
    let most = |metric: &Metric| format!("max by (rule) ({})", chosen(metric));
    let findings =
        format!("{}{{instance=~\"$instance\",rule=~\"$rule\",severity=\"{CRITICAL}\"}}", FINDINGS.name);
    let seen = |metric: &Metric| format!("sum by (instance) ({})", chosen(metric));
    vec![
        graph("Processes by rule", "short", vec![(by_rule(&PROCESSES), "{{rule}}")]),
        graph(
            "Findings",
            "short",
            vec![(format!("sum by (rule, kind) ({findings}) > 0"), "{{rule}} {{kind}}")],
        ),
        graph("Memory by rule", "bytes", vec![(by_rule(&MEMORY), "{{rule}}")]),
        graph(
            "Largest process and its limit",
            "bytes",
            vec![(most(&LARGEST), "{{rule}}"), (most(&MEMORY_LIMIT), "limit of {{rule}}")],
        ),
        graph("Oldest process", "s", vec![(most(&OLDEST), "{{rule}}")]),
        graph(
            "What became of processes in the last run of --enforce",
            "short",
            vec![(format!("sum by (outcome) ({})", chosen(&OUTCOMES)), "{{outcome}}")],
        ),
        graph(
            "Processes on the machine",
            "short",
            vec![(seen(&SEEN), "{{instance}}"), (seen(&UNREADABLE), "{{instance}}, not readable")],
        ),
        graph(
            "Time that a look takes",
            "s",
            vec![(format!("max by (instance) ({})", chosen(&SCAN)), "{{instance}}")],
        ),
    ]
}

fn telemetry() -> Vec<Panel> {
    let by_sink = |how: &str, metric: &Metric| format!("{how} by (instance, sink) ({})", chosen(metric));
    let grown = |metric: &Metric| format!("sum by (sink) (rate({}[$__rate_interval]))", chosen(metric));
    vec![
        graph(
            "Events that wait",
            "bytes",
            vec![
                (by_sink("sum", &PENDING), "{{instance}} {{sink}}"),
                (chosen(&SPOOL_LIMIT), "limit of {{instance}}"),
            ],
        ),
        graph("Oldest event that waits", "s", vec![(by_sink("max", &OLDEST_EVENT), "{{instance}} {{sink}}")]),
        graph(
            "Events delivered and dead",
            "cps",
            vec![(grown(&DELIVERED), "{{sink}}"), (grown(&DEAD), "{{sink}}, dead")],
        ),
        graph("Versions", "short", vec![(format!("count by (version) ({})", chosen(&BUILD)), "{{version}}")]),
    ]
}

/// From left to right, and a new row where there is no room.
fn placed(panels: Vec<Panel>) -> Vec<Value> {
    let (mut x, mut y, mut height) = (0, 0, 0);
    let place = |(at, panel): (usize, Panel)| {
        let [width, own] = panel.size;
        if x + width > COLUMNS {
            (x, y, height) = (0, y + height, 0);
        }
        let place = json!({ "x": x, "y": y, "w": width, "h": own });
        x += width;
        height = height.max(own);
        panel_model(&panel, at + 1, &place)
    };
    panels.into_iter().enumerate().map(place).collect()
}

fn panel_model(panel: &Panel, id: usize, place: &Value) -> Value {
    let is_stat = panel.kind == "stat";
    let target = |(at, (expression, legend)): (usize, &(String, &str))| {
        let letter = ["A", "B", "C"].get(at).copied().unwrap_or("D");
        json!({
            "refId": letter, "expr": expression, "legendFormat": legend, "datasource": datasource(),
            "editorMode": "code", "instant": is_stat, "range": !is_stat,
        })
    };
    let mut steps = vec![json!({ "color": "green", "value": null })];
    steps.extend(panel.alarm.map(|value| json!({ "color": "red", "value": value })));
    json!({
        "id": id,
        "type": panel.kind,
        "title": panel.title,
        "datasource": datasource(),
        "gridPos": place,
        "targets": panel.queries.iter().enumerate().map(target).collect::<Vec<_>>(),
        "fieldConfig": {
            "defaults": { "unit": panel.unit, "min": 0, "thresholds": { "mode": "absolute", "steps": steps } },
            "overrides": [],
        },
        "options": {},
    })
}
