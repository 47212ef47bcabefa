//! The sinks that need a network, and the files and variables that their settings lie in.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::SinkSettings;
use crate::config::secret_file::{read, read_public};
use crate::context::Context;
use crate::core::telemetry::sinks::otlp::is_disabled;
use crate::core::telemetry::sinks::{
    HttpSettings, HttpSink, NatsSettings, NatsSink, OtlpSettings, OtlpSink, Secret,
};
use crate::error::{Error, Result};

/// No secret is longer, in bytes.
pub const MOST_SECRET: u64 = 64 << 10;

/// A bundle of every authority that systems trust has a quarter of it, in bytes.
pub const MOST_AUTHORITIES: u64 = 1 << 20;

/// The variable that names the authorities of an OTLP sink.
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";

/// Posts events.
///
/// # Errors
/// When there is no address, or the settings cannot be followed.
pub fn http(sink: &SinkSettings) -> Result<HttpSink> {
    let settings = HttpSettings {
        name: sink.name.clone(),
        url: needed_url(sink, "https://collector.example.com/events")?,
        headers: headers(sink)?,
        form: sink.form,
        batch: batch(sink),
        timeout: sink.timeout,
        authorities: authorities(sink, None)?,
    };
    HttpSink::new(settings).map_err(|error| wrong(sink, &error))
}

/// Exports events, by default to where the variables of OpenTelemetry say.
///
/// # Errors
/// When the settings or the variables cannot be followed.
pub fn otlp(context: &Context, sink: &SinkSettings) -> Result<OtlpSink> {
    let url = url(sink)?;
    // A sink with a place of its own is not told whom others trust.
    let certificate = variable(context, CERTIFICATE).filter(|_| url.is_none()).map(PathBuf::from);
    let settings = OtlpSettings {
        name: sink.name.clone(),
        url,
        headers: headers(sink)?,
        timeout: sink.timeout,
        authorities: authorities(sink, certificate)?,
        signals: sink.signals.clone(),
        batch: batch(sink),
        ..OtlpSettings::default()
    };
    let settings = settings.completed(&|name| variable(context, name));
    settings.and_then(OtlpSink::new).map_err(|error| wrong(sink, &error))
}

/// Publishes events.
///
/// # Errors
/// When there is no address, or the settings cannot be followed.
pub fn nats(sink: &SinkSettings) -> Result<NatsSink> {
    let settings = NatsSettings {
        name: sink.name.clone(),
        url: needed_url(sink, "nats://nats.example.com:4222")?,
        credentials: sink.credentials.as_deref().map(|path| secret(sink, "credentials", path)).transpose()?,
        prefix: sink.prefix.clone(),
        form: sink.form,
        batch: batch(sink),
        timeout: sink.timeout,
        authorities: authorities(sink, None)?,
    };
    NatsSink::new(settings).map_err(|error| wrong(sink, &error))
}

/// Whether the environment switches a sink off.
pub fn is_switched_off(context: &Context, sink: &SinkSettings) -> bool {
    sink.kind == "otlp" && is_disabled(&|name| variable(context, name))
}

fn variable(context: &Context, name: &str) -> Option<String> {
    Some(context.environment.get(name)?.to_string_lossy().into_owned())
}

fn batch(sink: &SinkSettings) -> Option<usize> {
    sink.batch.map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

fn needed_url(sink: &SinkSettings, example: &str) -> Result<Secret> {
    url(sink)?.ok_or_else(|| {
        Error::usage(format!("the sink {:?} has no url", sink.name))
            .hint(format!("add a line such as url = {example:?} to it"))
            .hint("or url-file = FILE, when the address is a secret")
    })
}

fn url(sink: &SinkSettings) -> Result<Option<Secret>> {
    let in_file = match sink.url_file.as_deref() {
        Some(path) => Some(secret(sink, "url-file", path)?),
        None => None,
    };
    Ok(in_file.or_else(|| sink.url.as_deref().filter(|url| !url.is_empty()).map(Secret::new)))
}

fn headers(sink: &SinkSettings) -> Result<Vec<(String, Secret)>> {
    let mut lines = sink.headers.clone();
    if let Some(path) = sink.headers_file.as_deref() {
        let text = secret(sink, "headers-file", path)?;
        let own = text.expose().lines().map(str::trim);
        lines.extend(own.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned));
    }
    let pair = |line: &String| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), Secret::new(value.trim())))
    };
    let pairs: Option<Vec<(String, Secret)>> = lines.iter().map(pair).collect();
    pairs.ok_or_else(|| {
        wrong(
            sink,
            &"a header has no colon behind its name: write it as \"Name: value\", one a line in a file",
        )
    })
}

fn secret(sink: &SinkSettings, key: &str, path: &Path) -> Result<Secret> {
    let bytes = read(path, MOST_SECRET).map_err(|error| unreadable(sink, key, path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| wrong(sink, &format!("{key}: it is no text")))?;
    Ok(Secret::new(text.trim()))
}

fn authorities(sink: &SinkSettings, other: Option<PathBuf>) -> Result<Option<Vec<u8>>> {
    let key = if sink.authorities.is_some() { "authorities" } else { CERTIFICATE };
    let Some(path) = sink.authorities.clone().or(other) else { return Ok(None) };
    let bytes = read_public(&path, MOST_AUTHORITIES);
    bytes.map(Some).map_err(|error| unreadable(sink, key, &path, &error))
}

fn unreadable(sink: &SinkSettings, key: &str, path: &Path, error: &io::Error) -> Error {
    wrong(sink, &format!("{key}: cannot read {}: {error}", path.display()))
}

fn wrong(sink: &SinkSettings, reason: &dyn Display) -> Error {
    Error::usage(format!("the sink {:?}: {reason}", sink.name))
}
