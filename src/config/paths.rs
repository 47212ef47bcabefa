//! Where the files of the program are: pure, so that every environment can be tried.

use std::path::PathBuf;

use super::environment::Environment;

const NAME: &str = "brainwav";

/// The folders and files of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// What is remembered between runs.
    pub state: PathBuf,
    /// What lasts as long as the session of the user: locks and sockets.
    pub runtime: PathBuf,
    /// Where programs leave their sockets: the user's runtime folder, ours in it, and the temporary folder.
    pub socket_folders: Vec<PathBuf>,
    /// The temporary folder.
    pub temporary: PathBuf,
    /// The user's configuration file, whether there is one or not; `None` without a home folder.
    pub config_file: Option<PathBuf>,
}

/// The paths for this environment. Relative values of the XDG variables are ignored, as their rules ask for.
#[must_use]
pub fn paths(environment: &Environment, uid: u32) -> Paths {
    let temporary = environment.absolute("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"));
    let own = temporary.join(format!("{NAME}-{uid}"));
    let home = |below: &str| environment.home().map(|home| home.join(below));
    let state = environment
        .get("BRAINWAV_STATE_DIR")
        .map(PathBuf::from)
        .or_else(|| environment.absolute("XDG_STATE_HOME").map(|folder| folder.join(NAME)))
        .or_else(|| home(".local/state").map(|folder| folder.join(NAME)))
        .unwrap_or_else(|| own.join("state"));
    let user_runtime = environment.absolute("XDG_RUNTIME_DIR");
    let runtime = user_runtime.as_ref().map_or(own, |folder| folder.join(NAME));
    let socket_folders = user_runtime.into_iter().chain([runtime.clone(), temporary.clone()]).collect();
    Paths { state, runtime, socket_folders, temporary, config_file: config_file(environment) }
}

/// The user's configuration file, whether there is one or not; `None` without a home folder.
#[must_use]
pub fn config_file(environment: &Environment) -> Option<PathBuf> {
    let folder = environment
        .absolute("XDG_CONFIG_HOME")
        .or_else(|| environment.home().map(|home| home.join(".config")));
    Some(folder?.join(NAME).join("config.toml"))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::environment::Environment;
    use super::paths;

    #[test]
    fn every_environment_has_its_paths() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, Option<&'a str>);
        let table: &[Case<'_>] = &[
            (&[], "/tmp/brainwav-7/state", "/tmp/brainwav-7", None),
            (&[("TMPDIR", "/t")], "/t/brainwav-7/state", "/t/brainwav-7", None),
            (
                &[("HOME", "/h")],
                "/h/.local/state/brainwav",
                "/tmp/brainwav-7",
                Some("/h/.config/brainwav/config.toml"),
            ),
            (
                &[
                    ("HOME", "/h"),
                    ("XDG_STATE_HOME", "/s"),
                    ("XDG_RUNTIME_DIR", "/r"),
                    ("XDG_CONFIG_HOME", "/c"),
                ],
                "/s/brainwav",
                "/r/brainwav",
                Some("/c/brainwav/config.toml"),
            ),
            (
                &[("XDG_STATE_HOME", "s"), ("XDG_RUNTIME_DIR", "r")],
                "/tmp/brainwav-7/state",
                "/tmp/brainwav-7",
                None,
            ),
            (
                &[("HOME", "/h"), ("BRAINWAV_STATE_DIR", "/x")],
                "/x",
                "/tmp/brainwav-7",
                Some("/h/.config/brainwav/config.toml"),
            ),
        ];
        for (pairs, state, runtime, config_file) in table {
            let found = paths(&Environment::from_pairs(pairs.iter().copied()), 7);
            assert_eq!(found.state, Path::new(state), "{pairs:?}");
            assert_eq!(found.runtime, Path::new(runtime), "{pairs:?}");
            assert_eq!(found.config_file, config_file.map(PathBuf::from), "{pairs:?}");
        }
    }
}
