//! What came of the envelopes of a bus, for people and for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::BRAND;
use super::table::{Table, Tone};
use super::ui::Ui;
use super::units::{count, plural, time};
use crate::core::telemetry::bridge::Tally;
use crate::exit::ExitCode;

/// Where they came from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Stdin.
    Stdin,
    /// The file queue of this name.
    Queue(String),
    /// A stream of NATS.
    Nats {
        /// Its name.
        stream: String,
        /// The durable consumer.
        consumer: String,
    },
}

/// What came of them.
pub struct BridgeView {
    /// Where they came from.
    pub origin: Origin,
    /// The numbers.
    pub tally: Tally,
    /// Calls that have started and not finished.
    pub open_calls: usize,
    /// Whether the queue was another one, and read from its beginning.
    pub is_new: bool,
    /// Whether nothing was kept.
    pub dry_run: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// The document `brainwav.telemetry-bridge/1`.
#[derive(Serialize)]
pub struct BridgeDocument<'a> {
    schema: &'static str,
    brand: &'static str,
    exit_code: u8,
    source: &'static str,
    queue: Option<&'a str>,
    stream: Option<&'a str>,
    consumer: Option<&'a str>,
    lines: u64,
    mapped: u64,
    events: u64,
    joined: u64,
    unjoined: u64,
    open_calls: usize,
    agent_events: u64,
    unknown: u64,
    unknown_types: &'a BTreeMap<String, u64>,
    damaged: u64,
    damaged_lines: Vec<DamagedEntry<'a>>,
    restarted: bool,
    elapsed_seconds: f64,
}

#[derive(Serialize)]
struct DamagedEntry<'a> {
    line: u64,
    reason: &'a str,
}

impl BridgeView {
    /// For programs.
    #[must_use]
    pub fn document(&self, code: ExitCode) -> BridgeDocument<'_> {
        let damaged = self.tally.damaged_lines.iter();
        let (source, queue, stream, consumer) = match &self.origin {
            Origin::Stdin => ("stdin", None, None, None),
            Origin::Queue(name) => ("queue", Some(name.as_str()), None, None),
            Origin::Nats { stream, consumer } => {
                ("nats", None, Some(stream.as_str()), Some(consumer.as_str()))
            }
        };
        BridgeDocument {
            schema: "brainwav.telemetry-bridge/1",
            brand: BRAND,
            exit_code: code.number(),
            source,
            queue,
            stream,
            consumer,
            lines: self.tally.lines,
            mapped: self.tally.mapped,
            events: self.tally.events,
            joined: self.tally.joined,
            unjoined: self.tally.unjoined,
            open_calls: self.open_calls,
            agent_events: self.tally.passed,
            unknown: self.tally.unknown,
            unknown_types: &self.tally.unknown_types,
            damaged: self.tally.damaged,
            damaged_lines: damaged.map(|(line, reason)| DamagedEntry { line: *line, reason }).collect(),
            restarted: self.is_new,
            elapsed_seconds: self.elapsed.as_secs_f64(),
        }
    }

    /// The line above the table.
    #[must_use]
    pub fn title(&self) -> String {
        let word = if self.dry_run { "would keep " } else { "" };
        format!(
            "telemetry bridge: {word}{} of {} in {}",
            plural(number(self.tally.events), "event", "events"),
            plural(number(self.tally.lines), "envelope", "envelopes"),
            time(self.elapsed)
        )
    }

    /// For people.
    #[must_use]
    pub fn human(&self, ui: &Ui) -> String {
        let title = format!("{BRAND} {}\n", self.title());
        if self.tally.lines == 0 {
            return title;
        }
        let tally = &self.tally;
        let mut table = Table::new(ui, &["ENVELOPES", "NUMBER", "MEANING"], &[1]);
        let rows = [
            ("mapped", tally.mapped, Tone::Plain, "became events"),
            ("joined", tally.joined, Tone::Plain, "ends of calls whose start was known"),
            ("agent events", tally.passed, Tone::Plain, "events of agents already, passed over"),
            ("unknown", tally.unknown, Tone::Plain, "of types that nobody knows"),
            ("damaged", tally.damaged, Tone::Bad, "no envelopes, or nothing could be made of them"),
        ];
        for (name, number_of, tone, meaning) in rows {
            let tone = if number_of == 0 { Tone::Faint } else { tone };
            table.row(&[
                (name.to_owned(), tone),
                (count(number(number_of)), tone),
                (meaning.to_owned(), Tone::Faint),
            ]);
        }
        title + &table.render()
    }

    /// The unknown types with their numbers.
    #[must_use]
    pub fn types(&self) -> Option<String> {
        let types =
            self.tally.unknown_types.iter().map(|(kind, found)| format!("{} {kind}", count(number(*found))));
        let types: Vec<String> = types.collect();
        (!types.is_empty()).then(|| format!("unknown types: {}", types.join(", ")))
    }
}

fn number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
