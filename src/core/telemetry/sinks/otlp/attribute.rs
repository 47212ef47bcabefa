//! Attributes: names and values of any shape.

use super::convention;
use super::event::Event;
use super::wire::Writer;
use crate::core::telemetry::json::{Json, Object};

/// How deep a value may be. What lies deeper is written as the text of its JSON.
const DEEPEST: usize = 16;

/// Writes attributes as one field of a message, which every message numbers differently.
#[derive(Debug)]
pub struct Attributes<'w> {
    writer: &'w mut Writer,
    field: u64,
}

impl<'w> Attributes<'w> {
    /// Writes to this field.
    pub const fn new(writer: &'w mut Writer, field: u64) -> Self {
        Self { writer, field }
    }

    /// A text.
    pub fn text(&mut self, name: &str, value: &str) {
        self.writer.message(self.field, |pair| {
            pair.text(1, name);
            pair.message(2, |inner| inner.text(1, value));
        });
    }

    /// A text that may be missing.
    pub fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A value of any shape.
    pub fn value(&mut self, name: &str, value: Json<'_>) {
        self.writer.message(self.field, |pair| {
            pair.text(1, name);
            pair.message(2, |inner| any_value(inner, value, DEEPEST));
        });
    }

    /// What logs and spans of an event have in common.
    pub fn of(&mut self, event: &Event<'_>) {
        self.text(convention::RECORD_ID, &event.record.id);
        let names = [convention::EVENT_TYPE, convention::EVENT_SOURCE, convention::EVENT_SUBJECT];
        names.into_iter().zip(event.origin).for_each(|(name, value)| self.maybe(name, value));
        self.maybe(convention::OPERATION, convention::operation(event.name));
        self.maybe(convention::AGENT_ID, event.agent);
        self.maybe(convention::AGENT_NAME, event.agent);
        self.maybe(convention::CONVERSATION, event.correlation);
        self.maybe(convention::TOOL_NAME, event.tool);
        self.maybe(convention::ERROR_TYPE, event.failure);
        match event.record.data() {
            Some(data) => self.own(data),
            None => {
                if let Some(data) = event.record.envelope.get("data") {
                    self.value(&format!("{}data", convention::OWN), data);
                }
            }
        }
    }

    /// The rest of the event: its objects one by one, so that a receiver can search by each.
    fn own(&mut self, data: Object<'_>) {
        let mut name = String::from(convention::OWN);
        for (key, value) in data.iter() {
            // These are the time of the record, the agent's id and the conversation's.
            if ["timestamp", "agentId", "correlationId"].contains(&key) {
                continue;
            }
            name.truncate(convention::OWN.len());
            name.push_str(key);
            match value {
                Json::Object(inner) => {
                    name.push('.');
                    let end = name.len();
                    for (key, value) in inner.iter() {
                        name.truncate(end);
                        name.push_str(key);
                        self.value(&name, value);
                    }
                }
                value => self.value(&name, value),
            }
        }
    }
}

/// One value: `AnyValue` of `opentelemetry/proto/common/v1`. Null is the empty message.
fn any_value(writer: &mut Writer, value: Json<'_>, deepest: usize) {
    match value {
        Json::Null => {}
        Json::Text(text) => writer.text(1, text),
        Json::Bool(is_true) => writer.varint(2, u64::from(is_true)),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            // Negative ones are written in all their 64 bits.
            (Some(integer), _) => writer.varint(3, integer as u64),
            (None, Some(float)) => writer.double(4, float),
            (None, None) => writer.text(1, &number.to_string()),
        },
        Json::List(_) | Json::Object(_) if deepest == 0 => {
            writer.text(1, &serde_json::to_string(&value).unwrap_or_default());
        }
        Json::List(values) => writer.message(5, |list| {
            for value in values.iter() {
                list.message(1, |inner| any_value(inner, value, deepest - 1));
            }
        }),
        Json::Object(pairs) => writer.message(6, |list| {
            for (name, value) in pairs.iter() {
                list.message(1, |pair| {
                    pair.text(1, name);
                    pair.message(2, |inner| any_value(inner, value, deepest - 1));
                });
            }
        }),
    }
}
