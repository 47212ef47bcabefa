//! The keys of `[cache.NAME]`, in one table, and how those of several files become one description.

use std::path::PathBuf;

use super::kind::{Key, Kind};
use super::problem::{Place, Problem};
use super::shown::{Entry, Layer, Origin, Shown};
use super::suggest;
use super::value::ValueError;
use crate::core::cache::store::{LastUse, STORES};
use crate::core::process::NamePattern;

/// What the configuration says about one store of caches; what it does not say is decided elsewhere.
#[derive(Debug, Clone, Default)]
pub struct StoreSettings {
    /// Its name.
    pub name: String,
    /// Whether it is looked at.
    pub enabled: Option<bool>,
    /// Where it is, for a store that is not built in.
    pub path: Option<PathBuf>,
    /// Whether the workspace says so, which may have come from anywhere.
    pub path_is_of_workspace: bool,
    /// Which names in it are entries.
    pub entries: Option<NamePattern>,
    /// What tells when an entry was used last.
    pub last_use: Option<LastUse>,
    /// Its size, in bytes; the inner `None` for no limit.
    pub max_bytes: Option<Option<u64>>,
    /// How much of that is left, in per cent.
    pub target_percent: Option<u32>,
    /// The time without use; the inner `None` for no limit.
    pub max_age: Option<Option<std::time::Duration>>,
    /// How long ago the last use must be.
    pub min_age: Option<std::time::Duration>,
    /// Whether no other checkout uses it.
    pub exclusive: Option<bool>,
    /// Whether the workspace says so, which may have come from anywhere.
    pub exclusive_is_of_workspace: bool,
}

/// What one file says about a store.
#[derive(Debug)]
pub struct WrittenStore {
    /// What it says.
    pub settings: StoreSettings,
    /// Which file it is.
    pub layer: Layer,
    /// Where its name stands.
    pub place: Place,
    /// Its keys, each with its value and its line.
    pub shown: Vec<(&'static str, Shown, Origin)>,
}

const LAST_USES: &[&str] = &["touched", "modified"];

/// The table.
pub static STORE_KEYS: &[Key<StoreSettings>] = &[
    Key {
        name: "enabled",
        kind: Kind::Switch(|store, on| store.enabled = Some(on)),
        default: Some("true"),
        help: "false: the store is not looked at.",
    },
    Key {
        name: "path",
        kind: Kind::Path(|store, path| store.path = Some(path)),
        default: None,
        help: "The folder of a store that is not built in: absolute, below \"~/\", or relative to the workspace.",
    },
    Key {
        name: "entries",
        kind: Kind::Pattern(|store, pattern| store.entries = Some(pattern)),
        default: None,
        help: "Which names in path are entries, such as \"*.tar\"; without it every name is one.",
    },
    Key {
        name: "last-use",
        kind: Kind::Choice(LAST_USES, |store, word| {
            store.last_use = Some(if word == "modified" { LastUse::Modified } else { LastUse::Touched });
        }),
        default: Some("touched"),
        help: "\"touched\": when an entry was read or changed; \"modified\": when it was changed.",
    },
    Key {
        name: "max-size",
        kind: Kind::Space(|store, bytes| store.max_bytes = Some(bytes)),
        default: None,
        help: "As cache.max-size, for this store.",
    },
    Key {
        name: "target",
        kind: Kind::Share(|store, percent| store.target_percent = Some(percent)),
        default: None,
        help: "As cache.target, for this store.",
    },
    Key {
        name: "max-age",
        kind: Kind::OptionalDuration(|store, age| store.max_age = Some(age)),
        default: None,
        help: "As cache.max-age, for this store.",
    },
    Key {
        name: "min-age",
        kind: Kind::Wait(|store, age| store.min_age = Some(age)),
        default: None,
        help: "As cache.min-age, for this store.",
    },
    Key {
        name: "exclusive",
        kind: Kind::Switch(|store, on| store.exclusive = Some(on)),
        default: Some("false"),
        help: "true: no other checkout uses this folder, so that entries without a record here have none elsewhere. \
               A workspace can say so only of what is in it.",
    },
];

/// The key of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key<StoreSettings>> {
    STORE_KEYS.iter().find(|key| key.name == name)
}

