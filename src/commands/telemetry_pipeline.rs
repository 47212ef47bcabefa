//! The way of an event into the spool, for every command that has one.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use super::telemetry_owner::Owner;
use crate::config::{Environment, Resolved};
use crate::context::Context;
use crate::core::redact::{Counts, Redactor};
use crate::core::state::Folder;
use crate::core::telemetry::ci::{self, Run};
use crate::core::telemetry::document::Problem;
use crate::core::telemetry::event::Draft;
use crate::core::telemetry::seal::{Label, Sealer};
use crate::core::telemetry::spool::place::{OWNER, is_one};
use crate::core::telemetry::spool::{Durability, Spool, SpoolError, SpoolLimits};
use crate::core::telemetry::topic;
use crate::core::telemetry::trace::Carriers;
use crate::core::telemetry::uuid::Identifiers;
use crate::error::{Error, ErrorKind, Result};
use crate::output::ui::Ui;
use crate::sys::entropy;

/// A segment is at most so long, in bytes: what all sinks have goes in such pieces.
const SEGMENT: u64 = 8 << 20;

/// And at most this part of the whole spool, so that it never is full of what is delivered.
const SEGMENTS: u64 = 8;

/// The folder of telemetry in that of the state.
const COMMON: &str = "telemetry";

/// Completes, redacts and seals events.
pub struct Pipeline {
    sealer: Sealer,
    ids: Identifiers,
    agent_id: String,
    has_parent: bool,
    is_debugging: bool,
    counts: Counts,
}

/// What was made of an event.
pub struct Sealed {
    /// The id of its envelope.
    pub id: String,
    /// Its correlation id, as it stands in the event.
    pub correlation_id: String,
}

impl Pipeline {
    /// The pipeline that the settings describe.
    ///
    /// # Errors
    /// When the topic is not allowed, the source is no URI, or redaction cannot be had as it is wanted.
    pub fn new(context: &Context, resolved: &Resolved) -> Result<Self> {
        let is_debugging = is_debugging(&context.environment);
        let run = ci::attributes(&|name| text_of(&context.environment, name));
        Ok(Self { is_debugging, ..Self::within(carriers(&context.environment), &run, resolved)? })
    }

