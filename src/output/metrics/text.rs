//! The text format of Prometheus, version 0.0.4, as the textfile collector of node_exporter reads it.

use std::fmt::Write as _;

use super::table::{METRICS, Metric, Sample, Snapshot};

/// Every metric that has a value, in the order of the table.
#[must_use]
pub fn exposition(snapshot: &Snapshot<'_>) -> String {
    let mut text = String::new();
    for metric in METRICS {
        family(&mut text, metric, &(metric.samples)(snapshot));
    }
    text
}

fn family(text: &mut String, metric: &Metric, samples: &[Sample]) {
    if samples.is_empty() {
        return;
    }
    let name = metric.name;
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# HELP {name} {}", escaped(metric.help, false));
    let _ = writeln!(text, "# TYPE {name} {}", metric.kind.word());
    for Sample { labels, value } in samples {
        let pairs = metric.labels.iter().zip(labels);
        let pairs: Vec<String> =
            pairs.map(|(label, text)| format!("{label}=\"{}\"", escaped(text, true))).collect();
        let labels = if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) };
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

/// A line feed would end the line, and a quote the value of a label.
fn escaped(text: &str, is_label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if is_label { text.replace('"', "\\\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::table::Type;
    use super::{Metric, Sample, escaped, family};

    const METRIC: Metric = Metric {
        name: "brainwav_test_bytes",
        kind: Type::Gauge,
        help: "A \\ and\na \"line\".",
        labels: &["rule", "kind"],
        samples: |_| Vec::new(),
    };

    #[test]
    fn a_family_is_written_as_the_format_wants_it() {
        let sample = |rule: &str, value| Sample { labels: vec![rule.to_owned(), "a".to_owned()], value };
        let mut text = String::new();
        family(&mut text, &METRIC, &[]);
        assert_eq!(text, "", "without a value there is no family");
        family(&mut text, &METRIC, &[sample("vitest", 0.5), sample("\"\\\n", 8_589_934_592.0)]);
        let expected = "# HELP brainwav_test_bytes A \\\\ and\\na \"line\".\n\
                        # TYPE brainwav_test_bytes gauge\n\
                        brainwav_test_bytes{rule=\"vitest\",kind=\"a\"} 0.5\n\
                        brainwav_test_bytes{rule=\"\\\"\\\\\\n\",kind=\"a\"} 8589934592\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_would_end_a_value_is_escaped() {
        for (text, label, help) in
            [("plain", "plain", "plain"), ("a\"b", "a\\\"b", "a\"b"), ("a\nb\\", "a\\nb\\\\", "a\\nb\\\\")]
        {
            assert_eq!((escaped(text, true), escaped(text, false)), (label.to_owned(), help.to_owned()));
        }
    }
}
