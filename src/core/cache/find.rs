//! Finds the stores of a workspace and a user.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::disk::FileId;
use super::plan::Limits;
use super::store::{Description, Kind, LastUse, Origin, Place, Selection, Store};
use crate::core::process::NamePattern;

/// Where this user and this workspace are.
pub struct Places<'a> {
    /// The root of the workspace.
    pub workspace: &'a Path,
    /// The home folder, if there is one.
    pub home: Option<&'a Path>,
    /// The temporary folder.
    pub temporary: &'a Path,
    /// The number of the user.
    pub uid: u32,
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Packages are looked for so deep below the root of the workspace, and not more of them than this.
const DEEPEST: usize = 4;
const MOST_PACKAGES: usize = 2_000;

/// The root of a workspace and the folders in it that have a `package.json`.
#[must_use]
pub fn packages(workspace: &Path) -> Vec<PathBuf> {
    let mut found = vec![workspace.to_owned()];
    let mut open = vec![(workspace.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let Ok(inner) = fs::read_dir(&folder) else { continue };
        for inner in inner.flatten() {
            let name = inner.file_name();
            let is_ours = inner.file_type().is_ok_and(|kind| kind.is_dir())
                && name != "node_modules"
                && !name.as_encoded_bytes().starts_with(b".");
            if !is_ours || found.len() >= MOST_PACKAGES {
                continue;
            }
            if inner.path().join("package.json").is_file() {
                found.push(inner.path());
            }
            if depth + 1 < DEEPEST {
                open.push((inner.path(), depth + 1));
            }
        }
    }
    found.sort();
    found
}

/// The stores of a description that are there. A link in the place of a folder is one too: it is refused later, with
/// the reason.
#[must_use]
pub fn stores(
    description: &Description,
    places: &Places<'_>,
    packages: &[PathBuf],
    limits: Limits,
) -> Vec<Store> {
    let mut found = Vec::new();
    for place in description.places {
        for folder in candidates(*place, places, packages) {
            let is_known = found.iter().any(|store: &Store| store.folder == folder);
            if !is_known && fs::symlink_metadata(&folder).is_ok() {
                found.push(store(description, *place, places.workspace, folder, limits));
            }
        }
    }
    found
}

/// The store in a folder that settings of the tool name, if it is there.
#[must_use]
pub fn told(
    description: &Description,
    places: &Places<'_>,
    folder: PathBuf,
    limits: Limits,
) -> Option<Store> {
    fs::symlink_metadata(&folder).ok()?;
    let told = store(description, Place::Package(""), places.workspace, folder, limits);
    Some(Store { origin: Origin::ToldByWorkspace, ..told })
}

/// What stood at a path when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it was, a link itself if it was one.
    pub id: FileId,
    /// Where it really was.
    pub real: PathBuf,
}

/// What stands at a path now.
#[must_use]
pub fn seen(path: &Path) -> Option<Seen> {
    let found = fs::symlink_metadata(path).ok()?;
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Some(Seen { id: FileId { device: found.dev(), inode: found.ino() }, real })
}

/// Whether a folder in the workspace really is elsewhere.
#[must_use]
pub fn leads_out(folder: &Path, workspace: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path);
    match (real(folder), real(workspace)) {
        (Ok(folder), Ok(workspace)) => !folder.starts_with(workspace),
        _ => true,
    }
}

fn candidates(place: Place, places: &Places<'_>, packages: &[PathBuf]) -> Vec<PathBuf> {
    match place {
        Place::Package(inner) => packages.iter().map(|package| package.join(inner)).collect(),
        Place::Home(inner) => places.home.map(|home| home.join(inner)).into_iter().collect(),
        Place::Temporary(inner) => {
            vec![places.temporary.join(inner.replace("{uid36}", &to_base_36(places.uid)))]
        }
        Place::Variable(name) => {
            let folder = (places.variable)(name).filter(|folder| !folder.is_empty());
            folder.map(|folder| places.workspace.join(folder)).into_iter().collect()
        }
        Place::File(pattern) => {
            packages.iter().filter(|package| has_file(package, pattern)).cloned().collect()
        }
    }
}

