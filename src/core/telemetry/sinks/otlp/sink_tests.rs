//! The OTLP sink against a server that answers, and what it writes, read back.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::json;

use super::super::wire::{Field, Fields};
use super::{Compression, OtlpSettings, OtlpSink, Signal};
use crate::core::telemetry::sink::{Delivery, Record, Sink};
use crate::core::telemetry::sinks::peer::{Peer, Request, Step, soon};
use crate::core::telemetry::sinks::samples::{plain, record};
use crate::core::telemetry::sinks::secret::Secret;

const OK: Step = Step::Answer("200 OK\r\nContent-Type: application/x-protobuf", Vec::new());

/// The same on a connection for this request alone.
const DONE: Step = Step::AnswerAndClose("200 OK");

fn sink(peer: &Peer) -> OtlpSink {
    let settings = OtlpSettings {
        name: "otlp".to_owned(),
        url: Some(Secret::new(peer.url(""))),
        headers: vec![("api-key".to_owned(), Secret::new("T0PSECRET"))],
        ..OtlpSettings::default()
    };
    OtlpSink::new(settings).unwrap()
}

/// Delivers each batch, to one server for both signals that closes each connection.
fn run(script: Vec<Step>, batches: &[&[Record]]) -> (Vec<Delivery>, Vec<Request>) {
    let peer = Peer::start(script);
    let mut sink = sink(&peer);
    let delivered = batches.iter().map(|batch| sink.deliver(batch, soon())).collect();
    drop(sink);
    (delivered, peer.requests())
}

/// A started tool, which is no span.
fn started(id: &str) -> Record {
    record(id, &json!({}), &json!({"event": "tool_invoked"}))
}

fn paths(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|request| request.head.split(' ').nth(1).unwrap()).collect()
}

/// The field of a message, by its path.
fn field<'m>(message: &'m [u8], path: &[u64]) -> Option<Field<'m>> {
    let (number, rest) = path.split_first().unwrap();
    let found = Fields::of(message).find(|(found, _)| found == number)?.1;
    match found {
        Field::Bytes(inner) if !rest.is_empty() => field(inner, rest),
        found => Some(found),
    }
}

#[test]
fn events_of_several_runs_are_told_apart() {
    let of_run = |id: &str, run: &str| record(id, &json!({"cicdpipelinerunid": run}), &json!({}));
    let batch = [of_run("a", "17"), of_run("b", "17"), of_run("c", "18"), plain("d")];
    let (delivered, requests) = run(vec![DONE, DONE], &[&batch]);
    assert_eq!(delivered, [Delivery::Accepted]);
    for request in &requests {
        let resources: Vec<&[u8]> = Fields::of(&request.body)
            .map(|(_, field)| if let Field::Bytes(inner) = field { inner } else { panic!() })
            .collect();
        assert_eq!(resources.len(), 3, "{:?}", request.head);
        let holds = |at: usize, text: &[u8]| resources[at].windows(text.len()).any(|part| part == text);
        assert!((0..3).all(|at| holds(at, b"cicd.pipeline.run.id") == (at < 2)));
    }
}

#[test]
fn an_event_without_an_end_is_a_log_record() {
    let (delivered, requests) = run(vec![OK], &[&[started("one")]]);
    assert_eq!(delivered, [Delivery::Accepted]);
    assert_eq!(paths(&requests), ["/v1/logs"]);
    assert!(
        requests[0].head.contains("\r\nContent-Type: application/x-protobuf\r\n"),
        "{}",
        requests[0].head
    );
    assert!(requests[0].head.contains("\r\napi-key: T0PSECRET\r\n"), "{}", requests[0].head);
    let body = &requests[0].body;
    assert_eq!(field(body, &[1, 2, 2, 12]), Some(Field::Bytes(b"brainwav.agent.tool_invoked")));
    assert_eq!(field(body, &[1, 2, 2, 2]), Some(Field::Varint(9)));
    assert_eq!(field(body, &[1, 2, 2, 5, 1]), Some(Field::Bytes(b"tool_invoked search")));
    assert_eq!(field(body, &[1, 1, 1, 1]), Some(Field::Bytes(b"service.name")));
    let Some(Field::Bytes(trace)) = field(body, &[1, 2, 2, 9]) else { panic!() };
    assert_eq!((trace.len(), field(body, &[1, 2, 2, 10])), (16, None));
}