    /// The same for events of others, which do not belong to the trace and the CI run that this process is in.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_others(resolved: &Resolved) -> Result<Self> {
        Self::within(Carriers::default(), &Run::new(), resolved)
    }

    fn within(carriers: Carriers, run: &Run, resolved: &Resolved) -> Result<Self> {
        let settings = &resolved.settings.telemetry;
        topic::check(&settings.topic, &settings.allowed_topics).map_err(|denied| {
            Error::new(ErrorKind::Usage, denied).hint("add it to telemetry.allowed-topics if it is meant")
        })?;
        if !topic::is_uri(&settings.source) {
            let error = Error::usage(format!("telemetry.source: {:?} is no URI", settings.source));
            return Err(error.hint("write one such as urn:cortex-os:runtime"));
        }
        let redactor = redactor(resolved)?;
        let ids = Identifiers::new(entropy::fill).map_err(|error| Error::new(ErrorKind::Action, error))?;
        let has_parent = carriers.traceparent.is_some();
        let sealer = Sealer::new(redactor, carriers, &settings.source, &settings.topic).of_run(run);
        let agent_id = settings.agent_id.clone();
        Ok(Self { sealer, ids, agent_id, has_parent, is_debugging: false, counts: Counts::default() })
    }

    /// Shows what is in the spool now to whoever asked for it. It is redacted.
    pub fn debug(&self, ui: &mut Ui, lines: &[u8]) {
        if self.is_debugging {
            for line in String::from_utf8_lossy(lines).lines() {
                ui.redacted(&format!("spooled {line}"));
            }
        }
    }

    /// What was taken out of the events so far, by class.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A text as it may be shown.
    #[must_use]
    pub fn shown(&self, text: &str) -> String {
        self.sealer.redactor().text(text, &mut Counts::default()).into_owned()
    }

    /// What is wrong with an event, as it may be shown: what stands there is looked at apart from our own words, of which
    /// none is the value of a name.
    #[must_use]
    pub fn complaint(&self, problems: &[Problem]) -> String {
        let one = |problem: &Problem| {
            format!("{}: {}; {}", self.shown(&problem.field), self.shown(&problem.found), problem.wanted)
        };
        problems.iter().map(one).collect::<Vec<_>>().join("; and ")
    }

    /// The same as the error that ends the run.
    #[must_use]
    pub fn no_event(&self, problems: &[Problem]) -> Error {
        Error::usage(format!("no valid event: {}", self.complaint(problems)))
    }

    /// A correlation id, and the id of a span, that nobody has.
    ///
    /// # Errors
    /// When there is no randomness for them.
    pub fn fresh(&mut self) -> Result<(String, String)> {
        let no_id = |error| Error::new(ErrorKind::Action, error);
        let correlation_id = format!("brAInwav-{}", self.ids.uuid().map_err(no_id)?);
        Ok((correlation_id, self.ids.span().map_err(no_id)?))
    }

    /// The trace context of the events of a correlation id.
    #[must_use]
    pub fn traceparent(&self, correlation_id: &str) -> String {
        self.sealer.traceparent(correlation_id)
    }

    /// Whether that trace was handed to us, and does not just follow from the correlation id.
    #[must_use]
    pub const fn has_parent(&self) -> bool {
        self.has_parent
    }

    /// Appends the line of this event to `out`.
    ///
    /// # Errors
    /// When it is too long, cannot be redacted, or there is no id for it; `out` is then as it was.
    pub fn seal(&mut self, draft: Draft, out: &mut Vec<u8>) -> Result<Sealed> {
        self.seal_with(draft, Label::default(), out)
    }

    /// The same with what is to stand in its envelope besides; its id is made here.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_with(&mut self, draft: Draft, label: Label<'_>, out: &mut Vec<u8>) -> Result<Sealed> {
        let id = self.ids.uuid().map_err(|error| Error::new(ErrorKind::Action, error))?;
        let correlation_id = self.seal_as(draft, Label { id: &id, ..label }, out)?;
        Ok(Sealed { id, correlation_id })
    }

    /// The same with an id that is known already; returns the correlation id as it stands in the event.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_as(&mut self, draft: Draft, label: Label<'_>, out: &mut Vec<u8>) -> Result<String> {
        let ids = &mut self.ids;
        let event = draft
            .complete(&self.agent_id, SystemTime::now(), || ids.uuid())
            .map_err(|error| Error::new(ErrorKind::Action, error))?;
        self.sealer
            .seal(&event, label, &mut self.counts, out)
            .map_err(|error| Error::new(ErrorKind::Action, error))
    }
}

/// Where the spool is, and how it is used: that of the user, or one of whoever has sinks of his own.
#[derive(Debug, Clone)]
pub struct SpoolPlace {
    state: PathBuf,
    /// Whose it is, if it is not that of the user.
    owner: Option<Owner>,
    uid: u32,
    total_bytes: u64,
    durability: Durability,
}

impl SpoolPlace {
    /// The place that the settings name.
    #[must_use]
    pub fn new(context: &Context, resolved: &Resolved) -> Self {
        let settings = &resolved.settings.telemetry;
        let (total_bytes, durability) = (settings.spool_bytes, settings.durability);
        let owner = Owner::of(resolved);
        Self { state: context.paths.state.clone(), owner, uid: context.uid, total_bytes, durability }
    }

