//! A snapshot of the environment: the rest of the program never reads the real one.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What every variable of ours begins with.
pub const PREFIX: &str = "BRAINWAV_";

/// Names and values of environment variables, taken once.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn from_process() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// An environment of exactly these variables.
    pub fn from_pairs<N: Into<OsString>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self { variables: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The value of a variable. One that is empty counts as absent, as shells and the XDG rules have it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The value of a variable that names a folder. A relative one is ignored, as the XDG rules ask for.
    #[must_use]
    pub fn absolute(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// The home folder, where there is one: cron jobs and containers may have none.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        self.get("HOME").map(Path::new).filter(|path| path.is_absolute())
    }

    /// The names of the variables that begin with `BRAINWAV_` and are not empty.
    pub fn ours(&self) -> impl Iterator<Item = String> {
        self.variables
            .iter()
            .filter(|(name, value)| {
                name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) && !value.is_empty()
            })
            .map(|(name, _)| name.to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Environment;

    #[test]
    fn an_empty_variable_is_no_variable() {
        let environment = Environment::from_pairs([("HOME", ""), ("BRAINWAV_X", ""), ("BRAINWAV_Y", "1")]);
        assert_eq!(environment.home(), None);
        assert_eq!(environment.get("BRAINWAV_X"), None);
        assert_eq!(environment.ours().collect::<Vec<_>>(), ["BRAINWAV_Y"]);
    }

    #[test]
    fn a_relative_folder_is_ignored() {
        let environment = Environment::from_pairs([("XDG_STATE_HOME", "state"), ("HOME", "me")]);
        assert_eq!(environment.absolute("XDG_STATE_HOME"), None);
        assert_eq!(environment.home(), None);
    }
}
