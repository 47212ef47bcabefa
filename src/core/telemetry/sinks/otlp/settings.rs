//! Where and how OTLP is delivered: the settings, completed by the variables that OpenTelemetry has defined.

use std::time::Duration;

use super::super::percent::decoded;
use super::super::secret::Secret;
use super::super::setting::SettingError;
use super::compression::Compression;
use crate::core::telemetry::ci::Variable;

/// Where a collector listens by default.
const DEFAULT_URL: &str = "http://localhost:4318";

/// What the variables of OpenTelemetry begin with.
const PREFIX: &str = "OTEL_EXPORTER_OTLP_";

/// What an event is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A log record, as every event is.
    Logs,
    /// A span, when it ends something that took a known time.
    Traces,
    /// Counted.
    Metrics,
}

impl Signal {
    /// Each with its word.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Logs, "logs"), (Self::Traces, "traces"), (Self::Metrics, "metrics")];

    /// The signal of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(signal, _)| *signal)
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Whether it is sent where the settings name these: without any, all but metrics are.
    #[must_use]
    pub fn is_sent(self, signals: &[Self]) -> bool {
        if signals.is_empty() { self != Self::Metrics } else { signals.contains(&self) }
    }

    /// The path that a receiver takes it at.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Logs => "/v1/logs",
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
        }
    }
}

/// What holds for one signal alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// The whole URL.
    pub url: Option<Secret>,
    /// The headers.
    pub headers: Option<Vec<(String, Secret)>>,
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// Whether its requests are compressed.
    pub compression: Option<Compression>,
}

/// Where and how an OTLP sink delivers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtlpSettings {
    /// The name of the sink in reports.
    pub name: String,
    /// `http://` or `https://`, to which `/v1/logs` and so on are added. By default that of the variable
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, or `http://localhost:4318`.
    pub url: Option<Secret>,
    /// What holds for one signal alone, in the order of [`Signal::ALL`].
    pub own: [Own; Signal::ALL.len()],
    /// Sent with each request, and never shown.
    pub headers: Vec<(String, Secret)>,
    /// How long one request may take; ten seconds where nothing says otherwise.
    pub timeout: Option<Duration>,
    /// Whether requests are compressed; they are not where nothing says so.
    pub compression: Option<Compression>,
    /// Certificates in PEM form that are trusted instead of those of the system.
    pub authorities: Option<Vec<u8>>,
    /// Attributes of the resource.
    pub resource: Vec<(String, String)>,
    /// What is sent; none for logs and traces. Logs are never left out.
    pub signals: Vec<Signal>,
    /// The most events in one request; 512 where it is `None`.
    pub batch: Option<usize>,
    /// What of the variables is not followed.
    pub notes: Vec<String>,
}

