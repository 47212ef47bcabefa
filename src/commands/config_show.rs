//! `brainwav config show`: every setting that holds, and where it comes from.

use serde::Serialize;

use crate::cli::config::ShowArgs;
use crate::config::{Entry, Layer, Origin, Resolved, Shown, closest};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::ExitCode;
use crate::output::BRAND;
use crate::output::sanitize::sanitize;
use crate::output::table::{Table, Tone};
use crate::output::ui::{Format, Ui};
use crate::output::units::plural;

/// Resolves the settings and prints them.
///
/// # Errors
/// When the configuration is wrong, or has no such key.
pub fn run(context: &mut Context, args: &ShowArgs) -> Result<ExitCode> {
    let resolved = context.resolve(Vec::new())?;
    let entries = entries(&resolved, args.key.as_deref())?;
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::new(&resolved, &entries)),
        Format::Human => {
            let text = human(&context.ui, &resolved, &entries);
            context.ui.data(&text);
        }
    }
    Ok(ExitCode::Success)
}

/// The entries of a key, a section or a rule; without one, all.
///
/// # Errors
/// When nothing is called so.
pub fn entries(resolved: &Resolved, key: Option<&str>) -> Result<Vec<Entry>> {
    let all = resolved.entries();
    let Some(key) = key else { return Ok(all) };
    let found: Vec<Entry> = all.iter().filter(|entry| is_within(&entry.key, key)).cloned().collect();
    if found.is_empty() { Err(unknown(&all, key)) } else { Ok(found) }
}

fn is_within(name: &str, key: &str) -> bool {
    name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn unknown(entries: &[Entry], key: &str) -> Error {
    let error = Error::usage(format!("{key:?} is no setting, section or rule"));
    // Keys and all that stands before their dots: sections and rules.
    let ends =
        |name: &'_ str| name.match_indices('.').map(|(at, _)| at).chain([name.len()]).collect::<Vec<_>>();
    let names = entries.iter().flat_map(|entry| ends(&entry.key).into_iter().map(|end| &entry.key[..end]));
    error.hint(match closest(key, names) {
        Some(name) => format!("did you mean {name}?"),
        None => "brainwav config show lists them all".to_owned(),
    })
}

/// The title and the table.
#[must_use]
pub fn human(ui: &Ui, resolved: &Resolved, entries: &[Entry]) -> String {
    let changed = entries.iter().filter(|entry| entry.origin != Origin::Default).count();
    let workspace = sanitize(&resolved.workspace.to_string_lossy());
    let changed = match changed {
        0 => "all of them defaults".to_owned(),
        some => format!("{some} of them set"),
    };
    let title = format!(
        "{BRAND} config: {}, {changed}, workspace {workspace}",
        plural(entries.len(), "value", "values")
    );
    let mut table = Table::new(ui, &["KEY", "VALUE", "ORIGIN"], &[]);
    // Long lists are cut, unless one key alone was asked for.
    let whole = entries.iter().all(|entry| entry.key == entries[0].key);
    for entry in entries {
        let tone = if entry.origin == Origin::Default { Tone::Faint } else { Tone::Plain };
        table.row(&[
            (sanitize(&entry.key), Tone::Plain),
            (sanitize(&value(&entry.value, whole)), Tone::Plain),
            (sanitize(&entry.origin.to_string()), tone),
        ]);
    }
    format!("{title}\n\n{}", table.render())
}

fn value(value: &Shown, whole: bool) -> String {
    const SHOWN: usize = 6;
    match value {
        Shown::List(texts) if !whole && texts.len() > SHOWN + 1 => {
            format!("{}, and {} more", texts[..SHOWN].join(", "), texts.len() - SHOWN)
        }
        other => other.to_string(),
    }
}

/// The document `brainwav.config-show/1`.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    schema: &'static str,
    brand: &'static str,
    workspace: String,
    files: Vec<FileEntry>,
    settings: Vec<SettingEntry<'a>>,
    warnings: &'a [String],
}

/// A configuration file in a document.
#[derive(Debug, Serialize)]
pub struct FileEntry {
    path: String,
    layer: Layer,
    existed: bool,
}

