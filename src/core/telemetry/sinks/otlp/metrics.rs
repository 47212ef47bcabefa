//! Events as numbers: `opentelemetry/proto/metrics/v1`, how many there were and how long what ended took.
//!
//! The numbers are those since the last request (delta temporality), at the time of the delivery: the log records have
//! the times of the events. Runs that deliver to one sink exclude each other, and no request is sent twice; but events
//! that come again because a run was killed before it could note that they had arrived are counted again.

use std::collections::BTreeMap;

use super::attribute::Attributes;
use super::convention;
use super::event::Event;
use super::resource::Resource;
use super::wire::Writer;
use crate::core::telemetry::json::Json;

/// `AGGREGATION_TEMPORALITY_DELTA`.
const DELTA: u64 = 1;

/// The upper bounds of the classes of durations, in seconds: those that the conventions of generative AI give for the
/// duration of an operation, continued to eleven minutes.
const BOUNDS: [f64; 17] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
    655.36,
];

/// A label or a status that is longer is no kind of anything, in bytes.
const LONGEST_WORD: usize = 64;

/// What events are told apart by.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    event: String,
    phase: String,
    status: Option<String>,
    tool: Option<String>,
}

/// Durations of one kind.
#[derive(Debug, Clone, Default, PartialEq)]
struct Durations {
    classes: [u64; BOUNDS.len() + 1],
    sum: f64,
    least: f64,
    most: f64,
}

/// The numbers of some events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers {
    events: BTreeMap<Kind, u64>,
    durations: BTreeMap<Kind, Durations>,
}

impl Numbers {
    /// How many events are in them.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.events.values().sum()
    }

    /// Adds an event.
    pub fn add(&mut self, event: &Event<'_>) {
        let kind = Kind::of(event);
        if let Some(ended) = event.span {
            let seconds = ended.end.saturating_sub(ended.start) as f64 / 1e9;
            self.durations.entry(kind.clone()).or_default().add(seconds);
        }
        *self.events.entry(kind).or_default() += 1;
    }

    /// A request for `/v1/metrics` of the numbers between these two moments, in nanoseconds since 1970.
    #[must_use]
    pub fn request(&self, resource: &Resource, interval: (u64, u64)) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.message(1, |of_resource| {
            resource.write(of_resource, &[]);
            of_resource.message(2, |of_scope| {
                resource.write_scope(of_scope);
                of_scope.message(2, |metric| self.write_events(metric, interval));
                if !self.durations.is_empty() {
                    of_scope.message(2, |metric| self.write_durations(metric, interval));
                }
            });
        });
        writer.into_bytes()
    }

    fn write_events(&self, metric: &mut Writer, interval: (u64, u64)) {
        metric.text(1, convention::EVENTS_METRIC);
        metric.text(2, "Events by what happened.");
        metric.text(3, "{event}");
        metric.message(7, |sum| {
            for (kind, count) in &self.events {
                sum.message(1, |point| {
                    write_interval(point, interval);
                    point.fixed64(6, *count);
                    kind.write(&mut Attributes::new(point, 7));
                });
            }
            sum.varint(2, DELTA);
            sum.varint(3, 1);
        });
    }

    fn write_durations(&self, metric: &mut Writer, interval: (u64, u64)) {
        metric.text(1, convention::DURATION_METRIC);
        metric.text(2, "How long what ended took.");
        metric.text(3, "s");
        metric.message(9, |histogram| {
            for (kind, durations) in &self.durations {
                histogram.message(1, |point| {
                    write_interval(point, interval);
                    durations.write(point);
                    kind.write(&mut Attributes::new(point, 9));
                });
            }
            histogram.varint(2, DELTA);
        });
    }
}

impl Kind {
    fn of(event: &Event<'_>) -> Self {
        let text = |path: [&str; 2]| {
            let data = event.record.data()?;
            let value = if path[1].is_empty() {
                data.get(path[0])
            } else {
                data.get(path[0])?.as_object()?.get(path[1])
            };
            value.and_then(Json::as_str).map(word)
        };
        Self {
            event: word(if event.name.is_empty() { "event" } else { event.name }),
            phase: text(["phase", ""]).unwrap_or_default(),
            status: text(["outcome", "status"]),
            tool: event.tool.map(word),
        }
    }

