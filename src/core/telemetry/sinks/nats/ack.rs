//! What the answer to a published event means.

use serde_json::Value;

use super::super::answer::presentable;

/// The status of an answer that the server gives itself when nobody listens to a subject.
const NO_RESPONDERS: u16 = 503;

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ack {
    /// The stream has stored it, now or before.
    Stored,
    /// It was not stored; the same again may be.
    Later(String),
    /// No stream takes its subject, as far as can be seen now.
    Unheard,
    /// It will never be stored as it is.
    Never(String),
}

/// Reads an answer; `None` when it is none of a stream: any subscriber may answer to what it gets, and says nothing
/// about the stream by that.
#[must_use]
pub fn read(status: Option<u16>, payload: &[u8]) -> Option<Ack> {
    if status == Some(NO_RESPONDERS) {
        return Some(Ack::Unheard);
    }
    let document: Value = serde_json::from_slice(payload).ok()?;
    if let Some(error) = document.get("error") {
        return Some(failure(error));
    }
    let is_named =
        document.get("stream").is_some_and(|stream| stream.as_str().is_some_and(|s| !s.is_empty()));
    (is_named && document.get("seq").is_some_and(Value::is_u64)).then_some(Ack::Stored)
}

/// The numbers of JetStream for what is wrong with a single event: it is too large, or its headers are.
const OF_THE_EVENT: [u64; 2] = [10_054, 10_097];

/// What is the fault of the server, of the moment or of how a stream is set up passes, for every event alike: a stream
/// that is gone, sealed or full would make dead letters of all that wait.
fn failure(error: &Value) -> Ack {
    let number = |name: &str| error.get(name).and_then(Value::as_u64).unwrap_or_default();
    let code = number("code");
    let words = presentable(error.get("description").and_then(Value::as_str).unwrap_or_default());
    let reason = format!("the stream answered {code}: {words}");
    if code == 413 || OF_THE_EVENT.contains(&number("err_code")) {
        Ack::Never(reason)
    } else {
        Ack::Later(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ack, read};

    #[test]
    fn only_a_stream_can_say_that_it_has_stored_an_event() {
        let stored: [&[u8]; 3] = [
            br#"{"stream":"EVENTS","seq":7}"#,
            br#"{"stream":"EVENTS","seq":7,"duplicate":true}"#,
            br#"{"stream":"EVENTS","domain":"hub","seq":18446744073709551615}"#,
        ];
        for payload in stored {
            assert_eq!(read(None, payload), Some(Ack::Stored), "{}", String::from_utf8_lossy(payload));
        }
        let strange: [&[u8]; 7] = [
            b"",
            b"+OK",
            b"{}",
            b"null",
            br#"{"stream":"EVENTS"}"#,
            br#"{"seq":7}"#,
            br#"{"stream":"","seq":7}"#,
        ];
        for payload in strange {
            assert_eq!(read(None, payload), None, "{}", String::from_utf8_lossy(payload));
        }
    }

    #[test]
    fn a_failure_passes_or_does_not() {
        let table = [
            (400, 10_054, false),
            (400, 10_097, false),
            (413, 0, false),
            (400, 10_109, true),
            (404, 10_059, true),
            (408, 10_004, true),
            (503, 10_077, true),
            (0, 0, true),
        ];
        for (code, number, passes) in table {
            let payload =
                format!(r#"{{"error":{{"code":{code},"err_code":{number},"description":"too\nlarge"}}}}"#);
            let ack = read(None, payload.as_bytes()).unwrap();
            let (Ack::Later(reason) | Ack::Never(reason)) = &ack else { panic!("{ack:?}") };
            assert_eq!(*reason, format!("the stream answered {code}: too large"));
            assert_eq!(matches!(ack, Ack::Later(_)), passes, "{code}");
        }
        assert!(matches!(read(Some(503), b""), Some(Ack::Unheard)));
        assert_eq!(read(Some(100), b""), None);
    }
}