/// Folders below the home folder that tools and people keep what they need in.
const KEPT: [&str; 8] =
    [".config", ".ssh", ".gnupg", ".local", ".local/share", ".local/state", "Documents", "Desktop"];

/// What stands in the folder of a project, and in none of a cache.
const SIGNS: [&str; 6] = [".git", ".hg", ".jj", "package.json", "node_modules", "Cargo.lock"];

/// Why a folder cannot be a cache: it holds what nobody would want to lose. In a folder that somebody has chosen, the
/// signs of a project count as well; where a tool keeps its cache everywhere, it may write them itself, as Vite does.
#[must_use]
pub fn is_no_cache(store: &Store, places: &Places<'_>) -> Option<String> {
    let folder = fs::canonicalize(&store.folder).ok()?;
    let holds = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path.starts_with(&folder));
    if places.home.is_some_and(holds) {
        return Some("it holds the home folder".to_owned());
    }
    if holds(places.workspace) {
        return Some("it holds the workspace".to_owned());
    }
    let home = places.home.and_then(|home| fs::canonicalize(home).ok());
    let is_kept = |name: &&&str| home.as_ref().is_some_and(|home| folder == home.join(name));
    if let Some(name) = KEPT.iter().find(is_kept) {
        return Some(format!("nothing in ~/{name} is a cache"));
    }
    let is_sign = |name: &&&str| store.origin.is_chosen() && fs::symlink_metadata(folder.join(name)).is_ok();
    let sign = SIGNS.iter().find(is_sign);
    sign.map(|name| format!("there is a {name} in it"))
}

/// As Jest writes the number of the user into the name of its folder.
fn to_base_36(mut number: u32) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(number % 36, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

fn has_file(folder: &Path, pattern: &str) -> bool {
    let Ok(pattern) = NamePattern::new(pattern.to_owned()) else { return false };
    let Ok(mut names) = fs::read_dir(folder) else { return false };
    names.any(|name| name.is_ok_and(|name| pattern.matches(name.file_name().as_encoded_bytes())))
}

fn store(
    description: &Description,
    place: Place,
    workspace: &Path,
    folder: PathBuf,
    limits: Limits,
) -> Store {
    Store {
        name: description.name.to_owned(),
        kind: description.kind,
        origin: origin(place),
        selection: selection(description, place, &folder),
        last_use: LastUse::Touched,
        folder,
        project: workspace.to_owned(),
        serves_everywhere: matches!(place, Place::Temporary(_)),
        users: description.users.iter().map(|user| (*user).to_owned()).collect(),
        limits,
        nx: None,
        version: None,
        notes: Vec::new(),
        refusal: None,
        seen: None,
    }
}

const fn origin(place: Place) -> Origin {
    match place {
        Place::Package(_) | Place::File(_) => Origin::Package,
        Place::Home(_) | Place::Temporary(_) => Origin::User,
        Place::Variable(_) => Origin::Told,
    }
}

fn selection(description: &Description, place: Place, folder: &Path) -> Selection {
    match (description.kind, place) {
        (Kind::Entries, _) => Selection::Turborepo,
        (_, Place::File(pattern)) => {
            NamePattern::new(pattern).map_or_else(|_| Selection::Only(OsString::new()), Selection::Among)
        }
        (Kind::Whole, _) if !description.is_divided => {
            Selection::Only(folder.file_name().unwrap_or(OsStr::new("")).to_owned())
        }
        _ => Selection::Every,
    }
}

#[cfg(test)]
mod tests {
    use super::to_base_36;

    #[test]
    fn numbers_of_users_as_jest_writes_them() {
        for (uid, expected) in
            [(0, "0"), (35, "z"), (36, "10"), (501, "dx"), (1000, "rs"), (u32::MAX, "1z141z3")]
        {
            assert_eq!(to_base_36(uid), expected);
        }
    }
}
