//! One connection to a server: logged in, and subscribed to the answers that are meant for it.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufReader, Error, ErrorKind, Result, Write};
use std::time::Instant;

use serde_json::Value;

use super::super::answer::presentable;
use super::super::net::{Connection, DeadlineStream, Endpoint, client_config};
use super::credentials::Credentials;
use super::protocol::{self, MOST_ANSWER, Operation};

/// What a server takes in one message where it does not say, in bytes: the default of NATS.
const MOST_PAYLOAD: u64 = 1024 * 1024;

/// A connection that is ready.
#[derive(Debug)]
pub struct Session {
    peer: BufReader<Connection>,
    inbox: String,
    most_payload: u64,
    most_received: usize,
}

impl Session {
    /// Connects, logs in and subscribes. The server writes first, in plain text; where the URL or the server asks for
    /// TLS, nothing of ours is written before it.
    ///
    /// # Errors
    /// When the connection fails, when the other side is no NATS server or does not let us in, and when the deadline
    /// is reached.
    pub fn open(
        endpoint: &Endpoint,
        authorities: Option<&[u8]>,
        credentials: Option<&Credentials>,
        deadline: Instant,
    ) -> Result<Self> {
        let stream = DeadlineStream::connect(&endpoint.host, endpoint.port, deadline)?;
        let mut peer = BufReader::new(Connection::Plain(stream));
        let Operation::Info(info) = protocol::read(&mut peer, MOST_ANSWER)? else {
            return Err(Error::new(ErrorKind::InvalidData, "the other side is no NATS server"));
        };
        let is_set = |name: &str| info.get(name).is_some_and(|value| *value == Value::Bool(true));
        if !is_set("headers") {
            return Err(Error::other("this server is too old: it takes no headers, and so no ids"));
        }
        if endpoint.scheme.tls || is_set("tls_required") {
            // What somebody in between has put behind the greeting would be taken for the server's own.
            if !peer.buffer().is_empty() {
                return Err(Error::new(
                    ErrorKind::InvalidData,
                    "the other side went on in plain text before TLS",
                ));
            }
            let config = client_config(authorities).map_err(Error::other)?;
            peer = BufReader::new(peer.into_inner().secured(&endpoint.host, Some(&config))?);
        }
        let most_payload = info.get("max_payload").and_then(Value::as_u64).unwrap_or(MOST_PAYLOAD);
        let mut session = Self { peer, inbox: inbox(), most_payload, most_received: MOST_ANSWER };
        let login = protocol::connect(endpoint, credentials, info.get("nonce").and_then(Value::as_str));
        let hello = format!("{}SUB {}.* 1\r\nPING\r\n", login.expose(), session.inbox);
        session.write(hello.as_bytes())?;
        // The answer to the PING comes after any complaint about what stood before it.
        loop {
            match session.next()? {
                Operation::Pong => return Ok(session),
                Operation::Failure(words) => return Err(Error::other(complaint(&words))),
                _ => {}
            }
        }
    }

    /// From now on the session has until then.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.peer.get_mut().set_deadline(deadline);
    }

    /// From now on a message may have so many bytes.
    pub const fn set_most_received(&mut self, most: usize) {
        self.most_received = most;
    }

    /// The subject that the answer to the event in this place is sent to.
    #[must_use]
    pub fn reply(&self, place: u64) -> String {
        format!("{}.{place}", self.inbox)
    }

    /// The place that an answer on this subject is for.
    #[must_use]
    pub fn place(&self, subject: &str) -> Option<u64> {
        subject.strip_prefix(&self.inbox)?.strip_prefix('.')?.parse().ok()
    }

    /// The most that headers and content may have together, in bytes.
    #[must_use]
    pub const fn most_payload(&self) -> u64 {
        self.most_payload
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// When the connection fails or the deadline is reached.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.peer.get_mut().write_all(bytes)?;
        self.peer.get_mut().flush()
    }

    /// The next message, PONG or complaint; the server's own questions are answered in between.
    ///
    /// # Errors
    /// When the connection fails and when the deadline is reached.
    pub fn next(&mut self) -> Result<Operation> {
        loop {
            match protocol::read(&mut self.peer, self.most_received)? {
                Operation::Ping => self.write(b"PONG\r\n")?,
                // A server that is about to leave, or that has learned of others, says so whenever it likes.
                Operation::Info(_) | Operation::Fine => {}
                answer => return Ok(answer),
            }
        }
    }
}

/// What the server complains about, fit to be shown.
#[must_use]
pub fn complaint(words: &str) -> String {
    let advice = if words.to_ascii_lowercase().contains("auth") { " (check the login)" } else { "" };
    format!("the server answered \"{}\"{advice}", presentable(words))
}

/// A subject that nobody else can know: the keys of a hasher come from the random numbers of the system.
fn inbox() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("_INBOX.{:016x}{:016x}", random(), random())
}
