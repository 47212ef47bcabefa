//! What stands in the spool of a test.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::TestEnv;

/// The folder of the spool: that of whoever has sinks of his own, or else that of the user.
pub fn folder(env: &TestEnv) -> PathBuf {
    let common = env.state().join("telemetry");
    let entries = fs::read_dir(&common).into_iter().flatten();
    let own = entries
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir() && path.file_name().unwrap().to_str().unwrap().starts_with("spool-"));
    own.unwrap_or(common)
}

/// The lines of the spool that are not empty, in their order.
pub fn lines(env: &TestEnv) -> Vec<String> {
    let folder = folder(env);
    let names = TestEnv::file_names(&folder).into_iter().filter(|name| name.starts_with("segment-"));
    let text: String = names.map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The envelopes in the spool; what is none is left out.
pub fn envelopes(env: &TestEnv) -> Vec<Value> {
    lines(env).iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The events in the spool, where nothing else may be.
#[track_caller]
pub fn events(env: &TestEnv) -> Vec<Value> {
    let data = |line: &String| serde_json::from_str::<Value>(line).unwrap()["data"].clone();
    lines(env).iter().map(data).collect()
}
