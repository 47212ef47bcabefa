//! What servers say about consumers.

use serde_json::{Value, json};

use super::{SourceError, Standing, answer, is_name, sequence, standing, stream, wanted};

fn info(changes: &Value) -> Value {
    let mut info = wanted("BUS", "bridge", "cortex.>");
    info["config"]["max_ack_pending"] = json!(1000);
    for (name, value) in changes.as_object().unwrap() {
        info["config"][name] = value.clone();
    }
    info["num_pending"] = json!(7);
    info["num_ack_pending"] = json!(400);
    info
}

fn reason<T: std::fmt::Debug>(result: Result<T, SourceError>) -> String {
    let SourceError::Refused { reason, advice } = result.unwrap_err() else { panic!() };
    assert!(!advice.is_empty());
    reason
}

#[test]
fn a_consumer_that_is_as_it_is_made_is_read() {
    let expected = Standing { waiting: 7, handed_out: 400, room: 600 };
    assert_eq!(standing(&info(&json!({})), "cortex.>").unwrap(), expected);
    for (most, room) in [(json!(300), 0), (json!(-1), u64::MAX - 400), (Value::Null, u64::MAX - 400)] {
        assert_eq!(standing(&info(&json!({"max_ack_pending": most})), "cortex.>").unwrap().room, room);
    }
}

#[test]
fn one_that_could_lose_something_or_reads_something_else_is_not() {
    let table = [
        (json!({"deliver_subject": "somewhere"}), "is not pulled from"),
        (json!({"ack_policy": "none"}), "acknowledged"),
        (json!({"ack_policy": "all"}), "acknowledged"),
        (json!({"max_deliver": 3}), "gives up"),
        (json!({"filter_subject": "other.>"}), "other subjects"),
        (json!({"filter_subject": Value::Null}), "other subjects"),
    ];
    for (changes, expected) in table {
        let reason = reason(standing(&info(&changes), "cortex.>"));
        assert!(reason.contains(expected), "{changes}: {reason}");
    }
}

#[test]
fn the_one_stream_is_found() {
    assert_eq!(stream(&json!({"streams": ["BUS"]}), "cortex.>").unwrap(), "BUS");
    assert!(reason(stream(&json!({"streams": null}), "cortex.>")).contains("no stream holds cortex.>"));
    assert!(reason(stream(&json!({"streams": ["A", "B"]}), "cortex.>")).contains("A, B"));
}

#[test]
fn an_answer_is_what_it_says() {
    assert_eq!(answer(b"{\"a\":1}").unwrap(), Some(json!({"a": 1})));
    let failure = |number: u64| {
        let error = json!({"code": 404, "err_code": number, "description": "stream\nnot found"});
        answer(json!({"error": error}).to_string().as_bytes())
    };
    assert_eq!(failure(10_014).unwrap(), None);
    assert!(reason(failure(10_039)).contains("no JetStream"));
    assert_eq!(reason(failure(10_059)), "JetStream answered 404: stream not found");
    assert!(matches!(answer(b"no json"), Err(SourceError::Connection(_))));
}

#[test]
fn the_place_of_a_message_stands_in_its_reply() {
    let table = [
        ("$JS.ACK.BUS.bridge.1.42.7.1795494909481749781.0", Some(42)),
        ("$JS.ACK.hub.ACCOUNT.BUS.bridge.2.43.8.1795494909481749781.0", Some(43)),
        ("$JS.ACK.hub.ACCOUNT.BUS.bridge.2.44.8.1795494909481749781.0.random", Some(44)),
        ("$JS.ACK.BUS.bridge.1.x.7.1795494909481749781.0", None),
        ("$JS.ACK.BUS", None),
        ("_INBOX.a.1", None),
    ];
    for (reply, expected) in table {
        assert_eq!(sequence(reply), expected, "{reply}");
    }
}

#[test]
fn a_name_is_part_of_a_subject_and_of_a_path() {
    let long = "x".repeat(65);
    let table = [
        ("brainwav-bridge", true),
        ("A_1", true),
        ("", false),
        ("a.b", false),
        ("a b", false),
        ("../a", false),
        (">", false),
        (&long, false),
    ];
    for (text, expected) in table {
        assert_eq!(is_name(text), expected, "{text}");
    }
}
