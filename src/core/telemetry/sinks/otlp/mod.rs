//! OTLP over HTTP with protocol buffers: every event is a log record, what has a start and an end is a span too, and
//! all of them can be counted.

mod attribute;
mod compression;
mod convention;
mod event;
mod logs;
mod metrics;
mod resource;
mod response;
mod settings;
mod sink;
mod spans;
mod trace;
mod wire;

pub use compression::Compression;
pub use settings::{OtlpSettings, Own, Signal, is_disabled};
pub use sink::OtlpSink;