#[test]
fn an_event_with_an_end_is_a_span_too() {
    let failed = record("one", &json!({}), &json!({"outcome": {"status": "error", "errorCode": "E42"}}));
    let script = vec![Step::AnswerAndClose("200 OK"), OK];
    let (delivered, requests) = run(script, &[&[failed]]);
    assert_eq!(delivered, [Delivery::Accepted]);
    assert_eq!(paths(&requests), ["/v1/traces", "/v1/logs"]);
    let (span, log) = (&requests[0].body, &requests[1].body);
    assert_eq!(field(span, &[1, 2, 2, 5]), Some(Field::Bytes(b"execute_tool search")));
    assert_eq!(field(span, &[1, 2, 2, 15, 2]), Some(Field::Bytes(b"E42")));
    assert_eq!(field(span, &[1, 2, 2, 1]), field(log, &[1, 2, 2, 9]));
    assert_eq!(field(span, &[1, 2, 2, 2]), field(log, &[1, 2, 2, 10]));
    assert_eq!(field(log, &[1, 2, 2, 2]), Some(Field::Varint(17)));
}

#[test]
fn spans_that_have_arrived_are_not_sent_again_with_their_logs() {
    let script = vec![
        Step::AnswerAndClose("200 OK"),
        Step::AnswerAndClose("503 Later\r\nRetry-After: 1"),
        Step::AnswerAndClose("200 OK"),
    ];
    let batch = [plain("one"), plain("two")];
    let (delivered, requests) = run(script, &[&batch, &batch]);
    assert!(matches!(delivered[0], Delivery::Retry { after: Some(_), .. }), "{delivered:?}");
    assert_eq!(delivered[1], Delivery::Accepted);
    assert_eq!(paths(&requests), ["/v1/traces", "/v1/logs", "/v1/logs"]);
}

#[test]
fn a_smaller_batch_is_another_one() {
    let script = vec![
        Step::AnswerAndClose("200 OK"),
        Step::AnswerAndClose("413 Too Large"),
        Step::AnswerAndClose("200 OK"),
        Step::AnswerAndClose("200 OK"),
    ];
    let batch = [plain("one"), plain("two")];
    let (delivered, requests) = run(script, &[&batch, &batch[..1]]);
    assert!(matches!(delivered[0], Delivery::Refused(_)), "{delivered:?}");
    assert_eq!(delivered[1], Delivery::Accepted);
    assert_eq!(paths(&requests), ["/v1/traces", "/v1/logs", "/v1/traces", "/v1/logs"]);
}

#[test]
fn a_place_without_spans_still_gets_the_logs() {
    for status in ["404 Not Found", "405 Not Allowed", "501 Not Implemented"] {
        let peer = Peer::start(vec![Step::AnswerAndClose(status), OK, OK]);
        let mut sink = sink(&peer);
        assert_eq!(sink.note(), None);
        for batch in [[started("one"), plain("two")], [plain("three"), plain("four")]] {
            assert_eq!(sink.deliver(&batch, soon()), Delivery::Accepted, "{status}");
        }
        let note = sink.note().unwrap();
        assert!(note.contains("takes no traces") && note.contains(&status[..3]), "{note}");
        drop(sink);
        assert_eq!(paths(&peer.requests()), ["/v1/traces", "/v1/logs", "/v1/logs"]);
    }
}

/// A sink that sends logs and metrics to a server of this script.
fn counting(peer: &Peer) -> OtlpSink {
    let signals = vec![Signal::Logs, Signal::Metrics];
    let url = Some(Secret::new(peer.url("")));
    OtlpSink::new(OtlpSettings { url, signals, ..OtlpSettings::default() }).unwrap()
}