/// Whether `OTEL_SDK_DISABLED` switches everything off that speaks OTLP.
#[must_use]
pub fn is_disabled(variable: Variable<'_>) -> bool {
    variable("OTEL_SDK_DISABLED").is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

impl OtlpSettings {
    /// The settings with what the environment says where they are silent.
    ///
    /// # Errors
    /// When a variable cannot be followed. The error names it, and not its value.
    pub fn completed(mut self, variable: Variable<'_>) -> Result<Self, SettingError> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let of_exporter = |name: &str| given(&format!("{PREFIX}{name}"));
        // What another place takes, one of its own may not.
        if self.url.is_none() && self.compression.is_none() {
            self.compression = compression("COMPRESSION", &of_exporter, &mut self.notes);
            let signals = self.signals.clone();
            for (signal, word) in Signal::ALL.into_iter().filter(|(signal, _)| signal.is_sent(&signals)) {
                let own = format!("{}_COMPRESSION", word.to_ascii_uppercase());
                self.own[signal as usize].compression = compression(&own, &of_exporter, &mut self.notes);
            }
        }
        if self.url.is_none() {
            check_protocol(&self.signals, &of_exporter)?;
            self.url = of_exporter("ENDPOINT").map(Secret::new);
            // A sink with a place of its own does not get the keys to another one.
            if self.headers.is_empty() {
                self.headers = headers("HEADERS", &of_exporter)?.unwrap_or_default();
                for (signal, word) in Signal::ALL {
                    let own = format!("{}_HEADERS", word.to_ascii_uppercase());
                    self.own[signal as usize].headers = headers(&own, &of_exporter)?;
                }
            }
            for (signal, word) in Signal::ALL {
                let own = format!("{}_ENDPOINT", word.to_ascii_uppercase());
                self.own[signal as usize].url = of_exporter(&own).map(Secret::new);
            }
        }
        if self.timeout.is_none() {
            self.timeout = timeout("TIMEOUT", &of_exporter)?;
            for (signal, word) in Signal::ALL {
                let own = format!("{}_TIMEOUT", word.to_ascii_uppercase());
                self.own[signal as usize].timeout = timeout(&own, &of_exporter)?;
            }
        }
        self.resource.extend(given("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name)));
        self.resource.extend(pairs("OTEL_RESOURCE_ATTRIBUTES", given("OTEL_RESOURCE_ATTRIBUTES"))?);
        Ok(self)
    }

    /// What holds for this signal alone.
    #[must_use]
    pub const fn own(&self, signal: Signal) -> &Own {
        &self.own[signal as usize]
    }

    /// The URL that the paths of the signals are added to.
    #[must_use]
    pub fn base(&self) -> Secret {
        self.url.clone().unwrap_or_else(|| Secret::new(DEFAULT_URL))
    }
}

/// A variable of the exporter, by what stands behind [`PREFIX`].
type OfExporter<'v> = &'v dyn Fn(&str) -> Option<String>;

/// What holds for a signal alone counts more than what holds for all, and a signal that is not sent does not count.
fn check_protocol(signals: &[Signal], of_exporter: OfExporter<'_>) -> Result<(), SettingError> {
    for (_, word) in Signal::ALL.into_iter().filter(|(signal, _)| signal.is_sent(signals)) {
        let names = [format!("{}_PROTOCOL", word.to_ascii_uppercase()), "PROTOCOL".to_owned()];
        let said = names.iter().find_map(|name| Some((name, of_exporter(name)?)));
        if let Some((name, _)) = said.filter(|(_, protocol)| protocol.trim() != "http/protobuf") {
            let reason = "only http/protobuf is spoken here: set that, or give the sink a url of its own";
            return Err(SettingError::new(&format!("{PREFIX}{name}"), reason));
        }
    }
    Ok(())
}

fn headers(name: &str, of_exporter: OfExporter<'_>) -> Result<Option<Vec<(String, Secret)>>, SettingError> {
    let Some(text) = of_exporter(name) else { return Ok(None) };
    let headers = pairs(&format!("{PREFIX}{name}"), Some(text))?;
    Ok(Some(headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()))
}

fn timeout(name: &str, of_exporter: OfExporter<'_>) -> Result<Option<Duration>, SettingError> {
    let Some(text) = of_exporter(name) else { return Ok(None) };
    let number = text.trim().parse().ok().filter(|number| *number > 0).map(Duration::from_millis);
    let wrong =
        || SettingError::new(&format!("{PREFIX}{name}"), "has to be a number of milliseconds above 0");
    number.map(Some).ok_or_else(wrong)
}

/// A word that is not known is left aside with a note, as OpenTelemetry asks for: it may be meant for other programs,
/// and what is not compressed is taken everywhere.
fn compression(name: &str, of_exporter: OfExporter<'_>, notes: &mut Vec<String>) -> Option<Compression> {
    let word = of_exporter(name)?;
    let known = Compression::of(&word.trim().to_ascii_lowercase());
    if known.is_none() {
        notes.push(format!("{PREFIX}{name} is neither gzip nor none, and is ignored"));
    }
    known
}

/// `name=value,name=value`, percent-encoded.
fn pairs(variable: &str, text: Option<String>) -> Result<Vec<(String, String)>, SettingError> {
    let text = text.unwrap_or_default();
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').filter(|(name, _)| !name.trim().is_empty())?;
        Some((decoded(name.trim()), decoded(value.trim())))
    };
    let wrong = || SettingError::new(variable, "has to be name=value pairs with commas between them");
    parts.map(|part| pair(part).ok_or_else(wrong)).collect()
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
