//! Where the caches of an Nx workspace are. Nx moved them several times, and leaves the old ones behind, so all that
//! exist are found, and with each of them every database that can make a hit of what is in it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::ledger::is_number;
use super::identity;
use super::repository::{self, Repository};
use super::settings::{self, Configured, Settings};
use super::version::{Version, installed};

/// Runs git in a folder and returns what it said, if it went well.
pub type Git<'a> = dyn Fn(&Path, &[&str]) -> Option<Vec<u8>> + 'a;

/// What the search needs of the outside. Files are read; nothing is written.
pub struct Surroundings<'a> {
    /// The root of the workspace.
    pub root: &'a Path,
    /// Looks up a variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The home folder of the user.
    pub home: Option<&'a Path>,
    /// The temporary folder that all users share. Nx means `/tmp`, whatever `TMPDIR` says.
    pub shared_temp: &'a Path,
    /// Runs git.
    pub git: &'a Git<'a>,
    /// The user.
    pub uid: u32,
    /// Which folders somebody said no other workspace uses (`cache.nx.exclusive`).
    pub exclusive: Exclusive,
}

/// The folders that no other workspace uses, as somebody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusive {
    /// Nobody said so of any.
    None,
    /// The workspace itself said so, which may have come from anywhere: that counts for what really is in it.
    Inside,
    /// The user said so, of whatever folder is configured.
    Any,
}

/// One cache of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NxStore {
    /// Its folder.
    pub folder: PathBuf,
    /// The checkout that it belongs to, which need not be this one; `None` below the home folder.
    pub place: Option<PathBuf>,
    /// The folder of what tasks printed, one file for each entry.
    pub terminal_outputs: PathBuf,
    /// The folder of the logs of batches, which Nx 23.3 and later write.
    pub batch_outputs: PathBuf,
    /// Every database that may know its entries, of all machines, versions and checkouts that can be seen.
    pub databases: Vec<PathBuf>,
    /// The folders in which these were looked for.
    pub database_folders: Vec<PathBuf>,
    /// Whether entries are decided by files `<hash>.commit` (Nx 19, and 20 without its database).
    pub has_commits: bool,
    /// Whether the installed Nx uses this one now; `None` when no Nx is installed, and where another checkout may use
    /// it with an Nx of its own.
    pub is_current: Option<bool>,
    /// The limit that is configured for it, in bytes.
    pub max_cache_bytes: Option<u64>,
    /// Whether the installed Nx keeps it below a tenth of its disk, because nothing is configured.
    pub has_usual_limit: bool,
    /// Whether all databases that may know its entries stand beside it, below the home folder.
    pub is_below_home: bool,
    /// Whether somebody who may say so said that no other workspace uses it.
    pub is_exclusive: bool,
    /// Why there may be databases that cannot be seen from here. Then nothing may be removed.
    pub shared: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Located {
    /// The caches that exist.
    pub stores: Vec<NxStore>,
    /// The folder that the installed Nx uses, which need not exist yet.
    pub current: Option<PathBuf>,
    /// The version that is installed.
    pub version: Option<String>,
    /// What could not be read.
    pub troubles: Vec<String>,
}

/// A folder that may be a cache.
struct Candidate {
    folder: PathBuf,
    /// The checkout that it belongs to; `None` below the home folder.
    place: Option<PathBuf>,
    configured: Option<Configured>,
}

/// Finds the caches of a workspace.
#[must_use]
pub fn locate(around: &Surroundings<'_>) -> Located {
    let root = fs::canonicalize(around.root).unwrap_or_else(|_| around.root.to_owned());
    let around = &Surroundings { root: &root, ..*around };
    let repository = repository::locate(&root, around.uid);
    let places = Places::find(repository.as_ref(), around);
    let own = settings::read(&root, around);
    let names = identity::folder_names(&own, repository.as_ref(), around);
    let version = installed(&root);
    let current = version.as_ref().map(|version| current(version, &own, &names, &places, around));
    let mut located = Located {
        version: version.as_ref().map(|version| version.text.clone()),
        troubles: own.trouble.iter().cloned().collect(),
        current,
        stores: Vec::new(),
    };
    for candidate in candidates(&names, &places, around) {
        add(candidate, &places, around, &mut located);
    }
    // No older one was looked at.
    let has_usual_limit =
        version.is_some_and(|version| version.at_least(20, 8)) && own.max_cache_bytes.is_none();
    for store in &mut located.stores {
        store.max_cache_bytes = own.max_cache_bytes.flatten();
        store.has_usual_limit = has_usual_limit && store.is_current == Some(true);
    }
    located
}

/// The checkouts that may share a cache with this one.
struct Places {
    /// The workspace itself.
    root: PathBuf,
    /// The main checkout, where Nx 22.7 to 23.1 have the cache of a linked one.
    main: Option<PathBuf>,
    /// The same workspace in every checkout of the repository, itself and the main one included.
    all: Vec<PathBuf>,
}

