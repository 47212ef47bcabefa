//! What waits, and for whom.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::dead::DeadLetters;
use super::progress::Progress;
use crate::core::telemetry::envelope::record;
use crate::core::telemetry::spool::{Position, Reader, Spool, list};
use crate::core::telemetry::timestamp;

/// Lines that are looked at together.
const BATCH: usize = 4096;

/// What is read at once, in bytes.
const PIECE: usize = 4 << 20;

/// The spool and its sinks.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Lines in the spool, those included that every sink has and that are not removed yet.
    pub spooled: u64,
    /// How much of the disk they take, in bytes.
    pub bytes: u64,
    /// In how many segments.
    pub segments: usize,
    /// The sinks, in the order in which they were asked for.
    pub sinks: Vec<SinkStatus>,
}

/// One sink.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkStatus {
    /// Its name.
    pub sink: String,
    /// How far it is.
    pub progress: Progress,
    /// Lines that it does not have yet.
    pub pending: u64,
    /// How old the earliest of these is by its own time; nothing when there is none, or none that says so.
    pub oldest: Option<Duration>,
    /// Its dead letters that nobody has moved away.
    pub letters: u64,
    /// The file that they are in.
    pub dead_letters: PathBuf,
    /// Until when it is left alone; nothing when it may be tried.
    pub retry_at: Option<String>,
    /// What is odd.
    pub warning: Option<String>,
}

/// Looks at the spool and its sinks, and changes nothing but files that cannot be read, which are moved aside.
///
/// # Errors
/// When the spool cannot be read.
pub fn status(spool: &Spool, sinks: &[String], now: SystemTime) -> io::Result<Status> {
    let folder = spool.folder();
    let segments = list(folder.path())?;
    let mut found = Vec::new();
    for sink in sinks {
        let (progress, warning) = Progress::load(folder, sink);
        let mut reader = Reader::new(folder.path(), segments.clone(), progress.position);
        let (pending, oldest) = count(&mut reader, now)?;
        let (dead_letters, letters) = DeadLetters::kept(folder, sink)?;
        let left = progress.retry.as_ref().and_then(|retry| retry.left(now));
        let retry_at = left.map(|left| timestamp::from_clock(now + left));
        let sink = sink.clone();
        found.push(SinkStatus { sink, progress, pending, oldest, letters, dead_letters, retry_at, warning });
    }
    let mut reader = Reader::new(folder.path(), segments.clone(), Position::default());
    Ok(Status {
        spooled: count(&mut reader, now)?.0,
        bytes: segments.iter().map(|segment| segment.bytes).sum(),
        segments: segments.len(),
        sinks: found,
    })
}

fn count(reader: &mut Reader, now: SystemTime) -> io::Result<(u64, Option<Duration>)> {
    let (mut lines, mut oldest) = (0, None);
    loop {
        let batch = reader.next(BATCH, PIECE)?;
        if batch.lines.is_empty() {
            return Ok((lines, oldest));
        }
        if oldest.is_none() {
            let first = batch.lines.iter().find_map(|line| record(&line.bytes).ok());
            oldest = first.and_then(|first| timestamp::age(first.attribute("time")?, now));
        }
        lines += batch.lines.len() as u64;
    }
}
