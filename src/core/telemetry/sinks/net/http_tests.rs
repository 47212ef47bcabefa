//! Answers as servers and strangers write them.

use std::io::BufReader;

use super::super::endpoint::{Endpoint, HTTP};
use super::{HttpClient, MOST_BODY, MOST_HEAD, read_answer};
use crate::core::telemetry::sinks::answer::Answer;
use crate::core::telemetry::sinks::secret::Secret;

fn read(text: &[u8]) -> std::io::Result<(Answer, bool)> {
    read_answer(&mut BufReader::new(text))
}

#[test]
fn an_answer_is_read_to_its_end() {
    let table: [(&str, u16, &str, bool); 12] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true),
        ("HTTP/1.1 200 OK\ncontent-length:2\n\nok", 200, "ok", true),
        ("HTTP/1.1 200\r\n\r\nuntil the end", 200, "until the end", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false),
        ("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", 503, "", true),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1;x=y\r\n!\r\n0\r\n\r\n",
            200,
            "ok!",
            true,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", 200, "", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", 200, "", false),
        // Too much: the stream can no longer be trusted.
        ("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200", 204, "", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!", 200, "ok", false),
    ];
    for (text, status, body, reusable) in table {
        let (answer, again) = read(text.as_bytes()).unwrap();
        assert_eq!(answer.status, status, "{text}");
        assert_eq!(String::from_utf8_lossy(&answer.body), body, "{text}");
        assert_eq!(again, reusable, "{text}");
    }
}

#[test]
fn a_strange_answer_is_a_failure() {
    let table = [
        "",
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 999 OK\r\n\r\n",
        "HTTP/1.1 20",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
        "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",
        "HTTP/1.1 200 OK\r\nno name\r\n\r\n",
    ];
    for text in table {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
    assert!(read("HTTP/1.1 100 Continue\r\n\r\n".repeat(100).as_bytes()).is_err());
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(2 * MOST_HEAD));
    assert!(read(endless.as_bytes()).is_err());
}

#[test]
fn a_long_body_is_cut() {
    for head in ["Content-Length: 999999999999", "Content-Length: 200000", "X: y"] {
        let text = format!("HTTP/1.1 400 Bad\r\n{head}\r\n\r\n{}", "x".repeat(200_000));
        let (answer, reusable) = read(text.as_bytes()).unwrap();
        assert_eq!(answer.body.len(), MOST_BODY, "{head}");
        assert!(!reusable, "{head}");
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_refused_without_its_value() {
    let endpoint = Endpoint::parse("http://127.0.0.1", HTTP).unwrap();
    let table = [
        ("", "secret"),
        ("a b", "secret"),
        ("a:b", "secret"),
        ("Host", "secret"),
        ("content-LENGTH", "secret"),
        ("X-Key", "secret\r\nX: y"),
        ("X-Key", "secret\0"),
    ];
    for (name, value) in table {
        let headers = [(name.to_owned(), Secret::new(value))];
        let error = HttpClient::new(endpoint.clone(), None, &headers).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_user_becomes_a_header() {
    let table = [
        ("http://me:pass@host", None, Some("Authorization: Basic bWU6cGFzcw==\r\n")),
        ("http://me:pass@host", Some("Bearer x"), Some("authorization: Bearer x\r\n")),
        ("http://host", None, Some("")),
    ];
    for (url, header, expected) in table {
        let headers: Vec<_> =
            header.iter().map(|value| ("authorization".to_owned(), Secret::new(*value))).collect();
        let client = HttpClient::new(Endpoint::parse(url, HTTP).unwrap(), None, &headers).unwrap();
        assert_eq!(Some(client.headers.expose()), expected, "{url}");
        assert!(!format!("{client:?}").contains("Basic"), "{client:?}");
    }
}
