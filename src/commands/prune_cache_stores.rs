//! Which stores a run is about: those that were named, or all that lose single entries.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::prune_cache::PruneCacheArgs;
use crate::config::settings::CacheSettings;
use crate::config::store_keys::StoreSettings;
use crate::config::{Resolved, closest};
use crate::context::Context;
use crate::core::cache::disk::Disk;
use crate::core::cache::find::{self, Places};
use crate::core::cache::nx::locate::{Exclusive, NxStore, Surroundings, locate};
use crate::core::cache::plan::Limits;
use crate::core::cache::store::{
    Description, Kind, LastUse, NX, Origin, STORES, Selection as Names, Store, TURBO,
};
use crate::core::cache::turbo;
use crate::error::{Error, Result};
use crate::sys::disk::SystemDisk;
use crate::sys::git;

/// What was asked for.
pub enum Selection {
    /// Every store that loses single entries.
    Entries,
    /// Every store.
    All,
    /// These.
    Named(Vec<String>),
}

impl Selection {
    /// Reads it off the command line.
    ///
    /// # Errors
    /// When a name is no store.
    pub fn of(resolved: &Resolved, args: &PruneCacheArgs) -> Result<Self> {
        let named: Vec<String> = args.stores.iter().chain(&args.store).cloned().collect();
        if named.is_empty() {
            return Ok(if args.list { Self::All } else { Self::Entries });
        }
        let own = resolved.settings.cache.stores.iter().filter(|store| store.path.is_some());
        let known: Vec<&str> =
            STORES.iter().map(|store| store.name).chain(own.map(|store| store.name.as_str())).collect();
        for name in &named {
            if !known.contains(&name.as_str()) {
                let meant = closest(name, known.iter().copied());
                let hint = meant.map_or_else(
                    || format!("known are {}", known.join(", ")),
                    |meant| format!("did you mean {meant}?"),
                );
                return Err(Error::usage(format!("{name:?} is no cache that is known")).hint(hint));
            }
        }
        Ok(Self::Named(named))
    }

    fn wants(&self, name: &str, kind: Kind) -> bool {
        match self {
            Self::Entries => kind == Kind::Entries,
            Self::All => true,
            Self::Named(names) => names.iter().any(|wanted| wanted == name),
        }
    }
}

/// Finds the stores that are there, each with its limits and with what forbids to touch it.
///
/// # Errors
/// When the configuration puts one where more than a cache is.
pub fn find(context: &Context, resolved: &Resolved, selection: &Selection) -> Result<Vec<Store>> {
    let settings = &resolved.settings.cache;
    let variable = |name: &str| context.environment.get(name).map(ToOwned::to_owned);
    let places = places(context, resolved, &variable);
    let wanted = |description: &&Description| {
        let own = settings.stores.iter().find(|store| store.name == description.name);
        selection.wants(description.name, description.kind)
            && own.is_none_or(|own| own.enabled != Some(false))
    };
    let descriptions: Vec<&Description> = STORES.iter().filter(wanted).collect();
    let needs_packages = descriptions.iter().any(|description| !description.places.is_empty());
    let packages = if needs_packages { find::packages(&resolved.workspace) } else { Vec::new() };
    let mut stores = Vec::new();
    for description in descriptions {
        let own = settings.stores.iter().find(|store| store.name == description.name);
        let limits = limits(settings, own, description.kind, description.max_age);
        if description.name == NX {
            stores.extend(nx_stores(&places, own, description, limits));
        } else if description.name == TURBO {
            stores.extend(turbo_stores(&places, &packages, description, limits));
        } else {
            stores.extend(find::stores(description, &places, &packages, limits));
        }
    }
    stores.extend(own_stores(settings, selection, &resolved.workspace));
    check(&mut stores, &places)?;
    Ok(stores)
}

/// Where this user and this workspace are.
pub fn places<'a>(
    context: &'a Context,
    resolved: &'a Resolved,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
) -> Places<'a> {
    Places {
        workspace: &resolved.workspace,
        home: context.environment.home(),
        temporary: &context.paths.temporary,
        uid: context.uid,
        variable,
    }
}

/// Takes out what is found twice, and stops where our own configuration names what can be no cache.
fn check(stores: &mut Vec<Store>, places: &Places<'_>) -> Result<()> {
    let mut seen = HashSet::new();
    stores.retain(|store| seen.insert((store.folder.clone(), store.name.clone())));
    for store in stores.iter().filter(|store| store.origin.is_ours()) {
        if let Some(reason) = find::is_no_cache(store, places) {
            let folder = store.folder.display();
            let message = format!("the cache {} cannot be {folder}: {reason}", store.name);
            return Err(
                Error::usage(message).hint("name the folder that holds the entries of the cache alone")
            );
        }
    }
    Ok(())
}

