//! The HTTP sink against a server that answers, refuses, hangs and breaks.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{HttpSettings, HttpSink};
use crate::core::telemetry::sink::{Delivery, Record, Sink};
use crate::core::telemetry::sinks::form::Form;
use crate::core::telemetry::sinks::peer::{Peer, Request, Step, join, soon};
use crate::core::telemetry::sinks::samples::{plain, record};
use crate::core::telemetry::sinks::secret::Secret;

fn settings(peer: &Peer) -> HttpSettings {
    HttpSettings {
        name: "hook".to_owned(),
        url: Secret::new(peer.url("/hook/T0PSECRET?key=T0PSECRET")),
        headers: vec![("Authorization".to_owned(), Secret::new("Bearer T0PSECRET"))],
        ..HttpSettings::default()
    }
}

fn run(script: Vec<Step>, records: &[Record]) -> (Vec<Delivery>, Vec<Request>) {
    let peer = Peer::start(script);
    let mut sink = HttpSink::new(settings(&peer)).unwrap();
    let delivered = records.iter().map(|record| sink.deliver(std::slice::from_ref(record), soon())).collect();
    drop(sink);
    (delivered, peer.requests())
}

fn reason(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Retry { reason, .. } | Delivery::Refused(reason) => reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_event_is_one_request_on_one_connection() {
    let script = vec![Step::Answer("202 Accepted", Vec::new()), Step::Answer("200 OK", b"thanks".to_vec())];
    let (delivered, requests) = run(script, &[plain("one"), plain("two")]);
    assert_eq!(delivered, [Delivery::Accepted, Delivery::Accepted]);
    assert_eq!(requests.iter().map(|request| request.connection).collect::<Vec<_>>(), [0, 0]);
    let head = &requests[0].head;
    assert!(head.starts_with("POST /hook/T0PSECRET?key=T0PSECRET HTTP/1.1\r\nHost: 127.0.0.1:"), "{head}");
    assert!(head.contains("\r\nContent-Type: application/cloudevents+json\r\n"), "{head}");
    assert!(head.contains("\r\nAuthorization: Bearer T0PSECRET\r\n"), "{head}");
    let body: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(body, json!(plain("two").envelope));
}

#[test]
fn batches_are_sent_where_they_were_asked_for() {
    for (form, content_type) in
        [(Form::CloudEvents, "application/cloudevents-batch+json"), (Form::Cortex, "application/json")]
    {
        let peer = Peer::start(vec![Step::Answer("200 OK", Vec::new())]);
        let mut sink = HttpSink::new(HttpSettings { batch: Some(10), form, ..settings(&peer) }).unwrap();
        assert_eq!(sink.most(), 10);
        assert_eq!(sink.deliver(&[plain("one"), plain("two")], soon()), Delivery::Accepted);
        let requests = peer.requests();
        assert!(requests[0].head.contains(&format!("\r\nContent-Type: {content_type}\r\n")));
        let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
        assert_eq!(body[1]["id"], "two");
    }
}

#[test]
fn each_answer_has_its_outcome() {
    let again = |seconds: Option<u64>| Some(seconds.map(Duration::from_secs));
    let held = Some(Some(Duration::MAX));
    let table = [
        ("429 Too Many Requests\r\nRetry-After: 3", again(Some(3))),
        ("503 Service Unavailable\r\nretry-after: Thu, 01 Jan 1970 00:00:00 GMT", again(Some(0))),
        ("502 Bad Gateway", again(None)),
        ("302 Found\r\nLocation: http://127.0.0.1:1/T0PSECRET", held),
        ("301 Moved\r\nLocation: http://127.0.0.1:1/T0PSECRET", held),
        ("400 Bad Request", None),
        ("401 Unauthorized", held),
        ("404 Not Found", held),
        ("413 Content Too Large", None),
        ("422 Unprocessable Content", None),
        ("500 Internal Server Error", again(None)),
    ];
    for (head, expected) in table {
        let body = b"you said\r\nAuthorization: Bearer T0PSECRETT0PSECRETT0PSECRET".to_vec();
        let (delivered, _) = run(vec![Step::Answer(head, body)], &[plain("one")]);
        let after = match &delivered[0] {
            Delivery::Retry { after, .. } => Some(*after),
            Delivery::Refused(_) => None,
            other => panic!("{head}: {other:?}"),
        };
        assert_eq!(after, expected, "{head}");
        let reason = reason(&delivered[0]);
        assert!(reason.starts_with("http://127.0.0.1:") && reason.contains(&head[..3]), "{reason}");
        assert!(!reason.contains("T0PSECRET") && !reason.contains('\n'), "{reason}");
    }
}

#[test]
fn a_connection_that_breaks_is_tried_again_later() {
    for step in [Step::Close, Step::Reset] {
        let (delivered, _) = run(vec![step.clone()], &[plain("one")]);
        let Delivery::Retry { after: None, reason } = &delivered[0] else {
            panic!("{step:?}: {delivered:?}")
        };
        assert!(!reason.contains("T0PSECRET"), "{reason}");
    }
}

#[test]
fn a_kept_connection_that_was_closed_is_opened_anew() {
    let script = vec![Step::AnswerAndClose("200 OK"), Step::Answer("200 OK", Vec::new())];
    let (delivered, requests) = run(script, &[plain("one"), plain("two")]);
    assert_eq!(delivered, [Delivery::Accepted, Delivery::Accepted]);
    assert_eq!(requests.iter().map(|request| request.connection).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn an_answer_before_the_end_of_the_request_counts() {
    let large = record("large", &json!({"subject": "x".repeat(8 << 20)}), &json!({}));
    let (delivered, _) = run(vec![Step::Interrupt("413 Content Too Large")], &[large]);
    assert!(reason(&delivered[0]).contains("413"), "{delivered:?}");
    assert!(matches!(delivered[0], Delivery::Refused(_)), "{delivered:?}");
}

#[test]
fn nothing_is_waited_for_beyond_the_deadline() {
    let peer = Peer::start(vec![Step::Hang, Step::Hang]);
    let mut sink = HttpSink::new(settings(&peer)).unwrap();
    let delivery = sink.deliver(&[plain("one")], Instant::now() + Duration::from_millis(100));
    assert!(reason(&delivery).contains("in time"), "{delivery:?}");
    let mut sink =
        HttpSink::new(HttpSettings { timeout: Some(Duration::from_millis(100)), ..settings(&peer) }).unwrap();
    let delivery = sink.deliver(&[plain("one")], soon());
    assert!(
        matches!(&delivery, Delivery::Retry { reason, .. } if reason.contains("in time")),
        "{delivery:?}"
    );
    drop(sink);
    assert_eq!(peer.requests().len(), 2);
    let passed = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Secret::new(format!("http://{}", passed.local_addr().unwrap()));
    let mut sink = HttpSink::new(HttpSettings { url, ..HttpSettings::default() }).unwrap();
    assert!(matches!(sink.deliver(&[plain("one")], Instant::now()), Delivery::Retry { .. }));
}

#[test]
fn what_is_no_http_is_tried_again_later() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Secret::new(format!("https://{}", listener.local_addr().unwrap()));
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"220 smtp.example.com\r\n").unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let mut sink = HttpSink::new(HttpSettings { url, ..HttpSettings::default() }).unwrap();
    let delivery = sink.deliver(&[plain("one")], soon());
    assert!(matches!(delivery, Delivery::Retry { .. }), "{delivery:?}");
    drop(sink);
    join(peer);
}

#[test]
fn wrong_settings_are_refused() {
    let none = HttpSettings { url: Secret::new("ftp://host"), ..HttpSettings::default() };
    assert_eq!(HttpSink::new(none).unwrap_err().setting, "url");
    let none = HttpSettings { url: Secret::new("http://host"), batch: Some(0), ..HttpSettings::default() };
    assert_eq!(HttpSink::new(none).unwrap_err().setting, "batch");
}
