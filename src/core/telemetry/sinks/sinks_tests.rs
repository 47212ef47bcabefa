use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::{QueueSink, WriterSink};
use super::{FileSink, Form, Rotation};
use crate::core::telemetry::envelope::record;
use crate::core::telemetry::sink::{Delivery, Record, Sink};

fn records(ids: std::ops::Range<usize>) -> Vec<Record> {
    let line = |id| {
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"s\",\"type\":\"t\",\"correlationid\":\"c\",\"data\":{{}}}}"
        )
    };
    ids.map(|id| record(line(id).as_bytes()).unwrap()).collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(50)
}

fn ids(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let id = |line: &str| serde_json::from_str::<Value>(line).ok()?["id"].as_str().map(str::to_owned);
    text.lines().filter_map(id).collect()
}

#[test]
fn a_file_is_followed_by_the_next_and_the_earliest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs/events.ndjson");
    let rotation = Rotation { most_bytes: 250, keep: 2 };
    let mut sink = FileSink::new("file", path.clone(), Form::CloudEvents, rotation);
    for batch in 0..4 {
        assert_eq!(sink.deliver(&records(batch * 2..batch * 2 + 2), soon()), Delivery::Accepted);
    }
    assert_eq!(ids(&path), ["6", "7"]);
    assert_eq!(ids(&path.with_file_name("events.ndjson.1")), ["4", "5"]);
    assert_eq!(ids(&path.with_file_name("events.ndjson.2")), ["2", "3"]);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 3);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_queue_gets_whole_lines_in_the_original_form_behind_a_torn_one() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".cortex/a2a/default/queue.jsonl");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "{\"torn").unwrap();
    let mut sink = QueueSink::new("queue", home.path(), "default");
    assert_eq!(sink.deliver(&records(0..3), soon()), Delivery::Accepted);
    assert_eq!(ids(&path), ["0", "1", "2"]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\"torn\n{") && text.contains("\"correlationId\""), "{text}");
    let held = fs::OpenOptions::new().append(true).open(&path).unwrap();
    held.lock().unwrap();
    assert!(matches!(sink.deliver(&records(3..4), soon()), Delivery::Retry { .. }), "somebody else is at it");
    drop(held);
    assert_eq!(sink.deliver(&records(3..4), soon()), Delivery::Accepted);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let Delivery::Retry { reason, .. } = sink.deliver(&records(4..5), soon()) else {
        panic!("a folder is no queue")
    };
    assert!(reason.contains("queue.jsonl"), "{reason}");
}

#[test]
fn a_closed_stream_takes_nothing() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sink = WriterSink::new("stdout", Form::CloudEvents, Box::new(Closed));
    assert!(matches!(sink.deliver(&records(0..1), soon()), Delivery::Retry { .. }));
    let mut sink = WriterSink::new("stdout", Form::CloudEvents, Box::new(io::sink()));
    assert_eq!(sink.deliver(&records(0..1), soon()), Delivery::Accepted);
}
