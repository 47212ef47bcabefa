//! `brainwav telemetry schema --register`.

use serde::Serialize;

use super::telemetry_network::{authorities_in, headers_in};
use crate::cli::telemetry_events::SchemaArgs;
use crate::context::Context;
use crate::core::telemetry::event::SCHEMA_VERSION;
use crate::core::telemetry::registry::{
    LEVEL, Registration, Registry, RegistryError, RegistrySettings, State, register,
};
use crate::core::telemetry::schema::schema;
use crate::core::telemetry::seal::schema_name;
use crate::core::telemetry::sinks::Secret;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::BRAND;
use crate::output::sanitize::sanitize;
use crate::output::ui::Format;

/// The document `brainwav.telemetry-schema-registration/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    brand: &'static str,
    /// The version of the schema of this program.
    version: &'static str,
    registry: &'a str,
    subject: &'a str,
    state: &'static str,
    dry_run: bool,
    id: Option<u64>,
    subject_version: Option<u64>,
    compatibility: Option<&'a str>,
    /// Whether the subject had no compatibility of its own, and has got one, or would get one.
    sets_compatibility: bool,
    reasons: &'a [String],
}

/// Brings the schema into a registry.
///
/// # Errors
/// When the settings are wrong, and when the registry cannot be reached or refuses.
pub fn run(context: &mut Context, args: &SchemaArgs, url: &str) -> Result<ExitCode> {
    let settings = settings(context, args, url)?;
    let usage = |error| Error::usage(format!("--register: {error}"));
    let mut registry = Registry::new(&settings).map_err(usage)?;
    let place = registry.place();
    let came = register(&mut registry, &schema_name(), &schema(), args.dry_run);
    let came = came.map_err(|error| failed(&place, error))?;
    let subject = &settings.subject;
    let is_fine = matches!(came.state, State::Registered | State::AlreadyRegistered | State::Served);
    match context.ui.format() {
        Format::Json => context.ui.document(&document(&place, subject, &came, args.dry_run)),
        Format::Human if context.ui.is_quiet() && is_fine => {}
        Format::Human => context.ui.data(&human(&place, subject, &came, args.dry_run)),
    }
    if matches!(came.state, State::Differs | State::Absent) {
        context.ui.hint(
            "this registry reads its schemas from a folder: put what brainwav telemetry schema prints there",
        );
    }
    Ok(if is_fine { ExitCode::Success } else { ExitCode::ProblemsFound })
}

fn settings(context: &mut Context, args: &SchemaArgs, url: &str) -> Result<RegistrySettings> {
    let subject = match &args.subject {
        Some(subject) if subject.is_empty() => return Err(Error::usage("--subject: it has to have a name")),
        Some(subject) => subject.clone(),
        None => format!("{}-value", context.resolve(Vec::new())?.settings.telemetry.topic),
    };
    let of = |option: &'static str| move |error: String| Error::usage(format!("{option}: {error}"));
    let headers = args.headers_file.as_deref().map(headers_in).transpose().map_err(of("--headers-file"))?;
    let authorities = args.authorities.as_deref().map(authorities_in).transpose();
    Ok(RegistrySettings {
        url: Secret::new(url),
        headers: headers.unwrap_or_default(),
        authorities: authorities.map_err(of("--authorities"))?,
        subject,
    })
}

fn failed(place: &str, error: RegistryError) -> Error {
    let (kind, why) = match error {
        RegistryError::Look(why) => (ErrorKind::Look, why),
        RegistryError::Change(why) => (ErrorKind::Action, why),
    };
    let error = Error::new(kind, anyhow::anyhow!("the schema registry at {place}: {why}"));
    if !why.is_denied {
        return error;
    }
    error.hint("what it wants to see, such as Authorization, goes into a file: --headers-file FILE")
}

fn document<'a>(place: &'a str, subject: &'a str, came: &'a Registration, dry_run: bool) -> Document<'a> {
    Document {
        schema: "brainwav.telemetry-schema-registration/1",
        brand: BRAND,
        version: SCHEMA_VERSION,
        registry: place,
        subject,
        state: match came.state {
            State::Registered => "registered",
            State::AlreadyRegistered => "already-registered",
            State::WouldRegister => "would-register",
            State::Incompatible => "incompatible",
            State::Served => "served",
            State::Differs => "differs",
            State::Absent => "absent",
        },
        dry_run,
        id: came.id,
        subject_version: came.version,
        compatibility: came.level.as_ref().map(|level| level.name.as_str()),
        sets_compatibility: came.level.as_ref().is_some_and(|level| level.is_new),
        reasons: &came.reasons,
    }
}

fn human(place: &str, subject: &str, came: &Registration, dry_run: bool) -> String {
    let number = |number: Option<u64>| number.unwrap_or_default();
    let at = format!("as version {} of {subject} (id {})", number(came.version), number(came.id));
    let state = match came.state {
        State::Registered => format!("was registered {at}"),
        State::AlreadyRegistered => format!("is registered already, {at}"),
        State::WouldRegister => format!("is not registered, and would be under {subject}"),
        State::Incompatible => format!("does not fit what is registered under {subject}"),
        State::Served => "is there, as it is here".to_owned(),
        State::Differs => "is there under its name, and is another one".to_owned(),
        State::Absent => "is not there".to_owned(),
    };
    let mut text = format!("{BRAND} telemetry schema: version {SCHEMA_VERSION} at {place} {state}\n");
    if let Some(level) = &came.level {
        let is = match (level.is_new, dry_run) {
            (true, false) => ", which was set now",
            (true, true) => ", which would be set",
            (false, _) if level.name == LEVEL => "",
            (false, _) => ", which was chosen there; the schema is made for FORWARD",
        };
        text.push_str(&format!("  compatibility of the subject: {}{is}\n", level.name));
    }
    text.extend(came.reasons.iter().map(|reason| format!("  {reason}\n")));
    text.lines().map(|line| sanitize(line) + "\n").collect()
}
