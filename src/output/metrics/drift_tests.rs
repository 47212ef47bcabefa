//! What is shown and what wakes somebody speaks of nothing that is not exported.

use std::collections::BTreeSet;

use super::super::table::{METRICS, Metric};
use super::super::{dashboard, rules};

/// Labels that come from Prometheus itself.
const FOREIGN: &[&str] = &["instance"];

/// Each name of a metric of ours with what stands in braces behind it.
fn used(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("brainwav_") {
        let rest = &text[at..];
        let end =
            rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(rest.len());
        let selector =
            rest[end..].strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
        found.push((rest[..end].to_owned(), selector.to_owned()));
    }
    found
}

fn expressions() -> Vec<String> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut all: Vec<String> = targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    all.extend(variables.iter().filter_map(|one| one["definition"].as_str().map(str::to_owned)));
    let rules = rules();
    let lines = rules.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    all.extend(lines.map(|line| serde_json::from_str::<String>(line).unwrap()));
    all
}

fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name).copied()
}

#[test]
fn every_metric_that_is_used_is_exported_with_its_labels() {
    let expressions = expressions();
    assert!(expressions.len() > 20, "{expressions:?}");
    for expression in &expressions {
        let used = used(expression);
        assert!(!used.is_empty(), "{expression}");
        let mut known: BTreeSet<&str> = FOREIGN.iter().copied().collect();
        for (name, selector) in &used {
            let metric = metric(name).unwrap_or_else(|| panic!("{name} is not exported: {expression}"));
            known.extend(metric.labels);
            for pair in selector.split(',').filter(|pair| !pair.is_empty()) {
                let label = pair.split(['=', '!']).next().unwrap();
                let is_known = metric.labels.contains(&label) || FOREIGN.contains(&label);
                assert!(is_known, "{name} has no label {label}: {expression}");
            }
        }
        for by in expression.split("by (").skip(1) {
            for label in by.split(')').next().unwrap().split(", ") {
                assert!(known.contains(label), "{label}: {expression}");
            }
        }
    }
}

#[test]
fn every_metric_that_is_exported_is_shown_or_wakes_somebody() {
    let used: BTreeSet<String> =
        expressions().iter().flat_map(|text| used(text)).map(|(name, _)| name).collect();
    for metric in METRICS {
        assert!(used.contains(metric.name), "{}", metric.name);
    }
}

#[test]
fn the_reader_of_this_test_finds_what_is_wrong() {
    let found = used("sum(brainwav_renamed{instance=~\"a\",x=\"b\"}) / brainwav_other");
    let expected = [("brainwav_renamed", "instance=~\"a\",x=\"b\""), ("brainwav_other", "")];
    assert_eq!(found, expected.map(|(name, selector)| (name.to_owned(), selector.to_owned())));
    assert!(metric("brainwav_renamed").is_none() && metric("brainwav_processes").is_some());
}

#[test]
fn no_panel_lies_upon_another() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{panel}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{panel}");
            }
        }
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}");
    }
}
