//! The NATS source against a server that hands out, refuses and leaves.

use super::super::peer::{INFO, Peer, Reply};
use super::{NatsSource, SourceError, SourceSettings};
use crate::core::telemetry::sinks::secret::Secret;

const NAMES: Reply = Reply::Words(r#"{"streams":["BUS"]}"#);
const MISSING: Reply = Reply::Words(r#"{"error":{"code":404,"err_code":10014,"description":"none"}}"#);
const CONSUMER: Reply = Reply::Words(
    r#"{"config":{"ack_policy":"explicit","filter_subject":"cortex.>","max_ack_pending":1000},"num_pending":3,"num_ack_pending":1}"#,
);
const DONE: Reply = Reply::Words("+OK");

fn settings(url: String) -> SourceSettings {
    SourceSettings { url: Secret::new(url), consumer: "bridge".to_owned(), ..SourceSettings::default() }
}

fn open(peer: &Peer) -> Result<NatsSource, SourceError> {
    NatsSource::open(&settings(peer.url()))
}

/// What comes of opening one where the server answers so.
fn refusal(replies: &[Reply]) -> String {
    let peer = Peer::start(INFO, vec![replies.to_vec()]);
    let error = open(&peer).unwrap_err();
    assert!(!peer.lines().is_empty());
    error.to_string()
}

fn taken(source: &mut NatsSource, most: u64) -> Result<Vec<(u64, String)>, SourceError> {
    let mut taken = Vec::new();
    let count = source.fetch::<SourceError>(most, |place, payload| {
        taken.push((place, String::from_utf8_lossy(payload).into_owned()));
        Ok(payload != b"broken")
    })?;
    assert_eq!(count, taken.len() as u64);
    Ok(taken)
}

#[test]
fn what_is_handed_out_is_acknowledged_when_it_is_done_with() {
    let batch = Reply::Batch(&[(4, "one"), (5, "broken"), (9, "two")], 404);
    let script = vec![NAMES, MISSING, CONSUMER, CONSUMER, batch, DONE, Reply::Batch(&[], 408)];
    let peer = Peer::start(INFO, vec![script]);
    let mut source = open(&peer).unwrap();
    let standing = source.standing().unwrap();
    assert_eq!((standing.waiting, standing.handed_out, standing.room), (3, 1, 999));
    let expected = [(4, "one"), (5, "broken"), (9, "two")].map(|(place, text)| (place, text.to_owned()));
    assert_eq!(taken(&mut source, 10).unwrap(), expected);
    source.acknowledge().unwrap();
    source.acknowledge().unwrap();
    assert!(taken(&mut source, 10).unwrap().is_empty());
    drop(source);
    let lines = peer.lines();
    let said = |start: &str| lines.iter().position(|line| line.starts_with(start)).unwrap();
    assert!(lines[said("PUB $JS.API.STREAM.NAMES ")].contains(r#"{"subject":"cortex.>"}"#), "{lines:?}");
    assert!(
        lines[said("PUB $JS.API.CONSUMER.DURABLE.CREATE.BUS.bridge ")]
            .contains("\"durable_name\":\"bridge\"")
    );
    assert!(lines[said("PUB $JS.API.CONSUMER.MSG.NEXT.BUS.bridge ")].contains("\"no_wait\":true"));
    let acks: Vec<&String> = lines.iter().filter(|line| line.starts_with("PUB $JS.ACK.")).collect();
    assert_eq!(acks.len(), 3);
    assert_eq!(acks[0], "PUB $JS.ACK.BUS.bridge.1.4.1.1.0 4\r\n+ACK\r\n");
    assert_eq!(acks[1], "PUB $JS.ACK.BUS.bridge.1.5.1.1.0 5\r\n+TERM\r\n");
    assert!(acks[2].starts_with("PUB $JS.ACK.BUS.bridge.1.9.1.1.0 _INBOX."), "{acks:?}");
}

#[test]
fn nothing_is_acknowledged_that_could_not_be_taken() {
    let peer = Peer::start(INFO, vec![vec![NAMES, CONSUMER, Reply::Batch(&[(4, "one")], 404)]]);
    let mut source = open(&peer).unwrap();
    let result = source.fetch(10, |_, _| Err(SourceError::refused("full", "")));
    assert_eq!(result.unwrap_err().to_string(), "full");
    drop(source);
    assert!(!peer.lines().iter().any(|line| line.starts_with("PUB $JS.ACK.")));
}

#[test]
fn a_full_batch_ends_without_a_word_of_the_server() {
    let batch = Reply::Batch(&[(1, "one"), (2, "two")], 404);
    let peer = Peer::start(INFO, vec![vec![NAMES, CONSUMER, batch, DONE]]);
    let mut source = open(&peer).unwrap();
    assert_eq!(taken(&mut source, 2).unwrap().len(), 2);
    source.acknowledge().unwrap();
    drop(source);
    peer.lines();
}

#[test]
fn a_server_that_would_lose_something_is_refused() {
    assert!(refusal(&[Reply::NoResponders]).contains("no JetStream"));
    let disabled = Reply::Words(r#"{"error":{"code":503,"err_code":10039,"description":"not enabled"}}"#);
    assert!(refusal(&[disabled]).contains("no JetStream"));
    assert!(refusal(&[Reply::Words(r#"{"streams":null}"#)]).contains("no stream holds cortex.>"));
    assert!(refusal(&[Reply::Words(r#"{"streams":["A","B"]}"#)]).contains("several"));
    let push = Reply::Words(r#"{"config":{"ack_policy":"explicit","deliver_subject":"x"}}"#);
    assert!(refusal(&[NAMES, push]).contains("not pulled from"));
    let forbidden = Reply::Says("-ERR 'Permissions Violation for Publish to \"$JS.API.STREAM.NAMES\"'\r\n");
    assert!(refusal(&[forbidden]).contains("Permissions Violation"));
    assert!(refusal(&[Reply::Close]).contains("closed"));
}

#[test]
fn a_consumer_that_was_deleted_is_told() {
    for replies in [vec![Reply::NoResponders], vec![Reply::Batch(&[], 409)], vec![Reply::Close]] {
        let peer = Peer::start(INFO, vec![[vec![NAMES, CONSUMER], replies].concat()]);
        let mut source = open(&peer).unwrap();
        assert!(taken(&mut source, 5).is_err());
        drop(source);
        peer.lines();
    }
}

#[test]
fn wrong_settings_are_refused() {
    let good = || settings("nats://host".to_owned());
    let table = [
        ("url", SourceSettings { url: Secret::new("http://host"), ..good() }),
        ("prefix", SourceSettings { prefix: Some("a.>".to_owned()), ..good() }),
        ("prefix", SourceSettings { prefix: Some(String::new()), ..good() }),
        ("consumer", SourceSettings { consumer: "../a".to_owned(), ..good() }),
        ("stream", SourceSettings { stream: Some("a.b".to_owned()), ..good() }),
        ("credentials", SourceSettings { credentials: Some(Secret::new("none")), ..good() }),
        ("authorities", SourceSettings { authorities: Some(b"none".to_vec()), ..good() }),
    ];
    for (setting, settings) in table {
        let SourceError::Setting(error) = NatsSource::open(&settings).unwrap_err() else {
            panic!("{setting}")
        };
        assert_eq!(error.setting, setting);
    }
}
