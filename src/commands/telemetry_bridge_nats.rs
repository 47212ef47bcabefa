//! A stream of NATS JetStream, read from where it was acknowledged last.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::telemetry_background::start;
use super::telemetry_bridge_lines::Bridge;
use super::telemetry_bridge_queue::{POLL, lock, progress};
use super::telemetry_network::{MOST_AUTHORITIES, MOST_SECRET};
use super::telemetry_pipeline::{Pipeline, durable_spool};
use crate::cli::telemetry_bridge::BridgeArgs;
use crate::config::Resolved;
use crate::config::secret_file::{read, read_public};
use crate::context::Context;
use crate::core::state::{Lock, save};
use crate::core::telemetry::bridge::{Cursor, Progress};
use crate::core::telemetry::seal::LONGEST;
use crate::core::telemetry::sinks::{ACK_WAIT, NatsSource, Secret, SourceError, SourceSettings};
use crate::error::{Error, ErrorKind, Result};
use crate::output::telemetry_bridge::Origin;
use crate::output::ui::Ui;
use crate::sys::fault;

/// So many messages are acknowledged at once: enough to make the cost of a write to the disk small, and far below the
/// thousand that a server hands out before the first acknowledgement.
const BATCH: u64 = 256;

/// So long to wait for what another run was handed out: it comes again then, or that run has acknowledged it.
const PATIENCE: Duration = Duration::from_secs(ACK_WAIT + 5);

/// A stream that is read.
pub struct Bus {
    source: NatsSource,
    /// Its server, as it may be shown.
    shown: String,
    consumer: String,
    kept_in: PathBuf,
    /// What makes events of its messages.
    pub bridge: Bridge,
    fault: String,
    _lock: Lock,
}

/// What the command line says.
///
/// # Errors
/// When a file that it names cannot be read.
pub fn settings(args: &BridgeArgs, url: &str) -> Result<SourceSettings> {
    let wrong = |name: &str, path: &Path, reason: &dyn std::fmt::Display| {
        Error::usage(format!("--{name}: cannot read {}: {reason}", path.display()))
    };
    let secret = |path: &PathBuf| -> Result<Secret> {
        let bytes = read(path, MOST_SECRET).map_err(|error| wrong("credentials", path, &error))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("credentials", path, &"it is no text"))?;
        Ok(Secret::new(text.trim()))
    };
    let public = |path: &PathBuf| {
        read_public(path, MOST_AUTHORITIES).map_err(|error| wrong("authorities", path, &error))
    };
    Ok(SourceSettings {
        url: Secret::new(url),
        credentials: args.credentials.as_ref().map(secret).transpose()?,
        authorities: args.authorities.as_ref().map(public).transpose()?,
        prefix: Some(args.prefix.clone()),
        stream: args.stream.clone(),
        consumer: args.consumer.clone(),
    })
}

/// Why a batch did not come to its end.
enum Stop {
    Unread(SourceError),
    Run(Error),
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Self::Unread(error)
    }
}

impl Bus {
    /// Opens the stream, for this run alone on this machine.
    ///
    /// # Errors
    /// When it cannot be read, another run reads it, or there is no place for what is kept.
    pub fn open(
        context: &mut Context,
        resolved: &Resolved,
        pipeline: Pipeline,
        settings: SourceSettings,
    ) -> Result<Self> {
        let shown = settings.endpoint().map_err(|error| unread("", error.into()))?.to_string();
        let source = NatsSource::open(&settings).map_err(|error| unread(&shown, error))?;
        let spool = durable_spool(context, resolved)?;
        // No queue has such a name.
        let name = format!("bridge@{}.json", settings.consumer);
        let kept_in = context.paths.state.join("telemetry").join(name);
        let lock = lock(&kept_in.with_extension("lock"))?;
        let starts = progress(&mut context.ui, &kept_in).starts;
        let fault = context.environment.get("BRAINWAV_FAULT").unwrap_or_default();
        Ok(Self {
            source,
            shown,
            consumer: settings.consumer,
            kept_in,
            bridge: Bridge::new(pipeline, Some(spool), starts).of_messages(),
            fault: fault.to_string_lossy().into_owned(),
            _lock: lock,
        })
    }

