//! The terminal and the documents: the only place that knows how a result looks.

pub mod actions;
pub mod command;
pub mod gauge;
pub mod health;
pub mod health_document;
pub mod metrics;
pub mod progress;
pub mod prune_cache;
pub mod prune_cache_document;
pub mod prune_cache_notes;
pub mod reap;
pub mod reap_document;
pub mod reap_words;
pub mod sanitize;
pub mod table;
pub mod telemetry;
pub mod telemetry_bridge;
pub mod ui;
pub mod units;
pub mod words;

/// The name as it stands in every output, error and log line.
pub const BRAND: &str = "brAInwav";
