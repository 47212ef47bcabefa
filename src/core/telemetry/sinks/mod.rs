//! Places to deliver to: a file, a stream, the file queue of the original bus, HTTP, OTLP and NATS JetStream.
//!
//! What is written and what an answer means is decided in plain functions; of the sinks that need a network only
//! [`net`] touches sockets. No header, no password and no path of a URL is ever part of an error, and what the other
//! side says is bounded, put on one line and redacted before it is repeated.

pub mod answer;
mod append;
mod base64;
mod file;
mod form;
mod http;
mod nats;
pub mod net;
pub mod otlp;
pub mod percent;
mod queue;
mod retry_after;
mod secret;
mod setting;
mod unusable;
mod writer;

#[cfg(test)]
mod peer;
#[cfg(test)]
pub(crate) mod samples;

pub use append::{append, open_locked};
pub use file::{FileSink, Rotation};
pub use form::Form;
pub use http::{HttpSettings, HttpSink};
pub use nats::{ACK_WAIT, NatsSettings, NatsSink, NatsSource, SourceError, SourceSettings, Standing};
pub use otlp::{OtlpSettings, OtlpSink};
pub use queue::QueueSink;
pub use secret::Secret;
pub use setting::SettingError;
pub use unusable::UnusableSink;
pub use writer::WriterSink;
