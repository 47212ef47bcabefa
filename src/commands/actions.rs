//! Tells through telemetry what the other commands do: one write before they act, one afterwards.
//!
//! Whatever goes wrong here is a warning: it never changes what a command does, nor its exit code.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use super::telemetry_pipeline::{Pipeline, keep, spool};
use super::telemetry_sinks::active;
use crate::config::{ActionEvents, Resolved};
use crate::context::Context;
use crate::core::telemetry::event::{Draft, UNKNOWN_AGENT};
use crate::core::telemetry::spool::Spool;
use crate::error::{Error, ErrorKind, Result};
use crate::output::ui::Ui;

/// Whose our own events are, unless the settings name somebody.
const AGENT: &str = "brAInwav-cli";

/// How long one write may take: a lock that somebody does not let go must not stop what goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// The events of one run. Nothing is opened before there is one.
pub struct Actions<'a> {
    resolved: &'a Resolved,
    is_on: bool,
    way: Option<(Pipeline, Arc<Spool>)>,
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
        Self { resolved, is_on, way: None, correlation_id: None, trouble: None }
    }

    /// Opens the way into the spool, if that was not done yet and there are to be events.
    pub fn open(&mut self, context: &Context) {
        if !self.is_on || self.way.is_some() {
            return;
        }
        let way = Pipeline::new(context, self.resolved)
            .and_then(|pipeline| Ok((pipeline, Arc::new(spool(context, self.resolved)?))));
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
        let Some(spool) = self.way.as_ref().map(|(_, spool)| Arc::clone(spool)) else { return Ok(()) };
        let (sender, receiver) = mpsc::channel();
        let folder = spool.folder().path().display().to_string();
        let work = move || {
            // Nobody waits any more for an answer that comes too late.
            let _ = sender.send(keep(&spool, &lines));
        };
        let failed = |error: anyhow::Error| Error::new(ErrorKind::Action, error);
        thread::Builder::new().spawn(work).map_err(|error| failed(error.into()))?;
        receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            // What did not answer once is not waited for again.
            self.is_on = false;
            Err(failed(anyhow::anyhow!("the spool {folder} did not answer in {} s", PATIENCE.as_secs())))
        })
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

    /// Says what is not in the spool, if anything is not.
    pub fn say(self, ui: &mut Ui) {
        let Some(trouble) = self.trouble else { return };
        ui.warn(&format!("telemetry: what this run does is not told in full: {trouble}"));
        for hint in trouble.hints() {
            ui.hint(hint);
        }
    }
}
