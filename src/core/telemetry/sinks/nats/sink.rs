//! The NATS sink: a batch is published in one go, and its acknowledgements are waited for.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind, Result};
use std::thread;
use std::time::{Duration, Instant};

use super::super::form::Form;
use super::super::http::{DEFAULT_BATCH, DEFAULT_TIMEOUT, named, unreachable_peer};
use super::super::net::{Endpoint, NATS, client_config};
use super::super::setting::SettingError;
use super::ack::{self, Ack};
use super::credentials::Credentials;
use super::protocol::{Operation, forbidden, is_header_value, publish, subject};
use super::session::{Session, complaint};
use super::settings::NatsSettings;
use crate::core::telemetry::sink::{Delivery, Record, Sink};

/// The prefix of subjects on the original bus.
pub const DEFAULT_PREFIX: &str = "cortex";

/// So often in a row, and with this in between, no stream takes a subject that nobody has made one for. A stream that
/// moves from one server to another is back by then.
const ROUNDS: usize = 4;
const BETWEEN_ROUNDS: Duration = Duration::from_millis(300);

/// A sink that publishes into a stream.
#[derive(Debug)]
pub struct NatsSink {
    name: String,
    endpoint: Endpoint,
    authorities: Option<Vec<u8>>,
    credentials: Option<Credentials>,
    prefix: String,
    form: Form,
    timeout: Duration,
    batch: usize,
    kept: Option<Session>,
    /// Subjects that no stream takes, and one takes others.
    given_up: BTreeSet<String>,
}

impl NatsSink {
    /// A sink of these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// When the settings cannot be followed.
    pub fn new(settings: NatsSettings) -> std::result::Result<Self, SettingError> {
        if settings.batch == Some(0) {
            return Err(SettingError::new("batch", "has to be at least 1"));
        }
        let prefix = settings.prefix.unwrap_or_else(|| DEFAULT_PREFIX.to_owned());
        if subject(&prefix, "type").is_none() {
            return Err(SettingError::new("prefix", "has to be words with dots between them"));
        }
        // A file that is none is told of now, and not when the events wait.
        settings.authorities.as_deref().map(|pem| client_config(Some(pem))).transpose()?;
        let endpoint = Endpoint::parse(settings.url.expose(), NATS)?;
        if endpoint.target.expose() != "/" {
            // Else the first half of a token is taken for a host, asked for and shown.
            return Err(SettingError::new(
                "url",
                "has no path: write / ? # in a token or password percent-encoded",
            ));
        }
        Ok(Self {
            endpoint,
            name: settings.name,
            authorities: settings.authorities,
            credentials: settings.credentials.as_ref().map(Credentials::parse).transpose()?,
            prefix,
            form: settings.form,
            timeout: settings.timeout.unwrap_or(DEFAULT_TIMEOUT),
            batch: settings.batch.unwrap_or(DEFAULT_BATCH),
            kept: None,
            given_up: BTreeSet::new(),
        })
    }

    /// Publishes until every subject has a stream or is given up. Where no event is stored, there is no stream at all yet,
    /// and nothing is given up.
    fn publish_again(&mut self, batch: &[Record], deadline: Instant) -> Result<Delivery> {
        for _ in 1..ROUNDS {
            let sent = self.publish_all(batch, deadline)?;
            if lonely(&sent).is_subset(&self.given_up) {
                return Ok(outcome(sent, &self.given_up));
            }
            thread::sleep(BETWEEN_ROUNDS);
        }
        let sent = self.publish_all(batch, deadline)?;
        self.given_up.extend(lonely(&sent));
        Ok(outcome(sent, &self.given_up))
    }

    /// A kept connection that turns out to be closed is replaced once: the ids keep events from being stored twice.
    fn publish_all(&mut self, batch: &[Record], deadline: Instant) -> Result<Vec<Sent>> {
        if let Some(kept) = self.kept.take() {
            match self.exchange(kept, batch, deadline) {
                Err(error) if is_closed(&error) => {}
                outcome => return outcome,
            }
        }
        let session =
            Session::open(&self.endpoint, self.authorities.as_deref(), self.credentials.as_ref(), deadline)?;
        self.exchange(session, batch, deadline)
    }

    /// Publishes and waits. The connection is kept only when every answer has come: a late one would be taken for that
    /// to another event.
    fn exchange(&mut self, mut session: Session, batch: &[Record], deadline: Instant) -> Result<Vec<Sent>> {
        session.set_deadline(deadline);
        let (bytes, mut sent) = self.messages(&session, batch);
        session.write(&bytes)?;
        wait(&mut session, &mut sent)?;
        self.kept = Some(session);
        Ok(sent)
    }

