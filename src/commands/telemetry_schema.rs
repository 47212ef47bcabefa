//! `brainwav telemetry schema`.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::cli::telemetry_events::SchemaArgs;
use crate::context::Context;
use crate::core::telemetry::compatibility::{Break, breaks};
use crate::core::telemetry::event::SCHEMA_VERSION;
use crate::core::telemetry::schema::{async_api, schema};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::BRAND;
use crate::output::sanitize::sanitize;
use crate::output::ui::Format;
use crate::output::units::plural;

/// The document `brainwav.telemetry-schema-check/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    brand: &'static str,
    /// The version of the schema of this program.
    version: &'static str,
    compatible: bool,
    breaks: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    at: &'a str,
    reason: &'a str,
}

/// Prints a schema, compares it with an earlier one, or registers it. What is printed is a document of its own standard:
/// its title bears the brand.
///
/// # Errors
/// When the settings are wrong, or the earlier schema cannot be read.
pub fn run(context: &mut Context, args: &SchemaArgs) -> Result<ExitCode> {
    if let Some(path) = &args.check {
        return check(context, path);
    }
    if let Some(url) = &args.register {
        return super::telemetry_register::run(context, args, url);
    }
    if args.asyncapi {
        let topic = context.resolve(Vec::new())?.settings.telemetry.topic;
        context.ui.document(&async_api(&topic));
    } else {
        context.ui.document(&schema());
    }
    Ok(ExitCode::Success)
}

fn check(context: &mut Context, path: &Path) -> Result<ExitCode> {
    let old = read(path)?;
    let found = breaks(&old, &schema());
    match context.ui.format() {
        Format::Json => context.ui.document(&Document {
            schema: "brainwav.telemetry-schema-check/1",
            brand: BRAND,
            version: SCHEMA_VERSION,
            compatible: found.is_empty(),
            breaks: found.iter().map(|one| Entry { at: &one.at, reason: &one.reason }).collect(),
        }),
        Format::Human if context.ui.is_quiet() && found.is_empty() => {}
        Format::Human => context.ui.data(&human(path, &found)),
    }
    Ok(if found.is_empty() { ExitCode::Success } else { ExitCode::ProblemsFound })
}

/// Reads a schema, or the one in an AsyncAPI document of ours.
fn read(path: &Path) -> Result<Value> {
    let name = path.display();
    let unread = |error| Error::new(ErrorKind::Look, anyhow::anyhow!("cannot read {name}: {error}"));
    let text = fs::read(path).map_err(unread)?;
    let wrong = |problem: String| {
        let error = Error::usage(format!("--check: {name} is no JSON Schema: {problem}"));
        error.hint("brainwav telemetry schema of the earlier version prints one")
    };
    let document: Value = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    if !document.is_object() {
        return Err(wrong("it is no object".to_owned()));
    }
    let schema = if document.get("asyncapi").is_some() {
        let event = document.pointer("/components/schemas/AgentEvent");
        event.ok_or_else(|| {
            wrong("it is an AsyncAPI document without components.schemas.AgentEvent".to_owned())
        })?
    } else {
        &document
    };
    if describes(schema) { Ok(schema.clone()) } else { Err(wrong("it describes no fields".to_owned())) }
}

/// Whether it says anything of fields: every object is a JSON Schema, and one that says nothing is kept by all events.
fn describes(schema: &Value) -> bool {
    schema.get("properties").is_some_and(Value::is_object)
        || schema.get("$ref").is_some_and(Value::is_string)
        || schema.get("allOf").is_some_and(Value::is_array)
}

fn human(path: &Path, found: &[Break]) -> String {
    let name = sanitize(&path.display().to_string());
    let title = format!("{BRAND} telemetry schema: version {SCHEMA_VERSION} against {name}: ");
    if found.is_empty() {
        return format!("{title}its readers can read what is written now\n");
    }
    let places = plural(found.len(), "place breaks", "places break");
    let lines: Vec<String> =
        found.iter().map(|one| sanitize(&format!("  {}: {}", one.at, one.reason)) + "\n").collect();
    format!("{title}{places} its readers\n\n{}", lines.concat())
}
