//! `brainwav config`: what is shown, what is found to be wrong, what is written.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Output;
use crate::support::TestEnv;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// An environment without any configuration file.
fn bare() -> TestEnv {
    let env = TestEnv::new();
    fs::remove_file(env.workspace().join("brainwav.toml")).unwrap();
    fs::write(env.workspace().join("nx.json"), "{}").unwrap();
    env
}

/// Runs a command of which only the exit code counts.
#[track_caller]
fn expect(env: &TestEnv, arguments: &[&str], code: i32) {
    drop(env.run(arguments).expect_code(code));
}

fn setting(output: &Output, key: &str) -> Value {
    let settings = output.json()["settings"].as_array().cloned().unwrap();
    settings
        .into_iter()
        .rfind(|entry| entry["key"] == key)
        .unwrap_or_else(|| panic!("{key} in {}", output.stdout))
}

#[test]
fn show_names_every_value_with_its_origin() {
    let env = bare();
    write(&env.path("home/.config/brainwav/config.toml"), "[health]\nmax-cpu = 70\ngrace = \"1s\"\n");
    write(&env.workspace().join("brainwav.toml"), "\nhealth.max-cpu = 60\n");
    let mut command = env.command(&["config", "show", "--json"]);
    command.env("BRAINWAV_HEALTH_MAX_MEMORY", "2GiB");
    let shown = Output::of(command).expect_code(0);
    assert_eq!(shown.json()["schema"], "brainwav.config-show/1");
    assert_eq!(setting(&shown, "health.max-memory")["origin"]["name"], "BRAINWAV_HEALTH_MAX_MEMORY");
    assert_eq!(setting(&shown, "health.max-memory")["value_bytes"], 2_u64 << 30);
    assert_eq!(setting(&shown, "health.max-cpu")["value"], 60);
    assert_eq!(setting(&shown, "health.max-cpu")["origin"]["line"], 2);
    assert_eq!(setting(&shown, "health.grace")["origin"]["layer"], "user");
    assert_eq!(setting(&shown, "health.max-runtime")["origin"]["kind"], "default");
    let human = env.run(&["config", "show", "health.max-cpu"]).expect_code(0);
    assert!(human.stdout.starts_with("brAInwav config: 1 value, 1 of them set"), "{}", human.stdout);
    assert!(human.stdout.contains("brainwav.toml:2"), "{}", human.stdout);
}

#[test]
fn show_of_an_unknown_key_suggests_one() {
    let shown = bare().run(&["config", "show", "helth"]).expect_code(2);
    assert_eq!(shown.stdout, "");
    assert!(shown.stderr.contains("did you mean health?"), "{}", shown.stderr);
}

#[test]
fn check_without_files_says_that_the_defaults_hold() {
    let env = bare();
    let checked = env.run(&["config", "check"]).expect_code(0);
    assert!(checked.stdout.starts_with("brAInwav config: nothing wrong; there is no configuration file"));
    let mut command = env.command(&["config", "check"]);
    command.env_clear().env("BRAINWAV_HEALTH_MAX_CPUS", "1");
    let checked = Output::of(command).expect_code(0);
    assert!(checked.stderr.contains("did you mean BRAINWAV_HEALTH_MAX_CPU?"), "{}", checked.stderr);
}

#[test]
fn check_points_at_what_is_wrong() {
    let env = bare();
    let file = env.workspace().join("brainwav.toml");
    write(&file, "[health]\nmax-memory = 8\n[[process]]\nname = \"x\"\ncommand = \"(\"\n");
    let checked = env.run(&["config", "check"]).expect_code(2);
    assert!(checked.stdout.is_empty());
    assert!(
        checked.stderr.contains(&format!("{}:2:14: health.max-memory: ", file.display())),
        "{}",
        checked.stderr
    );
    assert!(checked.stderr.contains("2 | max-memory = 8\n"), "{}", checked.stderr);
    assert!(checked.stderr.contains(":5:11: process.x.command: "), "{}", checked.stderr);
    assert!(checked.stderr.lines().all(|line| line.starts_with("[brAInwav] ")));
    let document = env.run(&["config", "check", "--json"]).expect_code(2).json();
    assert_eq!(document["valid"], false);
    assert!(document["problems"][0]["message"].is_string());
}

