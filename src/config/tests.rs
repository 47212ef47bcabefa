//! Whole configurations: files, environment and flags together, in a temporary home.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Environment, Flag, Layer, Origin, Request, Resolved, inspect};
use crate::core::process::life::LifeRule;
use crate::core::process::{Rule, Scope, builtin};

/// A home and a workspace in a temporary folder.
struct Machine {
    _folder: tempfile::TempDir,
    root: PathBuf,
    variables: Vec<(String, String)>,
    flags: Vec<Flag>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for below in ["home/.config/brainwav", "project/packages/app"] {
            std::fs::create_dir_all(root.join(below)).unwrap();
        }
        std::fs::write(root.join("project/nx.json"), "{}").unwrap();
        let variables = vec![("HOME".to_owned(), root.join("home").display().to_string())];
        Self { _folder: folder, root, variables, flags: Vec::new() }
    }

    fn file(self, path: &str, text: &str) -> Self {
        std::fs::write(self.root.join(path), text).unwrap();
        self
    }

    fn user(self, text: &str) -> Self {
        self.file("home/.config/brainwav/config.toml", text)
    }

    fn workspace(self, text: &str) -> Self {
        self.file("project/brainwav.toml", text)
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, key: &'static str, flag: &'static str, value: &str) -> Self {
        self.flags.push(Flag { key, flag, value: value.to_owned() });
        self
    }

    fn resolve(&self) -> Result<Resolved, String> {
        let environment = Environment::from_pairs(self.variables.clone());
        let cwd = self.root.join("project/packages/app");
        let request = Request {
            config_file: None,
            workspace: None,
            cwd: &cwd,
            environment: &environment,
            uid: 0,
            flags: self.flags.clone(),
        };
        inspect(&request)
            .map_err(|problems| problems.to_string().replace(&self.root.display().to_string(), ""))
    }

    fn resolved(&self) -> Resolved {
        self.resolve().unwrap()
    }
}

fn origin(resolved: &Resolved, key: &str) -> String {
    resolved.entries().iter().rfind(|entry| entry.key == key).unwrap().origin.to_string()
}

fn names(resolved: &Resolved) -> Vec<String> {
    resolved.settings.rules.iter().map(|rule| rule.name.clone()).collect()
}

/// The names of the built-in rules, without these.
fn built_in(without: &[&str]) -> Vec<String> {
    builtin::rules()
        .into_iter()
        .map(|rule| rule.name)
        .filter(|name| !without.contains(&name.as_str()))
        .collect()
}

#[test]
fn without_any_file_the_defaults_hold() {
    let resolved = Machine::new().resolved();
    assert_eq!(resolved.settings.limits.max_memory_bytes, 8 << 30);
    assert_eq!(names(&resolved), built_in(&[]));
    assert!(resolved.entries().iter().all(|entry| entry.origin == Origin::Default));
    assert!(resolved.workspace.ends_with("project"), "{:?}", resolved.workspace);
    assert!(resolved.warnings.is_empty());
    let files: Vec<(Layer, bool)> = resolved.files.iter().map(|file| (file.layer, file.existed)).collect();
    assert_eq!(files, [(Layer::User, false), (Layer::Workspace, false)]);
}

#[test]
fn an_empty_environment_is_enough() {
    let environment = Environment::default();
    let request = Request {
        config_file: None,
        workspace: None,
        cwd: Path::new("/"),
        environment: &environment,
        uid: 0,
        flags: Vec::new(),
    };
    let resolved = inspect(&request).unwrap();
    assert_eq!(resolved.workspace, Path::new("/"));
    assert_eq!(resolved.files.len(), 1);
}

#[test]
fn each_source_holds_before_the_weaker_ones() {
    let key = "health.max-memory";
    let mut machine = Machine::new();
    let mut check = |change: fn(Machine) -> Machine, gib: u64, from: &str, overriding: bool| {
        machine = change(std::mem::replace(&mut machine, Machine::new()));
        let resolved = machine.resolved();
        assert_eq!(resolved.settings.limits.max_memory_bytes, gib << 30);
        assert!(origin(&resolved, key).ends_with(from), "{}", origin(&resolved, key));
        assert_eq!(resolved.settings.limits.overriding.max_memory, overriding);
        assert!(!resolved.settings.limits.overriding.max_cpu);
    };
    check(|machine| machine.user("\n[health]\nmax-memory = \"1GiB\""), 1, "/config.toml:3", false);
    check(|machine| machine.workspace("health.max-memory = \"2GiB\""), 2, "/brainwav.toml:1", false);
    check(|machine| machine.variable("BRAINWAV_HEALTH_MAX_MEMORY", ""), 2, "/brainwav.toml:1", false);
    let variable = "environment BRAINWAV_HEALTH_MAX_MEMORY";
    check(|machine| machine.variable("BRAINWAV_HEALTH_MAX_MEMORY", "3GiB"), 3, variable, true);
    check(|machine| machine.flag("health.max-memory", "--max-memory", "4GiB"), 4, "flag --max-memory", true);
}

