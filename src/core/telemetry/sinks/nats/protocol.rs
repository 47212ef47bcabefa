//! The text protocol of NATS, as far as publishing into a stream and reading one take it.

use std::io::{BufReader, Error, ErrorKind, Read, Result};

use serde_json::{Map, Value, json};

use super::super::net::{Endpoint, read_line};
use super::super::secret::Secret;
use super::credentials::Credentials;

/// The most that one line may have, in bytes: the description of a server in a large cluster.
const MOST_LINE: usize = 64 * 1024;
/// The most that the answer to an event may have, in bytes; an acknowledgement has about a hundred.
pub const MOST_ANSWER: usize = 64 * 1024;
/// The most that a message of a stream may have, in bytes: the limit that no server lets its `max_payload` exceed.
pub const MOST_MESSAGE: usize = 64 * 1024 * 1024;

/// What a server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Who it is and what it wants.
    Info(Map<String, Value>),
    /// A message on a subject, with the status in its headers.
    Message {
        /// The subject.
        subject: String,
        /// Where to answer, if an answer is wanted.
        reply: Option<String>,
        /// The status of a message that the server has written itself.
        status: Option<u16>,
        /// What it holds.
        payload: Vec<u8>,
    },
    /// It wants to know whether we are there.
    Ping,
    /// It is there, and has worked off all that came before.
    Pong,
    /// Something was taken.
    Fine,
    /// Something was not.
    Failure(String),
}

/// Reads the next operation, whose message may have so many bytes.
///
/// # Errors
/// When the connection ends, and when it is none of NATS.
pub fn read<R: Read>(peer: &mut BufReader<R>, most: usize) -> Result<Operation> {
    let mut budget = MOST_LINE;
    let line = read_line(peer, &mut budget)?;
    let line = String::from_utf8(line).map_err(|_| broken("a line that is no text"))?;
    let (name, rest) = line.split_once([' ', '\t']).unwrap_or((&line, ""));
    match name.to_ascii_uppercase().as_str() {
        "INFO" => serde_json::from_str(rest).map(Operation::Info).map_err(|_| broken("a wrong INFO")),
        "MSG" => message(peer, rest, false, most),
        "HMSG" => message(peer, rest, true, most),
        "PING" => Ok(Operation::Ping),
        "PONG" => Ok(Operation::Pong),
        "+OK" => Ok(Operation::Fine),
        "-ERR" => Ok(Operation::Failure(rest.trim().trim_matches('\'').to_owned())),
        _ => Err(broken("something that is not the protocol of NATS")),
    }
}

/// `subject sid [reply] [length of the headers] length`.
fn message<R: Read>(
    peer: &mut BufReader<R>,
    line: &str,
    has_headers: bool,
    most: usize,
) -> Result<Operation> {
    let wrong = || broken("a message of no readable length");
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let number = |back: usize| words.len().checked_sub(back).and_then(|at| words[at].parse::<usize>().ok());
    let length = number(1).filter(|length| *length <= most).ok_or_else(wrong)?;
    let of_headers = if has_headers { number(2).ok_or_else(wrong)? } else { 0 };
    let least = if has_headers { 4 } else { 3 };
    if of_headers > length || words.len() < least {
        return Err(wrong());
    }
    let mut bytes = vec![0; length + 2];
    peer.read_exact(&mut bytes)?;
    if !bytes.ends_with(b"\r\n") {
        return Err(broken("a message that is longer than it says"));
    }
    bytes.truncate(length);
    let payload = bytes.split_off(of_headers);
    let reply = (words.len() > least).then(|| words[2].to_owned());
    Ok(Operation::Message { subject: words[0].to_owned(), reply, status: status(&bytes), payload })
}

/// The number behind `NATS/1.0`.
fn status(headers: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(headers).ok()?;
    text.lines().next()?.strip_prefix("NATS/1.0")?.split_ascii_whitespace().next()?.parse().ok()
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("the other side sent {what}"))
}

/// Who logs in, and how. Credentials answer what the server has asked in its greeting; one that asks nothing gets none.
#[must_use]
pub fn connect(endpoint: &Endpoint, credentials: Option<&Credentials>, nonce: Option<&str>) -> Secret {
    let options = json!({
        "verbose": false,
        "pedantic": false,
        "tls_required": endpoint.scheme.tls,
        "name": "brainwav",
        "lang": "rust",
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": 1,
        "echo": false,
        "headers": true,
        "no_responders": true,
    });
    let Value::Object(mut options) = options else { return Secret::default() };
    match (credentials, nonce) {
        (Some(credentials), Some(nonce)) => credentials.log_in(nonce, &mut options),
        (Some(_), None) => {}
        (None, _) => password(endpoint, &mut options),
    }
    Secret::new(format!("CONNECT {}\r\n", Value::Object(options)))
}

fn password(endpoint: &Endpoint, options: &mut Map<String, Value>) {
    let mut put = |name: &str, value: &str| options.insert(name.to_owned(), json!(value));
    match (&endpoint.user, &endpoint.password) {
        (None, None) => {}
        (Some(token), None) => {
            put("auth_token", token.expose());
        }
        (user, password) => {
            put("user", user.as_ref().map_or("", Secret::expose));
            put("pass", password.as_ref().map_or("", Secret::expose));
        }
    }
}

/// Writes a publish with headers. Neither subject nor id may hold a control character or a blank: see [`subject`] and
/// [`is_header_value`].
pub fn publish(into: &mut Vec<u8>, subject: &str, reply: &str, id: &str, content_type: &str, payload: &[u8]) {
    let headers = format!("NATS/1.0\r\nNats-Msg-Id: {id}\r\ncontent-type: {content_type}\r\n\r\n");
    let (of_headers, length) = (headers.len(), headers.len() + payload.len());
    into.extend_from_slice(format!("HPUB {subject} {reply} {of_headers} {length}\r\n{headers}").as_bytes());
    into.extend_from_slice(payload);
    into.extend_from_slice(b"\r\n");
}

/// Writes a publish without headers that an answer to is wanted, if a subject for it is named.
pub fn request(into: &mut Vec<u8>, subject: &str, reply: &str, payload: &str) {
    let space = if reply.is_empty() { "" } else { " " };
    let length = payload.len();
    into.extend_from_slice(format!("PUB {subject} {reply}{space}{length}\r\n{payload}\r\n").as_bytes());
}

/// The subject of an event of this type; `None` when it can be none: words with dots between them, without wildcards.
#[must_use]
pub fn subject(prefix: &str, event_type: &str) -> Option<String> {
    let subject = if prefix.is_empty() { event_type.to_owned() } else { format!("{prefix}.{event_type}") };
    let is_word = |word: &str| {
        let is_letter = |letter: char| !letter.is_whitespace() && !letter.is_control();
        !word.is_empty() && !["*", ">"].contains(&word) && word.chars().all(is_letter)
    };
    subject.split('.').all(is_word).then_some(subject)
}

/// The subject that a complaint forbids us to publish to. The connection stays open after it.
#[must_use]
pub fn forbidden(complaint: &str) -> Option<&str> {
    complaint.strip_prefix("Permissions Violation for Publish to \"")?.strip_suffix('"')
}

/// Whether a text can be the value of a header.
#[must_use]
pub fn is_header_value(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control) && text.trim() == text
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
