//! The bus of a test: envelopes of its choice, its file queue, and what came of them.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Output, TestEnv};

/// An envelope of the original bus.
pub fn envelope(id: &str, kind: &str, data: &Value) -> Value {
    json!({
        "id": id, "type": kind, "source": "urn:cortex-os:mcp", "specversion": "1.0",
        "time": "2026-01-01T00:00:09Z", "ttlMs": 60_000, "headers": {}, "data": data,
    })
}

/// The line of an envelope that becomes one event with this plan.
pub fn plan(name: &str) -> String {
    format!("{}\n", envelope(&format!("e-{name}"), "orchestration.plan.created", &json!({"planId": name})))
}

/// Many of them.
pub fn plans(names: impl IntoIterator<Item = usize>) -> String {
    names.into_iter().map(|name| plan(&name.to_string())).collect()
}

/// The queue `default`, in a folder that is there.
pub fn queue(env: &TestEnv) -> PathBuf {
    let folder = env.path("home").join(".cortex/a2a/default");
    fs::create_dir_all(&folder).unwrap();
    folder.join("queue.jsonl")
}

pub fn append(env: &TestEnv, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(queue(env)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Runs `telemetry bridge` with this on stdin.
pub fn bridge_stream(env: &TestEnv, arguments: &[&str], text: &[u8]) -> Output {
    let input = env.path("input");
    fs::write(&input, text).unwrap();
    let mut command = env.command(&[&["telemetry", "bridge"], arguments].concat());
    command.stdin(File::open(input).unwrap());
    Output::of(command)
}

/// Runs `telemetry bridge --queue default`.
pub fn bridge_queue(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["telemetry", "bridge", "--queue", "default"], arguments].concat())
}

/// What stands in the spool.
pub fn spooled(env: &TestEnv) -> Vec<Value> {
    let folder = env.state().join("telemetry");
    let names = if folder.exists() { TestEnv::file_names(&folder) } else { Vec::new() };
    let names = names.into_iter().filter(|name| name.starts_with("segment-"));
    let text: String = names.map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The plans of the events in the spool.
pub fn spooled_plans(env: &TestEnv) -> Vec<String> {
    spooled(env).iter().map(|envelope| text(&envelope["data"]["labels"]["plan_id"])).collect()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
