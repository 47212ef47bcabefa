//! A NATS server of the test's own with one stream and its consumers: as much of JetStream as a reader asks for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// What the server remembers.
#[derive(Default)]
struct State {
    /// What nobody has acknowledged, by its place in the stream, and whether it was handed out.
    left: BTreeMap<u64, (Vec<u8>, bool)>,
    stored: u64,
    consumer: Option<Value>,
    /// The words that messages were acknowledged with.
    words: Vec<(u64, String)>,
}

/// The server; its threads end with the test.
pub struct JetStream {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl JetStream {
    /// One that holds `cortex.>` in the stream `BUS`, or that has no JetStream at all.
    pub fn start(has_stream: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(BufReader::new(stream.unwrap()), has_stream.then_some(&shared)));
            }
        });
        Self { port, state }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn publish(&self, message: &str) {
        let mut state = self.state.lock().unwrap();
        state.stored += 1;
        let place = state.stored;
        state.left.insert(place, (message.trim_end().as_bytes().to_vec(), false));
    }

    /// What a reader that has gone was handed out comes again.
    pub fn hand_out_again(&self) {
        self.state.lock().unwrap().left.values_mut().for_each(|(_, is_out)| *is_out = false);
    }

    /// How many messages nobody has acknowledged.
    pub fn left(&self) -> usize {
        self.state.lock().unwrap().left.len()
    }

    /// The words that messages were acknowledged with, by their places.
    pub fn words(&self) -> Vec<(u64, String)> {
        self.state.lock().unwrap().words.clone()
    }

    /// Makes the consumer another one.
    pub fn set_consumer(&self, config: &Value) {
        self.state.lock().unwrap().consumer = Some(config.clone());
    }
}

fn serve(mut peer: BufReader<TcpStream>, state: Option<&Arc<Mutex<State>>>) {
    say(&mut peer, "INFO {\"version\":\"2.10.0\",\"headers\":true,\"max_payload\":1048576}\r\n");
    let mut line = String::new();
    while peer.read_line(&mut line).is_ok_and(|read| read > 0) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words[0] {
            "PING" => say(&mut peer, "PONG\r\n"),
            "PUB" => {
                let mut payload = vec![0; words.last().unwrap().parse::<usize>().unwrap() + 2];
                peer.read_exact(&mut payload).unwrap();
                let payload = String::from_utf8(payload).unwrap();
                let to = if words.len() > 3 { words[2] } else { "" };
                let answer = state.map_or_else(
                    || status(to, 503),
                    |state| state.lock().unwrap().answer(words[1], to, payload.trim_end()),
                );
                say(&mut peer, &answer);
            }
            _ => {}
        }
        line.clear();
    }
}

impl State {
    /// What is said to a request.
    fn answer(&mut self, subject: &str, to: &str, payload: &str) -> String {
        if let Some(rest) = subject.strip_prefix("$JS.ACK.") {
            let place = rest.split('.').nth(3).unwrap().parse().unwrap();
            self.left.remove(&place);
            self.words.push((place, payload.to_owned()));
            return if to.is_empty() { String::new() } else { message(to, "") };
        }
        let words: Vec<&str> = subject.trim_start_matches("$JS.API.").split('.').collect();
        match words[..] {
            ["STREAM", "NAMES"] => message(to, "{\"streams\":[\"BUS\"]}"),
            ["CONSUMER", "INFO", "BUS", _] => message(to, &self.info().to_string()),
            ["CONSUMER", "DURABLE", "CREATE", "BUS", _] => {
                let request: Value = serde_json::from_str(payload).unwrap();
                self.consumer = Some(request["config"].clone());
                message(to, &self.info().to_string())
            }
            ["CONSUMER", "MSG", "NEXT", "BUS", _] => {
                let request: Value = serde_json::from_str(payload).unwrap();
                self.batch(to, request["batch"].as_u64().unwrap())
            }
            _ => message(
                to,
                "{\"error\":{\"code\":404,\"err_code\":10059,\"description\":\"stream not found\"}}",
            ),
        }
    }

    fn info(&self) -> Value {
        let Some(config) = &self.consumer else {
            return json!({"error": {"code": 404, "err_code": 10014, "description": "consumer not found"}});
        };
        let out = self.left.values().filter(|(_, is_out)| *is_out).count();
        json!({"config": config, "num_pending": self.left.len() - out, "num_ack_pending": out})
    }

    fn batch(&mut self, to: &str, most: u64) -> String {
        let (mut said, mut count) = (String::new(), 0);
        for (place, (payload, is_out)) in self.left.iter_mut().filter(|(_, (_, is_out))| !is_out) {
            if count == most {
                return said;
            }
            *is_out = true;
            count += 1;
            let text = String::from_utf8(payload.clone()).unwrap();
            let reply = format!("$JS.ACK.BUS.bridge.1.{place}.{place}.1.0");
            said += &format!("MSG cortex.a 1 {reply} {}\r\n{text}\r\n", text.len());
        }
        if count == most { said } else { said + &status(to, if count == 0 { 404 } else { 408 }) }
    }
}

fn message(to: &str, text: &str) -> String {
    format!("MSG {to} 1 {}\r\n{text}\r\n", text.len())
}

fn status(to: &str, number: u16) -> String {
    format!("HMSG {to} 1 16 16\r\nNATS/1.0 {number}\r\n\r\n\r\n")
}

/// A client that has left hears nothing.
fn say(peer: &mut BufReader<TcpStream>, words: &str) {
    let _ = peer.get_mut().write_all(words.as_bytes());
}