/// What is said about a store holds before what is said about all, unless that was said for this run.
fn limits(
    settings: &CacheSettings,
    own: Option<&StoreSettings>,
    kind: Kind,
    max_age: Option<std::time::Duration>,
) -> Limits {
    let is_given = |key: &str| settings.overriding.contains(&key);
    let mut limits = settings.limits;
    if kind != Kind::Entries && !is_given("cache.max-size") {
        limits.max_bytes = None;
    }
    limits.max_age = limits.max_age.or(max_age.filter(|_| !is_given("cache.max-age")));
    let Some(own) = own else { return limits };
    if let Some(bytes) = own.max_bytes.filter(|_| !is_given("cache.max-size")) {
        limits.max_bytes = bytes;
    }
    if let Some(percent) = own.target_percent.filter(|_| !is_given("cache.target")) {
        limits.target_percent = percent;
    }
    if let Some(age) = own.max_age.filter(|_| !is_given("cache.max-age")) {
        limits.max_age = age;
    }
    if let Some(age) = own.min_age.filter(|_| !is_given("cache.min-age")) {
        limits.min_age = age;
    }
    limits
}

fn turbo_stores(
    places: &Places<'_>,
    packages: &[PathBuf],
    description: &Description,
    mut limits: Limits,
) -> Vec<Store> {
    let settings = turbo::read(places.workspace, places.variable);
    settings.tighten(&mut limits);
    let mut stores = find::stores(description, places, packages, limits);
    let folder = settings.cache_folder.map(|folder| places.workspace.join(folder));
    if let Some(folder) = folder.filter(|folder| stores.iter().all(|known| known.folder != *folder)) {
        stores.extend(find::told(description, places, folder, limits));
    }
    stores
}

fn nx_stores(
    places: &Places<'_>,
    own: Option<&StoreSettings>,
    description: &Description,
    limits: Limits,
) -> Vec<Store> {
    let around = Surroundings {
        root: places.workspace,
        variable: places.variable,
        home: places.home,
        shared_temp: Path::new("/tmp"),
        git: &git::ask,
        uid: places.uid,
        exclusive: exclusive(own),
    };
    let located = locate(&around);
    let store = |nx: NxStore| {
        let mut limits = limits;
        // Nx itself would evict above its own limit, by a rule of its own.
        limits.max_bytes = match (limits.max_bytes, limit_of_nx(&nx)) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        let is_left_behind = nx.is_current == Some(false);
        let left_behind = is_left_behind.then(|| "the installed Nx keeps its cache elsewhere".to_owned());
        Store {
            name: description.name.to_owned(),
            kind: description.kind,
            origin: Origin::Told,
            folder: nx.folder.clone(),
            selection: Names::Nx,
            last_use: LastUse::Touched,
            // Whoever works with it works in its own checkout, which need not be this one.
            project: nx.place.clone().unwrap_or_else(|| places.workspace.to_owned()),
            users: description.users.iter().map(|user| (*user).to_owned()).collect(),
            limits,
            version: located.version.clone(),
            notes: left_behind.into_iter().collect(),
            serves_everywhere: false,
            // Without its settings nobody knows where else Nx keeps databases.
            refusal: nx.shared.clone().or_else(|| located.troubles.first().cloned()),
            seen: None,
            nx: Some(nx),
        }
    };
    located.stores.into_iter().map(store).collect()
}

fn limit_of_nx(nx: &NxStore) -> Option<u64> {
    let usual = || {
        let folder = SystemDisk.open(&nx.folder).ok().filter(|_| nx.has_usual_limit)?;
        SystemDisk.space(&folder).ok().map(|space| space.total_bytes / 10)
    };
    nx.max_cache_bytes.or_else(usual)
}

fn exclusive(own: Option<&StoreSettings>) -> Exclusive {
    match own.filter(|own| own.exclusive == Some(true)) {
        None => Exclusive::None,
        Some(own) if own.exclusive_is_of_workspace => Exclusive::Inside,
        Some(_) => Exclusive::Any,
    }
}

/// The stores that the configuration adds.
fn own_stores(settings: &CacheSettings, selection: &Selection, workspace: &Path) -> Vec<Store> {
    let store = |own: &StoreSettings| {
        let folder = own.path.clone()?;
        let is_wanted = own.enabled != Some(false) && selection.wants(&own.name, Kind::Entries);
        (is_wanted && folder.symlink_metadata().is_ok()).then(|| Store {
            name: own.name.clone(),
            kind: Kind::Entries,
            origin: if own.path_is_of_workspace { Origin::Workspace } else { Origin::Configured },
            folder,
            selection: own.entries.clone().map_or(Names::Every, Names::Fitting),
            last_use: own.last_use.unwrap_or(LastUse::Touched),
            project: workspace.to_owned(),
            users: Vec::new(),
            serves_everywhere: false,
            limits: own_limits(settings, own),
            nx: None,
            version: None,
            notes: Vec::new(),
            refusal: None,
            seen: None,
        })
    };
    settings.stores.iter().filter_map(store).collect()
}

/// What the workspace says about all caches does not hold for one that the user named.
fn own_limits(settings: &CacheSettings, own: &StoreSettings) -> Limits {
    if own.path_is_of_workspace {
        return limits(settings, Some(own), Kind::Entries, None);
    }
    let settings = CacheSettings { limits: settings.limits_elsewhere, ..settings.clone() };
    limits(&settings, Some(own), Kind::Entries, None)
}
