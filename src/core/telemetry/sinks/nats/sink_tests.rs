//! The NATS sink against a server that acknowledges, refuses, hangs and leaves.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::peer::{INFO, Peer, Reply};
use super::{NatsSettings, NatsSink};
use crate::core::telemetry::sink::{Delivery, Record, Sink};
use crate::core::telemetry::sinks::peer::{join, soon};
use crate::core::telemetry::sinks::samples::{plain, record};
use crate::core::telemetry::sinks::secret::Secret;

const SUBJECT: &str = "cortex.cortex.telemetry.agent.event";

fn sink(peer: &Peer) -> NatsSink {
    let url = Secret::new(peer.url());
    NatsSink::new(NatsSettings { name: "bus".to_owned(), url, ..NatsSettings::default() }).unwrap()
}

/// Delivers each batch to a server of this script. Returns the outcomes and what the server was told.
fn run(info: &'static str, script: Vec<Vec<Reply>>, batches: &[&[Record]]) -> (Vec<Delivery>, Vec<String>) {
    let peer = Peer::start(info, script);
    let mut sink = sink(&peer);
    let delivered = batches.iter().map(|batch| sink.deliver(batch, soon())).collect();
    drop(sink);
    (delivered, peer.lines())
}

fn deliver(replies: &[Reply], batch: &[Record]) -> Delivery {
    run(INFO, vec![replies.to_vec()], &[batch]).0.remove(0)
}

fn published(lines: &[String]) -> Vec<&String> {
    lines.iter().filter(|line| line.starts_with("HPUB ")).collect()
}

fn retried(delivery: &Delivery) -> &str {
    let Delivery::Retry { after: None, reason } = delivery else { panic!("{delivery:?}") };
    assert!(!reason.contains("T0PSECRET"), "{reason}");
    reason
}

#[test]
fn what_the_stream_has_acknowledged_has_arrived() {
    let batches: [&[Record]; 2] = [&[plain("one"), plain("two")], &[plain("three")]];
    let (delivered, lines) = run(INFO, vec![vec![Reply::Stored, Reply::Twice, Reply::Stored]], &batches);
    assert_eq!(delivered, [Delivery::Accepted, Delivery::Accepted]);
    assert!(lines[0].starts_with("CONNECT {") && lines[0].contains("\"pass\":\"T0PSECRET\""), "{lines:?}");
    assert!(lines[1].starts_with("SUB _INBOX."), "{lines:?}");
    let published = published(&lines);
    assert_eq!((lines.len(), published.len()), (5, 3));
    for (line, id) in published.iter().zip(["one", "two", "three"]) {
        assert!(line.starts_with(&format!("HPUB {SUBJECT} _INBOX.")), "{line}");
        assert!(line.contains(&format!("\r\nNats-Msg-Id: {id}\r\n")), "{line}");
        let body = line.split("\r\n\r\n").nth(1).unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body, json!(plain(id).envelope));
    }
}

#[test]
fn only_a_stream_can_acknowledge() {
    let after = "+OK\r\nPING\r\nINFO {}\r\nMSG _INBOX.other.0 1 2\r\nok\r\n";
    let (delivered, lines) = run(INFO, vec![vec![Reply::After(after)]], &[&[plain("one")]]);
    assert_eq!(delivered, [Delivery::Accepted]);
    assert!(lines.iter().any(|line| line == "PONG\r\n"), "{lines:?}");
    let peer = Peer::start(INFO, vec![vec![Reply::Words("ok")]]);
    let mut sink = sink(&peer);
    let delivery = sink.deliver(&[plain("one")], Instant::now() + Duration::from_millis(200));
    assert!(retried(&delivery).contains("in time"), "{delivery:?}");
    drop(sink);
    peer.lines();
}