    fn write(&self, attributes: &mut Attributes<'_>) {
        attributes.text(&format!("{}event", convention::OWN), &self.event);
        attributes.text(&format!("{}phase", convention::OWN), &self.phase);
        attributes.maybe(convention::OPERATION, convention::operation(&self.event));
        attributes.maybe(&format!("{}outcome.status", convention::OWN), self.status.as_deref());
        attributes.maybe(convention::TOOL_NAME, self.tool.as_deref());
    }
}

/// What is too long to be one of few is `other`: each text makes a series of its own where the numbers end up.
fn word(text: &str) -> String {
    if text.len() > LONGEST_WORD { "other".to_owned() } else { text.to_owned() }
}

impl Durations {
    fn add(&mut self, seconds: f64) {
        let is_first = self.classes.iter().all(|count| *count == 0);
        self.least = if is_first { seconds } else { self.least.min(seconds) };
        self.most = self.most.max(seconds);
        self.sum += seconds;
        self.classes[BOUNDS.iter().take_while(|bound| seconds > **bound).count()] += 1;
    }

    fn write(&self, point: &mut Writer) {
        point.fixed64(4, self.classes.iter().sum());
        point.double(5, self.sum);
        let packed =
            |words: &mut dyn Iterator<Item = u64>| words.flat_map(u64::to_le_bytes).collect::<Vec<u8>>();
        point.bytes(6, &packed(&mut self.classes.iter().copied()));
        point.bytes(7, &packed(&mut BOUNDS.iter().map(|bound| bound.to_bits())));
        point.double(11, self.least);
        point.double(12, self.most);
    }
}

fn write_interval(point: &mut Writer, (start, end): (u64, u64)) {
    point.fixed64(2, start);
    point.fixed64(3, end);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{BOUNDS, Durations, Kind, Numbers};
    use crate::core::telemetry::sinks::otlp::event::Event;
    use crate::core::telemetry::sinks::samples::{plain, record};

    #[test]
    fn events_of_one_kind_are_one_number() {
        let long = "x".repeat(65);
        let records = [
            plain("one"),
            plain("two"),
            record("three", &json!({}), &json!({"event": "tool_invoked", "outcome": null, "metrics": null})),
            record("four", &json!({}), &json!({"labels": {"tool": long}})),
            record("five", &json!({}), &json!({"event": null, "phase": null})),
        ];
        let mut numbers = Numbers::default();
        records.iter().for_each(|record| numbers.add(&Event::of(record)));
        let kind = |event: &str, phase: &str, status: Option<&str>, tool: &str| Kind {
            event: event.to_owned(),
            phase: phase.to_owned(),
            status: status.map(str::to_owned),
            tool: Some(tool.to_owned()),
        };
        let success = Some("success");
        let expected = [
            (kind("event", "", success, "search"), 1),
            (kind("tool_invoked", "execution", None, "search"), 1),
            (kind("tool_result", "execution", success, "other"), 1),
            (kind("tool_result", "execution", success, "search"), 2),
        ];
        assert_eq!(numbers.events.clone().into_iter().collect::<Vec<_>>(), expected);
        assert_eq!((numbers.count(), numbers.durations.len()), (5, 2));
        assert_eq!(numbers.durations[&expected[3].0].classes[5], 2, "a quarter of a second, twice");
    }

    #[test]
    fn a_duration_is_in_one_class() {
        let mut durations = Durations::default();
        for seconds in [0.0, 0.01, 0.011, 655.36, 1e6] {
            durations.add(seconds);
        }
        assert_eq!(durations.classes[..3], [2, 1, 0]);
        assert_eq!(durations.classes[BOUNDS.len() - 1..], [1, 1]);
        assert_eq!((durations.least, durations.most), (0.0, 1e6));
        assert!(BOUNDS.is_sorted());
    }
}
