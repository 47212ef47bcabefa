//! What waits, as far as that can be told without reading all of it.

use std::io;
use std::time::{Duration, SystemTime};

use super::progress::Progress;
use crate::core::state::Folder;
use crate::core::telemetry::envelope::record;
use crate::core::telemetry::spool::{Position, Reader, Segment, list};
use crate::core::telemetry::timestamp;

/// The spool and its sinks, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How much of the disk the spool takes, in bytes.
    pub bytes: u64,
    /// The sinks, in the order in which they were asked for.
    pub sinks: Vec<SinkBacklog>,
}

/// One sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkBacklog {
    /// Its name.
    pub sink: String,
    /// How far it is.
    pub progress: Progress,
    /// How much of the spool it does not have yet, in bytes.
    pub pending_bytes: u64,
    /// How old the earliest event of that is; nothing when there is none, or none that says so.
    pub oldest: Option<Duration>,
    /// What is odd.
    pub warning: Option<String>,
}

/// Looks at the lengths of the files and at the first event that waits for each sink.
///
/// # Errors
/// When the spool cannot be read.
pub fn backlog(folder: &Folder, sinks: &[String], now: SystemTime) -> io::Result<Backlog> {
    let segments = list(folder.path())?;
    let bytes = segments.iter().map(|segment| segment.bytes).sum();
    let sinks = sinks.iter().map(|sink| of_sink(folder, &segments, sink, now));
    Ok(Backlog { bytes, sinks: sinks.collect::<io::Result<_>>()? })
}

fn of_sink(folder: &Folder, segments: &[Segment], sink: &str, now: SystemTime) -> io::Result<SinkBacklog> {
    let (progress, warning) = Progress::load(folder, sink);
    let mut reader = Reader::new(folder.path(), segments.to_vec(), progress.position);
    let pending_bytes = behind(segments, reader.position());
    let first = reader.next(1, 1)?.lines.into_iter().next();
    let time = first.as_ref().and_then(|line| record(&line.bytes).ok()?.attribute("time").map(str::to_owned));
    let oldest = time.and_then(|time| timestamp::age(&time, now));
    Ok(SinkBacklog { sink: sink.to_owned(), progress, pending_bytes, oldest, warning })
}

/// How many bytes there are from this place on.
fn behind(segments: &[Segment], at: Position) -> u64 {
    let rest = segments.iter().filter(|segment| segment.number >= at.segment);
    let bytes: u64 = rest.map(|segment| segment.bytes).sum();
    bytes.saturating_sub(at.offset)
}

#[cfg(test)]
mod tests {
    use super::{Position, Segment, behind};

    #[test]
    fn what_was_delivered_does_not_wait() {
        let segment = |number, bytes| Segment { number, bytes, is_file: true };
        let segments = [segment(1, 100), segment(2, 50), segment(3, 7)];
        for (number, offset, expected) in [(1, 0, 157), (1, 60, 97), (2, 50, 7), (3, 7, 0), (4, 0, 0)] {
            assert_eq!(
                behind(&segments, Position { segment: number, offset }),
                expected,
                "{number} {offset}"
            );
        }
        assert_eq!(behind(&[], Position::default()), 0);
    }
}
