//! `brainwav prune-cache`: caches back under their limits.

use std::time::{Duration, Instant, SystemTime};

use super::prune_cache_stores;
use super::prune_cache_watch::{Onlooker, wait_until_idle};
use crate::cli::prune_cache::PruneCacheArgs;
use crate::config::{Flag, Resolved};
use crate::context::Context;
use crate::core::cache::gather::needs_idle;
use crate::core::cache::meter::Meter;
use crate::core::cache::run::{How, RunError, prune};
use crate::core::cache::store::{Kind, Store};
use crate::core::state::{Folder, Lock, LockError};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::gauge::Gauge;
use crate::output::prune_cache::{StoreRow, View, human};
use crate::output::prune_cache_document::Document;
use crate::output::ui::Format;
use crate::sys::SystemHost;
use crate::sys::disk::SystemDisk;

/// Runs the command on this machine.
///
/// # Errors
/// When the settings are wrong, a store is not known, or another run is pruning.
pub fn run(context: &mut Context, args: &PruneCacheArgs) -> Result<ExitCode> {
    let resolved = context.resolve(flags(args))?;
    let selection = prune_cache_stores::Selection::of(&resolved, args)?;
    let dry_run = args.dry_run || args.list;
    let _lock = (!dry_run).then(|| lock(context)).transpose()?;
    let host = SystemHost::new().map_err(|error| Error::new(ErrorKind::Look, error))?;
    host.listen_for_interrupts().map_err(|error| {
        Error::new(ErrorKind::Action, anyhow::anyhow!("cannot listen for signals: {error}"))
    })?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let started = Instant::now();
    let stores = prune_cache_stores::find(context, &resolved, &selection)?;
    let mut rows = Vec::with_capacity(stores.len());
    for store in stores {
        if host.interrupted().is_some() {
            break;
        }
        let how = How { dry_run, now, uid: context.uid };
        rows.push(one(context, &host, &resolved, args, store, how));
    }
    let home = context.environment.home().map(ToOwned::to_owned);
    let view = View {
        home: home.as_deref(),
        dry_run,
        list: args.list,
        rows: &rows,
        now,
        elapsed: started.elapsed(),
        interrupted: host.interrupted(),
    };
    Ok(show(context, &view))
}

fn flags(args: &PruneCacheArgs) -> Vec<Flag> {
    let typed = [
        ("cache.max-size", "--max-size", &args.max_size),
        ("cache.target", "--target", &args.target),
        ("cache.max-age", "--max-age", &args.max_age),
        ("cache.min-age", "--min-age", &args.min_age),
        ("cache.wait", "--wait", &args.wait),
    ];
    let flag = |(key, flag, value): (_, _, &Option<String>)| {
        value.as_ref().map(|value| Flag { key, flag, value: value.clone() })
    };
    typed.into_iter().filter_map(flag).collect()
}

/// Two runs at once would each report what the other did.
fn lock(context: &Context) -> Result<Lock> {
    let folder = Folder::open(&context.paths.state, context.uid).map_err(|error| {
        Error::new(ErrorKind::Action, error).hint("set BRAINWAV_STATE_DIR to a folder of your own")
    })?;
    Lock::take(&folder.file("prune-cache.lock"), Duration::ZERO).map_err(|error| match error {
        LockError::Held(_) => Error::new(ErrorKind::Locked, error).hint("try again when it has finished"),
        LockError::Io { .. } => Error::new(ErrorKind::Action, error),
    })
}

/// Looks at one store, and prunes it unless it is a dry run.
fn one(
    context: &mut Context,
    host: &SystemHost,
    resolved: &Resolved,
    args: &PruneCacheArgs,
    store: Store,
    mut how: How,
) -> StoreRow {
    let is_reported = matches!(store.kind, Kind::Reported(_));
    how.dry_run |= is_reported;
    let needs_idle = !how.dry_run && store.refusal.is_none() && needs_idle(&store);
    let users = match needs_idle {
        true => wait_until_idle(&context.ui, host, &store, resolved.settings.cache.wait),
        false => Ok(Vec::new()),
    };
    let (users, result) = match users {
        Err(error) => (Vec::new(), Err(error.to_string())),
        Ok(users) => {
            how.dry_run |= !users.is_empty();
            let result = look_and_act(context, host, args, &store, needs_idle, how);
            (users, result.map_err(|error| error.to_string()))
        }
    };
    StoreRow { acts: !how.dry_run && store.refusal.is_none(), store, result, users }
}

fn look_and_act(
    context: &mut Context,
    host: &SystemHost,
    args: &PruneCacheArgs,
    store: &Store,
    needs_idle: bool,
    how: How,
) -> std::result::Result<crate::core::cache::run::Pruned, RunError> {
    let gauge = Gauge::start(&context.ui, &format!("{}: {}", store.name, store.folder.display()));
    let disk = SystemDisk;
    let progress = |usage: &crate::core::cache::disk::Usage| gauge.add(usage);
    let stop = || host.interrupted().is_some();
    let mut meter = Meter::new(how.now, &progress, &stop);
    if !args.no_index && store.kind == Kind::Entries {
        meter = meter.remembering(&context.paths.state, context.uid, &store.folder);
    }
    let fault = context.environment.get("BRAINWAV_FAULT").unwrap_or_default();
    let fault = fault.to_string_lossy().into_owned();
    let watch = Onlooker { gauge: &gauge, host, store: needs_idle.then_some(store), fault };
    let result = prune(&disk, store, &mut meter, &watch, how);
    let warning = meter.save();
    drop(gauge);
    if let Some(warning) = warning {
        context.ui.warn(&warning);
    }
    result
}

fn show(context: &mut Context, view: &View<'_>) -> ExitCode {
    let code = view.exit_code();
    let is_quiet = context.ui.is_quiet() && code == ExitCode::Success;
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::new(view, code)),
        Format::Human if is_quiet && !view.list => {}
        Format::Human => {
            let text = human(&context.ui, view);
            context.ui.data(&text);
        }
    }
    if view.rows.is_empty() && view.interrupted.is_none() {
        context
            .ui
            .hint("no cache was found here; --workspace names another folder, --list looks for every kind");
    }
    code
}
