//! `brainwav prune-cache`: caches back under their limits.

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use super::actions::Actions;
use super::prune_cache_check::check;
use super::prune_cache_stores;
use super::prune_cache_watch::{Onlooker, wait_until_idle};
use crate::cli::prune_cache::PruneCacheArgs;
use crate::config::{Flag, Resolved};
use crate::context::Context;
use crate::core::cache::disk::is_full;
use crate::core::cache::gather::needs_idle;
use crate::core::cache::index::digest;
use crate::core::cache::meter::Meter;
use crate::core::cache::plan::Plan;
use crate::core::cache::run::{How, RunError, prune};
use crate::core::cache::store::{Kind, Store};
use crate::core::state::{Folder, FolderError, Lock, LockError};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::actions::caches::{begun, ended};
use crate::output::gauge::Gauge;
use crate::output::prune_cache::{StoreRow, View, below_home, human};
use crate::output::prune_cache_document::Document;
use crate::output::ui::Format;
use crate::sys::disk::SystemDisk;
use crate::sys::{SystemHost, fault as fault_point};

/// Runs the command on this machine.
///
/// # Errors
/// When the settings are wrong, a store is not known, or another run is pruning.
pub fn run(context: &mut Context, args: &PruneCacheArgs) -> Result<ExitCode> {
    let resolved = context.resolve(flags(args))?;
    let selection = prune_cache_stores::Selection::of(&resolved, args)?;
    let dry_run = args.dry_run || args.list;
    let _lock = if dry_run { None } else { lock(context, &resolved.workspace)? };
    let host = SystemHost::new().map_err(|error| Error::new(ErrorKind::Look, error))?;
    host.listen_for_interrupts().map_err(|error| {
        Error::new(ErrorKind::Action, anyhow::anyhow!("cannot listen for signals: {error}"))
    })?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let started = Instant::now();
    let state = Folder::open(&context.paths.state, context.uid).ok().filter(|_| !dry_run);
    let stores = prune_cache_stores::find(context, &resolved, &selection)?;
    let mut actions = Actions::new(&resolved, !dry_run);
    let mut rows = Vec::with_capacity(stores.len());
    fault_point::at(&fault(context), "found");
    for store in stores {
        if host.interrupted().is_some() {
            break;
        }
        let how = How { dry_run, now, uid: context.uid, state: state.as_ref() };
        rows.push(one(context, &host, &mut actions, &resolved, args, store, how));
    }
    actions.finish(context);
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

/// Two runs at once in a workspace would each report what the other did. A full disk has no room for a lock, and is
/// when this is needed most: the folders of the caches are locked as well, one by one.
fn lock(context: &mut Context, workspace: &Path) -> Result<Option<Lock>> {
    let folder = match Folder::open(&context.paths.state, context.uid) {
        Ok(folder) => folder,
        Err(FolderError::Io { source, .. }) if is_full(&source) => return Ok(without_lock(context, &source)),
        Err(error) => {
            let hint = "set BRAINWAV_STATE_DIR to a folder of your own";
            return Err(Error::new(ErrorKind::Action, error).hint(hint));
        }
    };
    let name = format!("prune-cache-{:016x}.lock", digest(workspace.as_os_str().as_encoded_bytes().iter()));
    match Lock::take(&folder.file(&name), Duration::ZERO) {
        Ok(lock) => Ok(Some(lock)),
        Err(LockError::Io { source, .. }) if is_full(&source) => Ok(without_lock(context, &source)),
        Err(error @ LockError::Held(_)) => {
            Err(Error::new(ErrorKind::Locked, error).hint("try again when it has finished"))
        }
        Err(error) => Err(Error::new(ErrorKind::Action, error)),
    }
}

fn without_lock(context: &mut Context, error: &io::Error) -> Option<Lock> {
    context.ui.warn(&format!("each cache is locked by itself only, there is no room for a lock: {error}"));
    None
}

/// Looks at one store, and prunes it unless it is a dry run.
fn one(
    context: &mut Context,
    host: &SystemHost,
    actions: &mut Actions<'_>,
    resolved: &Resolved,
    args: &PruneCacheArgs,
    mut store: Store,
    mut how: How<'_>,
) -> StoreRow {
    let is_reported = matches!(store.kind, Kind::Reported(_));
    how.dry_run |= is_reported;
    check(context, resolved, &mut store);
    let needs_idle = !how.dry_run && store.refusal.is_none() && needs_idle(&store);
    let users = match needs_idle {
        true => {
            let patience = resolved.settings.cache.wait;
            let users = wait_until_idle(&context.ui, host, &store, patience, &fault(context));
            check(context, resolved, &mut store);
            users
        }
        false => Ok(Vec::new()),
    };
    fault_point::at(&fault(context), "checked-path");
    let (mut is_locked, mut is_action) = (false, false);
    let started = Instant::now();
    let (users, result) = match users {
        Err(error) => (Vec::new(), Err(error.to_string())),
        Ok(users) => {
            how.dry_run |= !users.is_empty();
            let result = look_and_act(context, host, actions, args, &store, needs_idle, how);
            is_locked = matches!(result, Err(RunError::Locked));
            is_action = result.as_ref().is_err_and(RunError::is_action);
            (users, result.map_err(|error| error.to_string()))
        }
    };
    let refusal = result.as_ref().ok().and_then(|pruned| pruned.refusal.clone());
    store.refusal = store.refusal.take().or(refusal);
    let row = StoreRow { acts: how.acts_on(&store), store, result, users, is_locked, is_action };
    if let Some(event) = ended(&row, started.elapsed()) {
        actions.open(context);
        actions.tell(|| [event]);
    }
    row
}

fn look_and_act(
    context: &mut Context,
    host: &SystemHost,
    actions: &mut Actions<'_>,
    args: &PruneCacheArgs,
    store: &Store,
    needs_idle: bool,
    how: How<'_>,
) -> std::result::Result<crate::core::cache::run::Pruned, RunError> {
    let folder = below_home(&store.folder, context.environment.home());
    let gauge = Gauge::start(&context.ui, &format!("{}: {folder}", store.name));
    let disk = SystemDisk;
    let progress = |usage: &crate::core::cache::disk::Usage| gauge.add(usage);
    let stop = || host.interrupted().is_some();
    let mut meter = Meter::new(how.now, &progress, &stop);
    if !args.no_index && store.nx.is_some() {
        meter = meter.remembering(&context.paths.state, context.uid, &store.folder);
    }
    let fault = fault(context);
    let acts = how.acts_on(store);
    if acts {
        actions.open(context);
    }
    let actions = Mutex::new(actions);
    let told = |plan: &Plan| {
        if let Some(mut actions) = actions.lock().ok().filter(|_| acts) {
            actions.tell(|| begun(store, plan));
        }
    };
    let watch = Onlooker { gauge: &gauge, host, store: needs_idle.then_some(store), told: &told, fault };
    let result = prune(&disk, store, &mut meter, &watch, how);
    let warning = meter.save();
    drop(gauge);
    if let Some(warning) = warning {
        context.ui.warn(&warning);
    }
    result
}

/// Where a test wants this to end.
fn fault(context: &Context) -> String {
    context.environment.get("BRAINWAV_FAULT").unwrap_or_default().to_string_lossy().into_owned()
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
