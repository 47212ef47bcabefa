//! What is in the spool, how far each sink is, and what came of a run, for people and for programs.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::BRAND;
use super::table::{Table, Tone};
use super::ui::Ui;
use super::units::{count, plural, size, time};
use crate::core::telemetry::deliver::{End, Failure, SinkReport, SinkStatus, Status, letters_of};
use crate::exit::ExitCode;

/// The spool and its sinks.
pub struct StatusView {
    /// What was found.
    pub status: Status,
    /// Where the spool is.
    pub folder: PathBuf,
    /// How large it may get, in bytes.
    pub most_bytes: u64,
}

/// The document `brainwav.telemetry-status/1`.
#[derive(Serialize)]
pub struct StatusDocument<'a> {
    schema: &'static str,
    brand: &'static str,
    spool: String,
    spooled: u64,
    spool_bytes: u64,
    spool_max_bytes: u64,
    segments: usize,
    sinks: Vec<SinkEntry<'a>>,
}

#[derive(Serialize)]
struct SinkEntry<'a> {
    sink: &'a str,
    pending: u64,
    delivered: u64,
    /// Letters in the file.
    dead: u64,
    /// All that there ever were.
    dead_total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letters: Option<String>,
    /// Until it is left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    oldest_age_seconds: Option<f64>,
    last_delivery: Option<&'a str>,
    last_failure: Option<FailureEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_note: Option<&'a str>,
}

#[derive(Serialize)]
struct FailureEntry<'a> {
    at: &'a str,
    reason: &'a str,
}

impl StatusView {
    /// For programs.
    #[must_use]
    pub fn document(&self) -> StatusDocument<'_> {
        StatusDocument {
            schema: "brainwav.telemetry-status/1",
            brand: BRAND,
            spool: self.folder.display().to_string(),
            spooled: self.status.spooled,
            spool_bytes: self.status.bytes,
            spool_max_bytes: self.most_bytes,
            segments: self.status.segments,
            sinks: self.status.sinks.iter().map(sink_entry).collect(),
        }
    }

    /// For people.
    #[must_use]
    pub fn human(&self, ui: &Ui) -> String {
        let title = format!(
            "{BRAND} telemetry: {} in the spool, {} of {}\n",
            plural(number(self.status.spooled), "event", "events"),
            size(self.status.bytes),
            size(self.most_bytes)
        );
        if self.status.sinks.is_empty() {
            return title;
        }
        let names = ["SINK", "PENDING", "OLDEST", "DELIVERED", "DEAD", "LAST ERROR"];
        let mut table = Table::new(ui, &names, &[1, 2, 3, 4]);
        for sink in &self.status.sinks {
            let failure = sink.progress.last_failure.as_ref();
            table.row(&[
                (sink.sink.clone(), Tone::Plain),
                (count(number(sink.pending)), Tone::Plain),
                (sink.oldest.map_or_else(String::new, time), Tone::Faint),
                (count(number(sink.progress.delivered)), Tone::Plain),
                dead(sink.letters),
                (failure.map_or_else(String::new, |failure| last_error(failure, sink)), Tone::Bad),
            ]);
        }
        title + &table.render()
    }
}

fn last_error(failure: &Failure, sink: &SinkStatus) -> String {
    match &sink.retry_at {
        Some(until) => format!("{} (left alone until {until})", failure.reason),
        None => failure.reason.clone(),
    }
}

fn sink_entry(sink: &SinkStatus) -> SinkEntry<'_> {
    let failure = sink.progress.last_failure.as_ref();
    SinkEntry {
        sink: &sink.sink,
        pending: sink.pending,
        delivered: sink.progress.delivered,
        dead: sink.letters,
        dead_total: sink.progress.dead,
        dead_letters: (sink.letters > 0).then(|| sink.dead_letters.display().to_string()),
        retry_at: sink.retry_at.clone(),
        oldest_age_seconds: sink.oldest.map(|age| age.as_secs_f64()),
        last_delivery: sink.progress.last_delivery.as_deref(),
        last_failure: failure.map(|failure| FailureEntry { at: &failure.at, reason: &failure.reason }),
        last_note: sink.progress.last_note.as_deref(),
    }
}

/// What came of a run.
pub struct FlushView {
    /// Of each sink.
    pub reports: Vec<SinkReport>,
    /// Where the spool is.
    pub folder: PathBuf,
    /// How long it took.
    pub elapsed: Duration,
}

/// The document `brainwav.telemetry-flush/1`.
#[derive(Serialize)]
pub struct FlushDocument<'a> {
    schema: &'static str,
    brand: &'static str,
    exit_code: u8,
    elapsed_seconds: f64,
    sinks: Vec<ReportEntry<'a>>,
}

#[derive(Serialize)]
struct ReportEntry<'a> {
    sink: &'a str,
    delivered: u64,
    dead: u64,
    end: &'static str,
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letters: Option<String>,
}

impl FlushView {
    /// The file of what a sink will never take.
    #[must_use]
    pub fn dead_letters(&self, report: &SinkReport) -> PathBuf {
        self.folder.join(letters_of(&report.sink))
    }

    /// For programs.
    #[must_use]
    pub fn document(&self, code: ExitCode) -> FlushDocument<'_> {
        FlushDocument {
            schema: "brainwav.telemetry-flush/1",
            brand: BRAND,
            exit_code: code.number(),
            elapsed_seconds: self.elapsed.as_secs_f64(),
            sinks: self.reports.iter().map(|report| self.entry(report)).collect(),
        }
    }

    /// For people.
    #[must_use]
    pub fn human(&self, ui: &Ui) -> String {
        let delivered: u64 = self.reports.iter().map(|report| report.delivered).sum();
        let title = format!(
            "{BRAND} telemetry flush: {} to {} in {}\n",
            plural(number(delivered), "delivery", "deliveries"),
            plural(self.reports.len(), "sink", "sinks"),
            time(self.elapsed)
        );
        let mut table = Table::new(ui, &["SINK", "DELIVERED", "DEAD", "RESULT"], &[1, 2]);
        for report in &self.reports {
            table.row(&[
                (report.sink.clone(), Tone::Plain),
                (count(number(report.delivered)), Tone::Plain),
                dead(report.dead),
                match &report.end {
                    End::Done if report.dead > 0 => {
                        ("has everything but the dead letters".to_owned(), Tone::Warning)
                    }
                    End::Done => ("has everything".to_owned(), Tone::Good),
                    End::Stopped(reason) => (format!("stopped: {reason}"), Tone::Bad),
                    End::Held => ("another run delivers to it".to_owned(), Tone::Warning),
                },
            ]);
        }
        title + &table.render()
    }

    fn entry<'a>(&self, report: &'a SinkReport) -> ReportEntry<'a> {
        let (end, reason) = match &report.end {
            End::Done => ("done", None),
            End::Stopped(reason) => ("stopped", Some(reason.as_str())),
            End::Held => ("held", None),
        };
        let dead_letters = (report.dead > 0).then(|| self.dead_letters(report).display().to_string());
        ReportEntry {
            sink: &report.sink,
            delivered: report.delivered,
            dead: report.dead,
            end,
            reason,
            dead_letters,
        }
    }
}

fn dead(dead: u64) -> (String, Tone) {
    (count(number(dead)), if dead > 0 { Tone::Warning } else { Tone::Plain })
}

fn number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
