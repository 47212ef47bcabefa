//! The file queue of the original bus: one of its envelopes a line.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::append::{append, open_locked};
use super::form::Form;
use crate::core::telemetry::sink::{Delivery, Record, Sink};

/// Appends to a queue. Whoever reads it cuts it or moves it away as they like.
#[derive(Debug)]
pub struct QueueSink {
    name: String,
    path: PathBuf,
}

impl QueueSink {
    /// The queue of this name below the home folder: `.cortex/a2a/QUEUE/queue.jsonl`.
    #[must_use]
    pub fn new(name: &str, home: &Path, queue: &str) -> Self {
        let path = home.join(".cortex/a2a").join(queue).join("queue.jsonl");
        Self { name: name.to_owned(), path }
    }
}

impl Sink for QueueSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn most(&self) -> usize {
        1000
    }

    fn deliver(&mut self, batch: &[Record], deadline: Instant) -> Delivery {
        let lines = match Form::Cortex.lines(batch) {
            Ok(lines) => lines,
            Err(error) => return Delivery::Refused(error.to_string()),
        };
        match open_locked(&self.path, deadline).and_then(|mut file| append(&mut file, &lines)) {
            Ok(()) => Delivery::Accepted,
            Err(error) => {
                Delivery::Retry { after: None, reason: format!("{}: {error}", self.path.display()) }
            }
        }
    }
}
