//! `health --format prometheus`: what a collector reads.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use brainwav::output::metrics::METRICS;

use crate::support::{Actor, Script, TestEnv, wait_until};

const METRIC: &[&str] = &["health", "--format", "prometheus"];

/// The values by name and labels, as a strict reader of the format takes them.
fn values(text: &str) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let mut family = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, what) = help.split_once(' ').unwrap();
            family = name.to_owned();
            assert!(!what.is_empty(), "{line}");
            let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
            assert_eq!(lines.next().unwrap(), format!("# TYPE {name} {kind}"));
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        assert_eq!(name, family, "a series stands in its family: {line}");
        assert!(!value.starts_with('-'), "{line}");
        assert!(found.insert(series.to_owned(), value.parse().unwrap()).is_none(), "once: {line}");
    }
    assert!(text.ends_with('\n') && !found.is_empty());
    found
}

#[test]
fn every_rule_has_its_series_and_what_is_found_counts() {
    let env = TestEnv::new();
    let idle = values(&env.run(METRIC).expect_code(0).stdout);
    assert_eq!(idle["brainwav_processes{rule=\"vitest\"}"], 0.0);
    assert_eq!(idle["brainwav_findings{rule=\"nx\",kind=\"hung\",severity=\"critical\"}"], 0.0);
    let target = Actor::vitest(&env, Script::Wait);
    let output = env.run(&[METRIC, &["--max-memory", "1MiB"]].concat()).expect_code(1);
    let found = values(&output.stdout);
    for (series, value) in [
        ("brainwav_processes{rule=\"vitest\"}", 1.0),
        ("brainwav_processes{rule=\"tsc\"}", 0.0),
        ("brainwav_problem_processes{rule=\"vitest\"}", 1.0),
        ("brainwav_findings{rule=\"vitest\",kind=\"memory\",severity=\"critical\"}", 1.0),
        ("brainwav_findings{rule=\"vitest\",kind=\"cpu\",severity=\"critical\"}", 0.0),
        ("brainwav_findings{rule=\"vitest\",kind=\"cpu\",severity=\"warning\"}", 0.0),
        ("brainwav_memory_limit_bytes{rule=\"vitest\"}", 1_048_576.0),
    ] {
        assert_eq!(found.get(series), Some(&value), "{series}\n{}", output.stdout);
    }
    let rss = found["brainwav_resident_memory_bytes{rule=\"vitest\"}"];
    assert!(
        rss > 1_048_576.0 && rss == found["brainwav_largest_process_resident_memory_bytes{rule=\"vitest\"}"]
    );
    assert!(found["brainwav_health_timestamp_seconds"] > 1e9);
    assert!(found["brainwav_health_scan_duration_seconds"] > 0.0);
    assert!(found["brainwav_health_scanned_processes"] > 1.0);
    assert_eq!(output.stderr, "", "hints are for people");
    assert!(!output.stdout.contains(&target.pid().to_string()), "a series for each process would never end");
    let only = values(&env.run(&[METRIC, &["--rule", "nx"]].concat()).expect_code(0).stdout);
    assert!(!only.contains_key("brainwav_processes{rule=\"vitest\"}"), "{only:?}");
}

#[test]
fn a_metric_of_the_table_is_always_in_the_same_place() {
    let env = TestEnv::new();
    env.write_config("[[telemetry.sink]]\ntype = \"file\"\npath = \"events.ndjson\"\n");
    let _target = Actor::vitest(&env, Script::Wait);
    let run = || env.run(&[METRIC, &["--enforce"]].concat()).expect_code(0).stdout;
    let (first, second) = (run(), run());
    let names = |text: &str| {
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        types.map(str::to_owned).collect::<Vec<_>>()
    };
    let expected: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names(&first), expected, "each has a value here");
    let series = |text: &str| values(text).into_keys().collect::<Vec<_>>();
    assert_eq!(series(&first), series(&second));
}

