//! Whose spool an event goes to: whoever has sinks of his own has one, so that nobody else delivers it.

use std::ffi::{OsStr, OsString};

use crate::config::{Layer, Resolved};
use crate::core::telemetry::spool::place;

/// Who has a spool that is not that of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The name of its folder.
    pub name: String,
    /// The options by which it is found.
    pub options: String,
}

impl Owner {
    /// The owner of what is kept with these settings; `None` for the user.
    #[must_use]
    pub fn of(resolved: &Resolved) -> Option<Self> {
        let sinks = &resolved.settings.sinks;
        let (mut key, mut options) = (OsString::new(), Vec::new());
        let mut add = |option: &str, value: &OsStr| {
            for part in [OsStr::new(option), OsStr::new("="), value, OsStr::new("\0")] {
                key.push(part);
            }
        };
        // With or without sinks: those that are added to it later are to find what waits for them.
        if let Some(file) = resolved.files.iter().find(|file| file.layer == Layer::Named) {
            let path = file.path.canonicalize().unwrap_or_else(|_| file.path.clone());
            add("--config", path.as_os_str());
            options.push(format!("--config {}", path.display()));
        }
        if sinks.iter().any(|sink| sink.is_local) {
            add("--workspace", resolved.workspace.as_os_str());
            options.push(format!("--workspace {}", resolved.workspace.display()));
        }
        let name = (!key.is_empty()).then(|| place::name(&key))?;
        Some(Self { name, options: options.join(" ") })
    }
}