#[test]
fn what_no_stream_takes_is_kept() {
    let delivery = deliver(&[Reply::NoResponders], &[plain("one")]);
    assert!(retried(&delivery).contains("no stream takes its subject"), "{delivery:?}");
    let full = Reply::Words(r#"{"error":{"code":503,"description":"maximum bytes exceeded"}}"#);
    let delivery = deliver(&[Reply::Stored, full], &[plain("one"), plain("two")]);
    assert!(retried(&delivery).ends_with("the stream answered 503: maximum bytes exceeded"), "{delivery:?}");
}

#[test]
fn a_subject_that_no_stream_takes_does_not_stop_the_others() {
    let other = || record("other", &json!({"type": "other"}), &json!({}));
    let batch = [plain("one"), other(), plain("two")];
    let round = [Reply::Stored, Reply::NoResponders, Reply::Stored];
    let rounds = |count: usize| vec![round.iter().cycle().take(count * round.len()).cloned().collect()];
    // Once it is given up, it is not asked for four times again.
    let (delivered, lines) = run(INFO, rounds(5), &[&batch, &batch]);
    for delivery in &delivered {
        let Delivery::Partly(refused) = delivery else { panic!("{delivery:?}") };
        assert!(
            refused.len() == 1 && refused[0].0 == 1 && refused[0].1.contains("cortex.other"),
            "{refused:?}"
        );
    }
    assert_eq!(published(&lines).len(), 5 * batch.len());
    // A stream that is back in the meantime takes it.
    let back = [&round[..], &[Reply::Twice, Reply::Stored, Reply::Twice]].concat();
    assert_eq!(deliver(&back, &batch), Delivery::Accepted);
}

#[test]
fn without_a_stream_nothing_is_given_up() {
    let other = record("other", &json!({"type": "other"}), &json!({}));
    for batch in [[plain("one"), other], [plain("one"), plain("two")]] {
        let (delivered, lines) = run(INFO, vec![vec![Reply::NoResponders; 2]], &[&batch]);
        assert!(retried(&delivered[0]).contains("no stream takes its subject"), "{delivered:?}");
        assert_eq!(published(&lines).len(), 2);
    }
    // One of its kind was stored.
    let delivery = deliver(&[Reply::Stored, Reply::NoResponders], &[plain("one"), plain("two")]);
    assert!(retried(&delivery).contains("no stream takes its subject"), "{delivery:?}");
}

#[test]
fn what_can_never_be_stored_is_told_one_by_one() {
    let never = Reply::Words(
        r#"{"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"}}"#,
    );
    let large = record("large", &json!({"subject": "x".repeat(3_000)}), &json!({}));
    let strange = record("strange", &json!({"type": "a b"}), &json!({}));
    let batch = [plain("one"), large, plain("two"), strange, plain("a\r\nb")];
    let (delivered, lines) = run(INFO, vec![vec![Reply::Stored, never]], &[&batch]);
    let Delivery::Partly(refused) = &delivered[0] else { panic!("{delivered:?}") };
    assert_eq!(refused.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(refused[0].1.contains("2000 bytes") && refused[1].1.contains("exceeds"), "{refused:?}");
    assert_eq!(published(&lines).len(), 2);
}

#[test]
fn a_subject_that_is_forbidden_keeps_the_events_where_they_are() {
    let other = record("other", &json!({"type": "other"}), &json!({}));
    let no = Reply::Says("-ERR 'Permissions Violation for Publish to \"cortex.other\"'\r\n");
    let delivery = deliver(&[Reply::Stored, no, Reply::Stored], &[plain("one"), other, plain("two")]);
    assert!(retried(&delivery).contains("Permissions Violation"), "{delivery:?}");
    let delivery = deliver(&[Reply::Says("-ERR 'Stale Connection'\r\n")], &[plain("one")]);
    assert!(retried(&delivery).contains("Stale Connection"), "{delivery:?}");
}

#[test]
fn a_kept_connection_that_was_closed_is_opened_anew() {
    let script = vec![vec![Reply::Stored, Reply::Close], vec![Reply::Stored]];
    let (delivered, lines) = run(INFO, script, &[&[plain("one")], &[plain("two")]]);
    assert_eq!(delivered, [Delivery::Accepted, Delivery::Accepted]);
    // The second one is sent again with the id that it had.
    assert_eq!(published(&lines).iter().filter(|line| line.contains("Msg-Id: two\r\n")).count(), 2);
    assert!(!retried(&deliver(&[Reply::Close], &[plain("one")])).is_empty());
}

#[test]
fn nothing_is_waited_for_beyond_the_deadline() {
    let peer = Peer::start(INFO, vec![vec![Reply::Silence]]);
    let url = Secret::new(peer.url());
    let timeout = Some(Duration::from_millis(200));
    let mut sink = NatsSink::new(NatsSettings { url, timeout, ..NatsSettings::default() }).unwrap();
    assert!(retried(&sink.deliver(&[plain("one")], soon())).contains("in time"));
    assert_eq!(sink.deliver(&[], soon()), Delivery::Accepted);
    drop(sink);
    assert_eq!(published(&peer.lines()).len(), 1);
}

#[test]
fn a_server_that_cannot_do_it_is_told_nothing() {
    let old = r#"{"version":"1.4.0","max_payload":2000}"#;
    let secure = r#"{"headers":true,"tls_required":true}"#;
    for (info, words) in [(old, "too old"), (secure, "")] {
        let peer = Peer::start(info, vec![Vec::new()]);
        let mut sink = sink(&peer);
        let delivery = sink.deliver(&[plain("one")], Instant::now() + Duration::from_millis(500));
        assert!(retried(&delivery).contains(words), "{delivery:?}");
        drop(sink);
        assert!(!peer.lines().iter().any(|line| line.contains("T0PSECRET")), "{info}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Secret::new(format!("nats://{}", listener.local_addr().unwrap()));
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let mut sink = NatsSink::new(NatsSettings { url, ..NatsSettings::default() }).unwrap();
    assert!(retried(&sink.deliver(&[plain("one")], soon())).contains("NATS"));
    join(peer);
}

#[test]
fn wrong_settings_are_refused() {
    let good = || NatsSettings { url: Secret::new("nats://host"), ..NatsSettings::default() };
    let table = [
        ("url", NatsSettings { url: Secret::new("http://host"), ..good() }),
        ("batch", NatsSettings { batch: Some(0), ..good() }),
        ("prefix", NatsSettings { prefix: Some("a.>".to_owned()), ..good() }),
        ("credentials", NatsSettings { credentials: Some(Secret::new("none")), ..good() }),
        ("authorities", NatsSettings { authorities: Some(b"none".to_vec()), ..good() }),
    ];
    for (setting, settings) in table {
        assert_eq!(NatsSink::new(settings).unwrap_err().setting, setting);
    }
    let own = NatsSettings { prefix: Some(String::new()), batch: Some(7), ..good() };
    assert_eq!(NatsSink::new(own).unwrap().most(), 7);
}
