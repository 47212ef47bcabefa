use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::{Exclusive, Located, NxStore, Surroundings, locate};

/// A machine with a home folder and a repository below a temporary folder.
struct Machine {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
    /// What git answers, by its first argument.
    git: Vec<(&'static str, String)>,
    exclusive: Exclusive,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { folder, variables: Vec::new(), git: Vec::new(), exclusive: Exclusive::None };
        machine.write("repo/.git/HEAD", "ref: refs/heads/main\n");
        machine.write("repo/nx.json", "{}");
        fs::create_dir(machine.path("repo/.git/objects")).unwrap();
        fs::create_dir(machine.path("home")).unwrap();
        machine
    }

    fn with_origin(self) -> Self {
        self.write("repo/.git/config", "[remote \"origin\"]\nurl = git@github.com:acme/mono.git\n");
        self
    }

    fn path(&self, inside: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(inside)
    }

    fn write(&self, inside: &str, text: &str) {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn nx(&self, version: &str) {
        self.write("repo/node_modules/nx/package.json", &format!(r#"{{"version":"{version}"}}"#));
    }

    fn locate_at(&self, root: &str) -> Located {
        let (root, home) = (self.path(root), self.path("home"));
        let variable = |wanted: &str| {
            self.variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| OsString::from(value))
        };
        let git = |_: &Path, arguments: &[&str]| {
            let answer = self.git.iter().find(|(first, _)| *first == arguments[0]);
            answer.map(|(_, said)| said.clone().into_bytes())
        };
        locate(&Surroundings {
            root: &root,
            variable: &variable,
            home: Some(&home),
            shared_temp: &self.path("tmp"),
            git: &git,
            uid: fs::metadata(&home).unwrap().uid(),
            exclusive: self.exclusive,
        })
    }

    fn locate(&self) -> Located {
        self.locate_at("repo")
    }

    /// The folders of the stores below the temporary folder.
    fn folders(&self, found: &Located) -> Vec<String> {
        found.stores.iter().map(|store| self.short(&store.folder)).collect()
    }

    fn short(&self, path: &Path) -> String {
        path.strip_prefix(self.path("")).unwrap().display().to_string()
    }

    fn databases(&self, store: &NxStore) -> Vec<String> {
        store.databases.iter().map(|path| self.short(path)).collect()
    }
}

const SHARED: &str = "home/.nx/a1776a21e1623e2a";

#[test]
fn the_folder_below_the_home_folder_is_the_one_that_nx_made() {
    let table = include_str!("../../../../tests/data/nx-folders.tsv");
    let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() > 30);
    for line in lines {
        let [json, config, inside, listed, first, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let mut machine = Machine::new();
        let root = Path::new("repo").join(inside).display().to_string();
        machine.write(&format!("{root}/nx.json"), json);
        machine.write("repo/.git/config", &config.replace("\\n", "\n"));
        machine.write("repo/node_modules/nx/package.json", r#"{"version":"24.0.6"}"#);
        machine.git = vec![("remote", listed.replace("\\t", "\t"))];
        machine.git.extend((!first.is_empty()).then(|| ("rev-list", format!("{first}\n"))));
        let current = machine.short(&machine.locate_at(root.trim_end_matches('/')).current.unwrap());
        let wanted = match expected {
            "-" => Path::new(&root).join(".nx/cache").display().to_string(),
            name => format!("home/.nx/{name}/cache"),
        };
        assert_eq!(current, wanted, "{line}");
    }
}

#[test]
fn each_version_has_its_own_folder() {
    for (version, file, expected) in [
        ("19.8.14", "nx.json", "repo/.nx/cache"),
        ("22.7.12", "nx.json", "repo/.nx/cache"),
        ("23.1.3", "nx.json", "repo/.nx/cache"),
        ("23.2.0", "nx.json", "home/.nx/a1776a21e1623e2a/cache"),
        ("24.0.6", "nx.json", "home/.nx/a1776a21e1623e2a/cache"),
        // Only Nx 24 reads it early enough.
        ("23.3.2", ".env", "home/.nx/a1776a21e1623e2a/cache"),
        ("24.0.6", ".env", "repo/set"),
    ] {
        let machine = Machine::new().with_origin();
        machine.nx(version);
        machine.write(&format!("repo/{file}"), if file == ".env" { "NX_CACHE_DIRECTORY=set" } else { "{}" });
        let current = machine.locate().current.unwrap();
        assert_eq!(machine.short(&current), expected, "{version} {file}");
    }
}

#[test]
fn what_takes_the_cache_out_of_the_shared_folder() {
    let env = |name| vec![(name, "set".to_owned())];
    for (variables, json, expected) in [
        (env("NX_CACHE_DIRECTORY"), "{}", "repo/set"),
        (env("NX_WORKSPACE_DATA_DIRECTORY"), "{}", "repo/.nx/cache"),
        (env("NX_PROJECT_GRAPH_CACHE_DIRECTORY"), "{}", "repo/.nx/cache"),
        (env("NX_CACHE_DIRECTORY"), r#"{"cacheDirectory":"json"}"#, "repo/set"),
        (Vec::new(), r#"{"cacheDirectory":"json"}"#, "repo/json"),
        (env("NX_CLOUD_ACCESS_TOKEN"), "{}", "home/.nx/a1776a21e1623e2a/cache"),
    ] {
        let mut machine = Machine::new().with_origin();
        machine.nx("24.0.6");
        machine.write("repo/nx.json", json);
        machine.variables = variables;
        let current = machine.locate().current.unwrap();
        assert_eq!(machine.short(&current), expected, "{:?} {json}", machine.variables);
    }
}

#[test]
fn a_home_folder_that_others_reach_is_not_used() {
    let machine = Machine::new().with_origin();
    machine.nx("24.0.6");
    symlink(machine.path("home"), machine.path("tmp")).unwrap();
    assert_eq!(machine.short(&machine.locate().current.unwrap()), "repo/.nx/cache");
    let machine = Machine::new().with_origin();
    machine.nx("24.0.6");
    fs::create_dir(machine.path("elsewhere")).unwrap();
    symlink(machine.path("elsewhere"), machine.path("home/.nx")).unwrap();
    fs::create_dir_all(machine.path(&format!("{SHARED}/cache"))).unwrap();
    let found = machine.locate();
    assert_eq!(machine.short(&found.current.clone().unwrap()), "repo/.nx/cache");
    assert!(found.stores.is_empty(), "a folder behind a link is not one that Nx takes");
}

#[test]
fn an_upgrade_leaves_two_caches_and_each_has_its_databases() {
    let machine = Machine::new().with_origin();
    machine.nx("24.0.6");
    fs::create_dir_all(machine.path(&format!("{SHARED}/cache"))).unwrap();
    for name in ["a-v4.db", "a-v6.db", "b-v6.db", "a-v6.db-wal", "a-v6.lock"] {
        machine.write(&format!("{SHARED}/databases/{name}"), "");
    }
    machine.write("repo/.nx/workspace-data/a-v3.db", "");
    machine.write("repo/.nx/cache/123.commit", "true");
    let found = machine.locate();
    assert_eq!(machine.folders(&found), [format!("{SHARED}/cache"), "repo/.nx/cache".to_owned()]);
    let [new, old] = found.stores.as_slice() else { panic!("{found:?}") };
    let expected = ["a-v4.db", "a-v6.db", "b-v6.db"].map(|name| format!("{SHARED}/databases/{name}"));
    assert_eq!(machine.databases(new), expected);
    assert_eq!(machine.databases(old), ["repo/.nx/workspace-data/a-v3.db"]);
    assert_eq!((new.is_current, old.is_current), (Some(true), Some(false)));
    assert_eq!((new.has_commits, old.has_commits), (false, true));
    assert_eq!((&new.shared, &old.shared), (&None, &None));
    assert_eq!(found.version.as_deref(), Some("24.0.6"));
}

#[test]
fn a_workspace_that_was_connected_leaves_its_first_folder_behind() {
    let machine = Machine::new().with_origin();
    machine.write("repo/nx.json", r#"{"nxCloudId":"abc123"}"#);
    for name in ["a1776a21e1623e2a", "6ca13d52ca70c883", "0000000000000000"] {
        fs::create_dir_all(machine.path(&format!("home/.nx/{name}/cache"))).unwrap();
    }
    let found = machine.locate();
    assert_eq!(
        machine.folders(&found),
        ["home/.nx/6ca13d52ca70c883/cache", "home/.nx/a1776a21e1623e2a/cache"]
    );
    assert!(found.stores.iter().all(|store| store.is_current.is_none()), "no Nx is installed");
}

/// A linked working tree `tree` of the repository, with the workspace in it.
fn link(machine: &Machine) {
    machine.write("repo/.git/worktrees/tree/commondir", "../..\n");
    let pointer = machine.path("repo/.git/worktrees/tree");
    machine.write("tree/.git", &format!("gitdir: {}\n", pointer.display()));
    machine.write("tree/nx.json", "{}");
}

#[test]
fn a_linked_working_tree_has_the_cache_of_the_main_checkout() {
    for (version, expected) in [
        ("22.6.5", "tree/.nx/cache"),
        ("22.7.0", "repo/.nx/cache"),
        ("23.1.3", "repo/.nx/cache"),
        ("23.2.1", "home/.nx/a1776a21e1623e2a/cache"),
    ] {
        let machine = Machine::new().with_origin();
        link(&machine);
        machine.write("tree/node_modules/nx/package.json", &format!(r#"{{"version":"{version}"}}"#));
        fs::create_dir_all(machine.path("tree/.nx/cache")).unwrap();
        fs::create_dir_all(machine.path("repo/.nx/cache")).unwrap();
        let found = machine.locate_at("tree");
        assert_eq!(machine.short(&found.current.clone().unwrap()), expected, "{version}");
        assert_eq!(machine.folders(&found), ["tree/.nx/cache", "repo/.nx/cache"]);
        let places: Vec<_> = found.stores.iter().map(|store| store.place.clone()).collect();
        assert_eq!(places, [Some(machine.path("tree")), Some(machine.path("repo"))]);
        let is_current = [expected == "tree/.nx/cache", expected == "repo/.nx/cache"];
        // The Nx of the main checkout may be another one, and use what this one does not.
        let expected = [Some(is_current[0]), is_current[1].then_some(true)];
        assert_eq!(
            found.stores.iter().map(|store| store.is_current).collect::<Vec<_>>(),
            expected,
            "{version}"
        );
    }
}

#[test]
fn every_checkout_may_have_a_database_of_the_same_cache() {
    let mut machine = Machine::new().with_origin();
    link(&machine);
    let trees = ["repo", "tree", "gone"].map(|name| format!("worktree {}\n", machine.path(name).display()));
    machine.git = vec![("worktree", trees.concat())];
    fs::create_dir_all(machine.path("repo/.nx/cache")).unwrap();
    machine.write("repo/.nx/workspace-data/a-v3.db", "");
    machine.write("tree/.nx/workspace-data/a-v3.db", "");
    let expected = ["repo/.nx/workspace-data/a-v3.db", "tree/.nx/workspace-data/a-v3.db"];
    for root in ["repo", "tree"] {
        let found = machine.locate_at(root);
        let store = found.stores.last().unwrap();
        assert_eq!(machine.databases(store), expected, "from {root}");
        assert_eq!(store.shared, None);
    }
}

#[test]
fn databases_are_found_where_they_are_and_where_they_were() {
    let mut machine = Machine::new();
    machine.variables = vec![("NX_WORKSPACE_DATA_DIRECTORY", "moved".to_owned())];
    fs::create_dir_all(machine.path("repo/.nx/cache")).unwrap();
    machine.write("repo/moved/a-v6.db", "");
    machine.write("repo/.env", "NX_PROJECT_GRAPH_CACHE_DIRECTORY=older");
    machine.write("repo/older/a-v2.db", "");
    machine.write("repo/.nx/workspace-data/a.db", "");
    let found = machine.locate();
    let expected = ["repo/.nx/workspace-data/a.db", "repo/moved/a-v6.db", "repo/older/a-v2.db"];
    assert_eq!(machine.databases(&found.stores[0]), expected);
}

#[test]
fn a_workspace_of_lerna_alone() {
    let machine = Machine::new();
    fs::remove_file(machine.path("repo/nx.json")).unwrap();
    machine.write("repo/lerna.json", "{}");
    machine.nx("22.7.0");
    fs::create_dir_all(machine.path("repo/node_modules/.cache/nx")).unwrap();
    machine.write("repo/node_modules/.cache/nx-workspace-data/a-v2.db", "");
    let found = machine.locate();
    assert_eq!(machine.folders(&found), ["repo/node_modules/.cache/nx"]);
    assert_eq!(machine.databases(&found.stores[0]), ["repo/node_modules/.cache/nx-workspace-data/a-v2.db"]);
}

#[test]
fn nx_takes_a_tenth_of_the_disk_where_nothing_is_configured() {
    for (version, json, expected) in [
        ("24.0.6", "{}", [(None, true), (None, false)]),
        ("24.0.6", r#"{"maxCacheSize":"1KB"}"#, [(Some(1024), false); 2]),
        ("24.0.6", r#"{"maxCacheSize":"0"}"#, [(None, false); 2]),
        ("19.8.14", "{}", [(None, false); 2]),
    ] {
        let machine = Machine::new().with_origin();
        machine.nx(version);
        machine.write("repo/nx.json", json);
        fs::create_dir_all(machine.path(&format!("{SHARED}/cache"))).unwrap();
        fs::create_dir_all(machine.path("repo/.nx/cache")).unwrap();
        let limits = machine.locate().stores.into_iter();
        let limits: Vec<_> = limits.map(|store| (store.max_cache_bytes, store.has_usual_limit)).collect();
        assert_eq!(limits, expected, "{version} {json}");
    }
}

#[test]
fn a_folder_that_others_may_use_is_only_reported() {
    for (folder, exclusive, expected) in [
        ("inside", Exclusive::None, None),
        ("../outside", Exclusive::None, Some("cacheDirectory in nx.json is ../outside")),
        ("../outside", Exclusive::Inside, Some("cacheDirectory in nx.json is ../outside")),
        ("../outside", Exclusive::Any, None),
        ("/absolute", Exclusive::None, Some("cacheDirectory in nx.json is /")),
        ("/absolute", Exclusive::Inside, None),
        ("/absolute", Exclusive::Any, None),
    ] {
        let mut machine = Machine::new();
        // An absolute path is the same for every checkout, even where it is in this one.
        let inside = machine.path("repo/absolute").display().to_string();
        let written = if folder == "/absolute" { inside } else { folder.to_owned() };
        machine.write("repo/nx.json", &format!(r#"{{"cacheDirectory":"{written}"}}"#));
        fs::create_dir_all(machine.path("repo").join(&written)).unwrap();
        machine.exclusive = exclusive;
        let found = machine.locate();
        let reason = found.stores[0].shared.as_deref();
        assert_eq!(reason.is_some(), expected.is_some(), "{folder} {exclusive:?}");
        assert!(reason.unwrap_or("").contains(expected.unwrap_or("")), "{reason:?}");
        assert!(reason.is_none_or(|reason| reason.contains("cache.nx.exclusive = true")));
        let counts = exclusive != Exclusive::None && reason.is_none();
        assert_eq!(found.stores[0].is_exclusive, counts, "{folder} {exclusive:?}");
    }
}

#[test]
fn a_link_out_of_the_workspace_is_seen() {
    let machine = Machine::new();
    fs::create_dir_all(machine.path("pool/cache")).unwrap();
    symlink(machine.path("pool"), machine.path("repo/.nx")).unwrap();
    let found = machine.locate();
    assert!(found.stores[0].shared.as_deref().unwrap().starts_with("it leads out of the workspace, to "));
    let machine = Machine { exclusive: Exclusive::Inside, ..machine };
    assert!(
        machine.locate().stores[0].shared.is_some(),
        "the workspace says nothing about what is elsewhere"
    );
}

#[test]
fn what_does_not_exist_is_not_a_store() {
    let machine = Machine::new().with_origin();
    machine.write("repo/.nx/cache", "a file");
    assert_eq!(machine.locate(), Located::default());
}