/// What all files say together.
#[derive(Debug)]
pub struct Merged {
    /// The stores.
    pub settings: Vec<StoreSettings>,
    /// The same, to be shown.
    pub entries: Vec<Entry>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What was left out.
    pub warnings: Vec<String>,
}

/// Merges what the files say, weakest file first, and shows it.
#[must_use]
pub fn merge(files: Vec<Vec<WrittenStore>>) -> Merged {
    let mut merged: Vec<(StoreSettings, Place)> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut warnings = Vec::new();
    for mut written in files.into_iter().flatten() {
        if merged.iter().any(|(known, _)| known.name == written.settings.name && known.is_of_the_user()) {
            warnings.extend(written.keep_out());
        }
        let WrittenStore { settings, place, shown, .. } = written;
        for (key, value, origin) in shown {
            let entry = Entry { key: format!("cache.{}.{key}", settings.name), value, origin };
            match entries.iter_mut().find(|known| known.key == entry.key) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
        match merged.iter_mut().find(|(known, _)| known.name == settings.name) {
            Some((known, _)) => known.apply(settings),
            None => merged.push((settings, place)),
        }
    }
    let problems = merged.iter().filter_map(|(settings, place)| settings.problem(place)).collect();
    let settings = merged.into_iter().map(|(settings, _)| settings).collect();
    Merged { settings, entries, problems, warnings }
}

/// The keys that say what of a store goes.
const WIDENING: [&str; 7] = ["entries", "last-use", "max-size", "target", "max-age", "min-age", "exclusive"];

impl WrittenStore {
    /// The file of a workspace may have come from anywhere: it does not say what goes from a folder that the user
    /// named. Takes that out, and returns what is to be said about it.
    fn keep_out(&mut self) -> Vec<String> {
        if self.layer != Layer::Workspace || self.settings.path.is_some() {
            return Vec::new();
        }
        let name = self.settings.name.clone();
        let enabled = self.settings.enabled;
        self.settings = StoreSettings { name: name.clone(), enabled, ..StoreSettings::default() };
        let (out, shown) = std::mem::take(&mut self.shown)
            .into_iter()
            .partition::<Vec<_>, _>(|(key, _, _)| WIDENING.contains(key));
        self.shown = shown;
        let warning = |(key, _, origin): &(&str, Shown, Origin)| {
            format!(
                "{origin}: cache.{name}.{key} is ignored, because the path of this cache is from another file"
            )
        };
        out.iter().map(warning).collect()
    }
}

impl StoreSettings {
    /// Whether the user said where it is.
    const fn is_of_the_user(&self) -> bool {
        self.path.is_some() && !self.path_is_of_workspace
    }

    fn apply(&mut self, new: Self) {
        self.enabled = new.enabled.or(self.enabled);
        if new.path.is_some() {
            self.path = new.path;
            self.path_is_of_workspace = new.path_is_of_workspace;
        }
        self.entries = new.entries.or_else(|| self.entries.take());
        self.last_use = new.last_use.or(self.last_use);
        self.max_bytes = new.max_bytes.or(self.max_bytes);
        self.target_percent = new.target_percent.or(self.target_percent);
        self.max_age = new.max_age.or(self.max_age);
        self.min_age = new.min_age.or(self.min_age);
        if new.exclusive.is_some() {
            self.exclusive = new.exclusive;
            self.exclusive_is_of_workspace = new.exclusive_is_of_workspace;
        }
    }

    /// A name that is not built in needs a folder, and one that is built in has its own.
    fn problem(&self, place: &Place) -> Option<Problem> {
        let names: Vec<&str> = STORES.iter().map(|store| store.name).collect();
        let is_built_in = names.contains(&self.name.as_str());
        let error = match (&self.path, is_built_in) {
            (Some(_), true) => ValueError::new("the places of this store are built in")
                .help("take path away, or give the store another name"),
            (None, false) => ValueError::new(format!("{:?} is no store that is built in", self.name)).help(
                format!("add path for one of your own; {}", suggest::help(&self.name, &names, "built in")),
            ),
            _ => return None,
        };
        Some(Problem::new(place.clone(), format!("cache.{}", self.name), error))
    }
}
