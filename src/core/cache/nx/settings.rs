//! What `nx.json`, the environment and the `.env` files of a workspace say about its cache.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::jsonc;
use super::locate::Surroundings;

/// Larger files are not read.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What is set, from the place that counts most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The configured folders of the cache, as they are written, the one that counts first.
    pub cache_folders: Vec<Configured>,
    /// The configured folders of the databases.
    pub data_folders: Vec<PathBuf>,
    /// Whether a variable takes the cache out of the folder that checkouts share.
    pub is_moved_by_variable: bool,
    /// The same by a `.env` file, which Nx 24 reads early enough.
    pub is_moved_by_file: bool,
    /// `nxCloudId`, else `nxCloudAccessToken`: the identity of the workspace where it is not empty.
    pub cloud_id: Option<String>,
    /// The limit that is configured, in bytes; the inner `None` where it means no limit. `None` when none is.
    pub max_cache_bytes: Option<Option<u64>>,
    /// Whether this is a workspace of Lerna alone, whose cache is below `node_modules`.
    pub is_lerna_only: bool,
    /// Why something configured may be missing here.
    pub trouble: Option<String>,
}

/// A folder that somebody configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// The folder, as it is written.
    pub folder: PathBuf,
    /// Where it is written.
    pub source: &'static str,
}

/// The variables that name the folder of the databases. They also take the cache out of the shared folder.
const DATA_VARIABLES: [&str; 2] = ["NX_WORKSPACE_DATA_DIRECTORY", "NX_PROJECT_GRAPH_CACHE_DIRECTORY"];

/// Reads all of it for the workspace in this folder, which is the one around or the main checkout of it.
pub fn read(root: &Path, around: &Surroundings<'_>) -> Settings {
    let (json, trouble) = nx_json(root);
    let texts = env_texts(root);
    let trouble = trouble.or_else(|| texts.iter().flat_map(|text| text.lines()).find_map(unexpanded));
    let files: Vec<(String, OsString)> =
        texts.iter().flat_map(|text| text.lines().filter_map(env_line)).collect();
    let variable = |name: &str| (around.variable)(name).filter(|value| !value.is_empty());
    let in_file = |name: &str| files.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let from_json = from_json(&json);
    let mut cache_folders = Vec::new();
    let mut add = |folder: Option<OsString>, source| {
        cache_folders.extend(folder.map(|folder| Configured { folder: folder.into(), source }));
    };
    add(variable("NX_CACHE_DIRECTORY"), "the variable NX_CACHE_DIRECTORY");
    add(in_file("NX_CACHE_DIRECTORY"), "NX_CACHE_DIRECTORY in a .env file");
    add(from_json.map(OsString::from), "cacheDirectory in nx.json");
    let data = DATA_VARIABLES.iter().flat_map(|name| [variable(name), in_file(name)]);
    let moves = |set: &dyn Fn(&str) -> Option<OsString>| {
        set("NX_CACHE_DIRECTORY").is_some() || DATA_VARIABLES.iter().any(|name| set(name).is_some())
    };
    let size = variable("NX_MAX_CACHE_SIZE").or_else(|| in_file("NX_MAX_CACHE_SIZE"));
    let size = size.map(|value| value.to_string_lossy().into_owned());
    let size = size.or_else(|| json.get("maxCacheSize").and_then(as_text));
    Settings {
        data_folders: data.flatten().map(PathBuf::from).collect(),
        is_moved_by_variable: moves(&variable),
        is_moved_by_file: moves(&in_file),
        cloud_id: ["nxCloudId", "nxCloudAccessToken"].iter().find_map(|key| text_at(&json, key)),
        max_cache_bytes: size.map(|size| parse_size(&size)),
        is_lerna_only: root.join("lerna.json").exists() && !root.join("nx.json").exists(),
        cache_folders,
        trouble,
    }
}

