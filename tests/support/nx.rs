//! A cache of Nx in the workspace of a test: entries of its choice, and databases as the real versions make them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, params};

use super::cache::{file, grow_old};
use super::{TestEnv, wait_until};

/// The statements of real versions, and the endings of the names of their databases.
const SCHEMAS: [(&str, &str, &str); 3] = [
    ("20.8.4", "", include_str!("../data/nx-schemas/20.8.4.sql")),
    ("23.1.3", "-v3", include_str!("../data/nx-schemas/23.1.3.sql")),
    ("24.0.6", "-v6", include_str!("../data/nx-schemas/24.0.6.sql")),
];

/// A workspace of Nx in that of the test.
pub fn workspace(env: &TestEnv, nx_json: &str) {
    fs::write(env.workspace().join("nx.json"), nx_json).unwrap();
}

/// The version that is installed in a workspace.
pub fn install(workspace: &Path, version: &str) {
    let folder = workspace.join("node_modules/nx");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("package.json"), format!(r#"{{"version":"{version}"}}"#)).unwrap();
}

/// An entry with one file of so many bytes that was made so long ago.
pub fn entry(cache: &Path, hash: &str, bytes: usize, age: Duration) -> PathBuf {
    let folder = cache.join(hash);
    file(&folder.join("dist/main.js"), bytes, age);
    grow_old(&folder, age);
    folder
}

/// The database of a version in this folder, open as a living Nx has it.
pub fn database(folder: &Path, version: &str) -> Connection {
    let (_, ending, statements) = SCHEMAS.iter().find(|(known, _, _)| *known == version).unwrap();
    fs::create_dir_all(folder).unwrap();
    let connection = Connection::open(folder.join(format!("machine{ending}.db"))).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.execute_batch(statements).unwrap();
    connection
}

/// Notes an entry as used so long ago.
pub fn row(database: &Connection, hash: &str, age: Duration) {
    database.execute("INSERT OR IGNORE INTO task_details VALUES (?1, 'a', 'build', NULL)", [hash]).unwrap();
    let row = "INSERT INTO cache_outputs (hash, code, size, created_at, accessed_at)
        VALUES (?1, 0, 87, datetime('now', ?2), datetime('now', ?2))";
    database.execute(row, params![hash, format!("-{} seconds", age.as_secs())]).unwrap();
}

/// What the database knows, in order.
pub fn rows(database: &Connection) -> Vec<String> {
    let mut statement = database.prepare("SELECT hash FROM cache_outputs ORDER BY hash").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Waits until what was made last in a cache may go in a run with `--min-age 0s`: the time of change cannot be set, and
/// Nx notes uses in whole seconds.
pub fn until_it_may_go(entry: &Path) {
    let changed = fs::metadata(entry).unwrap().ctime();
    wait_until("the clock goes on", || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        now.as_secs().cast_signed() > changed + 2
    });
}