impl Places {
    fn find(repository: Option<&Repository>, around: &Surroundings<'_>) -> Self {
        let root = around.root.to_owned();
        // Nx takes the folder around the shared one, even for a bare repository or a submodule.
        let linked = repository.filter(|found| found.is_linked && found.root == root);
        let main = linked.and_then(|found| found.common.parent()).map(Path::to_owned);
        let mut all: Vec<PathBuf> = std::iter::once(root.clone()).chain(main.clone()).collect();
        if let Some(inside) = repository.and_then(|found| root.strip_prefix(&found.root).ok()) {
            let listed = (around.git)(&root, &["worktree", "list", "--porcelain"]).unwrap_or_default();
            let lines = listed.split(|byte| *byte == b'\n');
            let others = lines.filter_map(|line| line.strip_prefix(b"worktree "));
            all.extend(others.map(|path| Path::new(&as_os(path)).join(inside)));
        }
        let mut seen = Vec::new();
        all.retain(|place| {
            let path = fs::canonicalize(place).unwrap_or_else(|_| place.clone());
            let is_new = !seen.contains(&path);
            seen.push(path);
            is_new
        });
        Self { root, main, all }
    }
}

fn as_os(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(bytes).to_owned()
}

fn candidates(names: &[String], places: &Places, around: &Surroundings<'_>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for name in names {
        let folder = around.home.map(|home| home.join(".nx").join(name).join("cache"));
        let own = folder.filter(|folder| folder.ancestors().take(3).all(|part| is_own(part, around.uid)));
        found.extend(own.map(|folder| Candidate { folder, place: None, configured: None }));
    }
    for place in std::iter::once(&places.root).chain(&places.main) {
        let settings = settings::read(place, around);
        let at = |folder: PathBuf, configured| Candidate { folder, place: Some(place.clone()), configured };
        let default = at(default_folder(place, &settings), None);
        let configured = settings.cache_folders.into_iter();
        found.extend(configured.map(|one| at(place.join(&one.folder), Some(one))));
        found.push(default);
    }
    found
}

/// Whether this is a folder of the user, and no link to one: Nx takes no other below the home folder.
fn is_own(folder: &Path, uid: u32) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir() && found.uid() == uid)
}

fn default_folder(place: &Path, settings: &Settings) -> PathBuf {
    place.join(if settings.is_lerna_only { "node_modules/.cache/nx" } else { ".nx/cache" })
}

fn add(candidate: Candidate, places: &Places, around: &Surroundings<'_>, located: &mut Located) {
    let Ok(real) = fs::canonicalize(&candidate.folder) else { return };
    let is_known = |store: &NxStore| fs::canonicalize(&store.folder).is_ok_and(|known| known == real);
    if !real.is_dir() || located.stores.iter().any(is_known) {
        return;
    }
    let folders = match &candidate.place {
        Some(_) => database_folders(places, around),
        None => real.parent().map(|parent| parent.join("databases")).into_iter().collect(),
    };
    let (databases, hidden) = databases_in(&folders);
    let is_exclusive = match around.exclusive {
        Exclusive::None => false,
        Exclusive::Inside => real.starts_with(around.root),
        Exclusive::Any => true,
    };
    let shared = hidden.or_else(|| shared(&candidate, &real).filter(|_| !is_exclusive));
    let current = located.current.as_ref();
    let is_current = current.map(|current| fs::canonicalize(current).is_ok_and(|current| current == real));
    // What this one has left behind is only known of its own.
    let is_own = candidate.place.as_ref().is_none_or(|place| *place == places.root);
    located.stores.push(NxStore {
        is_below_home: candidate.place.is_none(),
        terminal_outputs: candidate.folder.join("terminalOutputs"),
        batch_outputs: candidate.folder.join("batchOutputs"),
        has_commits: has_commits(&candidate.folder),
        is_current: is_current.filter(|is_current| *is_current || is_own),
        place: candidate.place,
        folder: candidate.folder,
        database_folders: folders,
        databases,
        max_cache_bytes: None,
        has_usual_limit: false,
        is_exclusive,
        shared,
    });
}

/// Every folder in which a checkout keeps databases, or kept them before something was configured. Those of the
/// other checkouts count, because any of them can be told to use the cache of this one.
fn database_folders(places: &Places, around: &Surroundings<'_>) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for place in &places.all {
        let configured = settings::read(place, around).data_folders;
        let usual = [".nx/workspace-data", "node_modules/.cache/nx-workspace-data"].map(PathBuf::from);
        let found = configured.into_iter().chain(usual).map(|folder| place.join(folder));
        found.filter_map(|folder| fs::canonicalize(folder).ok()).for_each(|folder| {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        });
    }
    folders
}

