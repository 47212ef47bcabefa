//! A stream that is there already, such as stdout.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::form::Form;
use crate::core::telemetry::sink::{Delivery, Record, Sink};

/// Writes one envelope a line.
pub struct WriterSink {
    name: String,
    form: Form,
    stream: Box<dyn Write + Send>,
}

impl WriterSink {
    /// Writes to this stream.
    #[must_use]
    pub fn new(name: &str, form: Form, stream: Box<dyn Write + Send>) -> Self {
        Self { name: name.to_owned(), form, stream }
    }
}

impl Sink for WriterSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn most(&self) -> usize {
        500
    }

    fn deliver(&mut self, batch: &[Record], _deadline: Instant) -> Delivery {
        let lines = match self.form.lines(batch) {
            Ok(lines) => lines,
            Err(error) => return Delivery::Refused(error.to_string()),
        };
        match self.stream.write_all(&lines).and_then(|()| self.stream.flush()) {
            Ok(()) => Delivery::Accepted,
            // Who closed it does not come back in this run.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Delivery::Retry { after: Some(Duration::MAX), reason: error.to_string() }
            }
            Err(error) => Delivery::Retry { after: None, reason: error.to_string() },
        }
    }
}