#[test]
fn events_are_counted_and_what_is_late_goes_with_the_next() {
    let peer = Peer::start(vec![DONE, Step::AnswerAndClose("503 Later"), DONE, DONE]);
    let mut sink = counting(&peer);
    assert_eq!(sink.deliver(&[plain("one"), started("two")], soon()), Delivery::Accepted);
    let note = sink.note().unwrap();
    assert!(note.contains("leave out 2 events") && note.contains("503"), "{note}");
    assert_eq!(sink.deliver(&[plain("three")], soon()), Delivery::Accepted);
    assert_eq!(sink.note(), None);
    drop(sink);
    let requests = peer.requests();
    assert_eq!(paths(&requests), ["/v1/logs", "/v1/metrics", "/v1/logs", "/v1/metrics"]);
    let body = &requests[3].body;
    assert_eq!(field(body, &[1, 2, 2, 1]), Some(Field::Bytes(b"brainwav.events")));
    assert_eq!(field(body, &[1, 2, 2, 7, 2]), Some(Field::Varint(1)), "delta");
    let Some(Field::Bytes(scope)) = field(body, &[1, 2]) else { panic!() };
    let metrics: Vec<&[u8]> = Fields::of(scope)
        .filter_map(|found| if let (2, Field::Bytes(metric)) = found { Some(metric) } else { None })
        .collect();
    assert_eq!(field(metrics[1], &[1]), Some(Field::Bytes(b"brainwav.operation.duration")));
    let Some(Field::Bytes(classes)) = field(metrics[1], &[9, 1, 6]) else { panic!() };
    assert_eq!((classes.len(), classes[5 * 8]), (18 * 8, 2), "two of a quarter of a second");
}

#[test]
fn metrics_that_nobody_takes_hold_nothing_up() {
    for (script, expected) in [
        (Step::AnswerAndClose("404 Not Found"), "takes no metrics (it answered 404)"),
        (Step::AnswerAndClose("401 Who"), "leave out 1 events and what came after: http://127.0.0.1:"),
        (Step::AnswerAndClose("400 Bad"), "400"),
        (Step::Close, "leave out 1 events"),
    ] {
        let peer = Peer::start(vec![DONE, script, DONE]);
        let mut sink = counting(&peer);
        for id in ["one", "two"] {
            assert_eq!(sink.deliver(&[plain(id)], soon()), Delivery::Accepted);
        }
        let note = sink.note().unwrap();
        assert!(note.contains(expected), "{note}");
        drop(sink);
        assert_eq!(paths(&peer.requests()), ["/v1/logs", "/v1/metrics", "/v1/logs"]);
    }
}

#[test]
fn only_what_is_wanted_is_sent() {
    let peer = Peer::start(vec![OK]);
    let url = Some(Secret::new(peer.url("")));
    let settings = |signals: &[Signal]| OtlpSettings {
        url: url.clone(),
        signals: signals.to_vec(),
        ..OtlpSettings::default()
    };
    let mut sink = OtlpSink::new(settings(&[Signal::Logs])).unwrap();
    assert_eq!(sink.deliver(&[plain("one")], soon()), Delivery::Accepted);
    drop(sink);
    assert_eq!(paths(&peer.requests()), ["/v1/logs"]);
    assert_eq!(OtlpSink::new(settings(&[Signal::Traces])).unwrap_err().setting, "signals");
}

#[test]
fn spans_that_are_refused_hold_the_batch_until_it_is_small() {
    let script = vec![Step::AnswerAndClose("400 Bad"), Step::AnswerAndClose("400 Bad"), OK];
    let batch = [plain("one"), plain("two")];
    let (delivered, requests) = run(script, &[&batch, &batch[..1]]);
    assert!(matches!(delivered[0], Delivery::Refused(_)), "{delivered:?}");
    assert!(matches!(&delivered[1], Delivery::Partly(refused) if refused.len() == 1), "{delivered:?}");
    assert_eq!(paths(&requests), ["/v1/traces", "/v1/traces", "/v1/logs"]);
}

