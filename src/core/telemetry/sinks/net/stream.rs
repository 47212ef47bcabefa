//! A TCP stream on which nothing takes longer than until the deadline, however slowly the other side answers.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A stream with a deadline. A time-out of the socket alone begins anew with each byte that arrives.
#[derive(Debug)]
pub struct DeadlineStream {
    stream: TcpStream,
    deadline: Instant,
}

impl DeadlineStream {
    /// Connects to the first address of the host that answers.
    ///
    /// # Errors
    /// When the name is unknown, when no address answers, and when the deadline is reached.
    pub fn connect(host: &str, port: u16, deadline: Instant) -> Result<Self> {
        let addresses = addresses(host, port, deadline)?;
        let mut failure = Error::new(ErrorKind::NotFound, "the name has no address");
        for (index, address) in addresses.iter().enumerate() {
            // Each address has its share, so that one that does not answer leaves time for the next.
            let share = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            let attempt = TcpStream::connect_timeout(address, (remaining(deadline)? / share).max(SHORTEST));
            match attempt.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
                Ok(stream) => return Ok(Self { stream, deadline }),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// From now on the stream has until then.
    pub const fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }
}

impl Read for DeadlineStream {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.stream.set_read_timeout(Some(remaining(self.deadline)?))?;
        self.stream.read(buffer).map_err(as_time_out)
    }
}

impl Write for DeadlineStream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.stream.set_write_timeout(Some(remaining(self.deadline)?))?;
        self.stream.write(bytes).map_err(as_time_out)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

/// A time-out of nothing would mean none to a socket.
const SHORTEST: Duration = Duration::from_millis(1);

fn remaining(deadline: Instant) -> Result<Duration> {
    let rest = deadline.saturating_duration_since(Instant::now());
    if rest.is_zero() { Err(timed_out()) } else { Ok(rest.max(SHORTEST)) }
}

fn timed_out() -> Error {
    Error::new(ErrorKind::TimedOut, "no answer in time")
}

/// The time-out of a socket, which calls it by another name.
fn as_time_out(error: Error) -> Error {
    if error.kind() == ErrorKind::WouldBlock { timed_out() } else { error }
}

/// The addresses of a host. The resolver of the system knows no deadline: it is asked in a thread that may be left
/// behind.
fn addresses(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    thread::Builder::new().spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody is left to tell when the deadline was reached.
        let _ = sender.send(found);
    })?;
    receiver.recv_timeout(remaining(deadline)?).unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::TimedOut, "the name of the host was not resolved in time"))
    })
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpListener;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::DeadlineStream;
    use crate::core::telemetry::sinks::peer::join;

    #[test]
    fn a_dribble_of_bytes_does_not_move_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let deadline = Instant::now() + Duration::from_millis(200);
        let mut stream = DeadlineStream::connect("127.0.0.1", port, deadline).unwrap();
        let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        drop(stream);
        join(peer);
    }

    #[test]
    fn a_name_is_resolved_and_a_closed_port_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let deadline = Instant::now() + Duration::from_secs(20);
        assert!(DeadlineStream::connect("localhost", port, deadline).is_ok());
        drop(listener);
        assert!(DeadlineStream::connect("127.0.0.1", port, deadline).is_err());
        let passed = DeadlineStream::connect("127.0.0.1", port, Instant::now()).unwrap_err();
        assert_eq!(passed.kind(), ErrorKind::TimedOut);
    }
}
