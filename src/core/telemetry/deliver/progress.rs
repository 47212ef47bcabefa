//! How far a sink is, between runs.

use std::io;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::attempt::Again;
use crate::core::state::{Folder, Loaded, Versioned, load, save};
use crate::core::telemetry::phase::{milliseconds, since_1970};
use crate::core::telemetry::spool::Position;

/// The last thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When, in RFC 3339.
    pub at: String,
    /// What, redacted.
    pub reason: String,
}

/// How long a sink is left alone, by the clock of the wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How often it has failed in a row.
    pub failures: u32,
    /// From when, in milliseconds since 1970.
    pub from_ms: u64,
    /// Until when, likewise.
    pub until_ms: u64,
    /// Whether it has asked for that itself.
    pub is_asked_for: bool,
}

impl Retry {
    /// Leaves it alone from now on.
    #[must_use]
    pub fn new(again: &Again, now: SystemTime) -> Self {
        let from_ms = since_1970(now);
        let until_ms = from_ms.saturating_add(milliseconds(again.wait));
        Self { failures: again.failures, from_ms, until_ms, is_asked_for: again.is_asked_for }
    }

    /// How much of that is left; nothing when it is over, and when the clock was set back in the meantime: nobody knows
    /// then how much it is, and to ask too early costs one request.
    #[must_use]
    pub fn left(&self, now: SystemTime) -> Option<Duration> {
        let now = since_1970(now);
        (self.from_ms..self.until_ms).contains(&now).then(|| Duration::from_millis(self.until_ms - now))
    }
}

/// How far one sink is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Everything before this place is delivered, or will never be and is kept as a dead letter.
    pub position: Position,
    /// How many events it has taken since it is known.
    pub delivered: u64,
    /// How many lines became dead letters.
    pub dead: u64,
    /// When it last took something.
    #[serde(default)]
    pub last_delivery: Option<String>,
    /// What stopped the last run; nothing when that went well.
    #[serde(default)]
    pub last_failure: Option<Failure>,
    /// Until when it is left alone; nothing when it may be tried.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// What the last run that delivered something said of the sink besides: a run in the background says it to nobody.
    #[serde(default)]
    pub last_note: Option<String>,
}

impl Versioned for Progress {
    const VERSION: u32 = 1;
}

/// The file of a sink.
fn file_name(sink: &str) -> String {
    format!("sink-{sink}.json")
}

impl Progress {
    /// Reads how far a sink is, and says what was odd about that. Without a file it is at the beginning.
    #[must_use]
    pub fn load(folder: &Folder, sink: &str) -> (Self, Option<String>) {
        match load(&folder.file(&file_name(sink))) {
            Loaded::Missing => (Self::default(), None),
            Loaded::Content(progress) => (progress, None),
            Loaded::Unreadable { reason, .. } => {
                let path = folder.file(&file_name(sink));
                let again = "every event in the spool is delivered again";
                (Self::default(), Some(format!("{}: {reason}; {again}", path.display())))
            }
        }
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When it cannot be written; the earlier one is then still there.
    pub fn save(&self, folder: &Folder, sink: &str) -> io::Result<()> {
        save(&folder.file(&file_name(sink)), self)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Again, Progress, Retry};

    #[test]
    fn a_sink_is_left_alone_for_a_time_and_not_because_a_clock_was_set() {
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(seconds);
        let again = Again { failures: 2, wait: Duration::from_secs(60), is_asked_for: true };
        let retry = Retry::new(&again, at(10_000));
        for (now, left) in
            [(10_000, Some(60)), (10_059, Some(1)), (10_060, None), (99_999, None), (9_999, None), (0, None)]
        {
            assert_eq!(retry.left(at(now)), left.map(Duration::from_secs), "{now}");
        }
    }

    #[test]
    fn what_an_earlier_version_kept_is_read() {
        let text = r#"{"position":{"segment":3,"offset":9},"delivered":7,"dead":1}"#;
        let progress: Progress = serde_json::from_str(text).unwrap();
        assert_eq!((progress.position.segment, progress.delivered, progress.retry), (3, 7, None));
    }
}
