//! One run over all sinks: a thread for each, so that one that is slow or dead delays nobody.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::courier::{Courier, Ended};
use super::progress::Progress;
use super::waiting::{Stop, Waiting};
use crate::core::redact::Redactor;
use crate::core::state::Lock;
use crate::core::telemetry::sink::Sink;
use crate::core::telemetry::spool::{Spool, SpoolError};

/// How long a sink may take longer than it was given.
const GRACE: Duration = Duration::from_secs(2);

/// How often it is looked whether a signal came.
const LOOK_EACH: Duration = Duration::from_millis(20);

/// With fewer segments than this a run begins a new one, so that what it delivers can go as a whole, however little it
/// is. With more, because a sink is dead, that would only make many small files.
const TIDY_BELOW: usize = 16;

/// How a run goes.
pub struct Flush<'a> {
    /// Where the spool is.
    pub spool: &'a Spool,
    /// No sink is delivered to for longer than this.
    pub time: Duration,
    /// How long to wait for a sink that another run is delivering to.
    pub patience: Duration,
    /// Whether a sink that has failed is left alone as long as it asked for, or longer each time.
    pub is_patient: bool,
    /// For the reasons and the dead letters.
    pub redactor: Arc<Redactor>,
    /// Sinks that take no part in this run, and need what is in the spool all the same.
    pub others: &'a [String],
    /// A number that nobody can tell before, for the pauses.
    pub seed: u64,
    /// Whether the run is to end now.
    pub interrupted: &'a dyn Fn() -> bool,
}

/// A sink that takes part in a run.
pub struct Part {
    /// The sink.
    pub sink: Box<dyn Sink + Send>,
    /// Held until its turn has come, so that other runs know that somebody waits for it.
    pub waits: Option<Lock>,
}

/// How far a sink got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Everything that was in the spool when the run began is done with.
    Done,
    /// It stopped before that.
    Stopped(String),
    /// Another run is delivering to it.
    Held,
}

/// What came of one sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkReport {
    /// Its name.
    pub sink: String,
    /// Events that it has taken in this run.
    pub delivered: u64,
    /// Lines that became dead letters in this run.
    pub dead: u64,
    /// How it ended.
    pub end: End,
    /// What was odd.
    pub warning: Option<String>,
}

/// Delivers what is in the spool now to every sink, and removes what all of them are done with.
///
/// # Errors
/// When the spool cannot be read.
pub fn deliver_all(flush: &Flush<'_>, parts: Vec<Part>) -> Result<Vec<SinkReport>, SpoolError> {
    let segments = flush.spool.settle()?.len();
    if segments < TIDY_BELOW {
        // Without it less goes at the end, and nothing is lost.
        let _ = flush.spool.rotate(1).and_then(|()| flush.spool.settle());
    }
    let stop = Arc::new(Stop::default());
    let names: Vec<String> = parts.iter().map(|part| part.sink.name().to_owned()).collect();
    let (sender, receiver) = mpsc::channel();
    for (index, part) in parts.into_iter().enumerate() {
        let courier = courier(flush, part, &stop, index as u64);
        let sender = sender.clone();
        let work = move || {
            // Nobody waits any more for a report that comes too late.
            let _ = sender.send((index, courier.run()));
        };
        // Without a thread for it, its report stays missing.
        let _ = thread::Builder::new().name("sink".to_owned()).spawn(work);
    }
    drop(sender);
    let ended = collect(flush, &names, &stop, &receiver);
    let folder = flush.spool.folder();
    let on_disk = |name: &String| Progress::load(folder, name).0.position;
    // What a full disk has no room for is known here all the same. Should this run end before it is kept: a place that is
    // not there any more begins with the first that is.
    let own = ended.iter().map(|one| one.position.unwrap_or_else(|| on_disk(&one.report.sink)));
    let done = own.chain(flush.others.iter().map(on_disk)).map(|position| position.segment).min();
    let removed = done.map_or(Ok(0), |number| flush.spool.remove_before(number));
    let reports = ended.into_iter().map(|one| one.saved(folder)).collect();
    removed.map(|_| reports)
}

fn courier(flush: &Flush<'_>, part: Part, stop: &Arc<Stop>, index: u64) -> Courier {
    Courier {
        folder: flush.spool.folder().clone(),
        sink: part.sink,
        waits: part.waits,
        time: flush.time,
        patience: flush.patience,
        is_patient: flush.is_patient,
        pause: Waiting { stop: Arc::clone(stop), random: flush.seed.wrapping_add(index) },
        redactor: Arc::clone(&flush.redactor),
    }
}

fn collect(
    flush: &Flush<'_>,
    names: &[String],
    stop: &Stop,
    receiver: &Receiver<(usize, Ended)>,
) -> Vec<Ended> {
    let missing =
        |name: &String| Ended::without(name.clone(), End::Stopped("it did not answer in time".to_owned()));
    let mut all: Vec<Ended> = names.iter().map(missing).collect();
    let alone = if flush.is_patient { flush.time } else { Duration::ZERO };
    let mut last = Instant::now() + flush.patience + alone + flush.time + GRACE;
    loop {
        match receiver.recv_timeout(LOOK_EACH) {
            Ok((index, ended)) => all[index] = ended,
            Err(RecvTimeoutError::Disconnected) => return all,
            Err(RecvTimeoutError::Timeout) if Instant::now() >= last => return all,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if (flush.interrupted)() && !stop.is_set() {
            stop.set();
            last = last.min(Instant::now() + GRACE);
        }
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
