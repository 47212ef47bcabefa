//! Events by HTTP: one in a request, or many where the other side has asked for batches.

use std::time::{Duration, Instant, SystemTime};

use super::answer::{RetryRule, judge, plain_words, presentable};
use super::form::Form;
use super::net::{Endpoint, HTTP, HttpClient, client_config};
use super::secret::Secret;
use super::setting::SettingError;
use crate::core::telemetry::sink::{Delivery, Record, Sink};

/// How long one request may take by default: that of OTLP exporters.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most events in a batch by default. With events of a kilobyte, a request stays below what servers commonly take
/// (1 MiB).
pub const DEFAULT_BATCH: usize = 512;

/// Where and how an HTTP sink delivers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpSettings {
    /// The name of the sink in reports.
    pub name: String,
    /// `http://` or `https://`. A user and a password in it are sent as basic authentication, and never shown.
    pub url: Secret,
    /// Sent with each request, and never shown.
    pub headers: Vec<(String, Secret)>,
    /// What an event is wrapped in.
    pub form: Form,
    /// The most events in one request, for receivers that take CloudEvents in batches; `None` sends each alone, as the
    /// specification asks for unless they were solicited.
    pub batch: Option<usize>,
    /// How long one request may take; `DEFAULT_TIMEOUT` where it is `None`.
    pub timeout: Option<Duration>,
    /// Certificates in PEM form that are trusted instead of those of the system.
    pub authorities: Option<Vec<u8>>,
}

/// A sink that posts events.
#[derive(Debug)]
pub struct HttpSink {
    name: String,
    client: HttpClient,
    form: Form,
    batch: Option<usize>,
    timeout: Duration,
}

impl HttpSink {
    /// A sink of these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// When the settings cannot be followed.
    pub fn new(settings: HttpSettings) -> Result<Self, SettingError> {
        if settings.batch == Some(0) {
            return Err(SettingError::new("batch", "has to be at least 1"));
        }
        let endpoint = Endpoint::parse(settings.url.expose(), HTTP)?;
        let tls = endpoint.scheme.tls.then(|| client_config(settings.authorities.as_deref())).transpose()?;
        Ok(Self {
            name: settings.name,
            client: HttpClient::new(endpoint, tls, &settings.headers)?,
            form: settings.form,
            batch: settings.batch,
            timeout: settings.timeout.unwrap_or(DEFAULT_TIMEOUT),
        })
    }

    fn post(&mut self, content_type: &str, body: &[u8], deadline: Instant) -> Delivery {
        let deadline = deadline.min(Instant::now() + self.timeout);
        match self.client.post(&format!("Content-Type: {content_type}\r\n"), body, deadline) {
            Ok(answer) => {
                let delivery = judge(&answer, plain_words(&answer), RetryRule::Http, SystemTime::now());
                named(delivery, self.client.endpoint())
            }
            Err(error) => unreachable_peer(self.client.endpoint(), &error),
        }
    }
}

impl Sink for HttpSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn most(&self) -> usize {
        self.batch.unwrap_or(1)
    }

    fn deliver(&mut self, batch: &[Record], deadline: Instant) -> Delivery {
        let (body, content_type) = match (self.batch, batch) {
            (_, []) => return Delivery::Accepted,
            (None, [record]) => (self.form.bytes(record), self.form.content_type()),
            (Some(_), _) => (self.form.array(batch), self.form.array_content_type()),
            (None, _) => return Delivery::Refused("events are sent one by one here".to_owned()),
        };
        match body {
            Ok(body) => self.post(content_type, &body, deadline),
            Err(error) => Delivery::Refused(error.to_string()),
        }
    }
}

/// The outcome with the place that it came from.
pub(super) fn named(delivery: Delivery, endpoint: &Endpoint) -> Delivery {
    match delivery {
        Delivery::Retry { after, reason } => {
            Delivery::Retry { after, reason: format!("{endpoint}: {reason}") }
        }
        Delivery::Refused(reason) => Delivery::Refused(format!("{endpoint}: {reason}")),
        other => other,
    }
}

/// A connection that failed: nobody knows whether something arrived.
pub(super) fn unreachable_peer(endpoint: &Endpoint, error: &std::io::Error) -> Delivery {
    Delivery::Retry { after: None, reason: format!("{endpoint}: {}", presentable(&error.to_string())) }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
