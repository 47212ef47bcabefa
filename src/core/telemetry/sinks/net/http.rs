//! HTTP/1.1 over one connection that is kept: a request with a body, and its answer, bounded in size and time.
//!
//! A client of its own, because the NATS sink needs connections, TLS and deadlines anyway: on top of these it takes
//! less than a tenth of what an HTTP crate adds to the binary (280 kB and 11 packages). It is strict: what it does not
//! understand is a failure of the connection, after which the events are sent again.

use std::io::{BufReader, Error, ErrorKind, Read, Result, Write};
use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConfig;

use super::super::answer::Answer;
use super::super::base64;
use super::super::secret::Secret;
use super::super::setting::SettingError;
use super::connection::{Connection, read_line};
use super::endpoint::Endpoint;

/// The most that the head of an answer may have, in bytes; common servers have 8 to 32 KiB as their own limit.
const MOST_HEAD: usize = 32 * 1024;
/// The most of a body that is read, in bytes. What matters of an answer are a few words.
const MOST_BODY: usize = 64 * 1024;
/// The most interim answers (1xx) before the final one.
const MOST_INTERIM: usize = 8;

/// Headers that the client writes itself.
const OWN_HEADERS: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "content-type", "content-encoding"];

/// A request, but for what is the same in all of them.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path, and perhaps a query, below that of the URL; the target of the URL itself where it is `None`.
    pub below: Option<&'a str>,
    /// Headers of this request alone, each with the end of its line.
    pub headers: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// A client of one place.
#[derive(Debug)]
pub struct HttpClient {
    endpoint: Endpoint,
    tls: Option<Arc<ClientConfig>>,
    /// The lines of the configured headers, as they are written.
    headers: Secret,
    /// What an answer must not repeat to whoever reads of it.
    secrets: Vec<Secret>,
    kept: Option<BufReader<Connection>>,
}

impl HttpClient {
    /// A client that adds these headers to each request.
    ///
    /// # Errors
    /// When a header cannot be sent. The error names it, and not its value.
    pub fn new(
        endpoint: Endpoint,
        tls: Option<Arc<ClientConfig>>,
        headers: &[(String, Secret)],
    ) -> std::result::Result<Self, SettingError> {
        let mut lines = String::new();
        for (name, value) in headers {
            check_header(name, value)?;
            lines.push_str(&format!("{name}: {}\r\n", value.expose().trim()));
        }
        let is_authorized = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let Some(credentials) = basic(&endpoint).filter(|_| !is_authorized) {
            lines.push_str(&format!("Authorization: Basic {credentials}\r\n"));
        }
        let secrets = secrets(&endpoint, headers);
        Ok(Self { endpoint, tls, headers: Secret::new(lines), secrets, kept: None })
    }

    /// Where it sends to.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Closes the connection that is kept: the next request is sent once at most.
    pub fn hang_up(&mut self) {
        self.kept = None;
    }