/// The databases in these folders, in a fixed order, and why there may be more.
pub fn databases_in(folders: &[PathBuf]) -> (Vec<PathBuf>, Option<String>) {
    let (mut found, mut hidden) = (Vec::new(), None);
    for folder in folders {
        match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<fs::DirEntry>, _>>) {
            Ok(entries) => found.extend(entries.into_iter().map(|entry| entry.path())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => hidden = Some(format!("{} cannot be listed: {error}", folder.display())),
        }
    }
    found.retain(|path| path.extension() == Some(OsStr::new("db")));
    found.sort();
    (found, hidden)
}

/// What may be a database of a kind that is not known here. Below the home folder Nx keeps nothing else in these
/// folders; in a workspace it also keeps other things in them, and what has a version in its name is one.
///
/// # Errors
/// When a folder cannot be listed.
pub fn strangers_in(folders: &[PathBuf], is_below_home: bool) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for folder in folders {
        match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<fs::DirEntry>, _>>) {
            Ok(entries) => found.extend(entries.into_iter().map(|entry| entry.path())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{} cannot be listed: {error}", folder.display())),
        }
    }
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !is_of_database(&name) && (is_below_home || has_version(&name))
    });
    found.sort();
    Ok(found)
}

/// A database, its log and their index, its journal, and the lock of whoever makes it.
fn is_of_database(name: &str) -> bool {
    [".db", ".db-wal", ".db-shm", ".db-journal", ".lock"].iter().any(|ending| name.ends_with(ending))
}

/// Whether it is called `<machine>-v<number>.<anything>`.
fn has_version(name: &str) -> bool {
    let version =
        name.rsplit_once("-v").and_then(|(_, rest)| rest.split_once('.')).map(|(version, _)| version);
    version.is_some_and(|version| is_number(OsStr::new(version)))
}

/// Whether a file `<hash>.commit` is in the folder.
fn has_commits(folder: &Path) -> bool {
    let is_commit = |name: &OsStr| {
        Path::new(name).extension() == Some(OsStr::new("commit"))
            && Path::new(name).file_stem().is_some_and(is_number)
    };
    fs::read_dir(folder)
        .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| is_commit(&entry.file_name()))))
}

/// Why other checkouts may use this folder with databases that are somewhere else.
fn shared(candidate: &Candidate, real: &Path) -> Option<String> {
    let place = candidate.place.as_ref()?;
    let place = fs::canonicalize(place).unwrap_or_else(|_| place.clone());
    let is_absolute = candidate.configured.as_ref().is_some_and(|one| one.folder.is_absolute());
    if !is_absolute && real.starts_with(&place) {
        return None;
    }
    let why = match &candidate.configured {
        Some(one) => format!("{} is {}", one.source, one.folder.display()),
        None => format!("it leads out of the workspace, to {}", real.display()),
    };
    Some(format!(
        "{why}, and another checkout that uses the same folder has a database that cannot be seen from here; if \
         this workspace alone uses it, set `cache.nx.exclusive = true` in your own configuration"
    ))
}

/// The folder that this version uses.
fn current(
    version: &Version,
    own: &Settings,
    names: &[String],
    places: &Places,
    around: &Surroundings<'_>,
) -> PathBuf {
    // Nx 24 is the first that reads `.env` files before it decides.
    let reads_files = version.at_least(24, 0);
    let counts = |one: &&Configured| reads_files || !one.source.contains(".env");
    let is_moved = own.is_moved_by_variable
        || (reads_files && own.is_moved_by_file)
        || own.cache_folders.iter().any(|one| counts(&one));
    if let (true, false, Some(name)) = (version.at_least(23, 2), is_moved, names.first())
        && let Some(home) = home_folder(version, around)
    {
        return home.join(name).join("cache");
    }
    let main = places.main.as_ref().filter(|_| version.at_least(22, 7) && !version.at_least(23, 2));
    let place = main.unwrap_or(&places.root);
    let settings = settings::read(place, around);
    let configured = settings.cache_folders.iter().find(counts).map(|one| place.join(&one.folder));
    configured.unwrap_or_else(|| default_folder(place, &settings))
}

/// `~/.nx`, where Nx trusts it: of the user, and not in the temporary folder that all users share.
fn home_folder(version: &Version, around: &Surroundings<'_>) -> Option<PathBuf> {
    let home = around.home.filter(|home| home.is_absolute())?;
    let folder = home.join(".nx");
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (home, temp) = (real(home), real(around.shared_temp));
    let is_shared = if version.at_least(24, 0) { home.starts_with(&temp) } else { home == temp };
    let is_foreign = fs::symlink_metadata(&folder).is_ok() && !is_own(&folder, around.uid);
    (!is_shared && !is_foreign).then_some(folder)
}

#[cfg(test)]
#[path = "locate_tests.rs"]
mod tests;
