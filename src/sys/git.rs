//! What git says about a folder. The program is asked, as the tools do themselves: it alone knows all its settings.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether git keeps files of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tracked {
    /// It keeps none, or there is no work tree around it.
    No,
    /// It keeps at least this one.
    Yes(String),
    /// It cannot be told.
    Unknown(String),
}

/// Asks whether git keeps a file below `folder`.
#[must_use]
pub fn tracked(folder: &Path) -> Tracked {
    list(folder, &["--cached"])
}

/// Asks whether git would keep a file below `folder` once it is added: it is not there yet, and nothing says that it is
/// to be ignored.
#[must_use]
pub fn wanted(folder: &Path) -> Tracked {
    list(folder, &["--cached", "--others", "--exclude-standard"])
}

fn list(folder: &Path, which: &[&str]) -> Tracked {
    let Ok(folder) = folder.canonicalize() else {
        return Tracked::Unknown("it cannot be told where it really is".to_owned());
    };
    if !folder.ancestors().any(has_work_tree) {
        return Tracked::No;
    }
    let mut child = match git(&folder).args(["ls-files", "-z"]).args(which).args(["--", "."]).spawn() {
        Ok(child) => child,
        Err(error) => return Tracked::Unknown(format!("git cannot be asked: {error}")),
    };
    // The first name is enough, and the list may be long.
    let mut start = [0; 256];
    let read = child.stdout.take().map_or(Ok(0), |mut output| output.read(&mut start));
    let status = child.wait();
    match (read, status) {
        (Ok(length), _) if length > 0 => {
            let name = start[..length].split(|byte| *byte == 0).next().unwrap_or_default();
            Tracked::Yes(String::from_utf8_lossy(name).into_owned())
        }
        (Ok(_), Ok(status)) if status.success() => Tracked::No,
        (Ok(_), Ok(status)) => Tracked::Unknown(format!("git ls-files ended with {status}")),
        (Err(error), _) | (_, Err(error)) => Tracked::Unknown(format!("git ls-files: {error}")),
    }
}

fn has_work_tree(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
}

/// What git takes for a repository without a work tree.
fn is_bare(folder: &Path) -> bool {
    ["HEAD", "objects", "refs"].iter().all(|name| folder.join(name).symlink_metadata().is_ok())
}

/// What git prints when it is asked this in a folder; `None` when it refuses or is not there. Where no repository is
/// around the folder, it would refuse, which costs a process.
#[must_use]
pub fn ask(folder: &Path, words: &[&str]) -> Option<Vec<u8>> {
    let real = folder.canonicalize().ok()?;
    if !real.ancestors().any(|ancestor| has_work_tree(ancestor) || is_bare(ancestor)) {
        return None;
    }
    let output = git(folder).args(words).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// Git in a folder, without writing anything and without running what the repository names.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .args(["-c", "core.fsmonitor=false"])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // In a hook, git hands these on, and they speak of another repository or another index.
    for name in REDIRECTIONS {
        command.env_remove(name);
    }
    command
}

const REDIRECTIONS: [&str; 10] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
];
