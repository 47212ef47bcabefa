use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::locate::{Exclusive, Surroundings};
use super::{Settings, env_line, parse_size, read};

#[test]
fn sizes_as_nx_reads_them() {
    for (text, expected) in [
        ("10", Some(10)),
        ("10B", Some(10)),
        ("2KB", Some(2048)),
        ("1.5 MB", Some(1_572_864)),
        ("20GB", Some(21_474_836_480)),
        ("0", None),
        ("0GB", None),
        ("0.1", None),
        ("1TB", None),
        ("1 gb", None),
        ("1  GB", None),
        ("1.2.3GB", None),
        ("-1", None),
        ("", None),
        (".", None),
        ("99999999999GB", None),
    ] {
        assert_eq!(parse_size(text), expected, "{text}");
    }
}

#[test]
fn lines_of_env_files() {
    for (line, expected) in [
        ("NX_CACHE_DIRECTORY=.c", Some(".c")),
        (" export NX_CACHE_DIRECTORY = \"a b\" # note", Some("a b")),
        ("NX_CACHE_DIRECTORY='x'", Some("x")),
        ("NX_CACHE_DIRECTORY=x # note", Some("x")),
        ("NX_CACHE_DIRECTORY=$HOME/x", None),
        ("NX_CACHE_DIRECTORY=", None),
        ("# NX_CACHE_DIRECTORY=x", None),
        ("SECRET=x", None),
        ("NX_CACHE_DIRECTORY", None),
    ] {
        let found = env_line(line).map(|(_, value)| value);
        assert_eq!(found, expected.map(OsString::from), "{line}");
    }
}

/// The settings of a folder with these files and variables.
fn settings(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let variable = |wanted: &str| {
        variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| OsString::from(value))
    };
    let around = Surroundings {
        root: folder.path(),
        variable: &variable,
        home: None,
        shared_temp: Path::new("/nowhere"),
        git: &|_, _| None,
        uid: 0,
        exclusive: Exclusive::None,
    };
    read(folder.path(), &around)
}

fn first_folder(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Option<PathBuf> {
    settings(files, variables).cache_folders.first().map(|found| found.folder.clone())
}

#[test]
fn the_configured_folder_by_its_precedence() {
    let json = ("nx.json", r#"{"cacheDirectory": "from-json"}"#);
    let env = (".env", "NX_CACHE_DIRECTORY=from-file");
    let variable = ("NX_CACHE_DIRECTORY", "from-variable");
    let extends = ("nx.json", r#"{"extends": "./base.json"}"#);
    let base = ("base.json", r#"{"cacheDirectory": "from-base", "nxCloudId": "abc"}"#);
    let package = ("node_modules/@acme/preset/nx.json", r#"{"cacheDirectory": "from-package"}"#);
    let runner = r#"{"tasksRunnerOptions": {"default": {"options": {"cacheDirectory": "from-runner"}}}}"#;
    for (files, variables, expected) in [
        (vec![json, env], vec![variable], Some("from-variable")),
        (vec![json, env], vec![], Some("from-file")),
        (vec![json, env, (".local.env", "NX_CACHE_DIRECTORY=local")], vec![], Some("local")),
        (vec![json], vec![("NX_CACHE_DIRECTORY", "")], Some("from-json")),
        (vec![extends, base], vec![], Some("from-base")),
        (vec![("nx.json", r#"{"extends": "@acme/preset/nx.json"}"#), package], vec![], Some("from-package")),
        (vec![("nx.json", runner)], vec![], Some("from-runner")),
        (vec![("nx.json", r#"{"cacheDirectory": ""}"#)], vec![], None),
        (vec![("nx.json", "{ // c\n\"cacheDirectory\": \"c\", }")], vec![], Some("c")),
        (vec![("nx.json", "{ \"cacheDirectory\": \"c\" \"a\": 1")], vec![], None),
    ] {
        assert_eq!(first_folder(&files, &variables), expected.map(PathBuf::from), "{files:?} {variables:?}");
    }
}

#[test]
fn what_else_is_set() {
    let found = settings(&[("nx.json", r#"{"nxCloudAccessToken": "t", "maxCacheSize": "1KB"}"#)], &[]);
    assert_eq!((found.cloud_id.as_deref(), found.max_cache_bytes), (Some("t"), Some(Some(1024))));
    let found = settings(&[("nx.json", r#"{"nxCloudId": "", "nxCloudAccessToken": "t"}"#)], &[]);
    assert_eq!(found.cloud_id.as_deref(), Some(""), "an empty id hides the token, as it does for Nx");
    let found = settings(&[("nx.json", r#"{"maxCacheSize": 5}"#)], &[("NX_MAX_CACHE_SIZE", "7")]);
    assert_eq!(found.max_cache_bytes, Some(Some(7)));
    let five = ("nx.json", r#"{"maxCacheSize": 5}"#);
    let found = settings(&[five, (".env", "NX_MAX_CACHE_SIZE=1KB")], &[]);
    assert_eq!(found.max_cache_bytes, Some(Some(1024)), "a file counts more than nx.json");
    let found = settings(&[five, (".env", "NX_MAX_CACHE_SIZE=1KB")], &[("NX_MAX_CACHE_SIZE", "0")]);
    assert_eq!(found.max_cache_bytes, Some(None), "and the environment more than both");
    assert_eq!(settings(&[], &[]).max_cache_bytes, None);
    let found = settings(&[(".env", "NX_WORKSPACE_DATA_DIRECTORY=d")], &[]);
    assert_eq!(found.data_folders, [PathBuf::from("d")]);
    assert!(found.is_moved_by_file && !found.is_moved_by_variable);
    let found = settings(&[], &[("NX_PROJECT_GRAPH_CACHE_DIRECTORY", "d")]);
    assert!(found.is_moved_by_variable && !found.is_moved_by_file);
    assert!(settings(&[("lerna.json", "{}")], &[]).is_lerna_only);
    assert!(!settings(&[("lerna.json", "{}"), ("nx.json", "{}")], &[]).is_lerna_only);
}

#[test]
fn what_cannot_be_read_is_said() {
    assert!(settings(&[("nx.json", "{")], &[]).trouble.unwrap().contains("nx.json cannot be read"));
    let lost = settings(&[("nx.json", r#"{"extends": "lost/nx.json"}"#)], &[]);
    assert!(lost.trouble.unwrap().contains("`lost/nx.json`"));
    assert_eq!(settings(&[], &[]).trouble, None);
    let hidden = settings(&[(".env", "export NX_WORKSPACE_DATA_DIRECTORY=$PWD/db")], &[]);
    assert!(hidden.trouble.unwrap().contains("NX_WORKSPACE_DATA_DIRECTORY"));
    assert_eq!(settings(&[(".env", "NX_DAEMON=$X\nDIRECTORY=$Y\nNX_CACHE_DIRECTORY=c")], &[]).trouble, None);
}
