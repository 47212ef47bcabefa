//! The way of an event into the spool, for every command that has one.

use std::time::SystemTime;

use crate::config::{Environment, Resolved};
use crate::context::Context;
use crate::core::redact::{Counts, Redactor};
use crate::core::state::Folder;
use crate::core::telemetry::event::Draft;
use crate::core::telemetry::seal::{Label, Sealer};
use crate::core::telemetry::spool::{Durability, Spool, SpoolError, SpoolLimits};
use crate::core::telemetry::topic;
use crate::core::telemetry::trace::Carriers;
use crate::core::telemetry::uuid::Identifiers;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::entropy;

/// A segment is at most so long, in bytes: what all sinks have goes in such pieces.
const SEGMENT: u64 = 8 << 20;

/// And at most this part of the whole spool, so that it never is full of what is delivered.
const SEGMENTS: u64 = 8;

/// Completes, redacts and seals events.
pub struct Pipeline {
    sealer: Sealer,
    ids: Identifiers,
    agent_id: String,
}

/// What was made of an event.
pub struct Sealed {
    /// The id of its envelope.
    pub id: String,
    /// Its correlation id, as it was given or made.
    pub correlation_id: String,
}

impl Pipeline {
    /// The pipeline that the settings describe.
    ///
    /// # Errors
    /// When the topic is not allowed, the source is no URI, or redaction cannot be had as it is wanted.
    pub fn new(context: &Context, resolved: &Resolved) -> Result<Self> {
        Self::within(carriers(&context.environment), resolved)
    }

    /// The same for events of others, which do not belong to the trace that this process is in.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_others(resolved: &Resolved) -> Result<Self> {
        Self::within(Carriers::default(), resolved)
    }

    fn within(carriers: Carriers, resolved: &Resolved) -> Result<Self> {
        let settings = &resolved.settings.telemetry;
        topic::check(&settings.topic, &settings.allowed_topics).map_err(|denied| {
            Error::new(ErrorKind::Usage, denied).hint("add it to telemetry.allowed-topics if it is meant")
        })?;
        if !topic::is_uri(&settings.source) {
            let error = Error::usage(format!("telemetry.source: {:?} is no URI", settings.source));
            return Err(error.hint("write one such as urn:cortex-os:runtime"));
        }
        let policy = resolved.settings.redaction.policy()?;
        let redactor = Redactor::new(policy).map_err(|error| Error::new(ErrorKind::Usage, error))?;
        let ids = Identifiers::new(entropy::fill).map_err(|error| Error::new(ErrorKind::Action, error))?;
        let sealer = Sealer::new(redactor, carriers, &settings.source, &settings.topic);
        Ok(Self { sealer, ids, agent_id: settings.agent_id.clone() })
    }

    /// A text as it may be shown.
    #[must_use]
    pub fn shown(&self, text: &str) -> String {
        self.sealer.redactor().text(text, &mut Counts::default()).into_owned()
    }

    /// Appends the line of this event to `out`.
    ///
    /// # Errors
    /// When it is too long, cannot be redacted, or there is no id for it; `out` is then as it was.
    pub fn seal(&mut self, draft: Draft, out: &mut Vec<u8>) -> Result<Sealed> {
        let id = self.ids.uuid().map_err(|error| Error::new(ErrorKind::Action, error))?;
        let correlation_id = self.seal_as(draft, Label { id: &id, ..Label::default() }, out)?;
        Ok(Sealed { id, correlation_id })
    }

    /// The same with a label that is known already; returns the correlation id.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_as(&mut self, draft: Draft, label: Label<'_>, out: &mut Vec<u8>) -> Result<String> {
        let ids = &mut self.ids;
        let event = draft
            .complete(&self.agent_id, SystemTime::now(), || ids.uuid())
            .map_err(|error| Error::new(ErrorKind::Action, error))?;
        self.sealer
            .seal(&event, label, &mut Counts::default(), out)
            .map_err(|error| Error::new(ErrorKind::Action, error))?;
        Ok(event.correlation_id)
    }
}

/// The spool of the user.
///
/// # Errors
/// When its folder is not the user's own, or cannot be made.
pub fn spool(context: &Context, resolved: &Resolved) -> Result<Spool> {
    let settings = &resolved.settings.telemetry;
    open(context, settings.spool_bytes, settings.durability)
}

/// The same for a writer that forgets where an event came from as soon as it is written: that outlives the machine.
///
/// # Errors
/// As [`spool`].
pub fn durable_spool(context: &Context, resolved: &Resolved) -> Result<Spool> {
    open(context, resolved.settings.telemetry.spool_bytes, Durability::Disk)
}

fn open(context: &Context, total_bytes: u64, durability: Durability) -> Result<Spool> {
    let own =
        |error| Error::new(ErrorKind::Action, error).hint("set BRAINWAV_STATE_DIR to a folder of your own");
    Folder::open(&context.paths.state, context.uid).map_err(own)?;
    let folder = Folder::open(&context.paths.state.join("telemetry"), context.uid).map_err(own)?;
    let limits = SpoolLimits { segment_bytes: SEGMENT.min(total_bytes / SEGMENTS).max(1), total_bytes };
    Spool::open(folder, limits, durability).map_err(|error| Error::new(ErrorKind::Action, error))
}

/// Brings lines into the spool.
///
/// # Errors
/// When it does not take them.
pub fn keep(spool: &Spool, lines: &[u8]) -> Result<()> {
    spool.append(lines).map_err(|(_, error)| full(error))
}

/// The spool did not take an event, and what to do about that.
pub fn full(error: SpoolError) -> Error {
    Error::new(ErrorKind::Action, error)
        .hint("brainwav telemetry flush makes room, and status tells who does not take what is there")
}

fn carriers(environment: &Environment) -> Carriers {
    let text = |name: &str| environment.get(name).and_then(|value| value.to_str()).map(str::to_owned);
    let given = Carriers {
        traceparent: text("TRACEPARENT"),
        tracestate: text("TRACESTATE"),
        baggage: text("BAGGAGE"),
    };
    given.checked()
}
