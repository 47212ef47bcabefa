//! What servers and strangers say, and what is said to them.

use std::io::BufReader;

use super::{
    MOST_ANSWER, MOST_MESSAGE, Operation, connect, forbidden, is_header_value, publish, read, request,
    subject,
};
use crate::core::telemetry::sinks::nats::credentials::Credentials;
use crate::core::telemetry::sinks::net::{Endpoint, NATS};
use crate::core::telemetry::sinks::secret::Secret;

fn said(text: &str) -> std::io::Result<Operation> {
    read(&mut BufReader::new(text.as_bytes()), MOST_ANSWER)
}

fn message(status: Option<u16>, payload: &str) -> Operation {
    Operation::Message { subject: "_INBOX.a.1".to_owned(), reply: None, status, payload: payload.into() }
}

fn answerable(to: &str, payload: &str) -> Operation {
    let (subject, reply) = ("_INBOX.a.1".to_owned(), Some(to.to_owned()));
    Operation::Message { subject, reply, status: None, payload: payload.into() }
}

#[test]
fn operations_are_read() {
    let table = [
        ("PING\r\n", Operation::Ping),
        ("pong\r\n", Operation::Pong),
        ("+OK\r\n", Operation::Fine),
        ("-ERR 'Authorization Violation'\r\n", Operation::Failure("Authorization Violation".to_owned())),
        ("MSG _INBOX.a.1 1 2\r\nok\r\n", message(None, "ok")),
        ("MSG _INBOX.a.1 1 reply.to 2\r\nok\r\n", answerable("reply.to", "ok")),
        ("MSG _INBOX.a.1 1 0\r\n\r\n", message(None, "")),
        ("MSG _INBOX.a.1 1 4\r\n\r\n\r\n\r\n", message(None, "\r\n\r\n")),
        ("HMSG _INBOX.a.1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", message(Some(503), "")),
        ("HMSG _INBOX.a.1 1 reply 12 14\r\nNATS/1.0\r\n\r\nok\r\n", answerable("reply", "ok")),
    ];
    for (text, expected) in table {
        assert_eq!(said(text).unwrap(), expected, "{text}");
    }
    let Operation::Info(info) = said("INFO {\"max_payload\":1048576} \r\n").unwrap() else { panic!() };
    assert_eq!(info["max_payload"], 1_048_576);
}

#[test]
fn what_is_not_the_protocol_is_a_failure() {
    let table = [
        "",
        "PING",
        "HTTP/1.1 400 Bad Request\r\n",
        "INFO {\r\n",
        "INFO []\r\n",
        "MSG a 1\r\n\r\n",
        "MSG a 1 x\r\n\r\n",
        "MSG a 1 3\r\nokay\r\n",
        "MSG a 1 3\r\nok",
        "MSG a 1 999999999\r\n",
        "HMSG a 1 5 4\r\nokay\r\n",
        "HMSG a 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
    ];
    for text in table {
        assert!(said(text).is_err(), "{text}");
    }
    assert!(said(&format!("INFO {}\r\n", " ".repeat(100_000))).is_err());
}

#[test]
fn a_login_is_what_the_url_says() {
    let table = [
        ("nats://host", None, None, None),
        ("nats://me:secret@host", None, Some("me"), Some("secret")),
        ("nats://:secret@host", None, Some(""), Some("secret")),
        ("nats://t%22oken@host", Some("t\"oken"), None, None),
    ];
    for (url, token, user, password) in table {
        let line = connect(&Endpoint::parse(url, NATS).unwrap(), None, Some("nonce"));
        let options = line.expose().strip_prefix("CONNECT ").unwrap().strip_suffix("\r\n").unwrap();
        let options: serde_json::Value = serde_json::from_str(options).unwrap();
        let text = |name: &str| options.get(name).and_then(serde_json::Value::as_str);
        assert_eq!((text("auth_token"), text("user"), text("pass")), (token, user, password), "{url}");
        assert_eq!((&options["headers"], &options["no_responders"]), (&true.into(), &true.into()));
        assert!(!format!("{line:?}").contains("secret"));
    }
}

#[test]
fn credentials_answer_only_who_asks() {
    let seed = Secret::new("SUAAOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBZ5FE");
    let credentials = Credentials::parse(&seed).unwrap();
    let endpoint = Endpoint::parse("nats://me:secret@host", NATS).unwrap();
    for (nonce, expected) in [(Some("nonce"), true), (None, false)] {
        let line = connect(&endpoint, Some(&credentials), nonce);
        assert_eq!(line.expose().contains("\"sig\":\"tGzA0mHx0G"), expected);
        assert_eq!(line.expose().contains("\"nkey\":\"UDVEU3DD4"), expected);
        assert!(!line.expose().contains("secret"));
    }
}

#[test]
fn an_event_is_published_with_its_id() {
    let mut bytes = Vec::new();
    publish(&mut bytes, "cortex.a", "_INBOX.x.0", "id-1", "text/plain", b"{}");
    let expected = "HPUB cortex.a _INBOX.x.0 57 59\r\nNATS/1.0\r\nNats-Msg-Id: id-1\r\ncontent-type: text/plain\r\n\r\n{}\r\n";
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}

#[test]
fn a_message_of_a_stream_may_be_longer_than_an_answer() {
    let text = format!("MSG a 1 {0}\r\n{1}\r\n", MOST_ANSWER + 1, "x".repeat(MOST_ANSWER + 1));
    assert!(said(&text).is_err());
    assert!(read(&mut BufReader::new(text.as_bytes()), MOST_MESSAGE).is_ok());
}

#[test]
fn a_request_names_where_to_answer() {
    let mut bytes = Vec::new();
    request(&mut bytes, "$JS.API.A", "_INBOX.x.0", "{}");
    request(&mut bytes, "$JS.ACK.b", "", "+ACK");
    let expected = "PUB $JS.API.A _INBOX.x.0 2\r\n{}\r\nPUB $JS.ACK.b 4\r\n+ACK\r\n";
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}

#[test]
fn only_a_subject_is_published_to() {
    let table = [
        ("cortex", "cortex.telemetry.agent.event", Some("cortex.cortex.telemetry.agent.event")),
        ("", "a.b", Some("a.b")),
        ("cortex", "", None),
        ("cortex", "a..b", None),
        ("cortex", "a.*", None),
        ("cortex", "a.>", None),
        ("cortex", "a b", None),
        ("cortex", "a\r\nPUB b 0", None),
        ("cor tex", "a", None),
        ("cortex.", "a", None),
    ];
    for (prefix, event_type, expected) in table {
        assert_eq!(subject(prefix, event_type).as_deref(), expected, "{prefix:?} {event_type:?}");
    }
    assert_eq!(forbidden("Permissions Violation for Publish to \"a.b\""), Some("a.b"));
    assert_eq!(forbidden("Permissions Violation for Subscription to \"a.b\""), None);
    for (text, expected) in [("id-1", true), ("", false), (" a", false), ("a\r\nb: c", false), ("a\0", false)]
    {
        assert_eq!(is_header_value(text), expected, "{text:?}");
    }
}