fn text_at(json: &Map<String, Value>, key: &str) -> Option<String> {
    json.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// The folder in `nx.json`: of its own, else of the default task runner, as older versions have it.
fn from_json(json: &Map<String, Value>) -> Option<String> {
    let runner = || json.get("tasksRunnerOptions")?.get("default")?.get("options")?.get("cacheDirectory");
    let found = json.get("cacheDirectory").filter(|value| !value.is_null()).or_else(runner);
    found.and_then(Value::as_str).filter(|folder| !folder.is_empty()).map(str::to_owned)
}

/// `nx.json` laid over the file that it extends.
fn nx_json(root: &Path) -> (Map<String, Value>, Option<String>) {
    let path = root.join("nx.json");
    if !path.exists() {
        return (Map::new(), None);
    }
    let Some(own) = object_in(&path) else {
        return (Map::new(), Some(format!("{} cannot be read", path.display())));
    };
    let Some(base) = text_at(&own, "extends") else { return (own, None) };
    match extended(root, &base).and_then(|path| object_in(&path)) {
        Some(mut all) => {
            all.extend(own);
            (all, None)
        }
        None => (own, Some(format!("`{base}`, which {} extends, was not found", path.display()))),
    }
}

fn object_in(path: &Path) -> Option<Map<String, Value>> {
    match jsonc::parse(&text_of(path)?)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn text_of(path: &Path) -> Option<String> {
    let found = fs::metadata(path).ok().filter(|found| found.is_file() && found.len() <= MAX_BYTES);
    found.and_then(|_| fs::read_to_string(path).ok())
}

/// Where node finds what is extended: a path, or a file of a package.
fn extended(root: &Path, base: &str) -> Option<PathBuf> {
    let is_path = base.starts_with("./") || base.starts_with("../") || base.starts_with('/');
    let mut places: Vec<PathBuf> = vec![root.join(base)];
    if !is_path {
        let installed = root.join(".nx/installation");
        let folders = std::iter::once(installed.as_path()).chain(root.ancestors());
        places = folders.map(|folder| folder.join("node_modules").join(base)).collect();
    }
    let named = |place: PathBuf| {
        let with_ending = place.with_extension("json");
        [place, with_ending].into_iter().find(|path| path.is_file())
    };
    places.into_iter().find_map(named)
}

/// The `.env` files that Nx loads, the one that counts most first.
fn env_texts(root: &Path) -> Vec<String> {
    [".local.env", ".env.local", ".env"].iter().filter_map(|name| text_of(&root.join(name))).collect()
}

/// What is wrong with a line that names a folder of Nx by other variables: nobody here knows what they are then.
fn unexpanded(line: &str) -> Option<String> {
    let line = line.trim();
    let (key, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let key = key.trim();
    let is_folder = key.starts_with("NX_") && key.ends_with("DIRECTORY") && value.contains('$');
    is_folder.then(|| format!("a .env file gives {key} by other variables, so that its folder is unknown"))
}

fn env_line(line: &str) -> Option<(String, OsString)> {
    let line = line.trim();
    let (key, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let value = value.trim();
    let quoted = ['"', '\'', '`'].iter().find_map(|quote| value.strip_prefix(*quote)?.split_once(*quote));
    let value = quoted.map_or_else(|| value.split('#').next().unwrap_or("").trim(), |(inner, _)| inner);
    let is_plain = key.trim().starts_with("NX_") && !value.is_empty() && !value.contains('$');
    is_plain.then(|| (key.trim().to_owned(), OsString::from_vec(value.as_bytes().to_vec())))
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A size as Nx writes it: a number, and perhaps KB, MB or GB, in powers of 1024. `None` where Nx refuses it, and for
/// 0, by which it means no limit.
fn parse_size(text: &str) -> Option<u64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let mut letters = unit.chars();
    let unit = if letters.next().is_some_and(char::is_whitespace) { letters.as_str() } else { unit };
    let factor = match unit {
        "" | "B" => 1.0,
        "KB" => 1024.0,
        "MB" => 1024.0 * 1024.0,
        "GB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * factor;
    // Beyond that a number of bytes is not exact any more, and no disk is so large.
    Some(bytes as u64).filter(|size| *size > 0 && bytes < 9.0e15)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
