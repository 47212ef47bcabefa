//! One sink on its way through the spool.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::attempt::{Outcome, Pause, attempt};
use super::dead::DeadLetters;
use super::progress::{Failure, Progress, Retry};
use super::run::{End, SinkReport};
use super::waiting::Waiting;
use crate::core::redact::{Counts, Redactor};
use crate::core::state::{Folder, Lock, LockError};
use crate::core::telemetry::envelope::record;
use crate::core::telemetry::sink::{Record, Sink};
use crate::core::telemetry::spool::reserve::{is_full, with_room};
use crate::core::telemetry::spool::{Batch, Line, Position, Reader, list_still};
use crate::core::telemetry::timestamp;

/// What is read at once, in bytes, whatever a sink takes.
const PIECE: usize = 4 << 20;

/// So many batches are read ahead of the one that is on its way.
const AHEAD: usize = 1;

/// How often progress is written while there is more to do. What was delivered since is delivered again after a crash.
const SAVE_EACH: Duration = Duration::from_millis(200);

/// How often it looks whether its turn has come.
const LOOK_EACH: Duration = Duration::from_millis(50);

/// One sink on its way through the spool.
pub struct Courier {
    /// The folder of the spool.
    pub folder: Folder,
    /// Where to.
    pub sink: Box<dyn Sink + Send>,
    /// Tells other runs that this one waits for its turn, and is let go when it has come.
    pub waits: Option<Lock>,
    /// How long it may take when its turn has come.
    pub time: Duration,
    /// How long it may wait for that.
    pub patience: Duration,
    /// Whether it leaves the sink alone as long as that was asked for.
    pub is_patient: bool,
    /// How it waits.
    pub pause: Waiting,
    /// For what is kept of the sink.
    pub redactor: Arc<Redactor>,
}

/// How it ended.
pub struct Ended {
    /// What came of it.
    pub report: SinkReport,
    /// How far the sink is; nothing when that stands on the disk alone.
    pub position: Option<Position>,
    unsaved: Option<Unsaved>,
}

/// What could not be kept, and why. Nobody else delivers before that was tried again.
struct Unsaved {
    progress: Progress,
    reason: String,
    _lock: Lock,
}

impl Ended {
    /// It did nothing.
    #[must_use]
    pub const fn without(sink: String, end: End) -> Self {
        let report = SinkReport { sink, delivered: 0, dead: 0, end, warning: None };
        Self { report, position: None, unsaved: None }
    }

    /// The report, after another try to keep how far the sink is: what it has is removed by now, and has made room.
    #[must_use]
    pub fn saved(self, folder: &Folder) -> SinkReport {
        let mut report = self.report;
        if let Some(unsaved) = self.unsaved
            && with_room(folder, || unsaved.progress.save(folder, &report.sink)).is_err()
            && report.end == End::Done
        {
            report.end = End::Stopped(unsaved.reason);
        }
        report
    }
}

/// What came of a batch, and of all of them.
enum Halt {
    /// Something went wrong, which is kept for `status`.
    Failed(String),
    /// The sink is left alone for what went wrong before.
    LeftAlone(String),
}

impl Courier {
    /// Delivers alone: two runs would deliver the same events, and each forget how far the other was.
    pub fn run(mut self) -> Ended {
        let name = self.sink.name().to_owned();
        match self.turn(&name) {
            Ok(lock) => {
                // Only now: what was kept until here is seen by this run, and what is kept from here on starts another.
                drop(self.waits.take());
                self.run_alone(name, lock)
            }
            Err(LockError::Held(_)) => Ended::without(name, End::Held),
            Err(error) => Ended::without(name, End::Stopped(error.to_string())),
        }
    }

    fn turn(&mut self, name: &str) -> Result<Lock, LockError> {
        let path = self.folder.file(&format!("sink-{name}.lock"));
        let last = Instant::now() + self.patience;
        loop {
            match Lock::take(&path, Duration::ZERO) {
                Err(LockError::Held(_)) if Instant::now() < last && self.pause.pause(LOOK_EACH) => {}
                other => return other,
            }
        }
    }

    fn run_alone(&mut self, name: String, lock: Lock) -> Ended {
        let (mut progress, odd) = Progress::load(&self.folder, &name);
        let before = progress.clone();
        let halt = self.carry(&mut progress).err();
        let now = || timestamp::from_clock(SystemTime::now());
        let end = match halt {
            None => {
                (progress.last_failure, progress.retry) = (None, None);
                End::Done
            }
            Some(Halt::LeftAlone(reason)) => End::Stopped(reason),
            Some(Halt::Failed(reason)) => {
                let reason = self.redactor.text(&reason, &mut Counts::default()).into_owned();
                progress.last_failure = Some(Failure { at: now(), reason: reason.clone() });
                End::Stopped(reason)
            }
        };
        if progress.delivered > before.delivered {
            progress.last_delivery = Some(now());
            progress.last_note = self.sink.note();
        }
        let report = SinkReport {
            delivered: progress.delivered - before.delivered,
            dead: progress.dead - before.dead,
            warning: odd.or_else(|| self.sink.note()).or_else(|| self.not_left_alone(&before)),
            sink: name,
            end,
        };
        let saved = if progress == before { Ok(()) } else { self.save(&progress, &report.sink) };
        let position = Some(progress.position);
        let unsaved = saved.err().map(|error| {
            let reason = format!("its progress cannot be kept: {error}");
            Unsaved { progress, reason, _lock: lock }
        });
        Ended { report, position, unsaved }
    }