#[test]
fn what_became_of_processes_and_of_events_counts() {
    let env = TestEnv::new();
    // One sink takes everything, and one nothing: a folder is no file.
    let sink = |name: &str, path: &str| {
        format!("[[telemetry.sink]]\ntype = \"file\"\nname = \"{name}\"\npath = \"{path}\"\n")
    };
    env.write_config(&format!("{}{}", sink("open", "events.ndjson"), sink("shut", ".")));
    let look = || values(&env.run(METRIC).expect_code(0).stdout);
    let none = look();
    assert_eq!(none["brainwav_telemetry_pending_bytes{sink=\"open\"}"], 0.0);
    assert!(!env.state().join("telemetry").exists(), "a look makes no spool");
    assert!(!none.keys().any(|series| series.starts_with("brainwav_health_outcomes")));
    let _target = Actor::vitest(&env, Script::Wait);
    let _kept = env.run(&["telemetry", "emit", "--timestamp", "2026-01-01T00:00:00Z"]).expect_code(0);
    let ended = env.run(&[METRIC, &["--enforce", "--max-memory", "1MiB"]].concat()).expect_code(0);
    let ended = values(&ended.stdout);
    assert_eq!(ended["brainwav_health_outcomes{outcome=\"terminated\"}"], 1.0);
    assert_eq!(ended["brainwav_health_outcomes{outcome=\"survived\"}"], 0.0);
    wait_until("one sink has everything", || {
        let _delivered = env.run(&["telemetry", "flush", "--deadline", "1s"]);
        look()["brainwav_telemetry_delivered_events_total{sink=\"open\"}"] == 3.0
    });
    let found = look();
    let value = |name: &str, sink: &str| found[&format!("brainwav_telemetry_{name}{{sink=\"{sink}\"}}")];
    assert_eq!(value("pending_bytes", "open"), 0.0);
    assert_eq!(value("oldest_pending_event_age_seconds", "open"), 0.0);
    assert_eq!((value("delivered_events_total", "shut"), value("dead_events_total", "open")), (0.0, 0.0));
    let (spool, waits) = (found["brainwav_telemetry_spool_bytes"], value("pending_bytes", "shut"));
    // An empty line may stand at the beginning.
    assert!(waits > 1000.0 && waits <= spool && waits + 2.0 > spool, "{found:?}");
    assert!(value("oldest_pending_event_age_seconds", "shut") > 1e6, "{found:?}");
    assert_eq!(found["brainwav_telemetry_spool_limit_bytes"], 268_435_456.0);
}

#[test]
fn a_file_is_replaced_as_a_whole_also_when_problems_are_found() {
    let env = TestEnv::new();
    let _target = Actor::vitest(&env, Script::Wait);
    let folder = env.path("textfile");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("brainwav.prom");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let to = |file: &std::path::Path| {
        let arguments = ["--max-memory", "1MiB", "--output", file.to_str().unwrap()];
        env.run(&[METRIC, &arguments].concat())
    };
    let output = to(&file).expect_code(1);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let found = values(&fs::read_to_string(&file).unwrap());
    assert_eq!(found["brainwav_problem_processes{rule=\"vitest\"}"], 1.0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(TestEnv::file_names(&folder), ["brainwav.prom"], "and nothing else is left");
    let missing = to(&env.path("nowhere/brainwav.prom")).expect_code(3);
    assert!(missing.stderr.contains("cannot write"), "{}", missing.stderr);
    // A folder, or a device, must not be replaced.
    let refused = to(&folder).expect_code(2);
    assert!(refused.stderr.contains("something other than a file is there"), "{}", refused.stderr);
    let human = env.run(&["health", "--output", file.to_str().unwrap()]).expect_code(2);
    assert!(human.stderr.contains("--format prometheus"), "{}", human.stderr);
}

#[test]
fn no_other_command_has_metrics() {
    let env = TestEnv::new();
    for command in [
        &["reap", "-n"][..],
        &["prune-cache", "-n"],
        &["telemetry", "status"],
        &["telemetry", "emit"],
        &["config", "show"],
        &["completions", "bash"],
    ] {
        for arguments in
            [[command, &["--format", "prometheus"]].concat(), [&["--format", "prometheus"], command].concat()]
        {
            let output = env.run(&arguments).expect_code(2);
            assert!(output.stderr.contains("only health has metrics"), "{arguments:?}: {}", output.stderr);
            assert_eq!(output.stdout, "", "{arguments:?}");
        }
    }
    assert!(!env.state().exists(), "nothing was done");
    let before = values(&env.run(&["--format", "prometheus", "health"]).expect_code(0).stdout);
    assert!(before.contains_key("brainwav_health_timestamp_seconds"));
}
