//! Caches of Nx whose records may not be read: they are measured, and nothing of them goes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::cache::{HOUR, grow_old};
use crate::support::{Output, TestEnv, nx};

const KIB: usize = 1024;

/// A cache with two old entries, of which a database knows one.
struct Cache {
    env: TestEnv,
    cache: PathBuf,
    data: PathBuf,
}

impl Cache {
    fn new() -> Self {
        let env = TestEnv::new();
        nx::workspace(&env, "{}");
        // Whatever somebody says about those that nobody knows.
        env.write_config("[cache.nx]\nexclusive = true\n");
        let (cache, data) = (env.workspace().join(".nx/cache"), env.workspace().join(".nx/workspace-data"));
        for hash in ["1", "2"] {
            nx::entry(&cache, hash, 100 * KIB, HOUR * 9);
        }
        nx::row(&nx::database(&data, "23.1.3"), "1", HOUR * 9);
        Self { env, cache, data }
    }

    fn database(&self) -> PathBuf {
        self.data.join("machine-v3.db")
    }

    fn prune(&self, limit: &str) -> Output {
        self.env.run(&["--json", "prune-cache", "nx", "--max-size", limit, "--min-age", "0s"])
    }
}

fn change(path: &Path, statement: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(statement).unwrap();
}

/// Does something to the cache so that its records may not be read.
type Spoil = fn(&Cache);

const WAYS: [(&str, Spoil, &str); 6] = [
    (
        "a new column",
        |cache| change(&cache.database(), "ALTER TABLE cache_outputs ADD COLUMN pinned INTEGER"),
        "column `pinned`",
    ),
    (
        "a new version",
        |cache| fs::rename(cache.database(), cache.data.join("machine-v99.db")).unwrap(),
        "version is 99",
    ),
    ("no database", |cache| fs::write(cache.data.join("a-v3.db"), "?".repeat(200)).unwrap(), "no SQLite"),
    (
        "a transaction that was left half done",
        |cache| fs::write(cache.data.join("machine-v3.db-journal"), "?").unwrap(),
        "run any Nx command",
    ),
    (
        "a link",
        |cache| {
            fs::rename(cache.database(), cache.env.path("home/moved.db")).unwrap();
            symlink(cache.env.path("home/moved.db"), cache.database()).unwrap();
        },
        "not a regular file",
    ),
    (
        "a second name",
        |cache| fs::hard_link(cache.database(), cache.env.path("home/second.db")).unwrap(),
        "a second name",
    ),
];

#[test]
fn a_cache_whose_records_may_not_be_read_is_measured_and_stays() {
    for (what, spoil, reason) in WAYS {
        let cache = Cache::new();
        spoil(&cache);
        for (limit, code) in [("1GiB", 0), ("100KiB", 1)] {
            let store = cache.prune(limit).expect_code(code).store("nx");
            assert_eq!(store["verdict"], "refused", "{what}: {store}");
            assert!(store["reason"].as_str().unwrap().contains(reason), "{what}: {store}");
            assert_eq!(store["entries"], 2, "{what}: {store}");
            assert!(store["size_bytes"].as_u64().unwrap() > 200 * 1024, "{what}: {store}");
            assert_eq!(store["evictions"].as_array().unwrap().len(), 0, "{what}: {store}");
        }
        let text = cache.env.run(&["prune-cache", "nx", "--max-size", "100KiB"]).expect_code(1).stdout;
        assert!(text.contains("nothing is removed: "), "{what}: {text}");
        assert_eq!(TestEnv::file_names(&cache.cache), ["1", "2"], "{what}");
        let dry = cache.env.run(&["--json", "prune-cache", "-n", "nx", "--max-size", "100KiB"]);
        assert_eq!(dry.expect_code(1).store("nx")["verdict"], "refused", "{what}");
    }
}

#[test]
fn what_an_interrupted_run_has_left_waits_until_the_records_can_be_read() {
    let cache = Cache::new();
    change(&cache.database(), "ALTER TABLE cache_outputs ADD COLUMN pinned INTEGER");
    let trash = cache.cache.join(".brainwav-trash");
    nx::entry(&trash, "0.1.1.1", KIB, HOUR * 9);
    let store = cache.prune("1GiB").expect_code(0).store("nx");
    assert_eq!(TestEnv::file_names(&trash), ["0.1.1.1"]);
    assert!(store["notes"].to_string().contains("an interrupted run has left"), "{store}");
    change(&cache.database(), "ALTER TABLE cache_outputs DROP COLUMN pinned");
    grow_old(&cache.cache.join("2"), HOUR * 9);
    drop(cache.prune("1GiB").expect_code(0));
    assert!(!trash.exists());
}
