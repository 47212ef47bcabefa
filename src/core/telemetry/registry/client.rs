//! One request after the other to a registry.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::protocol::{self, Found, MEDIA_TYPE, Served, Unsettled, Verdict};
use crate::core::telemetry::sinks::answer::{Answer, presentable};
use crate::core::telemetry::sinks::net::{Endpoint, HTTP, HttpClient, HttpRequest, client_config};
use crate::core::telemetry::sinks::percent::encoded;
use crate::core::telemetry::sinks::{Secret, SettingError};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where a registry is, and how it lets in.
#[derive(Debug, Default)]
pub struct RegistrySettings {
    /// `http://` or `https://`. A user and a password in it are sent as basic authentication, and never shown.
    pub url: Secret,
    /// Sent with each request, and never shown.
    pub headers: Vec<(String, Secret)>,
    /// Certificates in PEM form that are trusted instead of those of the system.
    pub authorities: Option<Vec<u8>>,
    /// The name that the versions of the schema have in common.
    pub subject: String,
}

/// A request that did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// It could not be found out what is there.
    #[error("{0}")]
    Look(Unsettled),
    /// Something was to be changed, and was not, or nobody knows.
    #[error("{0}")]
    Change(Unsettled),
}

/// A registry, and a subject in it.
#[derive(Debug)]
pub struct Registry {
    client: HttpClient,
    /// The subject as a part of a path.
    subject: String,
}

impl Registry {
    /// A registry by these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// When the settings cannot be followed.
    pub fn new(settings: &RegistrySettings) -> Result<Self, SettingError> {
        let endpoint = Endpoint::parse(settings.url.expose(), HTTP)?;
        let tls = endpoint.scheme.tls.then(|| client_config(settings.authorities.as_deref())).transpose()?;
        let client = HttpClient::new(endpoint, tls, &settings.headers)?;
        Ok(Self { client, subject: encoded(&settings.subject) })
    }

    /// Where it is, without user, password and path.
    #[must_use]
    pub fn place(&self) -> String {
        self.client.endpoint().to_string()
    }

    /// Looks a schema up.
    pub(super) fn find(&mut self, schema: &Value) -> Result<Found, RegistryError> {
        let path = format!("/subjects/{}", self.subject);
        self.look("POST", &path, Some(&protocol::offer(schema)), protocol::found)
    }

    /// Adds a version.
    pub(super) fn add(&mut self, schema: &Value) -> Result<Verdict, RegistryError> {
        let path = format!("/subjects/{}/versions", self.subject);
        self.change("POST", &path, &protocol::offer(schema), protocol::taken)
    }

    /// Asks whether a version could be added.
    pub(super) fn compare(&mut self, schema: &Value) -> Result<Verdict, RegistryError> {
        let path = format!("/compatibility/subjects/{}/versions/latest?verbose=true", self.subject);
        self.look("POST", &path, Some(&protocol::offer(schema)), protocol::compared)
    }

    /// The level of compatibility that the subject has of its own.
    pub(super) fn level(&mut self) -> Result<Option<String>, RegistryError> {
        let path = format!("/config/{}", self.subject);
        self.look("GET", &path, None, protocol::level)
    }

    /// Gives the subject a level of compatibility.
    pub(super) fn set_level(&mut self, level: &str) -> Result<(), RegistryError> {
        let path = format!("/config/{}", self.subject);
        let body = json!({ "compatibility": level });
        self.ask("PUT", &path, Some(&body), protocol::done).map_err(|why| {
            let reason = format!("the compatibility {level} could not be set: {why}");
            RegistryError::Change(Unsettled { reason, ..why })
        })
    }

    /// What a registry that only reads has under the name of a schema.
    pub(super) fn served(&mut self, name: &str) -> Result<Served, RegistryError> {
        self.look("GET", &format!("/schemas/{}", encoded(name)), None, protocol::served)
    }

    fn look<T>(
        &mut self,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
        read: fn(&Answer) -> Result<T, Unsettled>,
    ) -> Result<T, RegistryError> {
        self.ask(method, path, body, read).map_err(RegistryError::Look)
    }

    fn change<T>(
        &mut self,
        method: &'static str,
        path: &str,
        body: &Value,
        read: fn(&Answer) -> Result<T, Unsettled>,
    ) -> Result<T, RegistryError> {
        self.ask(method, path, Some(body), read).map_err(RegistryError::Change)
    }

    fn ask<T>(
        &mut self,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
        read: fn(&Answer) -> Result<T, Unsettled>,
    ) -> Result<T, Unsettled> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let headers = format!("Content-Type: {MEDIA_TYPE}\r\n");
        let request = HttpRequest { method, below: Some(path), headers: &headers, body: body.as_bytes() };
        let answer = self.client.send(&request, Instant::now() + TIMEOUT);
        answer
            .map_err(|error| Unsettled::new(presentable(&error.to_string())))
            .and_then(|answer| read(&answer))
    }
}