    /// Posts a body to the target of the URL, as [`Self::send`] does.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn post(&mut self, headers: &str, body: &[u8], deadline: Instant) -> Result<Answer> {
        self.send(&HttpRequest { method: "POST", below: None, headers, body }, deadline)
    }

    /// Sends a request that does no harm when it comes twice. A kept connection that turns out to be closed is replaced
    /// once.
    ///
    /// # Errors
    /// When the connection fails, when the answer is none of HTTP/1, and when the deadline is reached.
    pub fn send(&mut self, request: &HttpRequest<'_>, deadline: Instant) -> Result<Answer> {
        if let Some(mut kept) = self.kept.take() {
            kept.get_mut().set_deadline(deadline);
            match self.exchange(kept, request) {
                Err(error) if error.kind() == ErrorKind::TimedOut => return Err(error),
                Err(_) => {}
                answer => return answer,
            }
        }
        let connection = Connection::open(&self.endpoint, self.tls.as_ref(), deadline)?;
        self.exchange(BufReader::new(connection), request)
    }

    fn exchange(&mut self, mut peer: BufReader<Connection>, request: &HttpRequest<'_>) -> Result<Answer> {
        let HttpRequest { method, below, headers, body } = *request;
        let target = match below {
            Some(path) => self.endpoint.below(path).target,
            None => self.endpoint.target.clone(),
        };
        let head = format!(
            "{method} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: brainwav/{}\r\nAccept: */*\r\n{headers}{}Content-Length: {}\r\n\r\n",
            target.expose(),
            self.endpoint.authority(),
            env!("CARGO_PKG_VERSION"),
            self.headers.expose(),
            body.len()
        );
        let written = write_all(peer.get_mut(), head.as_bytes(), body);
        if written.as_ref().is_err_and(|error| error.kind() == ErrorKind::TimedOut) {
            return written.map(|()| Answer::default());
        }
        // One that refuses a request before it has read all of it may have said so.
        let (mut answer, reusable) = match (read_answer(&mut peer), written) {
            (Err(_), Err(error)) => return Err(error),
            (read, _) => read?,
        };
        self.kept = reusable.then_some(peer);
        for secret in &self.secrets {
            cover(&mut answer.body, secret);
        }
        Ok(answer)
    }
}

/// Small requests go out in one piece.
fn write_all(connection: &mut Connection, head: &[u8], body: &[u8]) -> Result<()> {
    if body.len() < MOST_BODY {
        connection.write_all(&[head, body].concat())?;
    } else {
        connection.write_all(head)?;
        connection.write_all(body)?;
    }
    connection.flush()
}

/// Anything shorter could be a word of any answer, in bytes.
const SHORTEST_SECRET: usize = 8;

/// What the settings hold that is nobody else's business: many servers repeat what they were asked in what they refuse.
fn secrets(endpoint: &Endpoint, headers: &[(String, Secret)]) -> Vec<Secret> {
    let values = headers.iter().flat_map(|(_, value)| value.expose().split_whitespace());
    let of_url = endpoint.target.expose().split(['/', '?', '&', '=']);
    let others = [&endpoint.user, &endpoint.password].into_iter().flatten().map(Secret::expose);
    let all = values.chain(of_url).chain(others).filter(|text| text.len() >= SHORTEST_SECRET);
    all.map(Secret::new).collect()
}

/// Covers a secret with as many stars, so that what is around it can still be read.
fn cover(body: &mut [u8], secret: &Secret) {
    let secret = secret.expose().as_bytes();
    let places: Vec<usize> = body
        .windows(secret.len())
        .enumerate()
        .filter(|(_, part)| *part == secret)
        .map(|(at, _)| at)
        .collect();
    for at in places {
        body[at..at + secret.len()].fill(b'*');
    }
}

fn basic(endpoint: &Endpoint) -> Option<String> {
    let user = endpoint.user.as_ref();
    let password = endpoint.password.as_ref();
    user.or(password)?;
    let text = |secret: Option<&Secret>| secret.map_or(String::new(), |secret| secret.expose().to_owned());
    Some(base64::encode(format!("{}:{}", text(user), text(password)).as_bytes()))
}

fn check_header(name: &str, value: &Secret) -> std::result::Result<(), SettingError> {
    let wrong = |reason: &str| Err(SettingError::new("headers", reason));
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return wrong("a name is no name of a header: letters, digits and hyphens only");
    }
    if OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return wrong(&format!("{name} is written by the sink itself: leave it out"));
    }
    if value.expose().chars().any(|letter| letter.is_control() && letter != '\t') {
        return wrong(&format!("the value of {name} holds a control character"));
    }
    Ok(())
}

/// The head of an answer, as far as it matters.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    status: u16,
    is_old: bool,
    length: Option<u64>,
    chunked: bool,
    closes: bool,
    retry_after: Option<String>,
    content_type: Option<String>,
}

fn broken(reason: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, reason)
}

