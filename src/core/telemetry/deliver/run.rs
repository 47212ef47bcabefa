//! One run over all sinks: a thread for each, so that one that is slow or dead delays nobody.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::attempt::{Pause, attempt};
use super::dead::DeadLetters;
use super::progress::{Failure, Progress};
use crate::core::redact::{Counts, Redactor};
use crate::core::state::{Folder, Lock, LockError};
use crate::core::telemetry::envelope::record;
use crate::core::telemetry::sink::{Record, Sink};
use crate::core::telemetry::spool::{Batch, Line, Position, Reader, Segment, Spool, SpoolError, list};
use crate::core::telemetry::timestamp;

/// What is read at once, in bytes, whatever a sink takes.
const PIECE: usize = 4 << 20;

/// So many batches are read ahead of the one that is on its way.
const AHEAD: usize = 1;

/// How often progress is written while there is more to do. What was delivered since is delivered again after a crash.
const SAVE_EACH: Duration = Duration::from_millis(200);

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
    /// No sink is waited for beyond this moment.
    pub deadline: Instant,
    /// How long to wait for a sink that another run is delivering to.
    pub patience: Duration,
    /// Sinks that take no part in this run, and need what is in the spool all the same.
    pub others: &'a [String],
    /// A number that nobody can tell before, for the pauses.
    pub seed: u64,
    /// Whether the run is to end now.
    pub interrupted: &'a dyn Fn() -> bool,
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
pub fn deliver_all(
    flush: &Flush<'_>,
    sinks: Vec<Box<dyn Sink + Send>>,
) -> Result<Vec<SinkReport>, SpoolError> {
    let mut segments = flush.spool.settle()?;
    // A full disk has no room for a new segment, and delivery is what makes some.
    if segments.len() < TIDY_BELOW && flush.spool.rotate(1).is_ok() {
        segments = flush.spool.settle()?;
    }
    let stop = Arc::new(Stop::default());
    let names: Vec<String> = sinks.iter().map(|sink| sink.name().to_owned()).collect();
    let (sender, receiver) = mpsc::channel();
    for (index, sink) in sinks.into_iter().enumerate() {
        let mut courier = Courier {
            folder: flush.spool.folder().clone(),
            sink,
            deadline: flush.deadline,
            patience: flush.patience,
            pause: Waiting { stop: Arc::clone(&stop), random: flush.seed.wrapping_add(index as u64) },
            redactor: Redactor::default(),
        };
        let (segments, sender) = (segments.clone(), sender.clone());
        let work = move || {
            // Nobody waits any more for a report that comes too late.
            let _ = sender.send((index, courier.run(segments)));
        };
        // Without a thread for it, its report stays missing.
        let _ = thread::Builder::new().name("sink".to_owned()).spawn(work);
    }
    drop(sender);
    let reports = collect(flush, &names, &stop, &receiver);
    let done = names
        .iter()
        .chain(flush.others)
        .map(|name| Progress::load(flush.spool.folder(), name).0.position.segment)
        .min();
    if let Some(number) = done {
        flush.spool.remove_before(number)?;
    }
    Ok(reports)
}

