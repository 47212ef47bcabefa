//! From an event to the line of the spool: redacted, and in its envelope.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::ci::Run;
use super::event::{AgentEvent, SCHEMA_VERSION, fits_attribute};
use super::trace::{Carriers, with_span};
use crate::core::redact::{Counts, MARKER, Redacted, Redactor, STAMP};

/// The longest line of the spool, in bytes: one write of so much was proved to stay whole.
pub const LONGEST: usize = 1 << 20;

/// The JSON Schema of the event, as a name.
#[must_use]
pub fn schema_name() -> String {
    format!("urn:cortex-os:schema:{}:{SCHEMA_VERSION}", super::topic::TOPIC)
}

/// What the envelopes of one run have in common.
#[derive(Debug, Clone)]
pub struct Sealer {
    redactor: Redactor,
    carriers: Carriers,
    head: String,
    middle: String,
}

/// What one envelope has for itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Label<'a> {
    /// Its id.
    pub id: &'a str,
    /// The id of the event that caused it.
    pub cause: Option<&'a str>,
    /// The span that it begins or ends, instead of the one that was handed to us, which is the parent of it then.
    pub span: Option<&'a str>,
    /// The trace context that came with it, instead of the one that was handed to us.
    pub traceparent: Option<&'a str>,
}

/// Why an event was not sealed. Nothing of it has been written then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealError {
    /// It is longer than can be written at once.
    #[error("the event has {bytes} bytes with its envelope, and may have {LONGEST}; send less in one event")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It could not be made sure that nothing is left in it that must not be seen.
    #[error("the event could not be redacted, so it was not written: {0}")]
    NotRedacted(&'static str),
}

/// A member of the content: labels first, because the stamp goes to their beginning.
#[derive(Serialize)]
struct Content<'a> {
    labels: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a Map<String, Value>>,
}

impl Sealer {
    /// Envelopes of this source and topic, redacted by this engine.
    #[must_use]
    pub fn new(redactor: Redactor, carriers: Carriers, source: &str, topic: &str) -> Self {
        let mut head = String::from("\",\"source\":");
        push(&mut head, source);
        head.push_str(",\"type\":");
        push(&mut head, topic);
        head.push_str(",\"subject\":");
        let mut middle = String::from(",\"datacontenttype\":\"application/json\",\"dataschema\":");
        push(&mut middle, &schema_name());
        for (name, value) in [("tracestate", &carriers.tracestate), ("baggage", &carriers.baggage)] {
            if let Some(value) = value {
                middle.push_str(&format!(",\"{name}\":"));
                push(&mut middle, &redactor.text(value, &mut Counts::default()));
            }
        }
        Self { redactor, carriers, head, middle }
    }

    /// The same for the events of a CI run.
    #[must_use]
    pub fn of_run(mut self, run: &Run) -> Self {
        for (name, value) in run {
            self.middle.push_str(&format!(",\"{name}\":"));
            push(&mut self.middle, &self.redactor.text(value, &mut Counts::default()));
        }
        self
    }

    /// The engine.
    #[must_use]
    pub const fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The trace context that an event of this correlation id gets, before it gets a span of its own.
    #[must_use]
    pub fn traceparent(&self, correlation_id: &str) -> String {
        self.carriers.traceparent(&self.name(correlation_id, &mut Counts::default()))
    }

