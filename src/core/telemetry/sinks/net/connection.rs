//! A connection to an endpoint, with TLS or without.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::endpoint::Endpoint;
use super::stream::DeadlineStream;

/// What is read and written.
#[derive(Debug)]
pub enum Connection {
    /// As it is on the wire.
    Plain(DeadlineStream),
    /// Through TLS.
    Tls(Box<StreamOwned<ClientConnection, DeadlineStream>>),
}

impl Connection {
    /// Connects, and speaks TLS where the scheme says so.
    ///
    /// # Errors
    /// As those of [`DeadlineStream::connect`] and [`Self::secured`].
    pub fn open(endpoint: &Endpoint, tls: Option<&Arc<ClientConfig>>, deadline: Instant) -> Result<Self> {
        let plain = Self::Plain(DeadlineStream::connect(&endpoint.host, endpoint.port, deadline)?);
        if endpoint.scheme.tls { plain.secured(&endpoint.host, tls) } else { Ok(plain) }
    }

    /// The same connection with TLS from here on. The certificate of the other side is looked at before anything of
    /// ours is written.
    ///
    /// # Errors
    /// When the other side does not speak TLS or is not trusted.
    pub fn secured(self, host: &str, tls: Option<&Arc<ClientConfig>>) -> Result<Self> {
        let Self::Plain(stream) = self else { return Ok(self) };
        let config = tls.ok_or_else(|| Error::other("TLS is not configured"))?;
        let name = ServerName::try_from(host.to_owned()).map_err(Error::other)?;
        let client = ClientConnection::new(Arc::clone(config), name).map_err(Error::other)?;
        let mut secured = StreamOwned::new(client, stream);
        while secured.conn.is_handshaking() {
            secured.conn.complete_io(&mut secured.sock)?;
        }
        Ok(Self::Tls(Box::new(secured)))
    }

    /// From now on the connection has until then.
    pub fn set_deadline(&mut self, deadline: Instant) {
        match self {
            Self::Plain(stream) => stream.set_deadline(deadline),
            Self::Tls(stream) => stream.sock.set_deadline(deadline),
        }
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Reads up to and without the next line feed, and a carriage return before it.
///
/// # Errors
/// When the line, or what is left of the budget in bytes, ends first.
pub fn read_line<R: Read>(reader: &mut BufReader<R>, budget: &mut usize) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    let most = u64::try_from(*budget).unwrap_or(u64::MAX);
    let read = reader.take(most).read_until(b'\n', &mut line)?;
    *budget -= read;
    if line.pop() != Some(b'\n') {
        let (kind, reason) = if *budget == 0 {
            (ErrorKind::InvalidData, "the answer is longer than any should be")
        } else {
            (ErrorKind::UnexpectedEof, "the connection was closed before the answer was complete")
        };
        return Err(Error::new(kind, reason));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}