fn collect(
    flush: &Flush<'_>,
    names: &[String],
    stop: &Stop,
    receiver: &Receiver<(usize, SinkReport)>,
) -> Vec<SinkReport> {
    let missing = |name: &String| SinkReport {
        sink: name.clone(),
        delivered: 0,
        dead: 0,
        end: End::Stopped("it did not answer in time".to_owned()),
        warning: None,
    };
    let mut reports: Vec<SinkReport> = names.iter().map(missing).collect();
    let mut last = flush.deadline + GRACE;
    loop {
        match receiver.recv_timeout(LOOK_EACH) {
            Ok((index, report)) => reports[index] = report,
            Err(RecvTimeoutError::Disconnected) => return reports,
            Err(RecvTimeoutError::Timeout) if Instant::now() >= last => return reports,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if (flush.interrupted)() && !stop.is_set() {
            stop.set();
            last = last.min(Instant::now() + GRACE);
        }
    }
}

/// One sink on its way through the spool.
struct Courier {
    folder: Folder,
    sink: Box<dyn Sink + Send>,
    deadline: Instant,
    patience: Duration,
    pause: Waiting,
    redactor: Redactor,
}

impl Courier {
    /// Delivers alone: two runs would deliver the same events, and each forget how far the other was.
    fn run(&mut self, segments: Vec<Segment>) -> SinkReport {
        let name = self.sink.name().to_owned();
        let end = match Lock::take(&self.folder.file(&format!("sink-{name}.lock")), self.patience) {
            Ok(_lock) => return self.run_alone(name, segments),
            Err(LockError::Held(_)) => End::Held,
            Err(error) => End::Stopped(error.to_string()),
        };
        SinkReport { sink: name, delivered: 0, dead: 0, end, warning: None }
    }

    fn run_alone(&mut self, name: String, segments: Vec<Segment>) -> SinkReport {
        // Another run may have come further since these were listed, and removed some.
        let segments = list(self.folder.path()).unwrap_or(segments);
        let (mut progress, warning) = Progress::load(&self.folder, &name);
        let before = progress.clone();
        let mut reader = Reader::new(self.folder.path(), segments, progress.position);
        let stopped = self.carry(&mut reader, &mut progress).err();
        let now = || timestamp::from_clock(SystemTime::now());
        let stopped = stopped.map(|reason| self.redactor.text(&reason, &mut Counts::default()).into_owned());
        progress.last_failure = stopped.clone().map(|reason| Failure { at: now(), reason });
        if progress.delivered > before.delivered {
            progress.last_delivery = Some(now());
            progress.last_note = self.sink.note();
        }
        let saved = if progress == before { Ok(()) } else { progress.save(&self.folder, &name) };
        let unsaved = saved.err().map(|error| format!("its progress cannot be kept: {error}"));
        let warning = warning.or_else(|| self.sink.note());
        SinkReport {
            sink: name,
            delivered: progress.delivered - before.delivered,
            dead: progress.dead - before.dead,
            end: stopped.or(unsaved).map_or(End::Done, End::Stopped),
            warning,
        }
    }

    /// The next batch is read and understood while this one is on its way: that is half of the work.
    fn carry(&mut self, reader: &mut Reader, progress: &mut Progress) -> Result<(), String> {
        let most = self.sink.most().max(1);
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(AHEAD);
            let read = move || {
                loop {
                    let batch = reader.next(most, PIECE).map(Understood::of);
                    let is_last = batch.as_ref().map_or(true, |batch| batch.lines.is_empty());
                    if sender.send(batch).is_err() || is_last {
                        return;
                    }
                }
            };
            let thread = thread::Builder::new().name("spool".to_owned()).spawn_scoped(scope, read);
            thread.map_err(|error| format!("cannot start a thread: {error}"))?;
            self.carry_all(&receiver, progress)
        })
    }

    fn carry_all(
        &mut self,
        batches: &Receiver<io::Result<Understood>>,
        progress: &mut Progress,
    ) -> Result<(), String> {
        let mut saved = Instant::now();
        for batch in batches {
            if self.pause.stop.is_set() {
                return Err("interrupted".to_owned());
            }
            let batch = batch.map_err(|error| format!("cannot read the spool: {error}"))?;
            self.deliver(batch, progress)?;
            if saved.elapsed() >= SAVE_EACH {
                let name = self.sink.name();
                progress
                    .save(&self.folder, name)
                    .map_err(|error| format!("cannot keep progress: {error}"))?;
                saved = Instant::now();
            }
        }
        Ok(())
    }

    /// Delivers a batch, and moves the position as far as everything before it is done with. The last one is empty.
    fn deliver(&mut self, batch: Understood, progress: &mut Progress) -> Result<(), String> {
        let Understood { lines, end, records, faults } = batch;
        if lines.is_empty() {
            progress.position = end;
            return Ok(());
        }
        let outcome = attempt(&mut *self.sink, &records, self.deadline, &mut self.pause);
        let dead = DeadLetters::new(&self.folder, self.sink.name(), &self.redactor);
        let mut taken = 0;
        for (line, fault) in lines.iter().zip(faults) {
            progress.position = line.at;
            let reason = match fault {
                Some(fault) => Some(fault),
                None if taken == outcome.done => break,
                None => {
                    taken += 1;
                    let refused = outcome.refused.iter().find(|(at, _)| *at + 1 == taken);
                    refused.map(|(_, reason)| reason.clone())
                }
            };
            match reason {
                None => progress.delivered += 1,
                Some(reason) => {
                    let kept = dead.keep(line, &reason);
                    kept.map_err(|error| format!("cannot keep a dead letter: {error}"))?;
                    progress.dead += 1;
                }
            }
        }
        match outcome.stopped {
            Some(reason) => Err(reason),
            None => {
                progress.position = end;
                Ok(())
            }
        }
    }
}

/// A batch with the events that are in its lines, and what is wrong with the others.
struct Understood {
    lines: Vec<Line>,
    end: Position,
    records: Vec<Record>,
    faults: Vec<Option<String>>,
}

impl Understood {
    fn of(batch: Batch) -> Self {
        let mut records: Vec<Record> = Vec::with_capacity(batch.lines.len());
        let mut faults: Vec<Option<String>> = Vec::with_capacity(batch.lines.len());
        for line in &batch.lines {
            let read = record(&line.bytes);
            faults.push(read.as_ref().err().map(|fault| fault_of(fault, line.is_whole)));
            records.extend(read);
        }
        Self { lines: batch.lines, end: batch.end, records, faults }
    }
}

fn fault_of(fault: &str, is_whole: bool) -> String {
    if is_whole { fault.to_owned() } else { format!("the line is torn or too long: {fault}") }
}

/// Whether everybody is to stop, for those who wait.
#[derive(Default)]
struct Stop {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn is_set(&self) -> bool {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long; `true` when it was set in the meantime.
    fn wait(&self, time: Duration) -> bool {
        let guard = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(guard, time, |is_set| !*is_set);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

struct Waiting {
    stop: Arc<Stop>,
    random: u64,
}

impl Pause for Waiting {
    fn pause(&mut self, time: Duration) -> bool {
        !self.stop.wait(time)
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
