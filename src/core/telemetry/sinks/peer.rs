//! An HTTP server for tests: it answers one request after the other with what its script says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Long enough for a machine that is busy: nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What it does with a request.
#[derive(Debug, Clone)]
pub enum Step {
    /// Answers with a status line and headers, and a body.
    Answer(&'static str, Vec<u8>),
    /// Answers so, and closes the connection.
    AnswerAndClose(&'static str),
    /// Reads the request and closes the connection without a word.
    Close,
    /// Closes with a reset before the request has been read.
    Reset,
    /// Answers before the body has been read, and closes.
    Interrupt(&'static str),
    /// Says nothing until the other side has gone away.
    Hang,
}

/// A request, as it arrived.
#[derive(Debug)]
pub struct Request {
    /// The request line and the headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
    /// Which connection it came on, from 0.
    pub connection: usize,
}

/// A server of one script.
pub struct Peer {
    pub port: u16,
    requests: Receiver<Request>,
    thread: JoinHandle<()>,
}

impl Peer {
    pub fn start(script: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = channel();
        let thread = thread::spawn(move || {
            let mut open: Option<BufReader<TcpStream>> = None;
            let mut connection = 0;
            for step in script {
                let mut stream = open.take().unwrap_or_else(|| {
                    connection += 1;
                    BufReader::new(listener.accept().unwrap().0)
                });
                if let Some((head, body)) = request(&mut stream, &step) {
                    sender.send(Request { head, body, connection: connection - 1 }).unwrap();
                }
                open = perform(stream, step);
            }
        });
        Self { port, requests, thread }
    }

    pub fn url(&self, rest: &str) -> String {
        format!("http://127.0.0.1:{}{rest}", self.port)
    }

    /// The requests that came, once the script has ended.
    pub fn requests(self) -> Vec<Request> {
        join(self.thread);
        self.requests.iter().collect()
    }
}

/// Waits for the end of a thread that is sure to end, and fails when it does not: nobody may have come to it.
#[track_caller]
pub fn join(thread: JoinHandle<()>) {
    let deadline = soon();
    while !thread.is_finished() {
        assert!(Instant::now() < deadline, "whoever plays the other side waits in vain");
        thread::sleep(Duration::from_millis(5));
    }
    thread.join().unwrap();
}

pub fn soon() -> Instant {
    Instant::now() + PATIENCE
}

fn request(stream: &mut BufReader<TcpStream>, step: &Step) -> Option<(String, Vec<u8>)> {
    if matches!(step, Step::Reset) {
        return None;
    }
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "the connection was closed: {head:?}");
    }
    if matches!(step, Step::Interrupt(_)) {
        return Some((head, Vec::new()));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    Some((head, body))
}

fn perform(mut stream: BufReader<TcpStream>, step: Step) -> Option<BufReader<TcpStream>> {
    match step {
        Step::Answer(head, body) => {
            let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.get_mut().write_all(&[head.as_bytes(), &body].concat()).unwrap();
            Some(stream)
        }
        Step::AnswerAndClose(head) => {
            stream
                .get_mut()
                .write_all(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").as_bytes())
                .unwrap();
            None
        }
        Step::Interrupt(head) => {
            let answer = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            // What follows is taken and thrown away: a reset would overtake the answer.
            stream.get_mut().shutdown(Shutdown::Write).unwrap();
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
            None
        }
        Step::Hang => {
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
            None
        }
        Step::Close => None,
        Step::Reset => {
            // What was sent and not read makes the kernel answer with a reset.
            stream.get_mut().read_exact(&mut [0]).unwrap();
            None
        }
    }
}
