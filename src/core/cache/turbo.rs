//! What the root `turbo.json` and the environment say about the cache of Turborepo.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::nx::jsonc;
use super::plan::Limits;

/// Larger files are not read.
const MAX_BYTES: u64 = 1024 * 1024;

/// What is set; what is not has a default that needs no limit of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `cacheDir`, as it is written.
    pub cache_folder: Option<PathBuf>,
    /// `cacheMaxSize`, in bytes.
    pub max_bytes: Option<u64>,
    /// `cacheMaxAge`.
    pub max_age: Option<Duration>,
}

impl Settings {
    /// Turborepo itself evicts above its own limits, by a rule of its own: ours are never wider.
    pub fn tighten(&self, limits: &mut Limits) {
        limits.max_bytes = least(limits.max_bytes, self.max_bytes);
        limits.max_age = least(limits.max_age, self.max_age);
    }
}

fn least<T: Ord>(ours: Option<T>, theirs: Option<T>) -> Option<T> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
        (ours, theirs) => ours.or(theirs),
    }
}

/// Reads them for the workspace in this folder. With the future flag for it they stand in the block `global`.
#[must_use]
pub fn read(root: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Settings {
    let json = ["turbo.json", "turbo.jsonc"].iter().find_map(|name| value_in(&root.join(name)));
    let in_json = |key: &str| {
        let json = json.as_ref()?;
        let found = json.get(key).or_else(|| json.get("global")?.get(key));
        found.and_then(Value::as_str).map(str::to_owned)
    };
    let given = |name: &str, key: &str| {
        let given = variable(name).filter(|value| !value.is_empty());
        given.map(|value| value.to_string_lossy().into_owned()).or_else(|| in_json(key))
    };
    Settings {
        cache_folder: in_json("cacheDir").filter(|folder| !folder.is_empty()).map(PathBuf::from),
        max_bytes: given("TURBO_CACHE_MAX_SIZE", "cacheMaxSize").and_then(|text| size(&text)),
        max_age: given("TURBO_CACHE_MAX_AGE", "cacheMaxAge").and_then(|text| age(&text)),
    }
}

fn value_in(path: &Path) -> Option<Value> {
    let found = fs::metadata(path).ok().filter(|found| found.is_file() && found.len() <= MAX_BYTES);
    found.and_then(|_| jsonc::parse(&fs::read_to_string(path).ok()?))
}

/// A number and its unit, in capitals.
fn split(text: &str) -> (String, String) {
    let text = text.trim().to_ascii_uppercase();
    let unit = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    (text[..unit].trim().to_owned(), text[unit..].to_owned())
}

/// `10GB`, with units of 1024; nothing switches it off, as `0` does.
fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text);
    let unit: u64 = match unit.as_str() {
        "" | "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((&number, "0"));
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let digits = u32::try_from(part.len()).ok().filter(|digits| *digits <= 9)?;
    let part = part.parse::<u64>().ok()?.saturating_mul(unit) / 10_u64.pow(digits);
    whole.checked_add(part).filter(|bytes| *bytes > 0)
}

/// `7d`; a number without a unit is one of days.
fn age(text: &str) -> Option<Duration> {
    let (number, unit) = split(text);
    let unit = match unit.as_str() {
        "S" => 1,
        "M" => 60,
        "H" => 3_600,
        "" | "D" => 86_400,
        "W" => 604_800,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
    Some(Duration::from_secs(seconds)).filter(|age| !age.is_zero())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::time::Duration;

    use super::{Settings, age, read, size};

    #[test]
    fn sizes_as_turborepo_reads_them() {
        for (text, expected) in [
            ("0", None),
            ("", None),
            ("4096", Some(4096)),
            ("500KB", Some(500 << 10)),
            (" 10gb ", Some(10 << 30)),
            ("1.5GB", Some(3 << 29)),
            ("1TB", Some(1 << 40)),
            ("10PB", None),
            ("-5GB", None),
            ("1.2.3GB", None),
            ("99999999999999999TB", None),
        ] {
            assert_eq!(size(text), expected, "{text}");
        }
    }

    #[test]
    fn ages_as_turborepo_reads_them() {
        for (text, expected) in [
            ("0", None),
            ("30s", Some(30)),
            ("5m", Some(300)),
            ("24h", Some(86_400)),
            ("7", Some(604_800)),
            ("2w", Some(1_209_600)),
            ("7x", None),
            ("", None),
            ("99999999999999999999w", None),
        ] {
            assert_eq!(age(text), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn settings_are_at_the_top_or_in_the_block_for_all_and_a_variable_counts_more() {
        let root = tempfile::tempdir().unwrap();
        let none = |_: &str| None;
        assert_eq!(read(root.path(), &none), Settings::default());
        std::fs::write(root.path().join("turbo.jsonc"), "{ \"global\": { \"cacheDir\": \"a\" }, }").unwrap();
        assert_eq!(read(root.path(), &none).cache_folder, Some("a".into()));
        let text = "{ // ours\n\"cacheDir\": \"b\", \"cacheMaxSize\": \"2GB\", \"cacheMaxAge\": \"1d\" }";
        std::fs::write(root.path().join("turbo.json"), text).unwrap();
        let found = read(root.path(), &none);
        assert_eq!((found.cache_folder, found.max_bytes), (Some("b".into()), Some(2 << 30)));
        let variable = |name: &str| (name == "TURBO_CACHE_MAX_AGE").then(|| OsString::from("1h"));
        assert_eq!(read(root.path(), &variable).max_age, Some(Duration::from_secs(3600)));
        std::fs::write(root.path().join("turbo.json"), "nonsense").unwrap();
        assert_eq!(read(root.path(), &none).cache_folder, Some("a".into()));
    }
}
