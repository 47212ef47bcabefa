//! The form in which an envelope is written.

use crate::core::telemetry::envelope::Cortex;
use crate::core::telemetry::sink::Record;

/// How an envelope looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// CloudEvents 1.0, structured.
    #[default]
    CloudEvents,
    /// That of the original bus.
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
            match self {
                Self::CloudEvents => serde_json::to_writer(&mut lines, &record.envelope)?,
                Self::Cortex => serde_json::to_writer(&mut lines, &Cortex(record))?,
            }
            lines.push(b'\n');
        }
        Ok(lines)
    }
}