    /// Where it comes from, for the report.
    pub fn origin(&self) -> Origin {
        Origin::Nats { stream: self.source.stream().to_owned(), consumer: self.consumer.clone() }
    }

    /// Reads all that is there now, also what a run that was killed has left: that comes again after some seconds.
    ///
    /// # Errors
    /// When it cannot be read, or what is in it cannot be kept.
    pub fn pass(&mut self, context: &mut Context, is_interrupted: &dyn Fn() -> bool) -> Result<()> {
        let standing = self.standing()?;
        let (mut left, mut room) = (standing.0, standing.1);
        let mut since = Instant::now();
        while left > 0 && !is_interrupted() {
            let read = self.step(&mut context.ui, left.min(room))?;
            left -= read;
            if read > 0 {
                since = Instant::now();
                continue;
            }
            let (now, more) = self.standing()?;
            (left, room) = (left.min(now), more);
            if left > 0 && since.elapsed() > PATIENCE {
                let ui = &mut context.ui;
                ui.warn(&format!(
                    "{left} messages were handed out to another run, and wait for it or the next"
                ));
                return Ok(());
            }
            if left > 0 {
                thread::sleep(POLL);
            }
        }
        Ok(())
    }

    /// Reads what comes until the process is interrupted.
    ///
    /// # Errors
    /// As [`Self::pass`].
    pub fn follow(
        &mut self,
        context: &mut Context,
        resolved: &Resolved,
        is_interrupted: &dyn Fn() -> bool,
    ) -> Result<()> {
        let mut room = self.standing()?.1;
        while !is_interrupted() {
            let result = self.step(&mut context.ui, room);
            if self.bridge.take_kept() {
                start(context, resolved);
            }
            if result? == 0 {
                thread::sleep(POLL);
                room = self.standing()?.1;
            }
        }
        Ok(())
    }

    /// How many messages there are for us, sooner or later, and how many may be handed out now.
    fn standing(&mut self) -> Result<(u64, u64)> {
        let standing = self.source.standing().map_err(|error| unread(&self.shown, error))?;
        Ok((standing.waiting.saturating_add(standing.handed_out), standing.room))
    }

    /// Reads a batch: keeps its events, and only then acknowledges it. Says how many messages there were.
    fn step(&mut self, ui: &mut Ui, most: u64) -> Result<u64> {
        let most = most.min(BATCH);
        if most == 0 {
            return Ok(0);
        }
        let bridge = &mut self.bridge;
        let read = self.source.fetch(most, |place, payload| {
            let fits = payload.len() <= LONGEST;
            let line = if fits { Ok(payload) } else { Err("it is longer than any event may be") };
            bridge.envelope(ui, (place, line)).map_err(Stop::Run)
        });
        let read = read.map_err(|stop| match stop {
            Stop::Unread(error) => unread(&self.shown, error),
            Stop::Run(error) => error,
        })?;
        if read > 0 {
            self.bridge.write(ui)?;
            fault::at(&self.fault, "spooled");
            self.keep()?;
            self.source.acknowledge().map_err(|error| unread(&self.shown, error))?;
        }
        Ok(read)
    }

    /// Keeps the calls that have not finished.
    fn keep(&mut self) -> Result<()> {
        self.bridge.starts.forget(SystemTime::now());
        let progress = Progress { cursor: Cursor::default(), starts: self.bridge.starts.clone() };
        save(&self.kept_in, &progress).map_err(|error| {
            let what = format!("cannot keep the open calls in {}: {error}", self.kept_in.display());
            Error::new(ErrorKind::Action, anyhow::anyhow!(what))
                .hint("the events are kept; the next run reads the last ones again, under the same ids")
        })
    }
}

/// The stream cannot be read.
fn unread(shown: &str, error: SourceError) -> Error {
    let look = |reason: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Look, anyhow::anyhow!("cannot read from {shown}: {reason}"))
    };
    match error {
        SourceError::Setting(error) if error.setting == "url" => {
            Error::usage(format!("--nats: {}", error.reason))
        }
        SourceError::Setting(error) => Error::usage(format!("--{error}")),
        SourceError::Refused { reason, advice } => look(&reason).hint(advice),
        SourceError::Connection(error) => look(&error)
            .hint("check the address, the login, and that the server runs; what it holds comes later"),
    }
}