    /// The batch as it is written, and what is known of each event before it is.
    fn messages(&self, session: &Session, batch: &[Record]) -> (Vec<u8>, Vec<Sent>) {
        let mut bytes = Vec::new();
        let sent = batch.iter().enumerate().map(|(place, record)| {
            let subject = subject(&self.prefix, record.attribute("type").unwrap_or_default());
            let refused = match &subject {
                None => Err("its type cannot be part of a subject".to_owned()),
                Some(subject) => self.message(session, place, record, subject, &mut bytes),
            };
            Sent { subject: subject.unwrap_or_default(), ack: refused.err().map(Ack::Never) }
        });
        let sent = sent.collect();
        (bytes, sent)
    }

    /// Adds one event to what is written, or says why it can never be sent.
    fn message(
        &self,
        session: &Session,
        place: usize,
        record: &Record,
        subject: &str,
        bytes: &mut Vec<u8>,
    ) -> std::result::Result<(), String> {
        if !is_header_value(&record.id) {
            return Err("its id cannot be a header".to_owned());
        }
        let (start, reply) = (bytes.len(), session.reply(place as u64));
        let payload = self.form.bytes(record).map_err(|error| error.to_string())?;
        publish(bytes, subject, &reply, &record.id, self.form.content_type(), &payload);
        // The line before the message is counted too: a hundred bytes too careful is better than a connection that the
        // server closes.
        if (bytes.len() - start) as u64 > session.most_payload() {
            bytes.truncate(start);
            return Err(format!("it is larger than the server takes ({} bytes)", session.most_payload()));
        }
        Ok(())
    }
}

/// An event on its way.
#[derive(Debug)]
struct Sent {
    subject: String,
    ack: Option<Ack>,
}

impl Sink for NatsSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn most(&self) -> usize {
        self.batch
    }

    fn deliver(&mut self, batch: &[Record], deadline: Instant) -> Delivery {
        if batch.is_empty() {
            return Delivery::Accepted;
        }
        match self.publish_again(batch, deadline.min(Instant::now() + self.timeout)) {
            Ok(delivery) => named(delivery, &self.endpoint),
            Err(error) => unreachable_peer(&self.endpoint, &error),
        }
    }
}

fn is_closed(error: &Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof].contains(&error.kind())
}

/// Waits until each event that was sent has its answer.
fn wait(session: &mut Session, sent: &mut [Sent]) -> Result<()> {
    let mut open = sent.iter().filter(|one| one.ack.is_none()).count();
    while open > 0 {
        match session.next()? {
            Operation::Message { subject, status, payload, .. } => {
                let place = session.place(&subject).and_then(|place| usize::try_from(place).ok());
                let waiting = place.and_then(|place| sent.get_mut(place)).filter(|one| one.ack.is_none());
                if let Some(one) = waiting {
                    one.ack = ack::read(status, &payload);
                    open -= usize::from(one.ack.is_some());
                }
            }
            Operation::Failure(words) => {
                let subject = forbidden(&words).ok_or_else(|| Error::other(complaint(&words)))?;
                for one in sent.iter_mut().filter(|one| one.subject == subject && one.ack.is_none()) {
                    one.ack = Some(Ack::Later(complaint(&words)));
                    open -= 1;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Subjects that no stream takes, while others of the same batch are stored.
fn lonely(sent: &[Sent]) -> BTreeSet<String> {
    let with = |wanted: &Ack| -> BTreeSet<String> {
        let all = sent.iter().filter(|one| one.ack.as_ref() == Some(wanted));
        all.map(|one| one.subject.clone()).collect()
    };
    let stored = with(&Ack::Stored);
    if stored.is_empty() { stored } else { with(&Ack::Unheard).difference(&stored).cloned().collect() }
}

/// One that has to come again brings the whole batch back, and those that were stored are known there by their ids.
fn outcome(sent: Vec<Sent>, given_up: &BTreeSet<String>) -> Delivery {
    let mut refused = Vec::new();
    for (place, Sent { subject, ack }) in sent.into_iter().enumerate() {
        let later = match ack {
            Some(Ack::Stored) => continue,
            Some(Ack::Never(reason)) => {
                refused.push((place, reason));
                continue;
            }
            Some(Ack::Unheard) if given_up.contains(&subject) => {
                refused.push((place, format!("no stream takes its subject {subject}, and one takes others")));
                continue;
            }
            Some(Ack::Unheard) => {
                "no stream takes its subject: create one that does, or JetStream is not there yet".to_owned()
            }
            Some(Ack::Later(reason)) => reason,
            None => "an answer is missing".to_owned(),
        };
        return Delivery::Retry { after: None, reason: later };
    }
    if refused.is_empty() { Delivery::Accepted } else { Delivery::Partly(refused) }
}

#[cfg(test)]
#[path = "sink_tests.rs"]
mod tests;
