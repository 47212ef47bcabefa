//! NATS JetStream: every event is published with its id, and has arrived when the stream has acknowledged it. What others
//! have published is read the same way: a message is done with when it has been acknowledged to the stream.
//!
//! A publish without a stream behind its subject is accepted by a server and lost; so nothing counts here but the
//! acknowledgement. The protocol is text and small, and so it is spoken by hand: the crate for it is 94 packages.

mod ack;
mod consumer;
mod credentials;
mod protocol;
mod session;
mod settings;
mod sink;
mod source;

#[cfg(test)]
mod peer;

pub use consumer::{ACK_WAIT, SourceError, Standing};
pub use settings::{NatsSettings, SourceSettings};
pub use sink::NatsSink;
pub use source::NatsSource;
