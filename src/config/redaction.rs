//! The settings of redaction, and the key of its pseudonyms.

use std::path::Path;

use super::secret_file::read;
use crate::core::redact::{Action, MARKER, Policy, PseudonymKey};
use crate::error::{Error, Result};

/// No key is longer.
const MOST_BYTES: u64 = 4096;

/// What becomes of what must not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A marker stands in its place.
    Mask,
    /// Nothing does.
    Remove,
    /// A name does that is the same for the same content.
    Pseudonym,
}

/// The words for [`Mode`].
pub const MODES: &[&str] = &["mask", "remove", "pseudonym"];

/// The [`Mode`] that one of [`MODES`] speaks of.
#[must_use]
pub fn mode(word: &str) -> Mode {
    match word {
        "remove" => Mode::Remove,
        "pseudonym" => Mode::Pseudonym,
        _ => Mode::Mask,
    }
}

/// The settings below `telemetry.redact`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// What becomes of what must not be seen.
    pub mode: Mode,
    /// What stands in its place.
    pub marker: String,
    /// Names or paths of what is left alone.
    pub preserve: Vec<String>,
    /// Names or paths of what may pass; none for no such list.
    pub allow: Vec<String>,
    /// Whether what was said is taken out too.
    pub content: bool,
    /// The file with the key of pseudonyms; empty for none.
    pub key_file: String,
}

impl Default for Redaction {
    fn default() -> Self {
        Self {
            mode: Mode::Mask,
            marker: MARKER.to_owned(),
            preserve: Vec::new(),
            allow: Vec::new(),
            content: true,
            key_file: String::new(),
        }
    }
}

impl Redaction {
    /// The policy that these settings describe. The key is read here.
    ///
    /// # Errors
    /// When pseudonyms are wanted and there is no key for them that only the user can read.
    pub fn policy(&self) -> Result<Policy> {
        Ok(Policy {
            action: match self.mode {
                Mode::Mask => Action::Mask,
                Mode::Remove => Action::Remove,
                Mode::Pseudonym => Action::Pseudonym(self.key()?),
            },
            marker: self.marker.clone(),
            preserve: self.preserve.clone(),
            allow: Some(self.allow.clone()).filter(|allow| !allow.is_empty()),
            content: self.content,
            ..Policy::default()
        })
    }

    fn key(&self) -> Result<PseudonymKey> {
        const MAKE: &str = "make one with: (umask 077; head -c 32 /dev/urandom >FILE)";
        if self.key_file.is_empty() {
            let error = Error::usage("pseudonyms need a key, and telemetry.redact.key-file names none");
            return Err(error.hint(MAKE).hint("then name it with --key-file FILE"));
        }
        let path = Path::new(&self.key_file);
        let explain = |reason: &dyn std::fmt::Display| {
            Error::usage(format!("{}: cannot be the key of pseudonyms: {reason}", path.display())).hint(MAKE)
        };
        let bytes = read(path, MOST_BYTES).map_err(|error| explain(&error))?;
        PseudonymKey::new(bytes).map_err(|error| explain(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{MODES, Mode, Redaction, mode};
    use crate::core::redact::Action;

    #[test]
    fn a_key_is_read_only_where_nobody_else_can() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let policy = |mode: u32, bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let key_file = path.display().to_string();
            Redaction { mode: Mode::Pseudonym, key_file, ..Redaction::default() }.policy()
        };
        assert!(matches!(policy(0o600, b"0123456789abcdef").unwrap().action, Action::Pseudonym(_)));
        for (mode, bytes, reason) in [
            (0o640, &b"0123456789abcdef"[..], "others may read it"),
            (0o600, b"short", "has 5 bytes"),
            (0o600, &[0; 5000], "larger"),
        ] {
            let error = policy(mode, bytes).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
        let none = Redaction { mode: Mode::Pseudonym, ..Redaction::default() };
        assert!(none.policy().unwrap_err().to_string().contains("names none"));
        let gone = Redaction { key_file: folder.path().join("gone").display().to_string(), ..none };
        assert!(gone.policy().unwrap_err().to_string().contains("No such file"));
    }

    #[test]
    fn every_word_for_a_mode_means_another_one() {
        assert_eq!(
            MODES.iter().map(|word| mode(word)).collect::<Vec<_>>(),
            [Mode::Mask, Mode::Remove, Mode::Pseudonym]
        );
        assert!(Redaction::default().policy().unwrap().allow.is_none(), "no list is no list of nothing");
        let listed = Redaction { allow: vec!["a".to_owned()], ..Redaction::default() };
        assert_eq!(listed.policy().unwrap().allow.unwrap().len(), 1);
    }
}
