//! What a receiver answers: the export response of each signal, and `google.rpc.Status`.

use serde_json::Value;

use super::super::answer::{Answer, plain_words, presentable};
use super::wire::{Field, Fields};

/// What a receiver that took the request says of its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It has taken all.
    All,
    /// It has refused this many, and why; it does not say which.
    AllBut(u64, String),
    /// This is not the answer of a receiver: something in between has answered.
    NotOtlp(String),
}

/// Reads the answer to a request that succeeded.
#[must_use]
pub fn taken(answer: &Answer) -> Taken {
    if answer.is_of_type("text/html") {
        return Taken::NotOtlp("a web page answered, which is no OTLP receiver".to_owned());
    }
    let (rejected, words) =
        if answer.is_of_type("application/json") { in_json(&answer.body) } else { in_protobuf(&answer.body) };
    // Words alone are a warning: everything was taken.
    if rejected == 0 { Taken::All } else { Taken::AllBut(rejected, presentable(&words)) }
}

/// What an answer says about a failure.
#[must_use]
pub fn words(answer: &Answer) -> String {
    if answer.is_of_type("application/x-protobuf") {
        return text(&answer.body, 2);
    }
    let message =
        || Some(serde_json::from_slice::<Value>(&answer.body).ok()?.get("message")?.as_str()?.to_owned());
    message().unwrap_or_else(|| plain_words(answer).to_owned())
}

fn in_protobuf(body: &[u8]) -> (u64, String) {
    let Some((_, Field::Bytes(partial))) = Fields::of(body).find(|(number, _)| *number == 1) else {
        return (0, String::new());
    };
    let rejected = Fields::of(partial).find_map(|(number, field)| match field {
        Field::Varint(count) if number == 1 => Some(count),
        _ => None,
    });
    (rejected.unwrap_or_default(), text(partial, 2))
}

/// Numbers of 64 bits are texts in the JSON of protocol buffers, and numbers in that of the less careful.
fn in_json(body: &[u8]) -> (u64, String) {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let partial = &document["partialSuccess"];
    let names = ["rejectedLogRecords", "rejectedSpans", "rejectedDataPoints"];
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let count = names.iter().find_map(|name| number(&partial[*name]));
    (count.unwrap_or_default(), partial["errorMessage"].as_str().unwrap_or_default().to_owned())
}

fn text(message: &[u8], wanted: u64) -> String {
    let found = Fields::of(message).find_map(|(number, field)| match field {
        Field::Bytes(text) if number == wanted => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Taken, taken, words};
    use crate::core::telemetry::sinks::answer::Answer;

    fn answer(content_type: &str, body: &[u8]) -> Answer {
        Answer { content_type: Some(content_type.to_owned()), body: body.to_owned(), ..Answer::default() }
    }

    #[test]
    fn a_partial_success_is_understood_in_both_forms() {
        let but = |count: u64, words: &str| Taken::AllBut(count, words.to_owned());
        let table: [(&str, &[u8], Taken); 11] = [
            ("application/x-protobuf", b"", Taken::All),
            ("application/x-protobuf", b"\x0a\x00", Taken::All),
            ("application/x-protobuf", b"\x0a\x07\x08\x02\x12\x03bad", but(2, "bad")),
            ("application/x-protobuf", b"\x0a\x05\x12\x03bad", Taken::All),
            ("application/x-protobuf", b"\x0a\xff\xff", Taken::All),
            ("", b"\x0a\x02\x08\x02", but(2, "")),
            ("application/json", b"{}", Taken::All),
            (
                "application/json; charset=utf-8",
                br#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"bad"}}"#,
                but(3, "bad"),
            ),
            ("application/json", br#"{"partialSuccess":{"rejectedSpans":1}}"#, but(1, "")),
            (
                "application/json",
                br#"{"partialSuccess":{"rejectedLogRecords":"0","errorMessage":"old"}}"#,
                Taken::All,
            ),
            ("text/plain", b"ok", Taken::All),
        ];
        for (content_type, body, expected) in table {
            assert_eq!(taken(&answer(content_type, body)), expected, "{content_type} {body:?}");
        }
        assert!(matches!(taken(&answer("text/html", b"<html>")), Taken::NotOtlp(_)));
    }

    #[test]
    fn a_failure_says_why_in_three_forms() {
        let table: [(&str, &[u8], &str); 5] = [
            ("application/x-protobuf", b"\x08\x03\x12\x03bad", "bad"),
            ("application/json", br#"{"code":3,"message":"bad"}"#, "bad"),
            ("application/json", br#"{"error":"bad"}"#, r#"{"error":"bad"}"#),
            ("text/plain", b"bad", "bad"),
            ("application/x-protobuf", b"\xff", ""),
        ];
        for (content_type, body, expected) in table {
            assert_eq!(words(&answer(content_type, body)), expected, "{content_type} {body:?}");
        }
    }
}
