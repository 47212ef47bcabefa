//! The sockets of `brainwav reap`.

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use super::actions::Actions;
use crate::config::Settings;
use crate::context::Context;
use crate::core::host::Host;
use crate::core::process::NamePattern;
use crate::core::reap::sockets::{self, Place, SocketFile, SocketVerdict};
use crate::output::actions::leftovers::{socket_begun, socket_ended};
use crate::output::reap::SocketRow;
use crate::sys::SystemHost;

/// What nx puts into a folder of its own below the temporary one.
const NX_SOCKETS: &[&str] = &["d.sock", "fp*.sock", "plugin*.sock"];

/// What a look at the sockets came to.
#[derive(Debug, Default)]
pub struct Looked {
    /// The files.
    pub rows: Vec<SocketRow>,
    /// Whether a folder could not be read, or the kernel did not tell what is bound.
    pub is_partial: bool,
}

/// Finds dead sockets, and removes them unless it is a dry run.
pub fn look(
    context: &mut Context,
    host: &SystemHost,
    actions: &mut Actions<'_>,
    settings: &Settings,
    dry_run: bool,
) -> Looked {
    let (files, unreadable) = sockets::find(&places(context, settings), SystemTime::now());
    for place in &unreadable {
        context.ui.warn(&format!("cannot look for sockets in {place}"));
    }
    if files.is_empty() {
        return Looked { rows: Vec::new(), is_partial: !unreadable.is_empty() };
    }
    let bound = host.bound_sockets();
    if let Err(unknown) = &bound {
        context.ui.warn(&format!("cannot tell which sockets are bound: {unknown}; none is removed"));
    }
    let is_partial = !unreadable.is_empty() || bound.is_err();
    let row = |file: SocketFile| {
        let verdict = sockets::judge(host, &file, &bound);
        SocketRow { file, verdict, removal: None }
    };
    let mut rows: Vec<SocketRow> = files.into_iter().map(row).collect();
    let mut stale: Vec<&mut SocketRow> =
        rows.iter_mut().filter(|row| row.verdict == SocketVerdict::Stale).collect();
    if !stale.is_empty() {
        actions.open(context);
        actions.tell(|| stale.iter().map(|row| socket_begun(&row.file)));
        let started = Instant::now();
        for row in &mut stale {
            // Somebody may have come back to it since the first look.
            row.verdict = sockets::judge(host, &row.file, &bound);
            row.removal = (row.verdict == SocketVerdict::Stale).then(|| sockets::remove(&row.file, dry_run));
        }
        actions.tell(|| stale.iter().filter_map(|row| socket_ended(row, started.elapsed())));
    }
    Looked { rows, is_partial }
}

fn places(context: &Context, settings: &Settings) -> Vec<Place> {
    let place = |folder: &Path, names: Vec<NamePattern>| Place {
        folder: folder.to_owned(),
        names,
        min_age: settings.socket_min_age,
    };
    let (with_folder, names): (Vec<_>, Vec<_>) =
        settings.sockets.iter().cloned().partition(|pattern| pattern.text().contains('/'));
    let mut places: Vec<Place> =
        context.paths.socket_folders.iter().map(|folder| place(folder, names.clone())).collect();
    places.extend(with_folder.iter().filter_map(|pattern| {
        let (folder, name) = pattern.text().rsplit_once('/')?;
        Some(place(Path::new(folder), vec![NamePattern::new(name.to_owned()).ok()?]))
    }));
    let nx: Vec<NamePattern> = NX_SOCKETS.iter().filter_map(|name| NamePattern::new(*name).ok()).collect();
    places.extend(nx_folders(&context.paths.temporary).iter().map(|folder| place(folder, nx.clone())));
    places
}

/// nx names the folder after a hash: twenty hexadecimal digits.
fn nx_folders(temporary: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(temporary).into_iter().flatten().filter_map(Result::ok);
    let is_hash = |name: &std::ffi::OsStr| {
        let name = name.as_encoded_bytes();
        name.len() == 20 && name.iter().all(u8::is_ascii_hexdigit)
    };
    entries
        .filter(|entry| is_hash(&entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}
