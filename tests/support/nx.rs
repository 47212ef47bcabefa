//! A cache of Nx in the workspace of a test: entries of its choice.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::TestEnv;
use super::cache::{file, grow_old};

/// A workspace of Nx in that of the test.
pub fn workspace(env: &TestEnv, nx_json: &str) {
    fs::write(env.workspace().join("nx.json"), nx_json).unwrap();
}

/// An entry with one file of so many bytes that was made so long ago.
pub fn entry(cache: &Path, hash: &str, bytes: usize, age: Duration) -> PathBuf {
    let folder = cache.join(hash);
    file(&folder.join("dist/main.js"), bytes, age);
    grow_old(&folder, age);
    folder
}