    /// Appends the line of an event, with its end, to `out`, and returns the correlation id that stands in it. What was
    /// taken out is counted.
    ///
    /// # Errors
    /// When it is too long or cannot be redacted; `out` is then as it was.
    pub fn seal(
        &self,
        event: &AgentEvent,
        label: Label<'_>,
        counts: &mut Counts,
        out: &mut Vec<u8>,
    ) -> Result<String, SealError> {
        let content = self.content(event, counts)?;
        let agent = self.name(&event.agent_id, counts);
        let correlation = self.name(&event.correlation_id, counts);
        let mut line = String::with_capacity(content.len() + self.head.len() + self.middle.len() + 512);
        line.push_str("{\"specversion\":\"1.0\",\"id\":\"");
        line.push_str(label.id);
        line.push_str(&self.head);
        push(&mut line, &agent);
        line.push_str(",\"time\":\"");
        line.push_str(&event.timestamp);
        line.push('"');
        line.push_str(&self.middle);
        line.push_str(",\"correlationid\":");
        push(&mut line, &correlation);
        if let Some(cause) = label.cause {
            line.push_str(",\"causationid\":");
            push(&mut line, &attribute(cause));
        }
        line.push_str(",\"traceparent\":");
        let outer = label.traceparent.or(self.carriers.traceparent.as_deref());
        let parent = outer.map_or_else(|| self.carriers.traceparent(&correlation), str::to_owned);
        push(&mut line, &label.span.map_or_else(|| parent.clone(), |span| with_span(&parent, span)));
        if let Some(span) = label.span {
            line.push_str(",\"spanid\":");
            push(&mut line, span);
            // What was handed to us; one that only follows from the correlation id is nobody's.
            if let Some(outer) = outer.and_then(|outer| outer.get(36..52)) {
                line.push_str(",\"parentspanid\":");
                push(&mut line, outer);
            }
        }
        line.push_str(",\"data\":{");
        data(&mut line, event, &agent, &correlation);
        line.push_str(&content);
        line.push_str("}}\n");
        if line.len() > LONGEST {
            return Err(SealError::TooLong { bytes: line.len() });
        }
        out.extend_from_slice(line.as_bytes());
        Ok(correlation)
    }

    /// A name without what must not be seen; what would be nothing then is the marker.
    fn name(&self, text: &str, counts: &mut Counts) -> String {
        let seen = self.redactor.text(text, counts);
        if seen.is_empty() { MARKER.to_owned() } else { attribute(&seen).into_owned() }
    }

    /// Labels, metrics and outcome with a comma before them, redacted and stamped.
    fn content(&self, event: &AgentEvent, counts: &mut Counts) -> Result<String, SealError> {
        const UNEXPECTED: SealError = SealError::NotRedacted("the result is no event any more");
        let mut labels = Cow::Owned(Map::new());
        if let Some(given) = &event.labels {
            labels = Cow::Borrowed(given);
            if given.contains_key(STAMP.0) {
                labels.to_mut().shift_remove(STAMP.0);
            }
        }
        let content =
            Content { labels: &labels, metrics: event.metrics.as_ref(), outcome: event.outcome.as_ref() };
        let text = serde_json::to_vec(&content).map_err(|_| UNEXPECTED)?;
        if text.len() > LONGEST {
            return Err(SealError::TooLong { bytes: text.len() });
        }
        let text = match self.redactor.json(&text, counts) {
            Ok(Redacted::Clean) => text,
            Ok(Redacted::Changed(text)) => text,
            Ok(Redacted::Removed) => return Err(SealError::NotRedacted("nothing would be left of it")),
            Err(_) => return Err(SealError::NotRedacted("it could not be read")),
        };
        let text = String::from_utf8(text).map_err(|_| UNEXPECTED)?;
        let inside = text.strip_prefix("{\"labels\":{").ok_or(UNEXPECTED)?;
        let comma = if inside.starts_with('}') { "" } else { "," };
        let inside = inside.strip_suffix('}').ok_or(UNEXPECTED)?;
        Ok(format!(",\"labels\":{{\"{}\":\"{}\"{comma}{inside}", STAMP.0, STAMP.1))
    }
}

/// A text as it may stand in an attribute of a CloudEvent: what must not is written as an escape. Events of our own have
/// none of it, but what comes from another bus or out of a configuration may.
fn attribute(text: &str) -> Cow<'_, str> {
    if text.chars().all(fits_attribute) {
        return Cow::Borrowed(text);
    }
    let letter = |letter: char| match letter {
        letter if fits_attribute(letter) => letter.to_string(),
        letter => format!("\\u{:04x}", u32::from(letter)),
    };
    text.chars().map(letter).collect()
}

fn data(line: &mut String, event: &AgentEvent, agent: &str, correlation: &str) {
    line.push_str("\"timestamp\":\"");
    line.push_str(&event.timestamp);
    line.push_str("\",\"agentId\":");
    push(line, agent);
    line.push_str(",\"phase\":\"");
    line.push_str(event.phase.word());
    line.push_str("\",\"event\":\"");
    line.push_str(event.kind.word());
    line.push_str("\",\"correlationId\":");
    push(line, correlation);
}

/// Appends a text as JSON writes it. What needs no escapes, as nearly everything, is copied.
fn push(line: &mut String, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if is_plain {
        line.push('"');
        line.push_str(text);
        line.push('"');
    } else {
        line.push_str(&Value::from(text).to_string());
    }
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