    /// Its folder.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let common = self.state.join(COMMON);
        self.owner.as_ref().map_or_else(|| common.clone(), |owner| common.join(&owner.name))
    }

    /// The folder of the user for all that is about telemetry, made where it is missing.
    ///
    /// # Errors
    /// When it is not the user's own, or cannot be made.
    pub fn common(&self) -> Result<Folder> {
        self.own(&self.state)?;
        self.own(&self.state.join(COMMON))
    }

    fn own(&self, path: &Path) -> Result<Folder> {
        Folder::open(path, self.uid).map_err(|error| {
            Error::new(ErrorKind::Action, error).hint("set BRAINWAV_STATE_DIR to a folder of your own")
        })
    }

    /// Opens the spool.
    ///
    /// # Errors
    /// When its folder is not the user's own, or cannot be made.
    pub fn open(&self) -> Result<Spool> {
        let common = self.common()?;
        let folder = match &self.owner {
            None => common,
            Some(owner) => {
                let folder = self.own(&self.path())?;
                // For `status` in other places; without it, the spool is found all the same.
                let made = File::create_new(folder.file(OWNER));
                let _ = made.and_then(|mut file| file.write_all(owner.options.as_bytes()));
                folder
            }
        };
        self.spool_in(folder)
    }

    /// Opens a spool that an earlier configuration has left.
    ///
    /// # Errors
    /// When the folder is none of the spools of the user.
    pub fn open_left(&self, folder: &Path) -> Result<Spool> {
        let common = self.common()?;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !folder.is_dir() || !is_one(&real(common.path()), &real(folder)) {
            let error = Error::usage(format!("--spool: {} is no spool of yours", folder.display()));
            return Err(error.hint("brainwav telemetry status names those that hold events"));
        }
        self.spool_in(self.own(&real(folder))?)
    }

    fn spool_in(&self, folder: Folder) -> Result<Spool> {
        let segment_bytes = SEGMENT.min(self.total_bytes / SEGMENTS).max(1);
        let limits = SpoolLimits { segment_bytes, total_bytes: self.total_bytes };
        Spool::open(folder, limits, self.durability).map_err(full)
    }

    /// Brings lines into the spool, and waits no longer than this for it: a lock that somebody does not let go, or a disk
    /// that does not answer, must not stop what goes on.
    ///
    /// # Errors
    /// When it does not take them, or it is not known then whether it does.
    pub fn keep_within(&self, patience: Duration, lines: Vec<u8>) -> Result<()> {
        let place = self.clone();
        let (sender, receiver) = mpsc::channel();
        let work = move || {
            // Nobody waits any more for an answer that comes too late.
            let _ = sender.send(place.open().and_then(|spool| keep(&spool, &lines)));
        };
        let action = |error: anyhow::Error| Error::new(ErrorKind::Action, error);
        thread::Builder::new().name("spool".to_owned()).spawn(work).map_err(|error| action(error.into()))?;
        receiver.recv_timeout(patience).unwrap_or_else(|_| {
            let folder = self.path();
            let seconds = patience.as_secs();
            Err(action(anyhow::anyhow!("the spool {} did not answer in {seconds} s", folder.display())))
        })
    }
}

/// The spool of the user.
///
/// # Errors
/// When its folder is not the user's own, or cannot be made.
pub fn spool(context: &Context, resolved: &Resolved) -> Result<Spool> {
    SpoolPlace::new(context, resolved).open()
}

/// The same for a writer that forgets where an event came from as soon as it is written: that outlives the machine.
///
/// # Errors
/// As [`spool`].
pub fn durable_spool(context: &Context, resolved: &Resolved) -> Result<Spool> {
    SpoolPlace { durability: Durability::Disk, ..SpoolPlace::new(context, resolved) }.open()
}

/// Brings lines into the spool.
///
/// # Errors
/// When it does not take them.
pub fn keep(spool: &Spool, lines: &[u8]) -> Result<()> {
    spool.append(lines).map_err(|(_, error)| full(error))
}

/// What takes out of a text what nobody may see, as the settings have it.
///
/// # Errors
/// When redaction cannot be had as it is wanted.
pub fn redactor(resolved: &Resolved) -> Result<Redactor> {
    let policy = resolved.settings.redaction.policy()?;
    Redactor::new(policy).map_err(|error| Error::usage(format!("telemetry.redact: {error}")))
}

/// The spool did not take an event, or give any, and what to do about that.
pub fn full(error: SpoolError) -> Error {
    if matches!(error, SpoolError::Held { .. }) {
        return Error::new(ErrorKind::Locked, error)
            .hint("try again; if that goes on, lsof tells who holds it");
    }
    Error::new(ErrorKind::Action, error)
        .hint("brainwav telemetry flush makes room, and status tells who does not take what is there")
}

/// Whether the variable of the original asks for it.
fn is_debugging(environment: &Environment) -> bool {
    let word = environment.get("CORTEX_TELEMETRY_DEBUG").map(|word| word.to_string_lossy().to_lowercase());
    word.is_some_and(|word| !["0", "false", "off", "no"].contains(&word.as_str()))
}

fn text_of(environment: &Environment, name: &str) -> Option<String> {
    environment.get(name).and_then(|value| value.to_str()).map(str::to_owned)
}

fn carriers(environment: &Environment) -> Carriers {
    let text = |name: &str| text_of(environment, name);
    let given = Carriers {
        traceparent: text("TRACEPARENT"),
        tracestate: text("TRACESTATE"),
        baggage: text("BAGGAGE"),
    };
    given.checked()
}
