//! A NATS server for tests: it answers to each event with what its script says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use crate::core::telemetry::sinks::peer::join;

/// What most servers say of themselves.
pub const INFO: &str = r#"{"server_id":"peer","version":"2.10.0","headers":true,"max_payload":2000}"#;

/// What it does with an event.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    /// Acknowledges it as a stream does.
    Stored,
    /// Answers with these words.
    Words(&'static str),
    /// Answers as a server does when nobody listens.
    NoResponders,
    /// Says something else first, and acknowledges it then.
    After(&'static str),
    /// Acknowledges it twice.
    Twice,
    /// Says this instead of an answer.
    Says(&'static str),
    /// Hands out these messages of a stream, and ends the batch with this status.
    Batch(&'static [(u64, &'static str)], u16),
    /// Closes the connection.
    Close,
    /// Says nothing.
    Silence,
}

/// A server of one script: the replies for each connection, which lasts until the client leaves.
pub struct Peer {
    pub port: u16,
    lines: Receiver<String>,
    thread: JoinHandle<()>,
}

impl Peer {
    pub fn start(info: &'static str, script: Vec<Vec<Reply>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, lines) = channel();
        let thread = thread::spawn(move || {
            for replies in script {
                let stream = BufReader::new(listener.accept().unwrap().0);
                serve(stream, info, &replies, &sender);
            }
        });
        Self { port, lines, thread }
    }

    pub fn url(&self) -> String {
        format!("nats://me:T0PSECRET@127.0.0.1:{}", self.port)
    }

    /// The lines that came, and what was published, once the script has ended.
    pub fn lines(self) -> Vec<String> {
        join(self.thread);
        self.lines.iter().collect()
    }
}

fn serve(mut stream: BufReader<TcpStream>, info: &str, replies: &[Reply], sender: &Sender<String>) {
    let mut replies = replies.iter();
    say(&mut stream, &format!("INFO {info}\r\n"));
    let mut line = String::new();
    while stream.read_line(&mut line).is_ok_and(|read| read > 0) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words[0] {
            "PING" => say(&mut stream, "PONG\r\n"),
            "HPUB" | "PUB" => {
                let mut message = vec![0; words.last().unwrap().parse::<usize>().unwrap() + 2];
                stream.read_exact(&mut message).unwrap();
                sender.send(format!("{line}{}", String::from_utf8(message).unwrap())).unwrap();
                // More than the script knows of is a mistake that ends the test. Who wants no answer gets none.
                if words.len() > 3 && !perform(&mut stream, *replies.next().unwrap(), words[2]) {
                    return;
                }
            }
            _ => sender.send(line.clone()).unwrap(),
        }
        line.clear();
    }
}

fn perform(stream: &mut BufReader<TcpStream>, reply: Reply, to: &str) -> bool {
    let stored = r#"{"stream":"EVENTS","seq":1}"#;
    let message = |words: &str| format!("MSG {to} 1 {}\r\n{words}\r\n", words.len());
    match reply {
        Reply::Stored => say(stream, &message(stored)),
        Reply::Words(words) => say(stream, &message(words)),
        Reply::NoResponders => say(stream, &format!("HMSG {to} 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n")),
        Reply::After(first) => say(stream, &format!("{first}{}{}", message("ok"), message(stored))),
        Reply::Twice => say(stream, &message(stored).repeat(2)),
        Reply::Says(words) => say(stream, words),
        Reply::Batch(messages, status) => {
            let reply = |place: u64| format!("$JS.ACK.BUS.bridge.1.{place}.1.1.0");
            let message = |(place, words): &(u64, &str)| {
                format!("MSG cortex.a 1 {} {}\r\n{words}\r\n", reply(*place), words.len())
            };
            let messages: String = messages.iter().map(message).collect();
            say(stream, &format!("{messages}HMSG {to} 1 16 16\r\nNATS/1.0 {status}\r\n\r\n\r\n"));
        }
        Reply::Close => return false,
        Reply::Silence => {}
    }
    true
}

/// A client that has left hears nothing.
fn say(stream: &mut BufReader<TcpStream>, words: &str) {
    let _ = stream.get_mut().write_all(words.as_bytes());
}
