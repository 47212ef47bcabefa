//! Reads a stream by a durable pull consumer: the server remembers what was acknowledged, and hands out the rest again.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::net::{Endpoint, NATS, client_config};
use super::super::setting::SettingError;
use super::consumer::{self, SourceError, Standing, is_name};
use super::credentials::Credentials;
use super::protocol::{MOST_MESSAGE, Operation, request, subject};
use super::session::{Session, complaint};
use super::settings::SourceSettings;
use super::sink::DEFAULT_PREFIX;

/// How long the server may say nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// The statuses that end a batch: there are no messages, or no more of them.
const NO_MORE: [u16; 2] = [404, 408];

/// The status of an answer that the server gives itself when nobody listens.
const NO_RESPONDERS: u16 = 503;

/// What to do when something is forbidden.
const PERMISSIONS: &str =
    "the user needs to publish to $JS.API.> and $JS.ACK.>, and to subscribe to _INBOX.>";

/// A stream that is read.
#[derive(Debug)]
pub struct NatsSource {
    session: Session,
    stream: String,
    consumer: String,
    filter: String,
    /// The number of the last request.
    turn: u64,
    /// Where to acknowledge what was handed out since the last time, and with what word.
    open: Vec<(String, &'static str)>,
}

impl SourceSettings {
    /// Where the server is.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn endpoint(&self) -> Result<Endpoint, SettingError> {
        let endpoint = Endpoint::parse(self.url.expose(), NATS)?;
        if endpoint.target.expose() != "/" {
            // Else the first half of a token is taken for a host, asked for and shown.
            return Err(SettingError::new(
                "url",
                "has no path: write / ? # in a token or password percent-encoded",
            ));
        }
        Ok(endpoint)
    }

    fn filter(&self) -> Result<String, SettingError> {
        let prefix = self.prefix.as_deref().unwrap_or(DEFAULT_PREFIX);
        let has_all = subject(prefix, "type").is_some() && !prefix.is_empty();
        let wrong = || SettingError::new("prefix", "has to be words with dots between them");
        if has_all { Ok(format!("{prefix}.>")) } else { Err(wrong()) }
    }
}

impl NatsSource {
    /// Connects, finds the stream, and makes the consumer where it is missing.
    ///
    /// # Errors
    /// When the settings are wrong, the connection fails, or the server has no such stream or does not let us read it.
    pub fn open(settings: &SourceSettings) -> Result<Self, SourceError> {
        let (endpoint, filter) = (settings.endpoint()?, settings.filter()?);
        for (name, text) in [("consumer", Some(&settings.consumer)), ("stream", settings.stream.as_ref())] {
            if text.is_some_and(|text| !is_name(text)) {
                let reason = "has to be up to 64 letters, digits, \"-\" and \"_\"";
                return Err(SettingError::new(name, reason).into());
            }
        }
        let authorities = settings.authorities.as_deref();
        authorities.map(|pem| client_config(Some(pem))).transpose()?;
        let credentials = settings.credentials.as_ref().map(Credentials::parse).transpose()?;
        let deadline = Instant::now() + PATIENCE;
        let mut session = Session::open(&endpoint, authorities, credentials.as_ref(), deadline)?;
        session.set_most_received(MOST_MESSAGE);
        let (stream, consumer) = (settings.stream.clone().unwrap_or_default(), settings.consumer.clone());
        let mut source = Self { session, stream, consumer, filter, turn: 0, open: Vec::new() };
        if source.stream.is_empty() {
            source.find()?;
        }
        source.make()?;
        Ok(source)
    }

    fn find(&mut self) -> Result<(), SourceError> {
        let wanted = serde_json::json!({"subject": self.filter}).to_string();
        let names = self.ask("STREAM.NAMES", &wanted)?.unwrap_or_default();
        self.stream = consumer::stream(&names, &self.filter)?;
        Ok(())
    }