#[derive(Debug, Serialize)]
struct SettingEntry<'a> {
    key: &'a str,
    value: &'a Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_seconds: Option<f64>,
    origin: OriginEntry<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum OriginEntry<'a> {
    Default,
    File { layer: Layer, path: String, line: usize },
    Environment { name: &'a str },
    Flag { flag: &'a str },
}

impl<'a> Document<'a> {
    /// The document for these entries.
    #[must_use]
    pub fn new(resolved: &'a Resolved, entries: &'a [Entry]) -> Self {
        Self {
            schema: "brainwav.config-show/1",
            brand: BRAND,
            workspace: resolved.workspace.to_string_lossy().into_owned(),
            files: files(resolved),
            settings: entries.iter().map(|entry| setting(entry)).collect(),
            warnings: &resolved.warnings,
        }
    }
}

/// The files that were looked for.
#[must_use]
pub fn files(resolved: &Resolved) -> Vec<FileEntry> {
    let entry = |file: &crate::config::ConfigFile| FileEntry {
        path: file.path.to_string_lossy().into_owned(),
        layer: file.layer,
        existed: file.existed,
    };
    resolved.files.iter().map(entry).collect()
}

fn setting(entry: &Entry) -> SettingEntry<'_> {
    let (value_bytes, value_seconds) = match &entry.value {
        Shown::Size(bytes) => (Some(*bytes), None),
        Shown::Time(time) => (None, Some(time.as_secs_f64())),
        _ => (None, None),
    };
    SettingEntry {
        key: &entry.key,
        value: &entry.value,
        value_bytes,
        value_seconds,
        origin: origin(&entry.origin),
    }
}

fn origin(origin: &Origin) -> OriginEntry<'_> {
    match origin {
        Origin::Default => OriginEntry::Default,
        Origin::File { layer, path, line } => {
            OriginEntry::File { layer: *layer, path: path.to_string_lossy().into_owned(), line: *line }
        }
        Origin::Environment { name } => OriginEntry::Environment { name },
        Origin::Flag { flag } => OriginEntry::Flag { flag },
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, entries, value};
    use crate::config::{Environment, Request, Resolved, Shown, load};

    fn resolved() -> Resolved {
        let environment = Environment::from_pairs([("BRAINWAV_HEALTH_MAX_CPU", "50")]);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("brainwav.toml"), "health.grace = \"1s\"").unwrap();
        let request = Request {
            config_file: None,
            workspace: Some(folder.path()),
            cwd: folder.path(),
            environment: &environment,
            uid: 0,
            flags: Vec::new(),
        };
        load(&request).unwrap()
    }

    #[test]
    fn a_key_a_section_or_a_rule_can_be_asked_for() {
        let resolved = resolved();
        let count = |key| entries(&resolved, key).map(|found| found.len());
        assert_eq!(count(None).unwrap(), resolved.entries().len());
        assert_eq!(count(Some("health.max-cpu")).unwrap(), 1);
        assert_eq!(count(Some("health")).unwrap(), 9);
        assert!(count(Some("process.vitest")).unwrap() > 2);
        for (key, hint) in [
            ("healt", "health?"),
            ("process.vitst", "process.vitest?"),
            ("quux", "lists them all"),
            ("health.", "health?"),
        ] {
            let error = count(Some(key)).unwrap_err();
            assert!(error.hints()[0].contains(hint), "{key}: {:?}", error.hints());
        }
    }

    #[test]
    fn the_document_has_values_and_origins() {
        let resolved = resolved();
        let document =
            serde_json::to_value(Document::new(&resolved, &entries(&resolved, None).unwrap())).unwrap();
        assert_eq!(document["schema"], "brainwav.config-show/1");
        assert_eq!(document["brand"], "brAInwav");
        let find = |key: &str| {
            document["settings"].as_array().unwrap().iter().find(|entry| entry["key"] == key).unwrap().clone()
        };
        assert_eq!(find("health.max-cpu")["value"], 50);
        assert_eq!(find("health.max-cpu")["origin"]["name"], "BRAINWAV_HEALTH_MAX_CPU");
        assert_eq!(find("health.grace")["origin"]["kind"], "file");
        assert_eq!(find("health.grace")["origin"]["layer"], "workspace");
        assert_eq!(find("health.grace")["origin"]["line"], 1);
        assert_eq!(find("health.grace")["value_seconds"], 1.0);
        assert_eq!(find("health.max-memory")["value"], "8GiB");
        assert_eq!(find("health.max-memory")["value_bytes"], 8_u64 << 30);
        assert_eq!(find("health.max-memory")["origin"]["kind"], "default");
        assert_eq!(find("process.vitest.program")["value"][0], "vitest");
    }

    #[test]
    fn only_a_long_list_is_cut() {
        let list = |count| Shown::List(vec!["x".into(); count]);
        assert_eq!(value(&list(2), false), "x, x");
        assert_eq!(value(&list(9), false), "x, x, x, x, x, x, and 3 more");
        assert_eq!(value(&list(9), true).matches('x').count(), 9);
    }
}
