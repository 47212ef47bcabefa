//! Events and lines that a sink will never take, kept with the reason.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::Value;

use crate::core::redact::{Counts, Redacted, Redactor};
use crate::core::state::Folder;
use crate::core::telemetry::spool::{Line, Position};
use crate::core::telemetry::timestamp;

/// More than this is not kept for one sink: then it is at a stand until somebody has looked at them.
const MOST_BYTES: u64 = 64 << 20;

/// The dead letters of one sink.
#[derive(Debug)]
pub struct DeadLetters<'a> {
    path: PathBuf,
    sink: String,
    redactor: &'a Redactor,
}

#[derive(Serialize)]
struct Letter<'a> {
    dead_at: String,
    sink: &'a str,
    reason: String,
    segment: u64,
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<String>,
}

impl<'a> DeadLetters<'a> {
    /// Those of this sink. What stands in them is redacted: a line may come from anywhere, and a reason may repeat it.
    #[must_use]
    pub fn new(folder: &Folder, sink: &str, redactor: &'a Redactor) -> Self {
        Self { path: folder.file(&format!("dead-{sink}.ndjson")), sink: sink.to_owned(), redactor }
    }

    /// Keeps one, on disk.
    ///
    /// # Errors
    /// When that is not possible: then the line has to stay where it is.
    pub fn keep(&self, line: &Line, reason: &str) -> io::Result<()> {
        let Position { segment, offset } = line.at;
        let (envelope, text) = self.shown(&line.bytes);
        let mut counts = Counts::default();
        let letter = Letter {
            dead_at: timestamp::from_clock(SystemTime::now()),
            sink: &self.sink,
            reason: self.redactor.text(reason, &mut counts).into_owned(),
            segment,
            offset,
            envelope,
            line: text,
        };
        let mut bytes = serde_json::to_vec(&letter)?;
        bytes.push(b'\n');
        let mut file = self.open()?;
        let before = file.metadata()?.len();
        if before + bytes.len() as u64 > MOST_BYTES {
            let path = self.path.display();
            return Err(io::Error::other(format!(
                "{path} is full: look at the dead letters, then move it away"
            )));
        }
        file.write_all(&bytes).and_then(|()| file.sync_data()).inspect_err(|_| {
            // Half a letter helps nobody; if it stays, the next one begins behind it all the same.
            let _ = file.set_len(before);
        })
    }

    fn open(&self) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)
    }

    /// The line as it may be seen: as an envelope if it is one, and else as text.
    fn shown(&self, bytes: &[u8]) -> (Option<Value>, Option<String>) {
        let mut counts = Counts::default();
        let redacted = match self.redactor.json(bytes, &mut counts) {
            Ok(Redacted::Clean) => serde_json::from_slice(bytes).ok(),
            Ok(Redacted::Changed(text)) => serde_json::from_slice(&text).ok(),
            Ok(Redacted::Removed) | Err(_) => None,
        };
        if redacted.is_some() {
            return (redacted, None);
        }
        let text = self.redactor.bytes(bytes, &mut counts);
        (None, Some(String::from_utf8_lossy(text.as_deref().unwrap_or(bytes)).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use serde_json::Value;

    use super::{DeadLetters, Folder, Line, Position};
    use crate::core::redact::Redactor;

    #[test]
    fn a_letter_has_the_reason_and_the_line_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let uid = fs::metadata(folder.path()).unwrap().uid();
        let folder = Folder::open(&folder.path().join("t"), uid).unwrap();
        let redactor = Redactor::default();
        let dead = DeadLetters::new(&folder, "s", &redactor);
        let lines: [&[u8]; 3] =
            [br#"{"data":{"password":"hunter22"}}"#, b"{\"torn password=hunter22", b"\xff"];
        for bytes in lines {
            let line = Line { at: Position { segment: 3, offset: 9 }, bytes: bytes.to_vec(), is_whole: true };
            dead.keep(&line, "400: password=hunter22").unwrap();
        }
        let path = folder.file("dead-s.ndjson");
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("hunter22"), "{text}");
        let letters: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(letters.len(), 3);
        assert!(letters[0]["envelope"]["data"].is_object() && letters[1]["line"].is_string());
        assert_eq!((&letters[0]["segment"], &letters[0]["offset"]), (&3.into(), &9.into()));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
}
