//! Caches of Nx: whose word counts for which folder, and what no record proves to be of no use.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::cache::HOUR;
use crate::support::{Output, TestEnv, nx};

const KIB: usize = 1024;

fn prune(env: &TestEnv, arguments: &[&str]) -> Output {
    env.run(&[&["--json", "prune-cache", "nx"], arguments].concat())
}

/// What the user says, whatever workspace it is.
fn write_user_config(env: &TestEnv, text: &str) {
    let folder = env.path("home").join(".config/brainwav");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), text).unwrap();
}

const EXCLUSIVE: &str = "[cache.nx]\nexclusive = true\n";

/// Makes a folder the cache of the workspace.
type Way<'a> = &'a dyn Fn(&TestEnv, &Path);

#[test]
fn a_workspace_says_nothing_about_a_folder_outside_of_it() {
    let by_json = |env: &TestEnv, photos: &Path| {
        nx::workspace(env, &format!(r#"{{"cacheDirectory":"{}"}}"#, photos.display()));
    };
    let by_file = |env: &TestEnv, photos: &Path| {
        nx::workspace(env, "{}");
        let line = format!("NX_CACHE_DIRECTORY={}\n", photos.display());
        fs::write(env.workspace().join(".env"), line).unwrap();
    };
    let by_link = |env: &TestEnv, photos: &Path| {
        nx::workspace(env, "{}");
        symlink(photos.parent().unwrap(), env.workspace().join(".nx")).unwrap();
    };
    let ways: [(&str, Way<'_>); 3] = [("nx.json", &by_json), (".env", &by_file), ("a link", &by_link)];
    for (way, lead_to) in ways {
        let env = TestEnv::new();
        let photos = env.path("home").join("pictures/cache");
        for year in ["2023", "2024"] {
            nx::entry(&photos, year, KIB, HOUR * 9);
        }
        lead_to(&env, &photos);
        env.write_config(EXCLUSIVE);
        for limit in ["1GiB", "0B"] {
            let output = prune(&env, &["--max-size", limit]);
            let store = output.store("nx");
            assert_eq!(store["verdict"], "refused", "{way}: {store}");
            assert!(store["reason"].to_string().contains("in your own configuration"), "{way}: {store}");
            assert_eq!(TestEnv::file_names(&photos), ["2023", "2024"], "{way}");
        }
        write_user_config(&env, EXCLUSIVE);
        env.write_config("");
        drop(prune(&env, &["--max-size", "0B"]).expect_code(0));
        assert_eq!(TestEnv::file_names(&photos), [""; 0], "{way}: the user may say so");
    }
}

#[test]
fn a_workspace_speaks_for_what_is_in_it() {
    let env = TestEnv::new();
    let cache = env.workspace().join("tmp/cache");
    nx::workspace(&env, &format!(r#"{{"cacheDirectory":"{}"}}"#, cache.display()));
    let entry = nx::entry(&cache, "123", KIB, HOUR * 9);
    drop(prune(&env, &["--max-size", "0B"]).expect_code(1));
    assert!(entry.exists());
    env.write_config(EXCLUSIVE);
    drop(prune(&env, &["--max-size", "0B"]).expect_code(0));
    assert!(!entry.exists());
    // What the user says holds until the workspace says something else, of what is in it.
    write_user_config(&env, EXCLUSIVE);
    env.write_config("[cache.nx]\nexclusive = false\n");
    let entry = nx::entry(&cache, "123", KIB, HOUR * 9);
    drop(prune(&env, &["--max-size", "0B"]).expect_code(1));
    assert!(entry.exists());
}

#[test]
fn the_limit_of_nx_is_an_upper_bound_and_none_of_it_is_none() {
    const GIB: u64 = 1 << 30;
    for (json, file, expected) in [
        (r#"{"maxCacheSize":"100KB"}"#, "", 100 << 10),
        (r#"{"maxCacheSize":"2GB"}"#, "", GIB),
        (r#"{"maxCacheSize":"0"}"#, "", GIB),
        (r#"{"maxCacheSize":"2GB"}"#, "NX_MAX_CACHE_SIZE=100KB", 100 << 10),
        (r#"{"maxCacheSize":"100KB"}"#, "NX_MAX_CACHE_SIZE=0", GIB),
    ] {
        let env = TestEnv::new();
        nx::workspace(&env, json);
        fs::write(env.workspace().join(".env"), file).unwrap();
        nx::entry(&env.workspace().join(".nx/cache"), "123", KIB, HOUR * 9);
        let store = prune(&env, &[]).expect_code(0).store("nx");
        assert_eq!(store["max_size_bytes"], expected, "{json} {file}: {store}");
    }
    let env = TestEnv::new();
    nx::workspace(&env, r#"{"maxCacheSize":"0"}"#);
    let entry = nx::entry(&env.workspace().join(".nx/cache"), "123", KIB, HOUR * 9);
    let database = nx::database(&env.workspace().join(".nx/workspace-data"), "23.1.3");
    nx::row(&database, "123", HOUR * 9);
    let store = prune(&env, &["--max-size", "none"]).expect_code(0).store("nx");
    assert!(store["max_size_bytes"].is_null(), "{store}");
    assert!(entry.exists(), "what Nx keeps without a limit is not above one of 0 B");
    assert_eq!(nx::rows(&database), ["123"]);
}

#[test]
fn without_a_limit_of_its_own_nx_keeps_to_a_tenth_of_the_disk() {
    for (version, is_bound) in [("22.7.0", true), ("19.8.14", false)] {
        let env = TestEnv::new();
        nx::workspace(&env, "{}");
        nx::install(&env.workspace(), version);
        nx::entry(&env.workspace().join(".nx/cache"), "123", KIB, HOUR * 9);
        let store = prune(&env, &["--max-size", "none"]).expect_code(0).store("nx");
        let total = rustix::fs::statvfs(env.workspace()).map(|disk| disk.f_blocks * disk.f_frsize).unwrap();
        let expected = is_bound.then_some(total / 10);
        assert_eq!(store["max_size_bytes"].as_u64(), expected, "{version}: {store}");
    }
}

/// The folder below the home folder of a workspace that Nx Cloud calls `abc123`.
fn below_home(env: &TestEnv) -> std::path::PathBuf {
    nx::workspace(env, r#"{"nxCloudId":"abc123"}"#);
    nx::install(&env.workspace(), "24.0.6");
    env.path("home").join(".nx/6ca13d52ca70c883")
}

#[test]
fn below_the_home_folder_what_no_database_knows_goes_only_where_all_of_them_are_known() {
    for (what, stranger, expected) in [
        ("all are known", None, ""),
        ("a lock is none", Some("machine-v6.lock"), ""),
        ("a later engine", Some("machine-v7.redb"), "machine-v7.redb"),
        ("anything else", Some("entries"), "entries is no database"),
    ] {
        let env = TestEnv::new();
        let folder = below_home(&env);
        let (known, orphan) = ("1", "2");
        for hash in [known, orphan] {
            nx::entry(&folder.join("cache"), hash, KIB, HOUR * 9);
        }
        let database = nx::database(&folder.join("databases"), "24.0.6");
        nx::row(&database, known, HOUR * 9);
        if let Some(name) = stranger {
            fs::write(folder.join("databases").join(name), "?").unwrap();
        }
        let code = i32::from(!expected.is_empty());
        let store = prune(&env, &[]).expect_code(0).store("nx");
        let left = TestEnv::file_names(&folder.join("cache"));
        assert_eq!(left.contains(&orphan.to_owned()), code == 1, "{what}: {store}");
        assert!(left.contains(&known.to_owned()), "{what}");
        assert!(store["notes"].to_string().contains(expected), "{what}: {store}");
        // A record is one, whatever else is there.
        nx::until_it_may_go(&folder.join("cache").join(known));
        drop(prune(&env, &["--max-size", "0B", "--min-age", "0s"]).expect_code(code));
        assert!(!folder.join("cache").join(known).exists(), "{what}");
        assert_eq!(folder.join("cache").join(orphan).exists(), code == 1, "{what}");
    }
}

#[test]
fn below_the_home_folder_a_table_that_has_moved_away_proves_nothing() {
    let env = TestEnv::new();
    let folder = below_home(&env);
    let entry = nx::entry(&folder.join("cache"), "1", KIB, HOUR * 9);
    let database = nx::database(&folder.join("databases"), "24.0.6");
    database.execute_batch("DROP TABLE cache_outputs").unwrap();
    let store = prune(&env, &["--max-size", "0B"]).expect_code(1).store("nx");
    assert!(entry.exists());
    assert!(store["notes"].to_string().contains("has no table of its entries"), "{store}");
    // One of an older version says nothing about what the newer one keeps.
    drop(nx::database(&folder.join("databases"), "23.1.3"));
    drop(prune(&env, &["--max-size", "0B"]).expect_code(1));
    assert!(entry.exists());
    drop(database);
    fs::remove_dir_all(folder.join("databases")).unwrap();
    drop(prune(&env, &["--max-size", "0B"]).expect_code(1));
    assert!(entry.exists(), "nor does a folder without any database");
}

#[test]
fn nobody_speaks_for_an_engine_that_is_not_known() {
    let env = TestEnv::new();
    nx::workspace(&env, "{}");
    env.write_config(EXCLUSIVE);
    let entry = nx::entry(&env.workspace().join(".nx/cache"), "1", KIB, HOUR * 9);
    let data = env.workspace().join(".nx/workspace-data");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("project-graph.json"), "{}").unwrap();
    fs::write(data.join("machine-v7.redb"), "?").unwrap();
    let store = prune(&env, &["--max-size", "0B"]).expect_code(1).store("nx");
    assert!(store["notes"].to_string().contains("machine-v7.redb"), "{store}");
    assert!(entry.exists());
    fs::remove_file(data.join("machine-v7.redb")).unwrap();
    drop(prune(&env, &["--max-size", "0B"]).expect_code(0));
    assert!(!entry.exists());
}
