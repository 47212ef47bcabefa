//! What forbids to touch a store, asked shortly before it is pruned, and once more after a wait: meanwhile a link may
//! have come into the place of a folder.

use std::ffi::OsString;

use super::prune_cache_stores::places;
use crate::config::Resolved;
use crate::context::Context;
use crate::core::cache::find;
use crate::core::cache::run::base_of;
use crate::core::cache::store::{Kind, Origin, Store};
use crate::sys::git::{self, Tracked};

/// Notes what stands at the path of a store now, and what forbids to touch it.
pub fn check(context: &Context, resolved: &Resolved, store: &mut Store) {
    if matches!(store.kind, Kind::Reported(_)) {
        return;
    }
    let before = store.seen.take();
    // First of all: what comes into its place after this is another one.
    store.seen = find::seen(base_of(store));
    if store.refusal.is_some() || store.folder.symlink_metadata().is_err() {
        return;
    }
    let real = |seen: &Option<find::Seen>| seen.as_ref().map(|seen| seen.real.clone());
    let is_moved = before.is_some() && real(&before) != real(&store.seen);
    let moved = is_moved.then(|| "it is in another place than before the wait".to_owned());
    let variable = |name: &str| -> Option<OsString> { context.environment.get(name).map(ToOwned::to_owned) };
    let places = places(context, resolved, &variable);
    store.refusal = moved
        .or_else(|| outside(store, &places))
        .or_else(|| find::is_no_cache(store, &places).map(|reason| format!("it can be no cache: {reason}")))
        .or_else(|| wanted(store))
        .or_else(|| tracked(store));
}

/// A workspace may have come from anywhere, and says nothing about what lies outside of it.
fn outside(store: &Store, places: &find::Places<'_>) -> Option<String> {
    let reason = match store.origin {
        Origin::Package => "a link on the way to it leads out of the workspace",
        Origin::Workspace => {
            "it lies outside of the workspace whose brainwav.toml names it; name it in your own config.toml"
        }
        Origin::ToldByWorkspace => "it lies outside of the workspace whose settings name it",
        Origin::User | Origin::Told | Origin::Configured => return None,
    };
    find::leads_out(&store.folder, places.workspace).then(|| reason.to_owned())
}

/// In a work tree only what git is told to ignore can be a cache that nobody knows.
fn wanted(store: &Store) -> Option<String> {
    match git::wanted(Some(&store.folder).filter(|_| store.origin.is_ours())?) {
        Tracked::Yes(name) => Some(format!("git does not ignore the files in it, such as {name}")),
        Tracked::No | Tracked::Unknown(_) => None,
    }
}

/// What git keeps is somebody's work, whatever its folder is called.
fn tracked(store: &Store) -> Option<String> {
    let folder = if store.folder.is_dir() { store.folder.as_path() } else { base_of(store) };
    match git::tracked(folder) {
        Tracked::No => None,
        Tracked::Yes(name) => Some(format!("git tracks files in it, such as {name}")),
        Tracked::Unknown(reason) => Some(format!(
            "it lies in a git work tree, and whether git tracks files in it is unknown: {reason}"
        )),
    }
}
