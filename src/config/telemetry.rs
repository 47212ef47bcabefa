//! The settings below `telemetry`.

use std::time::Duration;

use crate::core::telemetry::spool::Durability;

/// Where events go, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TelemetrySettings {
    /// The topic.
    pub topic: String,
    /// The access list.
    pub allowed_topics: Vec<String>,
    /// Whose an event is that does not say so.
    pub agent_id: String,
    /// The source in the envelopes.
    pub source: String,
    /// What an event has survived when it is written.
    pub durability: Durability,
    /// How large the spool may get, in bytes.
    pub spool_bytes: u64,
    /// Who starts to deliver.
    pub flush: Flushing,
    /// How long one run tries to deliver.
    pub flush_deadline: Duration,
    /// Whether there are events about what the other commands do.
    pub actions: ActionEvents,
}

/// Whether there are events about what the other commands do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ActionEvents {
    /// Where there is a sink: nobody else would ever collect them.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// The words for [`ActionEvents`].
pub const ACTIONS: &[&str] = &["auto", "on", "off"];

/// The [`ActionEvents`] that one of [`ACTIONS`] speaks of.
#[must_use]
pub fn actions(word: &str) -> ActionEvents {
    match word {
        "on" => ActionEvents::On,
        "off" => ActionEvents::Off,
        _ => ActionEvents::Auto,
    }
}

/// Who starts to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flushing {
    /// Whoever keeps an event, in the background.
    #[default]
    Background,
    /// Nobody but `flush`.
    Manual,
}

/// The words for [`Flushing`].
pub const FLUSHINGS: &[&str] = &["background", "manual"];

/// The [`Flushing`] that one of [`FLUSHINGS`] speaks of.
#[must_use]
pub fn flushing(word: &str) -> Flushing {
    if word == "manual" { Flushing::Manual } else { Flushing::Background }
}

/// The words for [`Durability`].
pub const DURABILITIES: &[&str] = &["process", "disk"];

/// The [`Durability`] that one of [`DURABILITIES`] speaks of.
#[must_use]
pub fn durability(word: &str) -> Durability {
    if word == "disk" { Durability::Disk } else { Durability::Process }
}