#[test]
fn every_setting_can_be_written_in_a_file_and_in_the_environment() {
    let text = "[health]\nmax-memory = \"1GiB\"\nmax-tree-memory = \"2GiB\"\nmax-cpu = 0x50\ncpu-strikes = 4\n\
                max-runtime = \"1h 30m\"\ngrace = \"0s\"\nlook-interval = \"1s\"\nmax-batch = 5\nscope = \"workspace\"\n\
                [protect]\nprogram = [\"my-editor\"]\n";
    let resolved = Machine::new().user(text).resolved();
    let settings = &resolved.settings;
    assert_eq!(settings.limits.max_tree_memory_bytes, Some(2 << 30));
    assert_eq!((settings.limits.max_cpu_percent, settings.limits.cpu_strikes), (80, 4));
    assert_eq!(settings.limits.max_runtime, Duration::from_secs(5400));
    assert_eq!((settings.grace, settings.max_batch, settings.scope), (Duration::ZERO, 5, Scope::Workspace));
    let resolved = Machine::new()
        .user(text)
        .variable("BRAINWAV_HEALTH_MAX_TREE_MEMORY", "none")
        .variable("BRAINWAV_HEALTH_MAX_CPU", "150%")
        .variable("BRAINWAV_HEALTH_SCOPE", "user")
        .variable("BRAINWAV_PROTECT_PROGRAM", "one, two-*")
        .resolved();
    let settings = &resolved.settings;
    assert_eq!(settings.limits.max_tree_memory_bytes, None);
    assert_eq!((settings.limits.max_cpu_percent, settings.scope), (150, Scope::User));
    assert!(settings.limits.overriding.max_cpu);
    for name in ["my-editor", "one", "two-x", "sshd"] {
        assert!(settings.protected.iter().any(|pattern| pattern.matches(name.as_bytes())), "{name}");
    }
    let protect: Vec<_> =
        resolved.entries().into_iter().filter(|entry| entry.key == "protect.program").collect();
    assert_eq!(protect.len(), 3, "one entry for each place that adds some");
    assert!(protect.is_sorted_by_key(|entry| entry.origin.clone()));
}

#[test]
fn a_named_file_stands_for_all_others() {
    let machine = Machine::new()
        .user("health.max-cpu = 10")
        .workspace("health.max-batch = 10")
        .file("project/packages/app/other.toml", "health.grace = \"1s\"")
        .variable("BRAINWAV_CONFIG", "other.toml");
    let resolved = machine.resolved();
    assert_eq!(resolved.settings.limits.max_cpu_percent, 80);
    assert_eq!(resolved.settings.max_batch, 20);
    assert_eq!(resolved.settings.grace, Duration::from_secs(1));
    assert!(origin(&resolved, "health.grace").ends_with("/app/other.toml:1"));
    let missing = machine.variable("BRAINWAV_CONFIG", "none.toml").resolve().unwrap_err();
    assert!(missing.contains("none.toml: there is no such file"), "{missing}");
}

#[test]
fn unknown_variables_are_warnings() {
    let machine = Machine::new()
        .variable("BRAINWAV_HEALTH_MAX_MEMROY", "1GiB")
        .variable("BRAINWAV_STATE_DIR", "/x")
        .variable("BRAINWAV_NOTHING_LIKE_IT", "1");
    let warnings = machine.resolved().warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].ends_with("did you mean BRAINWAV_HEALTH_MAX_MEMORY?"), "{warnings:?}");
    assert!(warnings[1].ends_with("is ignored"), "{warnings:?}");
}

