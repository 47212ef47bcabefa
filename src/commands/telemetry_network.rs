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
        compression: sink.compression,
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
    let mut pairs =
        header_pairs(sink.headers.iter().map(String::as_str)).map_err(|error| wrong(sink, &error))?;
    if let Some(path) = sink.headers_file.as_deref() {
        pairs.extend(headers_in(path).map_err(|error| wrong(sink, &format!("headers-file: {error}")))?);
    }
    Ok(pairs)
}

/// The headers in a secret file, one a line; what begins with `#` is a remark.
///
/// # Errors
/// When it cannot be read, or a line is no header. The error repeats nothing of it.
pub fn headers_in(path: &Path) -> std::result::Result<Vec<(String, Secret)>, String> {
    let text = secret_in(path)?;
    let lines = text.expose().lines().map(str::trim);
    header_pairs(lines.filter(|line| !line.is_empty() && !line.starts_with('#')))
}

fn header_pairs<'a>(
    lines: impl Iterator<Item = &'a str>,
) -> std::result::Result<Vec<(String, Secret)>, String> {
    let pair = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), Secret::new(value.trim())))
    };
    let pairs: Option<_> = lines.map(pair).collect();
    let problem = "a header has no colon behind its name: write it as \"Name: value\", one a line in a file";
    pairs.ok_or_else(|| problem.to_owned())
}

fn secret(sink: &SinkSettings, key: &str, path: &Path) -> Result<Secret> {
    secret_in(path).map_err(|error| wrong(sink, &format!("{key}: {error}")))
}

fn secret_in(path: &Path) -> std::result::Result<Secret, String> {
    let bytes = read(path, MOST_SECRET).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
    Ok(Secret::new(text.trim()))
}

fn authorities(sink: &SinkSettings, other: Option<PathBuf>) -> Result<Option<Vec<u8>>> {
    let key = if sink.authorities.is_some() { "authorities" } else { CERTIFICATE };
    let Some(path) = sink.authorities.clone().or(other) else { return Ok(None) };
    authorities_in(&path).map(Some).map_err(|error| wrong(sink, &format!("{key}: {error}")))
}

/// Certificates in PEM form.
///
/// # Errors
/// When the file cannot be read.
pub fn authorities_in(path: &Path) -> std::result::Result<Vec<u8>, String> {
    read_public(path, MOST_AUTHORITIES).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

fn wrong(sink: &SinkSettings, reason: &dyn Display) -> Error {
    Error::usage(format!("the sink {:?}: {reason}", sink.name))
}
