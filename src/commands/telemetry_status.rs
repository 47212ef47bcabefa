//! `brainwav telemetry status`: what waits, and for whom.

use std::path::Path;
use std::time::SystemTime;

use super::telemetry_pipeline::{SpoolPlace, spool};
use super::telemetry_sinks::names;
use crate::config::Resolved;
use crate::context::Context;
use crate::core::telemetry::deliver::status;
use crate::core::telemetry::spool::place::others;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::sanitize::sanitize;
use crate::output::telemetry::StatusView;
use crate::output::ui::Format;
use crate::output::units::size;

/// Shows the spool and its sinks.
///
/// # Errors
/// When the settings are wrong, or the spool cannot be read.
pub fn run(context: &mut Context) -> Result<ExitCode> {
    let resolved = context.resolve(Vec::new())?;
    let view = look(context, &resolved)?;
    tell_of_others(context, &resolved, &view.folder);
    let is_well =
        view.status.sinks.iter().all(|sink| sink.progress.last_failure.is_none() && sink.letters == 0);
    let code = if is_well { ExitCode::Success } else { ExitCode::ProblemsFound };
    show(context, &view);
    Ok(code)
}

/// The same for a dry run of `flush`: what waits is what would be delivered.
///
/// # Errors
/// As [`run`].
pub fn waiting(context: &mut Context, resolved: &Resolved, only: &[String]) -> Result<ExitCode> {
    let mut view = look(context, resolved)?;
    view.status.sinks.retain(|sink| only.contains(&sink.sink));
    let is_empty = view.status.sinks.iter().all(|sink| sink.pending == 0);
    show(context, &view);
    Ok(if is_empty { ExitCode::Success } else { ExitCode::ProblemsFound })
}

fn look(context: &Context, resolved: &Resolved) -> Result<StatusView> {
    let spool = spool(context, resolved)?;
    let status = status(&spool, &names(resolved), SystemTime::now()).map_err(|error| {
        let folder = spool.folder().path().display().to_string();
        Error::new(ErrorKind::Look, anyhow::anyhow!("cannot read the spool {folder}: {error}"))
    })?;
    let folder = spool.folder().path().to_owned();
    Ok(StatusView { status, folder, most_bytes: resolved.settings.telemetry.spool_bytes })
}

/// What waits elsewhere is not delivered from here.
pub fn tell_of_others(context: &mut Context, resolved: &Resolved, own: &Path) {
    let Ok(common) = SpoolPlace::new(context, resolved).common() else { return };
    for other in others(common.path(), own) {
        let (folder, bytes) = (other.folder.display(), size(other.bytes));
        let hint = match &other.owner {
            Some(options) => format!(
                "{bytes} wait for other sinks: brainwav telemetry flush {options} delivers them, and flush --spool \
                 {folder} to the sinks of here"
            ),
            None => format!(
                "{bytes} wait for other sinks in {folder}: brainwav telemetry flush --spool {folder} delivers them to the \
                 sinks of here"
            ),
        };
        context.ui.hint(&sanitize(&hint));
    }
}

fn show(context: &mut Context, view: &StatusView) {
    for sink in &view.status.sinks {
        let note = sink.progress.last_note.as_ref().map(|note| format!("{}: {note}", sink.sink));
        let letters = (sink.letters > 0).then(|| {
            let path = sink.dead_letters.display();
            format!("{}: what it will never take is in {path}, with the reasons; move it away when you have looked", sink.sink)
        });
        for warning in sink.warning.iter().chain(&note).chain(&letters) {
            context.ui.warn(&sanitize(warning));
        }
    }
    match context.ui.format() {
        Format::Json => context.ui.document(&view.document()),
        Format::Human => {
            let text = view.human(&context.ui);
            context.ui.data(&text);
        }
    }
    if view.status.sinks.is_empty() {
        context.ui.hint("there is no sink; add a [[telemetry.sink]] to the configuration");
    }
}