/// The final answer, and whether the connection can be used again.
fn read_answer<R: Read>(peer: &mut BufReader<R>) -> Result<(Answer, bool)> {
    for _ in 0..MOST_INTERIM {
        let head = read_head(peer)?;
        if head.status >= 200 {
            let (body, complete) = read_body(peer, &head)?;
            let reusable = complete && !head.closes && !head.is_old && peer.buffer().is_empty();
            let Head { status, retry_after, content_type, .. } = head;
            return Ok((Answer { status, retry_after, content_type, body }, reusable));
        }
    }
    Err(broken("there are only interim answers"))
}

fn read_head<R: Read>(peer: &mut BufReader<R>) -> Result<Head> {
    let mut budget = MOST_HEAD;
    let status_line = read_line(peer, &mut budget)?;
    let mut head = status(&status_line).ok_or_else(|| broken("the answer is none of HTTP/1.1"))?;
    loop {
        let line = read_line(peer, &mut budget)?;
        if line.is_empty() {
            return Ok(head);
        }
        take_header(&mut head, &String::from_utf8_lossy(&line))?;
    }
}

fn status(line: &[u8]) -> Option<Head> {
    let line = std::str::from_utf8(line.get(..12)?).ok()?;
    let (is_old, code) = match line.split_once(' ')? {
        ("HTTP/1.1", code) => (false, code),
        ("HTTP/1.0", code) => (true, code),
        _ => return None,
    };
    let status = code.parse().ok().filter(|status| (100..=599).contains(status))?;
    Some(Head { status, is_old, ..Head::default() })
}

fn take_header(head: &mut Head, line: &str) -> Result<()> {
    let (name, value) = line.split_once(':').ok_or_else(|| broken("a header of the answer has no name"))?;
    let value = value.trim();
    match name.to_ascii_lowercase().as_str() {
        "content-length" => {
            let length = value.parse().map_err(|_| broken("the answer has no sound length"))?;
            if head.length.is_some_and(|other| other != length) {
                return Err(broken("the answer has two lengths"));
            }
            head.length = Some(length);
        }
        "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => head.chunked = true,
        "transfer-encoding" => return Err(broken("the answer is encoded in a way that was not asked for")),
        "connection" => head.closes |= value.split(',').any(|word| word.trim().eq_ignore_ascii_case("close")),
        "retry-after" => head.retry_after = Some(value.to_owned()),
        "content-type" => head.content_type = Some(value.to_owned()),
        _ => {}
    }
    Ok(())
}

/// The beginning of the body, and whether that was all of it.
fn read_body<R: Read>(peer: &mut BufReader<R>, head: &Head) -> Result<(Vec<u8>, bool)> {
    if matches!(head.status, 204 | 304) {
        return Ok((Vec::new(), true));
    }
    if head.chunked {
        return read_chunks(peer);
    }
    let mut body = Vec::new();
    let length = head.length.unwrap_or(u64::MAX);
    peer.take(length.min(MOST_BODY as u64)).read_to_end(&mut body)?;
    if head.length.is_some_and(|length| (body.len() as u64) < length.min(MOST_BODY as u64)) {
        return Err(Error::new(
            ErrorKind::UnexpectedEof,
            "the connection was closed before the answer was complete",
        ));
    }
    let complete = head.length == Some(body.len() as u64);
    Ok((body, complete))
}

fn read_chunks<R: Read>(peer: &mut BufReader<R>) -> Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    let mut budget = MOST_HEAD;
    loop {
        let line = read_line(peer, &mut budget)?;
        let size = std::str::from_utf8(&line).ok().and_then(|line| line.split(';').next());
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let size = size.ok_or_else(|| broken("a chunk of the answer has no size"))?;
        if size == 0 {
            while !read_line(peer, &mut budget)?.is_empty() {}
            return Ok((body, true));
        }
        if size > MOST_BODY - body.len() {
            return Ok((body, false));
        }
        let start = body.len();
        body.resize(start + size, 0);
        peer.read_exact(&mut body[start..])?;
        if !read_line(peer, &mut budget)?.is_empty() {
            return Err(broken("a chunk of the answer is longer than it says"));
        }
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