#[test]
fn a_partial_success_is_kept_and_never_sent_again() {
    let partial =
        |bytes: &[u8]| Step::Answer("200 OK\r\nContent-Type: application/x-protobuf", bytes.to_vec());
    let table: [(&[u8], &str); 2] = [
        (
            b"\x0a\x0b\x08\x01\x12\x07too old",
            "refused 1 of the 2 in this request, and does not say which: too old",
        ),
        (b"\x0a\x0b\x08\x02\x12\x07too old", "the receiver refused it: too old"),
    ];
    for (body, expected) in table {
        let (delivered, requests) = run(vec![partial(body)], &[&[started("one"), started("two")]]);
        let Delivery::Partly(refused) = &delivered[0] else { panic!("{delivered:?}") };
        assert_eq!(refused.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 1]);
        assert!(refused[0].1.ends_with(expected), "{refused:?}");
        assert_eq!(requests.len(), 1);
    }
}

#[test]
fn only_four_answers_are_tried_again_at_once() {
    let table = [
        ("rrrr", ["429 Slow", "502 Bad", "503 Later", "504 Late"].as_slice()),
        ("hhhhhhh", &["401 Who", "403 No", "404 Where", "405 How", "407 Proxy", "415 What", "500 Oops"]),
        ("nnn", &["400 Bad", "413 Large", "422 Cannot"]),
    ];
    for (status, expected) in table.iter().flat_map(|(all, statuses)| statuses.iter().zip(all.chars())) {
        let (delivered, _) = run(vec![Step::Answer(status, Vec::new())], &[&[started("one")]]);
        let outcome = match &delivered[0] {
            Delivery::Retry { after: None, .. } => 'r',
            Delivery::Retry { .. } => 'h',
            Delivery::Refused(_) => 'n',
            other => panic!("{status}: {other:?}"),
        };
        assert_eq!(outcome, expected, "{status}: {delivered:?}");
    }
    for step in [Step::Close, Step::Reset, Step::Answer("200 OK\r\nContent-Type: text/html", b"<p>".to_vec())]
    {
        let (delivered, _) = run(vec![step.clone()], &[&[started("one")]]);
        assert!(matches!(delivered[0], Delivery::Retry { .. }), "{step:?}: {delivered:?}");
    }
}

#[test]
fn what_is_compressed_is_the_same_when_it_is_unpacked() {
    let batch: Vec<Record> = ["one", "two", "three"].map(started).into();
    let sent = |compression| {
        let peer = Peer::start(vec![OK]);
        let settings = OtlpSettings {
            url: Some(Secret::new(peer.url(""))),
            compression,
            signals: vec![Signal::Logs],
            ..OtlpSettings::default()
        };
        let mut sink = OtlpSink::new(settings).unwrap();
        assert_eq!(sink.deliver(&batch, soon()), Delivery::Accepted);
        drop(sink);
        peer.requests().remove(0)
    };
    let plain = [None, Some(Compression::None)].map(sent);
    assert!(plain.iter().all(|request| !request.head.contains("Content-Encoding")));
    let packed = sent(Some(Compression::Gzip));
    assert!(packed.head.contains("\r\nContent-Encoding: gzip\r\n"), "{}", packed.head);
    assert!(packed.head.contains("\r\nContent-Type: application/x-protobuf\r\n"), "{}", packed.head);
    assert!(packed.body.len() < plain[0].body.len() * 2 / 3, "{}", packed.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap();
    assert!(plain.iter().all(|request| request.body == unpacked));
}

#[test]
fn nothing_is_nothing_to_send() {
    let (delivered, requests) = run(Vec::new(), &[&[]]);
    assert_eq!((delivered, requests.len()), (vec![Delivery::Accepted], 0));
}
