//! Licences, sources and bans of `deny.toml`, held without any network and for this platform.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "support/cargo.rs"]
mod ask;

use std::path::Path;

use serde_json::Value;
use toml::Table;

use ask::cargo;

/// What `deny.toml` allows and refuses.
struct Policy {
    allowed: Vec<String>,
    banned: Vec<String>,
}

impl Policy {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
        let rules: Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let texts = |list: &toml::Value| -> Vec<String> {
            let list = list.as_array().unwrap().iter();
            let text = |entry: &toml::Value| entry.get("crate").unwrap_or(entry).as_str().unwrap().to_owned();
            list.map(text).collect()
        };
        Self { allowed: texts(&rules["licenses"]["allow"]), banned: texts(&rules["bans"]["deny"]) }
    }

    /// Whether an SPDX expression leaves a choice that is allowed.
    fn allows(&self, expression: &str) -> bool {
        let parts = |separator: &str| split_outside_brackets(expression, separator);
        let (alternatives, all) = (parts(" OR "), parts(" AND "));
        if alternatives.len() > 1 {
            return alternatives.iter().any(|part| self.allows(part));
        }
        if all.len() > 1 {
            return all.iter().all(|part| self.allows(part));
        }
        match expression.trim().strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
            Some(inner) => self.allows(inner),
            None => self.allowed.iter().any(|allowed| allowed == expression.trim()),
        }
    }

    /// What is wrong with a package.
    fn objections(&self, package: &Value) -> Vec<String> {
        let name = package["name"].as_str().unwrap();
        let mut found = Vec::new();
        let licence = package["license"].as_str().unwrap_or("none").replace('/', " OR ");
        if !self.allows(&licence) {
            found.push(format!("{name}: the licence {licence} is not allowed by deny.toml"));
        }
        if self.banned.iter().any(|banned| banned == name) {
            found.push(format!("{name}: banned by deny.toml"));
        }
        let source = package["source"].as_str();
        if source.is_some_and(|source| !source.starts_with("registry+")) {
            found.push(format!("{name}: comes from {}, not from the registry", source.unwrap_or_default()));
        }
        found
    }
}

fn split_outside_brackets<'a>(expression: &'a str, separator: &str) -> Vec<&'a str> {
    let is_outside = |at: &usize| {
        let before = &expression[..*at];
        before.matches('(').count() == before.matches(')').count()
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for at in expression.match_indices(separator).map(|(at, _)| at).filter(is_outside) {
        parts.push(&expression[start..at]);
        start = at + separator.len();
    }
    parts.push(&expression[start..]);
    parts
}

#[test]
fn every_package_is_allowed() {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    let metadata =
        cargo(&["metadata", "--format-version=1", "--locked", "--all-features", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 20, "only {} packages were found", packages.len());
    let policy = Policy::read();
    let objections: Vec<String> = packages.iter().flat_map(|package| policy.objections(package)).collect();
    assert!(objections.is_empty(), "\n{}\n", objections.join("\n"));
}

#[test]
fn what_is_not_allowed_is_found() {
    let policy = Policy::read();
    let table = [
        ("a", "MIT", "registry+x", 0),
        ("a", "MIT/Apache-2.0", "registry+x", 0),
        ("a", "GPL-3.0-only OR MIT", "registry+x", 0),
        ("a", "GPL-3.0-only", "registry+x", 1),
        ("a", "MIT AND GPL-3.0-only", "registry+x", 1),
        ("a", "(MIT OR GPL-3.0-only) AND Unicode-3.0", "registry+x", 0),
        ("a", "(MIT OR GPL-3.0-only) AND CC-BY-SA-4.0", "registry+x", 1),
        ("a", "MIT", "git+https://example.com/a", 1),
        ("tokio", "MIT", "registry+x", 1),
    ];
    for (name, license, source, expected) in table {
        let package = serde_json::json!({"name": name, "license": license, "source": source});
        let found = policy.objections(&package);
        assert_eq!(found.len(), expected, "{package}: {found:?}");
    }
    let nameless = serde_json::json!({"name": "a", "license": null, "source": null});
    assert_eq!(policy.objections(&nameless).len(), 1, "no licence is no permission");
}
