//! The form in which an envelope is written.

use std::io::Write;

use crate::core::telemetry::envelope::Cortex;
use crate::core::telemetry::sink::Record;

/// How an envelope looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// CloudEvents 1.0, structured.
    #[default]
    CloudEvents,
    /// That of the original bus, which no CloudEvents SDK accepts.
    Cortex,
}

impl Form {
    /// The envelopes of a batch, one a line.
    ///
    /// # Errors
    /// When one cannot be written as JSON.
    pub fn lines(self, batch: &[Record]) -> Result<Vec<u8>, serde_json::Error> {
        let mut lines = Vec::new();
        for record in batch {
            self.write(&mut lines, record)?;
            lines.push(b'\n');
        }
        Ok(lines)
    }

    /// The envelopes of a batch as one JSON array.
    ///
    /// # Errors
    /// When one cannot be written as JSON.
    pub fn array(self, batch: &[Record]) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = vec![b'['];
        for (index, record) in batch.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            self.write(&mut text, record)?;
        }
        text.push(b']');
        Ok(text)
    }

    /// One envelope.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn bytes(self, record: &Record) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = Vec::new();
        self.write(&mut text, record)?;
        Ok(text)
    }

    fn write(self, into: impl Write, record: &Record) -> Result<(), serde_json::Error> {
        match self {
            Self::CloudEvents => serde_json::to_writer(into, &record.envelope),
            Self::Cortex => serde_json::to_writer(into, &Cortex(record)),
        }
    }

    /// The content type of one envelope, without a charset: JSON has only one, and the SDK of JavaScript refuses to be
    /// told.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::CloudEvents => "application/cloudevents+json",
            Self::Cortex => "application/json",
        }
    }

    /// That of an array of them.
    #[must_use]
    pub const fn array_content_type(self) -> &'static str {
        match self {
            Self::CloudEvents => "application/cloudevents-batch+json",
            Self::Cortex => "application/json",
        }
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
