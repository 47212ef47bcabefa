//! A sink that cannot be had as it is configured: what is for it waits, and the others are not held up.

use std::time::{Duration, Instant};

use crate::core::telemetry::sink::{Delivery, Record, Sink};

/// A sink without a way to it.
#[derive(Debug)]
pub struct UnusableSink {
    name: String,
    reason: String,
}

impl UnusableSink {
    /// The sink of this name, and what is wrong with it.
    #[must_use]
    pub fn new(name: &str, reason: String) -> Self {
        Self { name: name.to_owned(), reason }
    }
}

impl Sink for UnusableSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn most(&self) -> usize {
        1
    }

    /// No pause within this run changes anything.
    fn deliver(&mut self, _: &[Record], _: Instant) -> Delivery {
        Delivery::Retry { after: Some(Duration::MAX), reason: self.reason.clone() }
    }
}
