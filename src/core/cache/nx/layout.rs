//! The layouts of Nx databases that are known. Anything else may mean something new by a row, so nothing of it is
//! touched.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

/// What a database has of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// No table of entries: Nx 19, and what Nx 23.2 and later keep in the workspace.
    Without,
    /// A table in which every row is an entry: up to Nx 23.2.
    Entries,
    /// A table in which a column says whether a row is an entry: Nx 23.3 and later.
    Flagged,
}

/// The versions in the names of known databases; those without one were made by Nx 19 to 21.
const VERSIONS: [u32; 4] = [2, 3, 4, 6];

const COLUMNS: [&str; 5] = ["hash", "code", "size", "created_at", "accessed_at"];
const FLAG: &str = "is_cache_entry";

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: String,
    is_key: bool,
    is_plain: bool,
}

/// Finds out the layout; the inner error is what is unknown about it.
pub fn read(path: &Path, connection: &Connection) -> rusqlite::Result<Result<Layout, String>> {
    let kind = "SELECT type FROM sqlite_schema WHERE name = 'cache_outputs'";
    let Some(kind) = connection.query_row(kind, [], |row| row.get::<_, String>(0)).optional()? else {
        return Ok(Ok(Layout::Without));
    };
    if kind != "table" {
        return Ok(Err(format!("`cache_outputs` is a {kind}")));
    }
    let trigger = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'cache_outputs'";
    if let Some(name) = connection.query_row(trigger, [], |row| row.get::<_, String>(0)).optional()? {
        return Ok(Err(format!("the trigger `{name}` acts on `cache_outputs`")));
    }
    let mut statement =
        connection.prepare("SELECT name, pk, hidden FROM pragma_table_xinfo('cache_outputs')")?;
    let columns = statement.query_map([], |row| {
        Ok(Column {
            name: row.get(0)?,
            is_key: row.get::<_, i64>(1)? != 0,
            is_plain: row.get::<_, i64>(2)? == 0,
        })
    })?;
    let columns = columns.collect::<rusqlite::Result<Vec<Column>>>()?;
    Ok(of_columns(&columns).and_then(|layout| of_name(path).map(|()| layout)))
}

fn of_name(path: &Path) -> Result<(), String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Some((_, version)) = stem.rsplit_once("-v") else { return Ok(()) };
    match version.parse::<u32>() {
        Ok(version) if !VERSIONS.contains(&version) => Err(format!("its version is {version}")),
        _ => Ok(()),
    }
}

fn of_columns(columns: &[Column]) -> Result<Layout, String> {
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    if let Some(missing) = COLUMNS.iter().find(|name| !has(name)) {
        return Err(format!("`cache_outputs` has no column `{missing}`"));
    }
    let is_known = |name: &str| COLUMNS.contains(&name) || name == FLAG;
    if let Some(new) = columns.iter().find(|column| !is_known(&column.name) || !column.is_plain) {
        return Err(format!("`cache_outputs` has the column `{}`", new.name));
    }
    let keys: Vec<&str> =
        columns.iter().filter(|column| column.is_key).map(|column| column.name.as_str()).collect();
    if keys != ["hash"] {
        return Err(format!("the key of `cache_outputs` is ({})", keys.join(", ")));
    }
    Ok(if has(FLAG) { Layout::Flagged } else { Layout::Entries })
}

#[cfg(test)]
mod tests {
    use super::{Column, Layout, of_columns, of_name};
    use std::path::Path;

    fn columns(text: &str) -> Vec<Column> {
        let column = |word: &str| Column {
            name: word.trim_matches(['*', '!']).to_owned(),
            is_key: word.starts_with('*'),
            is_plain: !word.ends_with('!'),
        };
        text.split(' ').map(column).collect()
    }

    #[test]
    fn only_known_columns_are_acted_on() {
        for (text, expected) in [
            ("*hash code size created_at accessed_at", Ok(Layout::Entries)),
            ("*hash code size is_cache_entry created_at accessed_at", Ok(Layout::Flagged)),
            ("*hash code size created_at", Err("`cache_outputs` has no column `accessed_at`")),
            ("*hash code size created_at accessed_at pinned", Err("`cache_outputs` has the column `pinned`")),
            ("*hash code size created_at accessed_at!", Err("`cache_outputs` has the column `accessed_at`")),
            ("hash code size created_at accessed_at", Err("the key of `cache_outputs` is ()")),
            ("*hash *code size created_at accessed_at", Err("the key of `cache_outputs` is (hash, code)")),
        ] {
            assert_eq!(of_columns(&columns(text)), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn only_known_versions_are_acted_on() {
        for (name, expected) in [
            ("3d12.db", true),
            ("3d12-v2.db", true),
            ("3d12-v3.db", true),
            ("3d12-v4.db", true),
            ("3d12-v6.db", true),
            ("3d12-v5.db", false),
            ("3d12-v7.db", false),
            ("3d12-v99.db", false),
            ("my-vm.db", true),
        ] {
            assert_eq!(of_name(Path::new(name)).is_ok(), expected, "{name}");
        }
    }
}
