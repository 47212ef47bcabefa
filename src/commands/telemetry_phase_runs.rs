//! What is remembered of runs: each under its name and its id, and the last one of a name under that alone.

use std::fs;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};

use crate::cli::telemetry_phase::{FinishArgs, StartArgs};
use crate::core::state::{Loaded, load, save};
use crate::core::telemetry::phase::{Begun, file_name};
use crate::core::telemetry::phase_store::Phases;
use crate::error::{Error, ErrorKind, Result};

/// Remembers a run that has begun. Says whether another one is forgotten for it.
///
/// # Errors
/// When it cannot be written down.
pub fn remember(phases: &Phases, args: &StartArgs, begun: Begun) -> Result<bool> {
    let by_name = phases.file(&args.name, None);
    let mut is_forgotten = remembered(&by_name).is_some_and(|earlier| earlier.file.is_none());
    let mut begun = begun;
    if let Some(id) = &args.correlation_id {
        let file = file_name(&args.name, Some(id));
        let by_id = phases.at(&file);
        is_forgotten |= by_id.exists();
        write(&by_id, &begun)?;
        begun.file = Some(file);
    }
    write(&by_name, &begun)?;
    Ok(is_forgotten)
}

fn write(path: &Path, begun: &Begun) -> Result<()> {
    save(path, begun).map_err(|error| {
        let id = &begun.correlation_id;
        unkept(path, &error).hint(format!("the event is kept; finish it with --correlation-id {id}"))
    })
}

/// What is remembered of the run that is meant, and the files to forget it by: that of the name and the id, and that of
/// the name alone if it speaks of this run.
///
/// # Errors
/// When only its name is known, and none of this name has begun.
pub fn begun(phases: &Phases, args: &FinishArgs) -> Result<(Vec<PathBuf>, Option<Begun>)> {
    let by_name = phases.file(&args.name, None);
    let last = remembered(&by_name);
    let Some(id) = &args.correlation_id else {
        let Some(last) = last else {
            let error =
                Error::usage(format!("no run {:?} has begun, or the last one has finished", args.name));
            return Err(error
                .hint("start it with: brainwav telemetry phase start NAME")
                .hint("or give its --correlation-id"));
        };
        return Ok((files(phases, by_name, &last), Some(last)));
    };
    let file = file_name(&args.name, Some(id));
    if let Some(begun) = remembered(&phases.at(&file)) {
        let is_last = last.is_some_and(|last| last.file.as_ref() == Some(&file));
        let paths = [phases.at(&file)].into_iter().chain(is_last.then_some(by_name));
        return Ok((paths.collect(), Some(begun)));
    }
    // The id that start made, or printed redacted.
    Ok(match last.filter(|last| last.correlation_id == *id) {
        Some(last) => (files(phases, by_name, &last), Some(last)),
        None => (Vec::new(), None),
    })
}

fn files(phases: &Phases, by_name: PathBuf, last: &Begun) -> Vec<PathBuf> {
    let own = last.file.as_ref().filter(|file| !file.contains('/')).map(|file| phases.at(file));
    own.into_iter().chain([by_name]).collect()
}

/// Forgets a run.
///
/// # Errors
/// When a file that is there cannot be removed.
pub fn forget(paths: &[PathBuf]) -> Result<()> {
    paths.iter().try_for_each(|path| match fs::remove_file(path) {
        Err(error) if error.kind() != IoErrorKind::NotFound => Err(unkept(path, &error)),
        _ => Ok(()),
    })
}

fn remembered(path: &Path) -> Option<Begun> {
    match load::<Begun>(path) {
        Loaded::Content(begun) => Some(begun),
        _ => None,
    }
}

fn unkept(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Action, anyhow::anyhow!("cannot change {}: {error}", path.display()))
}
