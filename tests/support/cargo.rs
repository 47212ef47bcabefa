//! Asks cargo about this package, in tests that are programs of their own.

use std::process::{Command, Output};

/// What cargo prints of what it has on this machine. A first `cargo test` fetched no package that only other features
/// need: those are fetched then, and nothing else asks a network.
pub fn cargo(arguments: &[&str]) -> String {
    let offline = run(&[arguments, &["--offline"]].concat());
    let output = if offline.status.success() { offline } else { run(arguments) };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo {}: {stderr}\nrun `cargo fetch --locked` once, with a network",
        arguments.join(" ")
    );
    String::from_utf8(output.stdout).unwrap()
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo starts")
}
