//! Lines of a bus on their way into the spool, wherever they come from.

use std::time::{Duration, SystemTime};

use super::telemetry_pipeline::{Pipeline, full};
use crate::core::telemetry::bridge::{
    Bridged, Derived, MOST_EXAMPLES, NumberedLine, Received, Starts, Tally, bridged, derived_id,
};
use crate::core::telemetry::seal::Label;
use crate::core::telemetry::spool::Spool;
use crate::error::Result;
use crate::output::telemetry_bridge::{BridgeView, Origin};
use crate::output::ui::Ui;

/// How much is written at once, in bytes: enough to make the cost of a write small.
const PIECE: usize = 1 << 18;

/// A longer type is told only in part, in characters.
const LONGEST_TYPE: usize = 100;

/// Makes events of lines.
pub struct Bridge {
    pipeline: Pipeline,
    spool: Option<Spool>,
    /// The calls that have not finished.
    pub starts: Starts,
    pending: Vec<u8>,
    /// What was counted since the last write: it is not done before that.
    staged: Tally,
    done: Tally,
    has_kept: bool,
    /// What an envelope comes as.
    unit: &'static str,
    has_reader: bool,
}

impl Bridge {
    /// Into this spool; without one, to stdout.
    pub fn new(pipeline: Pipeline, spool: Option<Spool>, starts: Starts) -> Self {
        let (staged, done) = (Tally::default(), Tally::default());
        let (has_kept, has_reader, unit) = (false, true, "line");
        Self { pipeline, spool, starts, pending: Vec::new(), staged, done, has_kept, unit, has_reader }
    }

    /// The same for envelopes that are messages of a stream, with their places as numbers.
    pub fn of_messages(self) -> Self {
        Self { unit: "message", ..self }
    }

    /// Whether there were lines that nothing could be made of.
    pub const fn has_damaged(&self) -> bool {
        self.done.damaged > 0
    }

    /// Whether somebody reads on what is written: nobody does when the stdout of a dry run is closed.
    pub const fn has_reader(&self) -> bool {
        self.has_reader
    }

    /// Whether something came into the spool since this was asked last.
    pub const fn take_kept(&mut self) -> bool {
        std::mem::replace(&mut self.has_kept, false)
    }

    /// What came of all that was written.
    pub fn view(&self, origin: Origin, elapsed: Duration) -> BridgeView {
        BridgeView {
            origin,
            tally: self.done.clone(),
            open_calls: self.starts.len(),
            is_new: false,
            dry_run: self.spool.is_none(),
            elapsed,
        }
    }

    /// Takes a line. It is kept at the next [`Self::write`].
    ///
    /// # Errors
    /// When the spool does not take what came before it.
    pub fn line(&mut self, ui: &mut Ui, (number, line): NumberedLine<'_>) -> Result<()> {
        if line.is_ok_and(|line| line.trim_ascii().is_empty()) {
            return Ok(());
        }
        self.envelope(ui, (number, line)).map(drop)
    }

    /// The same of what is meant to be an envelope even if it is empty. Says whether something could be made of it.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn envelope(&mut self, ui: &mut Ui, (number, line): NumberedLine<'_>) -> Result<bool> {
        self.staged.lines += 1;
        let taken = line.and_then(Received::read).map_err(str::to_owned);
        let taken = taken.and_then(|received| self.take(&received));
        if let Err(reason) = &taken {
            self.damaged(ui, number, reason);
        }
        if self.pending.len() >= PIECE {
            self.write(ui)?;
        }
        Ok(taken.is_ok())
    }

    /// Counts a line that nothing can be made of, and tells the first ones.
    pub fn damaged(&mut self, ui: &mut Ui, number: u64, reason: &str) {
        let reason = self.pipeline.shown(reason);
        let before = self.done.damaged + self.staged.damaged;
        match before.cmp(&(MOST_EXAMPLES as u64)) {
            std::cmp::Ordering::Less => ui.warn(&format!("{} {number}: {reason}", self.unit)),
            std::cmp::Ordering::Equal => {
                ui.warn(&format!("more {}s are damaged; they are counted and not told", self.unit));
            }
            std::cmp::Ordering::Greater => {}
        }
        self.staged.damaged(number, reason);
    }

    fn take(&mut self, received: &Received) -> std::result::Result<(), String> {
        match bridged(received)? {
            Bridged::Agent => self.staged.passed += 1,
            Bridged::Unknown => {
                let kind = self.pipeline.shown(&received.kind);
                self.staged.unknown(kind.chars().take(LONGEST_TYPE).collect());
            }
            Bridged::Events(derived) => self.events(received, derived)?,
        }
        Ok(())
    }

    /// All events of an envelope, or none.
    fn events(&mut self, received: &Received, mut derived: Derived) -> std::result::Result<(), String> {
        let start = derived.end.as_ref().map(|call| self.starts.take(call));
        match start {
            Some(Some(start)) => {
                derived.join(start);
                self.staged.joined += 1;
            }
            Some(None) => self.staged.unjoined += 1,
            None => {}
        }
        let (before, count) = (self.pending.len(), derived.events.len() as u64);
        let cause = Some(self.pipeline.shown(&received.id)).filter(|cause| !cause.is_empty());
        for (position, draft) in derived.events.into_iter().enumerate() {
            let id = derived_id(received, position);
            let traceparent = received.traceparent.as_deref();
            let label = Label { id: &id, cause: cause.as_deref(), traceparent, ..Label::default() };
            self.pipeline.seal_as(draft, label, &mut self.pending).map_err(|error| {
                self.pending.truncate(before);
                error.to_string()
            })?;
        }
        if let Some((call, start)) = derived.start {
            let start = start.kept(|text| self.pipeline.shown(text));
            self.starts.remember(&call, start, SystemTime::now());
        }
        self.staged.mapped += 1;
        self.staged.events += count;
        Ok(())
    }

    /// Keeps what was taken: in the spool, or for a dry run on stdout.
    ///
    /// # Errors
    /// When the spool does not take it. What it took of it is counted. That nobody reads a dry run is no error; it is not
    /// counted either.
    pub fn write(&mut self, ui: &mut Ui) -> Result<()> {
        if !self.pending.is_empty() {
            match &self.spool {
                None if ui.stream(&self.pending) => {}
                None => {
                    self.has_reader = false;
                    return Ok(());
                }
                Some(spool) => spool.append(&self.pending).map_err(|(written, error)| {
                    let whole = self.pending[..written].iter().filter(|byte| **byte == b'\n').count();
                    self.done.events += whole as u64;
                    full(error)
                })?,
            }
            self.has_kept |= self.spool.is_some();
            self.pending.clear();
        }
        self.done.add(std::mem::take(&mut self.staged));
        Ok(())
    }
}