    /// A run that somebody waits for tries all the same, and says so.
    fn not_left_alone(&self, before: &Progress) -> Option<String> {
        let retry = before.retry.as_ref().filter(|retry| !self.is_patient && retry.is_asked_for)?;
        let left = retry.left(SystemTime::now())?;
        let name = self.sink.name();
        let seconds = left.as_secs_f64().ceil();
        Some(format!("{name} had asked to be left alone for {seconds} s more, and was tried all the same"))
    }

    fn save(&self, progress: &Progress, name: &str) -> io::Result<()> {
        with_room(&self.folder, || progress.save(&self.folder, name))
    }

    /// The next batch is read and understood while this one is on its way: that is half of the work.
    fn carry(&mut self, progress: &mut Progress) -> Result<(), Halt> {
        let most = self.sink.most().max(1);
        // Another run may have come further since the last look, and removed some.
        let segments = list_still(self.folder.path(), self.time)
            .map_err(|error| Halt::Failed(format!("cannot read the spool: {error}")))?;
        let mut reader = Reader::new(self.folder.path(), segments, progress.position);
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
            thread.map_err(|error| Halt::Failed(format!("cannot start a thread: {error}")))?;
            self.carry_all(&receiver, progress)
        })
    }

    fn carry_all(
        &mut self,
        batches: &Receiver<io::Result<Understood>>,
        progress: &mut Progress,
    ) -> Result<(), Halt> {
        let mut deadline = Instant::now() + self.time;
        let mut saved = Instant::now();
        let mut is_first = true;
        for batch in batches {
            if self.pause.stop.is_set() {
                return Err(Halt::Failed("interrupted".to_owned()));
            }
            let batch = batch.map_err(|error| Halt::Failed(format!("cannot read the spool: {error}")))?;
            if std::mem::take(&mut is_first) && !batch.lines.is_empty() {
                self.leave_alone(progress, deadline)?;
                deadline = Instant::now() + self.time;
            }
            self.deliver(batch, progress, deadline).map_err(Halt::Failed)?;
            if saved.elapsed() >= SAVE_EACH {
                match self.save(progress, self.sink.name()) {
                    // What is delivered makes room: so there has to be more of that, not less.
                    Err(error) if !is_full(&error) => {
                        return Err(Halt::Failed(format!("cannot keep progress: {error}")));
                    }
                    _ => saved = Instant::now(),
                }
            }
        }
        Ok(())
    }

    /// Waits until the sink may be tried again, if that is in time.
    fn leave_alone(&mut self, progress: &Progress, deadline: Instant) -> Result<(), Halt> {
        let retry = progress.retry.as_ref().filter(|_| self.is_patient);
        let Some(left) = retry.and_then(|retry| retry.left(SystemTime::now())) else { return Ok(()) };
        let is_in_time = Instant::now().checked_add(left).is_some_and(|then| then < deadline);
        if is_in_time && self.pause.pause(left) {
            return Ok(());
        }
        let reason = progress.last_failure.as_ref().map_or("it failed", |failure| failure.reason.as_str());
        Err(Halt::LeftAlone(reason.to_owned()))
    }

    /// Delivers a batch, and moves the position as far as everything before it is done with. The last one is empty.
    fn deliver(
        &mut self,
        batch: Understood,
        progress: &mut Progress,
        deadline: Instant,
    ) -> Result<(), String> {
        let Understood { lines, end, records, faults } = batch;
        if lines.is_empty() {
            progress.position = end;
            return Ok(());
        }
        let failures = progress.retry.as_ref().map_or(0, |retry| retry.failures);
        let failures = if self.is_patient { failures } else { 0 };
        let outcome = attempt(&mut *self.sink, &records, failures, deadline, &mut self.pause);
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
                    with_room(&self.folder, || dead.keep(line, &reason))
                        .map_err(|error| format!("cannot keep a dead letter: {error}"))?;
                    progress.dead += 1;
                }
            }
        }
        progress.retry = retry_of(&outcome, progress.retry.take());
        match outcome.stopped {
            Some(reason) => Err(reason),
            None => {
                progress.position = end;
                Ok(())
            }
        }
    }
}

/// When the sink is to be tried again, after what it has answered last.
fn retry_of(outcome: &Outcome, before: Option<Retry>) -> Option<Retry> {
    match (&outcome.again, outcome.done) {
        (Some(again), _) => Some(Retry::new(again, SystemTime::now())),
        // It was not asked, or took something.
        (None, 0) => before,
        (None, _) => None,
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
