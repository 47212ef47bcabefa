//! Where and how events are published, and where envelopes are read.

use std::time::Duration;

use super::super::form::Form;
use super::super::secret::Secret;

/// Where and how a NATS sink publishes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NatsSettings {
    /// The name of the sink in reports.
    pub name: String,
    /// `nats://` or `tls://`. A user and a password in it log in, and so does a user alone, who is a token; none is
    /// ever shown.
    pub url: Secret,
    /// The text of a credentials file (`.creds`), or the seed of a user's NKey, to log in with; it wins over a password.
    pub credentials: Option<Secret>,
    /// What stands before the type of an event in its subject; `cortex` where it is `None`, as on the original bus.
    pub prefix: Option<String>,
    /// What an event is wrapped in.
    pub form: Form,
    /// The most events that wait for their acknowledgement at a time; 512 where it is `None`.
    pub batch: Option<usize>,
    /// How long a batch may take; ten seconds where it is `None`.
    pub timeout: Option<Duration>,
    /// Certificates in PEM form that are trusted instead of those of the system.
    pub authorities: Option<Vec<u8>>,
}

/// Which envelopes of which stream are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceSettings {
    /// As that of [`NatsSettings`].
    pub url: Secret,
    /// As those of [`NatsSettings`].
    pub credentials: Option<Secret>,
    /// As those of [`NatsSettings`].
    pub authorities: Option<Vec<u8>>,
    /// What all subjects that are read begin with; `cortex` where it is `None`.
    pub prefix: Option<String>,
    /// The stream; the one that has such subjects where it is `None`.
    pub stream: Option<String>,
    /// The durable consumer, made where it is missing.
    pub consumer: String,
}