    /// One that is there is taken as it is: it may have been made by who is allowed to, for who is not.
    fn make(&mut self) -> Result<(), SourceError> {
        let name = format!("{}.{}", self.stream, self.consumer);
        let info = match self.ask(&format!("CONSUMER.INFO.{name}"), "")? {
            Some(info) => info,
            None => {
                let wanted = consumer::wanted(&self.stream, &self.consumer, &self.filter).to_string();
                let made = self.ask(&format!("CONSUMER.DURABLE.CREATE.{name}"), &wanted)?;
                made.ok_or_else(gone)?
            }
        };
        consumer::standing(&info, &self.filter).map(drop)
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// How much there is to read.
    ///
    /// # Errors
    /// When the server does not tell, or the consumer has become another one.
    pub fn standing(&mut self) -> Result<Standing, SourceError> {
        let name = format!("CONSUMER.INFO.{}.{}", self.stream, self.consumer);
        let info = self.ask(&name, "")?.ok_or_else(gone)?;
        consumer::standing(&info, &self.filter)
    }

    /// Hands out what is there, at most so many messages, each with its place in the stream, and says how many there
    /// were. `take` says whether anything could be made of one; none is acknowledged before [`Self::acknowledge`].
    ///
    /// # Errors
    /// When the connection fails, the consumer is gone, or `take` fails.
    pub fn fetch<E: From<SourceError>>(
        &mut self,
        most: u64,
        mut take: impl FnMut(u64, &[u8]) -> Result<bool, E>,
    ) -> Result<u64, E> {
        let name = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.stream, self.consumer);
        let turn = self.send(&name, &format!("{{\"batch\":{most},\"no_wait\":true}}"))?;
        let mut count = 0;
        while count < most {
            match self.next()? {
                Incoming::Message { place, reply, payload } => {
                    // What nothing can be made of would come again for ever.
                    let word = if take(place, &payload)? { "+ACK" } else { "+TERM" };
                    self.open.push((reply, word));
                    count += 1;
                }
                Incoming::Answer { to, status: Some(status), .. } if to == turn => {
                    if NO_MORE.contains(&status) || count > 0 {
                        break;
                    }
                    return Err(ended(status).into());
                }
                Incoming::Answer { .. } => {}
            }
        }
        Ok(count)
    }

    /// Tells the stream that what was handed out is done with, and waits until it has heard the last word.
    ///
    /// # Errors
    /// When the connection fails or it is forbidden: the messages come again then.
    pub fn acknowledge(&mut self) -> Result<(), SourceError> {
        let open = std::mem::take(&mut self.open);
        let Some(((last, word), others)) = open.split_last() else { return Ok(()) };
        let mut bytes = Vec::new();
        others.iter().for_each(|(reply, word)| request(&mut bytes, reply, "", word));
        self.session.set_deadline(Instant::now() + PATIENCE);
        self.session.write(&bytes).map_err(SourceError::Connection)?;
        let turn = self.send(last, word)?;
        match self.answer(turn)? {
            (Some(NO_RESPONDERS), _) => Err(gone()),
            _ => Ok(()),
        }
    }

    /// Asks JetStream; `None` for a consumer that is not there.
    fn ask(&mut self, name: &str, payload: &str) -> Result<Option<Value>, SourceError> {
        let turn = self.send(&format!("$JS.API.{name}"), payload)?;
        match self.answer(turn)? {
            (Some(NO_RESPONDERS), _) => Err(SourceError::no_jetstream()),
            (_, payload) => consumer::answer(&payload),
        }
    }

    /// Sends a request, and returns its number.
    fn send(&mut self, subject: &str, payload: &str) -> Result<u64, SourceError> {
        self.turn += 1;
        let mut bytes = Vec::new();
        request(&mut bytes, subject, &self.session.reply(self.turn), payload);
        self.session.set_deadline(Instant::now() + PATIENCE);
        self.session.write(&bytes)?;
        Ok(self.turn)
    }

    /// The answer to a request. Messages are only on their way while a batch is read, and late ones come again.
    fn answer(&mut self, turn: u64) -> Result<(Option<u16>, Vec<u8>), SourceError> {
        loop {
            if let Incoming::Answer { to, status, payload } = self.next()?
                && to == turn
            {
                return Ok((status, payload));
            }
        }
    }

    fn next(&mut self) -> Result<Incoming, SourceError> {
        loop {
            self.session.set_deadline(Instant::now() + PATIENCE);
            match self.session.next()? {
                Operation::Message { subject, reply, status, payload } => {
                    let place = reply.as_deref().and_then(consumer::sequence);
                    if let (Some(place), Some(reply)) = (place, reply) {
                        return Ok(Incoming::Message { place, reply, payload });
                    }
                    if let Some(to) = self.session.place(&subject) {
                        return Ok(Incoming::Answer { to, status, payload });
                    }
                }
                Operation::Failure(words) => {
                    return Err(SourceError::refused(complaint(&words), PERMISSIONS));
                }
                _ => {}
            }
        }
    }
}

/// What comes in.
enum Incoming {
    /// A message of the stream.
    Message { place: u64, reply: String, payload: Vec<u8> },
    /// An answer to the request of this number.
    Answer { to: u64, status: Option<u16>, payload: Vec<u8> },
}

fn gone() -> SourceError {
    SourceError::refused("the consumer is gone", "somebody has deleted it; the next run makes it anew")
}

fn ended(status: u16) -> SourceError {
    if status == NO_RESPONDERS {
        return gone();
    }
    SourceError::refused(
        format!("the server has ended the request ({status})"),
        "run it again: what was not acknowledged comes again",
    )
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
