//! Where events go: the one trait between the spool and the world.

use std::time::{Duration, Instant};

use super::json::{Document, Object};

/// One event as it stands in the spool: redacted, complete and valid.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The id of its envelope, the same in every attempt to deliver it.
    pub id: String,
    /// The whole envelope: a CloudEvents 1.0 object in structured JSON form, whose `data` is the event.
    pub envelope: Document,
}

impl Record {
    /// A text attribute of the envelope, such as `type`, `time` or `traceparent`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.envelope.get(name)?.as_str()
    }

    /// The event itself.
    #[must_use]
    pub fn data(&self) -> Option<Object<'_>> {
        self.envelope.get("data")?.as_object()
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Every one of them has arrived, and the other side has said so.
    Accepted,
    /// All have arrived but these (by their place in the batch), which will never be taken, and why.
    Partly(Vec<(usize, String)>),
    /// None may have arrived; the same again may succeed. The other side may have said when.
    Retry {
        /// How long to wait at least.
        after: Option<Duration>,
        /// What happened.
        reason: String,
    },
    /// The batch as a whole will never be taken as it is: smaller ones tell which event is the reason.
    Refused(String),
}

/// A place to deliver to.
pub trait Sink {
    /// Its name in reports and in the file of offsets.
    fn name(&self) -> &str;
    /// The most events in one batch.
    fn most(&self) -> usize;
    /// Delivers a batch, and returns before the deadline.
    fn deliver(&mut self, batch: &[Record], deadline: Instant) -> Delivery;
    /// What whoever looks at the report of a run has to know of it besides.
    fn note(&self) -> Option<String> {
        None
    }
}
