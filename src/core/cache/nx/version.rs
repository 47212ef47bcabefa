//! Which Nx is installed in a workspace.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A version of Nx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As the package says it.
    pub text: String,
    major: u64,
    minor: u64,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        Some(Self { text: text.to_owned(), major, minor })
    }

    /// Whether it is this one or later.
    #[must_use]
    pub fn at_least(&self, major: u64, minor: u64) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

/// The version that the workspace would run: found as node finds it, or installed by the wrapper of Nx.
#[must_use]
pub fn installed(root: &Path) -> Option<Version> {
    let wrapped = root.join(".nx/installation");
    let folders = root.ancestors().chain(std::iter::once(wrapped.as_path()));
    let package = |folder: &Path| fs::read(folder.join("node_modules/nx/package.json")).ok();
    let package: Value = serde_json::from_slice(&folders.into_iter().find_map(package)?).ok()?;
    Version::parse(package.get("version")?.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::{Version, installed};
    use std::fs;

    #[test]
    fn versions_compare_by_number() {
        for (text, expected) in [
            ("23.2.0", true),
            ("23.10.1", true),
            ("24.0.0-beta.1", true),
            ("23.1.9", false),
            ("9.9.9", false),
        ] {
            assert_eq!(Version::parse(text).unwrap().at_least(23, 2), expected, "{text}");
        }
        assert_eq!(Version::parse("next"), None);
    }

    #[test]
    fn the_package_is_found_where_node_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("deep/er");
        let place = |at: &str, text: &str| {
            let folder = folder.path().join(at).join("node_modules/nx");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("package.json"), text).unwrap();
        };
        fs::create_dir_all(&root).unwrap();
        place("deep/er/.nx/installation", r#"{"version": "19.8.1"}"#);
        assert_eq!(installed(&root).unwrap().text, "19.8.1");
        place("", r#"{"version": "22.0.1"}"#);
        assert_eq!(installed(&root).unwrap().text, "22.0.1", "hoisted");
        place("deep/er", "{");
        assert_eq!(installed(&root), None, "what node would find, and cannot be read");
    }
}
