//! Events and lines that a sink will never take, kept with the reason.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use serde_json::Value;

use crate::core::redact::{Counts, Redacted, Redactor};
use crate::core::state::Folder;
use crate::core::telemetry::sinks::{append, open_locked};
use crate::core::telemetry::spool::{Line, Position};
use crate::core::telemetry::timestamp;

/// More than this is not kept for one sink: then it is at a stand until somebody has looked at them.
const MOST_BYTES: u64 = 64 << 20;

/// How long to wait for whoever else has locked the file.
const PATIENCE: Duration = Duration::from_secs(2);

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
        Self { path: folder.file(&letters_of(sink)), sink: sink.to_owned(), redactor }
    }

    /// Where those of this sink are, and how many: whoever has looked at them moves the file away.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn kept(folder: &Folder, sink: &str) -> io::Result<(PathBuf, u64)> {
        let path = folder.file(&letters_of(sink));
        match lines(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((path, 0)),
            found => found.map(|count| (path, count)),
        }
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
        let mut file = open_locked(&self.path, Instant::now() + PATIENCE)?;
        let found = file.metadata()?;
        if found.mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        if found.len() + bytes.len() as u64 > MOST_BYTES {
            let path = self.path.display();
            return Err(io::Error::other(format!(
                "{path} is full: look at the dead letters, then move it away"
            )));
        }
        append(&mut file, &bytes)
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

/// The name of their file in the folder of the spool.
#[must_use]
pub fn letters_of(sink: &str) -> String {
    format!("dead-{sink}.ndjson")
}

/// How many lines a file has, one that nobody ended included.
fn lines(path: &Path) -> io::Result<u64> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other(format!("{} is no file", path.display())));
    }
    let mut file = BufReader::new(File::open(path)?);
    let mut count = 0;
    while file.skip_until(b'\n')? > 0 {
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

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

    #[test]
    fn a_letter_behind_a_torn_one_is_whole_and_nobody_else_reads_either() {
        let folder = tempfile::tempdir().unwrap();
        let uid = fs::metadata(folder.path()).unwrap().uid();
        let folder = Folder::open(&folder.path().join("t"), uid).unwrap();
        assert_eq!(DeadLetters::kept(&folder, "s").unwrap().1, 0);
        let path = folder.file("dead-s.ndjson");
        fs::write(&path, "{\"dead_at\":\"2026").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let redactor = Redactor::default();
        let line = Line { at: Position::default(), bytes: b"{}".to_vec(), is_whole: true };
        DeadLetters::new(&folder, "s", &redactor).keep(&line, "400").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((text.lines().count(), last["reason"].as_str()), (2, Some("400")), "{text}");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(DeadLetters::kept(&folder, "s").unwrap(), (path, 2));
    }
}
