//! Tells through telemetry what the other commands do: one write before they act, one afterwards.
//!
//! Whatever goes wrong here is a warning: it never changes what a command does, nor its exit code.

use std::time::{Duration, Instant};

use super::telemetry_background;
use super::telemetry_pipeline::{Pipeline, SpoolPlace};
use super::telemetry_sinks::active;
use crate::config::{ActionEvents, Resolved};
use crate::context::Context;
use crate::core::telemetry::event::{Draft, UNKNOWN_AGENT};
use crate::error::{Error, Result};

/// Whose our own events are, unless the settings name somebody.
const AGENT: &str = "brAInwav-cli";

/// How long one write may take: a lock that somebody does not let go must not stop what goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// The events of one run. Nothing is opened before there is one.
pub struct Actions<'a> {
    resolved: &'a Resolved,
    is_on: bool,
    way: Option<(Pipeline, SpoolPlace)>,
    has_told: bool,
    correlation_id: Option<String>,
    trouble: Option<Error>,
}

impl<'a> Actions<'a> {
    /// The events of a run with these settings. One that does not act has none.
    #[must_use]
    pub fn new(resolved: &'a Resolved, acts: bool) -> Self {
        let is_wanted = match resolved.settings.telemetry.actions {
            ActionEvents::Auto => active(resolved).next().is_some(),
            ActionEvents::On => true,
            ActionEvents::Off => false,
        };
        let is_on = acts && is_wanted;
        Self { resolved, is_on, way: None, has_told: false, correlation_id: None, trouble: None }
    }

    /// Opens the way into the spool, if that was not done yet and there are to be events.
    pub fn open(&mut self, context: &Context) {
        if !self.is_on || self.way.is_some() {
            return;
        }
        let way = Pipeline::new(context, self.resolved)
            .map(|pipeline| (pipeline, SpoolPlace::new(context, self.resolved)));
        match way {
            Ok(way) => self.way = Some(way),
            Err(error) => self.fail(error),
        }
    }

    /// Brings these events into the spool, in one write. They are made only if somebody wants them.
    pub fn tell<I: IntoIterator<Item = Draft>>(&mut self, drafts: impl FnOnce() -> I) {
        if !self.is_on {
            return;
        }
        let mut lines = Vec::new();
        for draft in drafts() {
            if let Err(error) = self.seal(draft, &mut lines) {
                self.fail(error);
            }
        }
        if !lines.is_empty()
            && let Err(error) = self.write(lines)
        {
            self.fail(error);
        }
    }

    fn write(&mut self, lines: Vec<u8>) -> Result<()> {
        let Some((_, place)) = &self.way else { return Ok(()) };
        let started = Instant::now();
        let kept = place.keep_within(PATIENCE, lines);
        self.has_told |= kept.is_ok();
        // What did not answer once is not waited for again.
        self.is_on &= started.elapsed() < PATIENCE;
        kept
    }

    fn seal(&mut self, mut draft: Draft, lines: &mut Vec<u8>) -> Result<()> {
        // Without a way the reason is told already.
        let Some((pipeline, _)) = self.way.as_mut() else { return Ok(()) };
        let is_unknown = self.resolved.settings.telemetry.agent_id == UNKNOWN_AGENT;
        draft.agent_id = is_unknown.then(|| AGENT.to_owned());
        draft.correlation_id.clone_from(&self.correlation_id);
        let sealed = pipeline.seal(draft, lines)?;
        self.correlation_id.get_or_insert(sealed.correlation_id);
        Ok(())
    }

    /// The first trouble is the one that tells most.
    fn fail(&mut self, error: Error) {
        self.trouble.get_or_insert(error);
    }

    /// Says what is not in the spool, if anything is not, and starts to deliver what is.
    pub fn finish(self, context: &mut Context) {
        if self.has_told {
            telemetry_background::start(context, self.resolved);
        }
        let Some(trouble) = self.trouble else { return };
        let ui = &mut context.ui;
        ui.warn(&format!("telemetry: what this run does is not told in full: {trouble}"));
        for hint in trouble.hints() {
            ui.hint(hint);
        }
    }
}
