//! What is wrong with the settings of a sink.

/// A setting that cannot be followed. It names the setting and never its value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct SettingError {
    /// The name of the setting, or of the variable that it came from.
    pub setting: String,
    /// What is wrong with it, and what to write instead.
    pub reason: String,
}

impl SettingError {
    /// An error of this setting.
    #[must_use]
    pub fn new(setting: &str, reason: &str) -> Self {
        Self { setting: setting.to_owned(), reason: reason.to_owned() }
    }
}