#[test]
fn every_command_refuses_a_broken_configuration() {
    let env = bare();
    write(&env.path("home/.config/brainwav/config.toml"), "[health");
    for arguments in [&["health"][..], &["health", "--enforce"], &["config", "show"], &["config", "check"]] {
        let refused = env.run(arguments).expect_code(2);
        assert!(refused.stderr.contains("is no TOML"), "{arguments:?}: {}", refused.stderr);
    }
}

#[test]
fn a_named_file_is_read_instead_of_all_others() {
    let env = bare();
    write(&env.workspace().join("brainwav.toml"), "[torn");
    write(&env.path("other.toml"), "health.max-cpu = 33\n");
    let other = env.path("other.toml").display().to_string();
    let shown = env.run(&["config", "show", "--json", "--config", &other]).expect_code(0);
    assert_eq!(setting(&shown, "health.max-cpu")["value"], 33);
    expect(&env, &["config", "check", "--config", "/dev/null"], 0);
    let missing = env.run(&["config", "check", "--config", "none.toml"]).expect_code(2);
    assert!(missing.stderr.contains("there is no such file"), "{}", missing.stderr);
}

#[test]
fn the_workspace_is_found_from_below_or_named() {
    let env = bare();
    let below = env.workspace().join("packages/app");
    fs::create_dir_all(&below).unwrap();
    let mut command = env.command(&["config", "show", "--json"]);
    command.current_dir(&below);
    assert_eq!(Output::of(command).expect_code(0).json()["workspace"], env.workspace().display().to_string());
    let named = env.run(&["config", "show", "--json", "--workspace", "packages"]).expect_code(0);
    assert_eq!(named.json()["workspace"], env.workspace().join("packages").display().to_string());
    expect(&env, &["config", "show", "--workspace", "none"], 2);
}

#[test]
fn init_writes_a_file_that_changes_nothing() {
    let env = bare();
    let file = env.workspace().join("brainwav.toml");
    let before = env.run(&["config", "show", "--json"]).expect_code(0).json()["settings"].clone();
    expect(&env, &["config", "init", "-n"], 0);
    assert!(!file.exists(), "a dry run writes nothing");
    expect(&env, &["config", "init"], 0);
    assert_eq!(env.run(&["config", "show", "--json"]).expect_code(0).json()["settings"], before);
    fs::write(&file, "# mine\n").unwrap();
    let refused = env.run(&["config", "init"]).expect_code(2);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "# mine\n");
    expect(&env, &["config", "init", "--force"], 0);
    assert!(fs::read_to_string(&file).unwrap().contains("#max-memory = \"8GiB\""));
    assert_eq!(TestEnv::file_names(&env.workspace()), ["brainwav.toml", "nx.json"]);
}

#[test]
fn init_adds_scripts_and_touches_nothing_else() {
    let env = bare();
    let package = env.workspace().join("package.json");
    expect(&env, &["config", "init", "--package-json"], 2);
    assert!(!env.workspace().join("brainwav.toml").exists(), "all or nothing");
    let before = "{\r\n\t\"name\": \"x\",\r\n\t\"scripts\": {\r\n\t\t\"a\": \"b\"\r\n\t},\r\n\t\"version\": \"1.0\"\r\n}";
    fs::write(&package, before).unwrap();
    expect(&env, &["config", "init", "--package-json"], 0);
    let added = ",\r\n\t\t\"process:health\": \"brainwav health --enforce\"";
    let after = before.replace("\"b\"", &format!("\"b\"{added}"));
    assert_eq!(fs::read_to_string(&package).unwrap(), after);
    expect(&env, &["config", "init", "--package-json"], 0);
    assert_eq!(fs::read_to_string(&package).unwrap(), after, "a second run has nothing to do");
    fs::write(&package, "{\"scripts\":{\"process:health\":\"mine\"}}").unwrap();
    let taken = env.run(&["config", "init", "--package-json", "--json"]).expect_code(1);
    assert_eq!(taken.json()["package_json"]["taken"][0]["command"], "mine");
    assert_eq!(fs::read_to_string(&package).unwrap(), "{\"scripts\":{\"process:health\":\"mine\"}}");
}
