//! A receiver of events: an HTTP server of the test's own, that answers each request as the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConnection, StreamOwned};

/// What it does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Answers with a status line and further headers.
    Say(&'static str),
    /// The same with a body.
    With(&'static str, &'static [u8]),
    /// The same with a body that was made up just now.
    Made(&'static str, Vec<u8>),
    /// Closes the connection without a word.
    Close,
    /// Says nothing until the other side has gone.
    Hang,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// The request line and the headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap()
    }

    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// Whether the body holds this text, whatever it is encoded in.
    pub fn holds(&self, text: &str) -> bool {
        self.body.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

type Judge = dyn Fn(usize, &Request) -> Reply + Send + Sync;

struct Shared {
    judge: Box<Judge>,
    requests: Mutex<Vec<Request>>,
    is_over: AtomicBool,
    /// So many connections more are reset before they have said a thing.
    resets: AtomicUsize,
    tls: Option<Arc<rustls::ServerConfig>>,
}

/// The server, which is gone when this is dropped.
pub struct Receiver {
    pub port: u16,
    shared: Arc<Shared>,
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

impl Receiver {
    /// Answers by the number of the request, from 0, and what is in it.
    pub fn start(judge: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(Box::new(judge), None)
    }

    /// The same by TLS.
    pub fn start_tls(
        tls: rustls::ServerConfig,
        judge: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Box::new(judge), Some(Arc::new(tls)))
    }

    fn serve(judge: Box<Judge>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            judge,
            requests: Mutex::default(),
            is_over: AtomicBool::new(false),
            resets: AtomicUsize::new(0),
            tls,
        });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if of_thread.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                thread::spawn(move || shared.answer_all(stream));
            }
        });
        Self { port, shared }
    }

    /// Resets so many connections first.
    pub fn resetting(self, count: usize) -> Self {
        self.shared.resets.store(count, Ordering::SeqCst);
        self
    }

    pub fn url(&self, rest: &str) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}{rest}", self.port)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Whoever waits for a connection gets one.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn answer_all(&self, mut stream: TcpStream) {
        let less = |left: usize| left.checked_sub(1);
        if self.resets.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            // What has come and is not read makes the kernel close with a reset.
            let _ = stream.read_exact(&mut [0]);
            return;
        }
        let stream: Box<dyn Stream> = match &self.tls {
            Some(config) => {
                Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream))
            }
            None => Box::new(stream),
        };
        let mut stream = BufReader::new(stream);
        while let Some(request) = read(&mut stream) {
            let number = {
                let mut requests = self.requests.lock().unwrap();
                requests.push(request.clone());
                requests.len() - 1
            };
            let (head, body) = match (self.judge)(number, &request) {
                Reply::Say(head) => (head, Vec::new()),
                Reply::With(head, body) => (head, body.to_vec()),
                Reply::Made(head, body) => (head, body),
                Reply::Close => return,
                Reply::Hang => {
                    let _ = std::io::copy(&mut stream, &mut std::io::sink());
                    return;
                }
            };
            let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
            if stream.get_mut().write_all(&[head.as_bytes(), &body].concat()).is_err()
                || stream.get_mut().flush().is_err()
            {
                return;
            }
        }
    }
}

/// The next request; nothing when the other side has gone, or was killed in the middle of one.
fn read(stream: &mut BufReader<Box<dyn Stream>>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    Some(Request { head, body })
}
