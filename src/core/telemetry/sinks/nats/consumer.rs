//! What is asked of a consumer, and what a server says about it.

use serde_json::{Value, json};

use super::super::answer::presentable;
use super::super::setting::SettingError;

/// How long a message that was handed out and not acknowledged stays away, in seconds: much longer than a batch takes to
/// be written, and short enough to wait for what a run that was killed has left.
pub const ACK_WAIT: u64 = 10;

/// The numbers of JetStream for a consumer that is not there, and for an account or a server without JetStream.
const NO_CONSUMER: u64 = 10_014;
const NO_JETSTREAM: [u64; 2] = [10_039, 10_076];

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A setting cannot be followed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The connection failed.
    #[error("{0}")]
    Connection(#[from] std::io::Error),
    /// The server does not do it.
    #[error("{reason}")]
    Refused {
        /// Why.
        reason: String,
        /// What to do about it.
        advice: &'static str,
    },
}

impl SourceError {
    /// A refusal.
    #[must_use]
    pub fn refused(reason: impl Into<String>, advice: &'static str) -> Self {
        Self::Refused { reason: reason.into(), advice }
    }

    /// Nobody answers to what JetStream would.
    #[must_use]
    pub fn no_jetstream() -> Self {
        let reason =
            "the server has no JetStream for us: without a stream, what comes while nobody reads is lost";
        Self::refused(reason, "enable JetStream, and create a stream that holds the subjects of the bus")
    }
}

/// How much there is to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Messages that were never handed out.
    pub waiting: u64,
    /// Messages that were handed out and not acknowledged: to another run, or to one that was killed.
    pub handed_out: u64,
    /// So many may be handed out now.
    pub room: u64,
}

/// The durable consumer that is made: every message from the first one on, until it is acknowledged.
#[must_use]
pub fn wanted(stream: &str, consumer: &str, filter: &str) -> Value {
    json!({"stream_name": stream, "config": {
        "durable_name": consumer,
        "ack_policy": "explicit",
        "ack_wait": ACK_WAIT * 1_000_000_000,
        "deliver_policy": "all",
        "filter_subject": filter,
        "max_deliver": -1,
        "replay_policy": "instant",
    }})
}

/// What an answer of JetStream holds; `None` for a consumer that is not there.
///
/// # Errors
/// When it is a failure.
pub fn answer(payload: &[u8]) -> Result<Option<Value>, SourceError> {
    let document: Value = serde_json::from_slice(payload).map_err(std::io::Error::other)?;
    let Some(error) = document.get("error") else { return Ok(Some(document)) };
    let number = |name: &str| error.get(name).and_then(Value::as_u64).unwrap_or_default();
    if number("err_code") == NO_CONSUMER {
        return Ok(None);
    }
    if NO_JETSTREAM.contains(&number("err_code")) {
        return Err(SourceError::no_jetstream());
    }
    let words = presentable(error.get("description").and_then(Value::as_str).unwrap_or_default());
    let reason = format!("JetStream answered {}: {words}", number("code"));
    Err(SourceError::refused(
        reason,
        "check --stream, --prefix and --consumer, and the limits of the account",
    ))
}

/// The one stream of these.
///
/// # Errors
/// When there is none, or more than one.
pub fn stream(names: &Value, filter: &str) -> Result<String, SourceError> {
    let names: Vec<&str> =
        names["streams"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match names[..] {
        [name] => Ok(name.to_owned()),
        [] => Err(SourceError::refused(
            format!("no stream holds {filter}: what comes there while nobody reads is lost"),
            "create a stream with these subjects, or name others with --prefix",
        )),
        _ => Err(SourceError::refused(
            format!("several streams hold {filter}: {}", presentable(&names.join(", "))),
            "name one with --stream",
        )),
    }
}

/// How much a consumer has for us.
///
/// # Errors
/// When it is none that loses nothing, or reads something else.
pub fn standing(info: &Value, filter: &str) -> Result<Standing, SourceError> {
    let config = &info["config"];
    let text = |name: &str| config[name].as_str().filter(|text| !text.is_empty());
    let other = |reason: &str| {
        Err(SourceError::refused(
            format!("there is a consumer of this name that {reason}"),
            "name another one with --consumer; it is made if it is missing",
        ))
    };
    if text("deliver_subject").is_some() {
        return other("is not pulled from");
    }
    if text("ack_policy") != Some("explicit") {
        return other("does not wait for each message to be acknowledged");
    }
    if config["max_deliver"].as_i64().is_some_and(|most| most > 0) {
        return other("gives up on messages that were not acknowledged");
    }
    if text("filter_subject") != Some(filter) {
        return other("reads other subjects");
    }
    let number = |name: &str| info[name].as_u64().unwrap_or_default();
    let handed_out = number("num_ack_pending");
    // None and -1 are no limit.
    let most = config["max_ack_pending"].as_u64().filter(|most| *most > 0).unwrap_or(u64::MAX);
    Ok(Standing { waiting: number("num_pending"), handed_out, room: most.saturating_sub(handed_out) })
}

/// The place in the stream of a message that is to be acknowledged on this subject; `None` when it is no such subject.
/// There are seven parts behind the prefix, and two more, domain and account, before the stream where they are told.
#[must_use]
pub fn sequence(reply: &str) -> Option<u64> {
    let parts: Vec<&str> = reply.strip_prefix("$JS.ACK.")?.split('.').collect();
    let at = match parts.len() {
        7 => 3,
        9.. => 5,
        _ => return None,
    };
    parts[at].parse().ok()
}

/// Whether a text can be the name of a stream or a consumer, and of a file.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(is_letter)
}

#[cfg(test)]
#[path = "consumer_tests.rs"]
mod tests;
