//! What is asked of a registry, and what its answers mean.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::core::telemetry::sinks::answer::{Answer, plain_words, reason};

/// The media type of requests.
pub const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// What a registry has of a schema under a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// This very schema.
    Here {
        /// The number of the schema in the registry.
        id: u64,
        /// The number of the version under the subject.
        version: u64,
    },
    /// Other schemas, or no such subject.
    Not {
        /// Whether the subject has versions.
        has_subject: bool,
    },
    /// Nobody speaks this interface there.
    NotSpoken,
}

/// What the registry of the original bus has under the name of a schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Served {
    /// This schema.
    Schema(Value),
    /// None.
    Nothing,
}

/// The answer to a schema that was offered, or only compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken, or could be.
    Fits,
    /// It breaks the compatibility of the subject, for these reasons.
    Breaks(Vec<String>),
}

/// An answer that settles nothing, or none at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unsettled {
    /// In words that can be shown.
    pub reason: String,
    /// Whether it wants to know who asks, or does not let this one.
    pub is_denied: bool,
}

impl Unsettled {
    /// One that has nothing to do with who asks.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_denied: false }
    }
}

#[derive(Deserialize)]
struct Problem {
    error_code: u64,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Entry {
    id: u64,
    version: u64,
}

#[derive(Deserialize)]
struct Compared {
    is_compatible: bool,
    #[serde(default)]
    messages: Vec<String>,
}

#[derive(Deserialize)]
struct Configured {
    #[serde(rename = "compatibilityLevel")]
    level: String,
}

#[derive(Deserialize)]
struct Document {
    schema: Value,
}

#[derive(Deserialize)]
struct Missing {
    #[serde(rename = "schemaId")]
    _schema_id: String,
}

/// The body that offers a schema.
#[must_use]
pub fn offer(schema: &Value) -> Value {
    json!({ "schemaType": "JSON", "schema": schema.to_string() })
}

/// Whether a subject has a schema: the codes say that there is no such subject, or no such schema under it.
///
/// # Errors
/// When the answer says neither.
pub fn found(answer: &Answer) -> Result<Found, Unsettled> {
    match (answer.status, problem(answer).map(|problem| problem.error_code)) {
        (200..300, _) => {
            let Entry { id, version } = read(answer)?;
            Ok(Found::Here { id, version })
        }
        (404, Some(40401)) => Ok(Found::Not { has_subject: false }),
        (404, Some(40402 | 40403)) => Ok(Found::Not { has_subject: true }),
        (404 | 405, None) => Ok(Found::NotSpoken),
        _ => Err(unsettled(answer)),
    }
}

/// The level of compatibility that was set for a subject; `None` where that of the whole registry holds.
///
/// # Errors
/// When the answer says neither.
pub fn level(answer: &Answer) -> Result<Option<String>, Unsettled> {
    match answer.status {
        200..300 => read::<Configured>(answer).map(|configured| Some(configured.level)),
        404 => Ok(None),
        _ => Err(unsettled(answer)),
    }
}

/// Whether what was asked for was done.
///
/// # Errors
/// When it was not.
pub fn done(answer: &Answer) -> Result<(), Unsettled> {
    if (200..300).contains(&answer.status) { Ok(()) } else { Err(unsettled(answer)) }
}

/// Whether a schema was taken.
///
/// # Errors
/// When the answer is about something else than its compatibility.
pub fn taken(answer: &Answer) -> Result<Verdict, Unsettled> {
    match answer.status {
        200..300 => Ok(Verdict::Fits),
        409 => Ok(Verdict::Breaks(vec![unsettled(answer).reason])),
        _ => Err(unsettled(answer)),
    }
}

/// Whether a schema would be taken.
///
/// # Errors
/// When the answer does not say.
pub fn compared(answer: &Answer) -> Result<Verdict, Unsettled> {
    done(answer)?;
    let Compared { is_compatible, messages } = read(answer)?;
    Ok(if is_compatible { Verdict::Fits } else { Verdict::Breaks(messages) })
}

/// What the registry of the original bus answers: a document with the schema, or one that repeats the name.
///
/// # Errors
/// When nothing that is known answers so.
pub fn served(answer: &Answer) -> Result<Served, Unsettled> {
    match answer.status {
        200..300 => read::<Document>(answer).map(|document| Served::Schema(document.schema)),
        404 if serde_json::from_slice::<Missing>(&answer.body).is_ok() => Ok(Served::Nothing),
        404 | 405 => Err(Unsettled::new("no schema registry answers there: check the path of the url")),
        _ => Err(unsettled(answer)),
    }
}

fn problem(answer: &Answer) -> Option<Problem> {
    serde_json::from_slice(&answer.body).ok()
}

fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Unsettled> {
    let unread = |_| {
        Unsettled::new(format!("it answered {} with something that no schema registry says", answer.status))
    };
    serde_json::from_slice(&answer.body).map_err(unread)
}

fn unsettled(answer: &Answer) -> Unsettled {
    let words = problem(answer).map(|problem| problem.message);
    let reason = reason(answer.status, words.as_deref().unwrap_or_else(|| plain_words(answer)));
    Unsettled { reason, is_denied: matches!(answer.status, 401 | 403) }
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
