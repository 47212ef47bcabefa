//! The keys of a `[[telemetry.sink]]`, in one table, and what one such sink says.

use std::time::Duration;

use super::kind::{Key, Kind};
use super::shown::Shown;
use crate::core::redact::{Counts, Redactor};
use crate::core::telemetry::sinks::Form;

/// What one `[[telemetry.sink]]` says. What it does not say, the sink decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkSettings {
    /// Its name in reports; that of its type where it has none.
    pub name: String,
    /// One of [`TYPES`].
    pub kind: String,
    /// Whether it is used.
    pub is_off: bool,
    /// The file.
    pub path: Option<String>,
    /// The queue.
    pub queue: Option<String>,
    /// The address.
    pub url: Option<String>,
    /// Headers as `Name: value`.
    pub headers: Vec<String>,
    /// The form of the envelopes.
    pub form: Form,
    /// How long the file may get, in bytes.
    pub max_bytes: Option<u64>,
    /// How many earlier files are kept.
    pub keep: Option<u32>,
    /// The most events in one batch.
    pub batch: Option<u32>,
    /// How long one request may take.
    pub timeout: Option<Duration>,
}

/// The types of sinks.
pub const TYPES: &[&str] = &["file", "stdout", "queue"];

/// The words for [`Form`].
const FORMS: &[&str] = &["cloudevents", "cortex"];

/// The key that every sink must have.
pub const TYPE: &str = "type";

/// The key by which a sink in a stronger file changes one in a weaker file.
pub const NAME: &str = "name";

/// The table.
pub static SINK_KEYS: &[Key<SinkSettings>] = &[
    Key {
        name: TYPE,
        kind: Kind::Choice(TYPES, |sink, word| sink.kind = word.to_owned()),
        default: None,
        help: "\"file\": a file with one envelope a line; \"stdout\": the output of brainwav telemetry flush; \"queue\": \
               the file queue of the original bus.",
    },
    Key {
        name: NAME,
        kind: Kind::Name(|sink, name| sink.name = name),
        default: None,
        help: "Its name in reports, that of the type if there is none; a stronger file changes the sink of that name key \
               by key.",
    },
    Key {
        name: "enabled",
        kind: Kind::Switch(|sink, on| sink.is_off = !on),
        default: Some("true"),
        help: "false switches the sink off.",
    },
    Key {
        name: "path",
        kind: Kind::Text(|sink, path| sink.path = Some(path)),
        default: None,
        help: "The file: absolute, below \"~/\", or relative to the workspace.",
    },
    Key {
        name: "queue",
        kind: Kind::Name(|sink, queue| sink.queue = Some(queue)),
        default: Some("default"),
        help: "The name of the queue.",
    },
    Key {
        name: "envelope",
        kind: Kind::Choice(FORMS, |sink, word| sink.form = form(word)),
        default: Some("cloudevents"),
        help: "\"cloudevents\": CloudEvents 1.0; \"cortex\": the form of the original bus, which a queue always has.",
    },
    Key {
        name: "max-size",
        kind: Kind::Size(|sink, bytes| sink.max_bytes = Some(bytes)),
        default: Some("64MiB"),
        help: "How long the file may get before the next one is begun.",
    },
    Key {
        name: "keep",
        kind: Kind::Count(|sink, count| sink.keep = Some(count)),
        default: Some("5"),
        help: "How many earlier files are kept.",
    },
];

/// The key of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key<SinkSettings>> {
    SINK_KEYS.iter().find(|key| key.name == name)
}

fn form(word: &str) -> Form {
    if word == "cortex" { Form::Cortex } else { Form::CloudEvents }
}

/// A value as it may be shown: an address or a header may hold a secret.
#[must_use]
pub fn presentable(shown: Shown) -> Shown {
    let redactor = Redactor::default();
    let text = |text: String| redactor.text(&text, &mut Counts::default()).into_owned();
    match shown {
        Shown::Text(value) => Shown::Text(text(value)),
        Shown::List(values) => Shown::List(values.into_iter().map(text).collect()),
        other => other,
    }
}
