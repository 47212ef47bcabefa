//! The keys of a `[[telemetry.sink]]`, in one table, and what one such sink says.

use std::path::PathBuf;
use std::time::Duration;

use super::kind::{Key, Kind};
use super::shown::Shown;
use crate::core::redact::{Counts, MARKER, Redactor};
use crate::core::telemetry::sinks::Form;
use crate::core::telemetry::sinks::otlp::{Compression, Signal};

/// What one `[[telemetry.sink]]` says. What it does not say, the sink decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkSettings {
    /// Its name in reports; that of its type where it has none.
    pub name: String,
    /// One of [`TYPES`].
    pub kind: String,
    /// Whether it is used.
    pub is_off: bool,
    /// Whether it is another one in another workspace: the workspace's own file says something of it, or one of its
    /// files is relative to the workspace.
    pub is_local: bool,
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
    /// The file that holds the address.
    pub url_file: Option<PathBuf>,
    /// The file that holds more headers, one a line.
    pub headers_file: Option<PathBuf>,
    /// The file of who logs in.
    pub credentials: Option<PathBuf>,
    /// The file of who is trusted at the other end.
    pub authorities: Option<PathBuf>,
    /// What stands before the type of an event in its subject.
    pub prefix: Option<String>,
    /// What an event is sent as; none for what the sink chooses.
    pub signals: Vec<Signal>,
    /// Whether requests are compressed.
    pub compression: Option<Compression>,
}

/// The types of sinks.
pub const TYPES: &[&str] = &["file", "stdout", "queue", "http", "otlp", "nats"];

/// The words for [`Signal`].
const SIGNALS: &[&str] = &["logs", "traces", "metrics"];

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
               the file queue of the original bus; \"http\": POST, as a webhook takes it; \"otlp\": a receiver of \
               OpenTelemetry (OTLP/HTTP, protobuf), by default the one that the OTEL_EXPORTER_OTLP_* variables name; \
               \"nats\": a JetStream.",
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
    Key {
        name: "url",
        kind: Kind::Text(|sink, url| sink.url = Some(url)),
        default: None,
        help: "The address: http:// or https:// for \"http\" and \"otlp\", nats:// or tls:// for \"nats\". To that of an \
               \"otlp\" sink /v1/logs and so on are added.",
    },
    Key {
        name: "url-file",
        kind: Kind::Path(|sink, path| sink.url_file = Some(path)),
        default: None,
        help: "A file that holds the address, for one that is a secret: nobody else may be able to read it.",
    },
    Key {
        name: "headers",
        kind: Kind::Texts(|sink, headers| sink.headers = headers),
        default: None,
        help: "Headers of each request, such as [\"X-Tenant: 7\"].",
    },
    Key {
        name: "headers-file",
        kind: Kind::Path(|sink, path| sink.headers_file = Some(path)),
        default: None,
        help: "A file with more of them, one a line, for those that are secrets: nobody else may be able to read it.",
    },
    Key {
        name: "credentials",
        kind: Kind::Path(|sink, path| sink.credentials = Some(path)),
        default: None,
        help: "The credentials file (.creds) or the seed of a user, to log in to NATS with: nobody else may be able to \
               read it.",
    },
    Key {
        name: "authorities",
        kind: Kind::Path(|sink, path| sink.authorities = Some(path)),
        default: None,
        help: "A file of certificates (PEM) that are trusted instead of those of the system.",
    },
    Key {
        name: "prefix",
        kind: Kind::Text(|sink, prefix| sink.prefix = Some(prefix)),
        default: Some("cortex"),
        help: "What stands before the topic in the subject of a NATS message.",
    },
    Key {
        name: "signals",
        kind: Kind::Choices(SIGNALS, |sink, words| {
            sink.signals = words.into_iter().filter_map(Signal::of).collect();
        }),
        default: Some("logs, traces"),
        help: "What an \"otlp\" sink sends: every event is a log record, and what ends a span too; \"metrics\" counts events \
               and times what ends.",
    },
    Key {
        name: "compression",
        kind: Kind::Choice(Compression::WORDS, |sink, word| sink.compression = Compression::of(word)),
        default: Some("none"),
        help: "Whether the requests of an \"otlp\" sink are compressed: \"gzip\" or \"none\". Without a url of its own, \
               OTEL_EXPORTER_OTLP_COMPRESSION says so.",
    },
    Key {
        name: "batch",
        kind: Kind::Count(|sink, count| sink.batch = Some(count)),
        default: Some("512"),
        help: "The most events in one request. An \"http\" sink sends each alone unless this says otherwise.",
    },
    Key {
        name: "timeout",
        kind: Kind::Duration(|sink, time| sink.timeout = Some(time)),
        default: Some("10s"),
        help: "How long one request may take.",
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

/// A value as it may be shown: of an address its host, of a header its name. A path may be all that protects a webhook.
#[must_use]
pub fn presentable(key: &str, shown: Shown) -> Shown {
    let redactor = Redactor::default();
    let text = |text: &str| match key {
        "url" => address(text),
        "headers" => format!("{}: {MARKER}", text.split(':').next().unwrap_or_default().trim()),
        _ => redactor.text(text, &mut Counts::default()).into_owned(),
    };
    match shown {
        Shown::Text(value) => Shown::Text(text(&value)),
        Shown::List(values) => Shown::List(values.iter().map(|value| text(value).into()).collect()),
        other => other,
    }
}

fn address(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return MARKER.to_owned() };
    let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // A password with one of these in it would end there.
    if target.contains('@') && !authority.contains('@') {
        return format!("{scheme}://{MARKER}");
    }
    let (user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => (format!("{MARKER}@"), host),
        None => (String::new(), authority),
    };
    let target = if ["", "/"].contains(&target) { target.to_owned() } else { format!("/{MARKER}") };
    format!("{scheme}://{user}{host}{target}")
}

#[cfg(test)]
mod tests {
    use super::{SIGNALS, Shown, Signal, presentable};

    #[test]
    fn an_address_shows_its_host_and_a_header_its_name() {
        for (key, value, expected) in [
            ("url", "https://hooks.example.com", "https://hooks.example.com"),
            ("url", "http://host:4318/", "http://host:4318/"),
            ("url", "https://hooks.example.com/T0P/SECRET", "https://hooks.example.com/[brAInwav-REDACTED]"),
            ("url", "https://host?key=T0P", "https://host/[brAInwav-REDACTED]"),
            ("url", "nats://me:T0P@host:4222", "nats://[brAInwav-REDACTED]@host:4222"),
            ("url", "T0P", "[brAInwav-REDACTED]"),
            ("url", "nats://T0P/part@host:4222", "nats://[brAInwav-REDACTED]"),
            ("url", "https://me:T0?P@host", "https://[brAInwav-REDACTED]"),
            ("headers", "X-Own: T0P", "X-Own: [brAInwav-REDACTED]"),
            ("path", ".brainwav/events.ndjson", ".brainwav/events.ndjson"),
        ] {
            assert_eq!(presentable(key, Shown::text(value)), Shown::text(expected), "{value}");
        }
    }

    #[test]
    fn every_signal_has_its_word() {
        let words: Vec<&str> = Signal::ALL.iter().map(|(_, word)| *word).collect();
        assert_eq!(words, SIGNALS);
        assert!(Signal::ALL.into_iter().all(|(signal, word)| {
            (Signal::of(word), signal.word()) == (Some(signal), word) && signal.path().ends_with(word)
        }));
    }
}
