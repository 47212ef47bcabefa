//! Metrics for Prometheus: one table, from which the exposition, the dashboard and the alerts are made.

mod alerts;
mod dashboard;
mod table;
mod text;

pub use alerts::rules;
pub use dashboard::dashboard;
pub use table::{METRICS, Metric, Snapshot, Type};
pub use text::exposition;
