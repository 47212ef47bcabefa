//! From an envelope to events, as the table says.

use hmac_sha256::Hash;
use serde_json::{Map, Value};

use super::received::Received;
use super::starts::Start;
use super::table::{BELONGS_TO, Field, Join, Row, Take, To, row};
use crate::core::telemetry::event::Draft;
use crate::core::telemetry::timestamp::to_utc;
use crate::core::telemetry::topic::TOPIC;
use crate::core::telemetry::uuid::derived;

/// One envelope becomes so many events at most: a line of a megabyte could name a hundred thousand tools.
pub const MOST_EVENTS: usize = 256;

/// What becomes of an envelope.
#[derive(Debug, Clone, PartialEq)]
pub enum Bridged {
    /// These events.
    Events(Derived),
    /// Nothing: it is an event of an agent already.
    Agent,
    /// Nothing: no row speaks of its type.
    Unknown,
}

/// The events of an envelope.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Derived {
    /// In the order of their positions.
    pub events: Vec<Draft>,
    /// The call that they are the start of, and what is known of it.
    pub start: Option<(String, Start)>,
    /// The call that they are the end of.
    pub end: Option<String>,
}

impl Derived {
    /// Takes along what was known since the start. What the end says itself holds.
    pub fn join(&mut self, start: Start) {
        let known = [("tool", start.tool), ("session", start.session), ("input_digest", start.input_digest)];
        for event in &mut self.events {
            let labels = event.labels.get_or_insert_default();
            for (name, text) in &known {
                if let Some(text) = text.as_ref().filter(|_| !labels.contains_key(*name)) {
                    labels.insert((*name).to_owned(), Value::from(text.as_str()));
                }
            }
        }
    }
}

/// What becomes of an envelope.
///
/// # Errors
/// What is wrong with its data.
pub fn bridged(received: &Received) -> Result<Bridged, &'static str> {
    if received.kind == TOPIC || is_agent_event(&received.data) {
        return Ok(Bridged::Agent);
    }
    let Some(row) = row(&received.kind) else { return Ok(Bridged::Unknown) };
    let empty = Map::new();
    let entries: Vec<&Map<String, Value>> = match row.each.map(|name| received.data.get(name)) {
        None => vec![&empty],
        Some(Some(Value::Array(list))) if list.len() > MOST_EVENTS => {
            return Err("it speaks of more than 256 calls at once");
        }
        Some(Some(Value::Array(list))) => {
            list.iter().map(|entry| entry.as_object().unwrap_or(&empty)).collect()
        }
        Some(_) => return Err("its data have no list of calls"),
    };
    let events = entries.into_iter().map(|entry| event(received, row, entry)).collect();
    let call = text_in(&received.data, "correlationId").or(received.correlation_id.as_deref());
    let call = call.map(str::to_owned);
    Ok(Bridged::Events(match row.join {
        Join::Alone => Derived { events, ..Derived::default() },
        Join::Start => {
            let text = |name| text_in(&received.data, name).map(str::to_owned);
            let start =
                Start { tool: text("tool"), session: text("session"), input_digest: text("inputDigest") };
            Derived { events, start: call.map(|call| (call, start)), end: None }
        }
        Join::End => Derived { events, start: None, end: call },
    }))
}

/// The id of the event at this position: always the same, so that whoever gets it twice can tell.
#[must_use]
pub fn derived_id(received: &Received, position: usize) -> String {
    let mut hash = Hash::new();
    for part in [received.source.as_deref().unwrap_or_default(), &received.id] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update((position as u64).to_le_bytes());
    derived(&hash.finalize())
}

/// Whether this is what we and others emit: it would come back for ever.
fn is_agent_event(data: &Map<String, Value>) -> bool {
    ["timestamp", "agentId", "phase", "event", "correlationId"]
        .iter()
        .all(|name| text_in(data, name).is_some())
}

fn event(received: &Received, row: &Row, entry: &Map<String, Value>) -> Draft {
    let data = &received.data;
    let said = |names: &[&str]| names.iter().find_map(|name| text_in(data, name)).map(str::to_owned);
    let moment = row.when.iter().filter_map(|name| text_in(data, name)).find_map(to_utc);
    let from_envelope = || received.subject.clone().or_else(|| received.source.clone());
    let correlation = received.correlation_id.clone().or_else(|| said(BELONGS_TO));
    let (mut labels, mut metrics, mut outcome) = (Map::new(), Map::new(), Map::new());
    for field in row.fields {
        if let Some(value) = taken(field, [entry, data]) {
            let (members, name) = match field.to {
                To::Label(name) => (&mut labels, name),
                To::Metric(name) => (&mut metrics, name),
                To::Outcome(name) => (&mut outcome, name),
            };
            members.insert(name.to_owned(), value);
        }
    }
    let some = |members: Map<String, Value>| Some(members).filter(|members| !members.is_empty());
    Draft {
        timestamp: moment.or_else(|| received.time.as_deref().and_then(to_utc)),
        agent_id: said(row.whose).or_else(from_envelope),
        phase: Some(row.phase),
        kind: Some(row.kind),
        correlation_id: Some(correlation.unwrap_or_else(|| format!("brAInwav-{}", received.id))),
        labels: some(labels),
        metrics: some(metrics),
        outcome: some(outcome),
    }
}

fn taken(field: &Field, scopes: [&Map<String, Value>; 2]) -> Option<Value> {
    if let Take::Always(word) = field.take {
        return Some(Value::from(word));
    }
    let found = field.from.iter().flat_map(|path| scopes.map(|scope| at(scope, path)));
    found.flatten().find_map(|value| match (field.take, value) {
        (Take::Text, Value::String(text)) if !text.is_empty() => Some(value.clone()),
        (Take::Number, Value::Number(_)) | (Take::Switch, Value::Bool(_)) => Some(value.clone()),
        (Take::Count, Value::Array(list)) => Some(Value::from(list.len())),
        _ => None,
    })
}

fn at<'a>(scope: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = scope.get(first)?;
    match rest {
        None => Some(value),
        Some(rest) => at(value.as_object()?, rest),
    }
}

fn text_in<'a>(data: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    data.get(name)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
