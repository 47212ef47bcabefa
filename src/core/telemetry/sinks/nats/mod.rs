//! NATS JetStream: every event is published with its id, and has arrived when the stream has acknowledged it.
//!
//! A publish without a stream behind its subject is accepted by a server and lost; so nothing counts here but the
//! acknowledgement. The protocol is text and small, and so it is spoken by hand: the crate for it is 94 packages.

mod ack;
mod credentials;
mod protocol;
mod session;
mod settings;
mod sink;

#[cfg(test)]
mod peer;

pub use settings::NatsSettings;
pub use sink::NatsSink;
