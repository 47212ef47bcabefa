//! The git repository of a workspace, read in the way that Nx reads it, because the name of its shared cache is
//! made of it. Nx reads the configuration of the repository itself and asks git only where that cannot settle it;
//! the two answers differ, so the order matters.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::locate::Surroundings;

/// A larger configuration of a repository is not read.
const MAX_CONFIG_BYTES: u64 = 4 * 1024 * 1024;

/// Where a repository keeps its things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The root of the working tree.
    pub root: PathBuf,
    /// The folder that all its working trees share.
    pub common: PathBuf,
    /// Whether this working tree is a linked one, or a submodule: its `.git` is a file.
    pub is_linked: bool,
}

/// A remote on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The host, as it is written.
    pub domain: String,
    /// The path on it, without `.git`.
    pub slug: String,
}

/// The repository around a folder. `None` where there is none that belongs to the user.
pub fn locate(folder: &Path, uid: u32) -> Option<Repository> {
    folder.ancestors().find_map(|folder| at(folder, uid)).flatten()
}

/// The repository of exactly this folder; the inner `None` ends the search, as it does for git.
fn at(folder: &Path, uid: u32) -> Option<Option<Repository>> {
    let dot_git = folder.join(".git");
    let found = fs::metadata(&dot_git).ok()?;
    let common = if found.is_dir() {
        let is_one = dot_git.join("HEAD").exists() && dot_git.join("objects").exists();
        is_one.then_some(dot_git)
    } else {
        shared_by(folder, &dot_git)
    };
    let own = |folder: &PathBuf| {
        fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir() && found.uid() == uid)
    };
    Some(common.filter(own).map(|common| Repository {
        root: folder.to_owned(),
        common,
        is_linked: !found.is_dir(),
    }))
}

/// What the file `.git` of a linked working tree leads to.
fn shared_by(folder: &Path, dot_git: &Path) -> Option<PathBuf> {
    let pointer = read(dot_git)?;
    let git = pointer.lines().find_map(|line| line.strip_prefix("gitdir:"))?;
    let git = folder.join(git.trim());
    let shared = read(&git.join("commondir")).map(|text| git.join(text.trim()));
    // The way to it goes through `..`, which has to be resolved before its parent can be named.
    fs::canonicalize(shared.unwrap_or(git)).ok()
}

fn read(path: &Path) -> Option<String> {
    let found = fs::symlink_metadata(path).ok()?;
    let is_readable = found.is_file() && found.len() <= MAX_CONFIG_BYTES;
    is_readable.then(|| fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))?
}

/// The remote that names the repository: `origin`, else `upstream`, else `base`, else the first on a host.
pub fn remote(repository: Option<&Repository>, around: &Surroundings<'_>) -> Option<Remote> {
    let config = repository.and_then(|found| read(&found.common.join("config")));
    let configured = config.and_then(|text| remotes_in(&text)).unwrap_or_default();
    choose(&configured).or_else(|| {
        let listed = (around.git)(around.root, &["remote", "-v"])?;
        choose(&remotes_listed(&String::from_utf8_lossy(&listed)))
    })
}

fn choose(remotes: &[(String, String)]) -> Option<Remote> {
    let found: Vec<(&str, Remote)> =
        remotes.iter().filter_map(|(name, url)| Some((name.as_str(), parse_url(url)?))).collect();
    let named = |wanted: &&str| found.iter().find(|(name, _)| name == wanted);
    let best = ["origin", "upstream", "base"].iter().find_map(named).or(found.first());
    best.map(|(_, remote)| remote.clone())
}

/// The remotes in a configuration; `None` where Nx gives up and asks git: it includes other files, rewrites
/// addresses, or escapes something.
fn remotes_in(text: &str) -> Option<Vec<(String, String)>> {
    let mut remotes: Vec<(String, String)> = Vec::new();
    let mut current: Option<String> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        if let Some(section) = line.strip_prefix('[') {
            current = section_remote(section.split(']').next()?.trim())?;
            continue;
        }
        let (Some(name), Some((key, value))) = (&current, line.split_once('=')) else { continue };
        if !key.trim().eq_ignore_ascii_case("url") || remotes.iter().any(|(known, _)| known == name) {
            continue;
        }
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        if value.contains(['#', ';', '\\', '"']) {
            return None;
        }
        remotes.push((name.clone(), value.to_owned()));
    }
    Some(remotes)
}

/// The remote that a section describes, if it does; the outer `None` is for sections that Nx leaves to git.
fn section_remote(section: &str) -> Option<Option<String>> {
    let lower = section.to_ascii_lowercase();
    let is_word = |rest: &str| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_');
    let includes = ["include", "includeif"].iter().any(|word| lower.strip_prefix(word).is_some_and(is_word));
    let (kind, name) = section.split_once('"').unwrap_or((section, ""));
    let rewrites = kind.trim().eq_ignore_ascii_case("url") && kind.len() > 3 && section.contains('"');
    if includes || rewrites {
        return None;
    }
    let is_remote = kind.trim().eq_ignore_ascii_case("remote") && kind.len() > 6;
    Some(name.strip_suffix('"').filter(|_| is_remote).map(str::to_owned))
}

/// What `git remote -v` lists. Nx reads only names without dashes there.
fn remotes_listed(text: &str) -> Vec<(String, String)> {
    let mut remotes: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, url, "(fetch)" | "(push)"] = words.as_slice() else { continue };
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_plain && parse_url(url).is_some() && !remotes.iter().any(|(known, _)| known == name) {
            remotes.push(((*name).to_owned(), (*url).to_owned()));
        }
    }
    remotes
}

/// The remote of an address; `None` for all forms that Nx does not read, such as a path or another user than `git`.
pub fn parse_url(url: &str) -> Option<Remote> {
    let url = url.trim();
    scp_like(url).or_else(|| over_http(url)).or_else(|| over_ssh(url))
}

/// `git@host:owner/path`
fn scp_like(url: &str) -> Option<Remote> {
    let (domain, path) = url.strip_prefix("git@")?.split_once(':')?;
    remote_of(domain, path)
}

/// `https://host/owner/path`, perhaps with a user. A first `@` ends the user even behind the host, as it does for Nx.
fn over_http(url: &str) -> Option<Remote> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let with_user = rest.split_once('@').filter(|(user, _)| !user.is_empty()).and_then(|(_, rest)| {
        let (domain, path) = rest.split_once('/')?;
        remote_of(domain, path)
    });
    with_user.or_else(|| {
        let (domain, path) = rest.split_once('/').filter(|(domain, _)| !domain.contains('@'))?;
        remote_of(domain, path)
    })
}

/// `ssh://user@host:port/owner/path`; the port does not count.
fn over_ssh(url: &str) -> Option<Remote> {
    let (user, rest) = url.strip_prefix("ssh://")?.split_once('@')?;
    let (domain, path) = rest.split_once('/').filter(|_| !user.is_empty())?;
    let domain = match domain.split_once(':') {
        Some((domain, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => domain,
        Some(_) => return None,
        None => domain,
    };
    remote_of(domain, path)
}

/// The path has an owner and a name; `.git` at its end does not count.
fn remote_of(domain: &str, path: &str) -> Option<Remote> {
    let (owner, name) = path.split_once('/')?;
    let name = name.strip_suffix(".git").filter(|name| !name.is_empty()).unwrap_or(name);
    let is_whole = !domain.is_empty() && !owner.is_empty() && !name.is_empty();
    is_whole.then(|| Remote { domain: domain.to_owned(), slug: format!("{owner}/{name}") })
}

#[cfg(test)]
#[path = "repository_tests.rs"]
mod tests;