#[test]
fn problems_of_all_sources_are_told_together() {
    let machine = Machine::new()
        .user("[health]\nmax-cpu = 0\nmax-memory = 8\n")
        .workspace("[helth]\n")
        .variable("BRAINWAV_HEALTH_GRACE", "10")
        .flag("health.max-runtime", "--max-runtime", "soon");
    let expected = "/home/.config/brainwav/config.toml:2:11: health.max-cpu: 0 is out of bounds
  |
2 | max-cpu = 0
  |           ^
  = help: write a number from 1 to 100000
/home/.config/brainwav/config.toml:3:14: health.max-memory: a size needs a unit: 8 could be bytes or GiB
  |
3 | max-memory = 8
  |              ^
  = help: write \"8GiB\", \"8MB\" or the like
/project/brainwav.toml:1:2: helth: unknown section \"helth\"
  |
1 | [helth]
  |  ^^^^^
  = help: did you mean \"health\"?
environment BRAINWAV_HEALTH_GRACE: health.grace: a duration needs a unit: 10 could be seconds or minutes; write \"10s\" or \"10m\"
--max-runtime: health.max-runtime: \"soon\" is no duration: expected number at 0; write numbers and units: \"250ms\", \"10s\", \"5m\", \"1h 30m\", \"2days\"";
    assert_eq!(machine.resolve().unwrap_err(), expected);
}

#[test]
fn a_rule_changes_a_built_in_one_key_by_key() {
    let resolved = Machine::new()
        .user("[[process]]\nname = \"vitest\"\nmax-memory = \"4GiB\"\n[[process]]\nname = \"nx\"\nenabled = false\n")
        .workspace("[[process]]\nname = \"vitest\"\nmax-cpu = 50\nlife = \"ends\"\n")
        .resolved();
    assert_eq!(names(&resolved), built_in(&["nx"]));
    let is_vitest = |rule: &&Rule| rule.name == "vitest";
    let vitest = resolved.settings.rules.iter().find(is_vitest).unwrap();
    let before = builtin::rules().into_iter().find(|rule| is_vitest(&rule)).unwrap();
    assert_eq!((&vitest.program, &vitest.title), (&before.program, &before.title));
    assert_eq!((vitest.limits.max_memory_bytes, vitest.limits.max_cpu_percent), (Some(4 << 30), Some(50)));
    assert_eq!(vitest.life, LifeRule::Ends);
    assert!(origin(&resolved, "process.vitest.max-memory").ends_with("config.toml:3"));
    assert!(origin(&resolved, "process.vitest.life").ends_with("brainwav.toml:4"));
    assert_eq!(origin(&resolved, "process.vitest.program"), "default");
    assert!(origin(&resolved, "process.nx.enabled").ends_with("config.toml:6"));
    // What a file adds stands behind what holds in any case.
    let all = resolved.entries();
    let keys: Vec<&str> = all.iter().filter_map(|entry| entry.key.strip_prefix("process.vitest.")).collect();
    assert_eq!(keys, ["program", "title", "scope", "life", "max-memory", "max-cpu"]);
}

#[test]
fn new_rules_come_first_and_those_of_the_workspace_before_all() {
    let rule = |name: &str| format!("[[process]]\nname = \"{name}\"\nprogram = [\"{name}\"]\n");
    let resolved = Machine::new()
        .user(&format!("{}{}", rule("u1"), rule("u2")))
        .workspace(&format!(
            "{}{}[[process]]\nname = \"u1\"\nscope = \"workspace\"\n",
            rule("w1"),
            rule("w2")
        ))
        .resolved();
    let names = names(&resolved);
    assert_eq!(names[..4], ["w1", "w2", "u1", "u2"]);
    assert_eq!(names[4..], built_in(&[]));
    assert_eq!(resolved.settings.rules[2].scope, Scope::Workspace);
}

#[test]
fn a_rule_can_have_every_key() {
    let text = "[[process]]\nname = \"dev\"\ntitle = \"node (dev\"\ncommand = 'node .*\\.js$'\ncwd = \"packages/*\"\n\
                scope = \"workspace\"\nlife = \"server\"\nmax-memory = \"1GiB\"\nmax-cpu = 10\ncpu-strikes = 1\n\
                max-runtime = \"1m\"\nenabled = true\nprogram = \"one\"\n";
    let machine = Machine::new().workspace(text);
    let rule = machine.resolved().settings.rules.remove(0);
    assert_eq!((rule.title[0].as_str(), &**rule.program[0].text()), ("node (dev", "one"));
    assert!(rule.command.unwrap().is_match(b"node \xff.js"));
    assert!(rule.cwd.unwrap().is_match(machine.root.join("project/packages/app")));
    assert_eq!((rule.scope, rule.life), (Scope::Workspace, LifeRule::Server));
    assert_eq!(rule.limits.max_runtime, Some(Duration::from_secs(60)));
}
