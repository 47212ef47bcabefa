//! The only reader of configuration files and of the environment.
//!
//! Flags hold before `BRAINWAV_*` variables, those before the workspace's `brainwav.toml`, that before the
//! user's file, and that before the defaults. Every setting stands in one table, [`settings::SETTINGS`], and every
//! key of a rule in another, [`rule_keys::RULE_KEYS`]; all else follows from these.

mod document;
pub mod environment;
pub mod expression;
mod json_text;
pub mod kind;
pub mod load;
pub mod package_json;
pub mod paths;
pub mod problem;
pub mod redaction;
mod resolution;
pub mod rule_keys;
mod rules;
pub mod secret_file;
pub mod settings;
pub mod shown;
pub mod sink_keys;
mod sink_tables;
mod source;
pub mod store_keys;
mod suggest;
pub mod telemetry;
pub mod template;
pub mod value;
pub mod workspace;
pub mod write;

#[cfg(test)]
mod problem_tests;
#[cfg(test)]
mod tests;

pub use environment::Environment;
pub use load::{ConfigFile, Request, Resolved, inspect, load, workspace_root};
pub use paths::{Paths, paths};
pub use problem::{Place, Problem, Problems};
pub use redaction::Redaction;
pub use resolution::Flag;
pub use settings::Settings;
pub use shown::{Entry, Layer, Origin, Shown};
pub use sink_keys::SinkSettings;
pub use suggest::closest;
pub use telemetry::{ActionEvents, Flushing, TelemetrySettings};
pub use value::{format_duration, format_size_exact, parse_duration, parse_size};
