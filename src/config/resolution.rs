//! What is resolved so far, while one source after the other is read, weakest first.

use super::environment::Environment;
use super::expression::Places;
use super::kind::{Key, Raw};
use super::problem::{Place, Problem};
use super::settings::{self, OTHER_VARIABLES, PROTECT, SETTINGS, Settings};
use super::shown::{Entry, Layer, Origin, Shown};
use super::suggest;
use super::value::ValueError;
use crate::core::cache::plan::Limits;

/// The topic of events, by the name that the original reads.
pub const ORIGINAL_TOPIC: &str = "CORTEX_TELEMETRY_TOPIC";

/// A setting that a flag of this run gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The setting: `health.max-memory`.
    pub key: &'static str,
    /// The flag as it was written: `--max-memory`.
    pub flag: &'static str,
    /// The value as it was typed.
    pub value: String,
}

/// Settings, their origins, and what was wrong.
#[derive(Debug)]
pub struct Resolution {
    /// The settings so far.
    pub settings: Settings,
    /// The same, to be shown.
    pub entries: Vec<Entry>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What may be wrong.
    pub warnings: Vec<String>,
}

impl Resolution {
    /// The defaults.
    #[must_use]
    pub fn defaults(places: Places<'_>) -> Self {
        let settings = Settings::unlimited();
        let mut resolution =
            Self { settings, entries: Vec::new(), problems: Vec::new(), warnings: Vec::new() };
        for setting in SETTINGS {
            if setting.name == PROTECT {
                resolution.show(setting, resolution.settings.protected_shown(), Origin::Default);
            } else if let Some(default) = setting.default {
                resolution.read(setting, default, places, Origin::Default, || {
                    Place::Variable("default".to_owned())
                });
            }
        }
        resolution
    }

    fn read(
        &mut self,
        setting: &'static Key<Settings>,
        text: &str,
        places: Places<'_>,
        origin: Origin,
        place: impl FnOnce() -> Place,
    ) {
        match setting.read(Raw::Text(text), places, &mut self.settings) {
            Ok(shown) => self.show(setting, shown, origin),
            Err(error) => self.problems.push(Problem::new(place(), setting.name, error)),
        }
    }

    /// Notes what a setting is now, and why. What adds up keeps what was there.
    pub fn show(&mut self, setting: &Key<Settings>, value: Shown, origin: Origin) {
        let entry = Entry { key: setting.name.to_owned(), value, origin };
        let known = self.entries.iter().rposition(|known| known.key == entry.key);
        match known {
            Some(at) if setting.adds_up() => self.entries.insert(at + 1, entry),
            Some(at) => self.entries[at] = entry,
            None => self.entries.push(entry),
        }
    }

    /// The same for a key that is in no table of settings.
    pub fn show_entry(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }

    /// The variable of the original for a setting of ours, which holds before it.
    fn original(&mut self, environment: &Environment, places: Places<'_>) {
        let found = environment.get(ORIGINAL_TOPIC).and_then(|value| value.to_str());
        if let (Some(text), Some(setting)) = (found, settings::find("telemetry.topic")) {
            let origin = Origin::Environment { name: ORIGINAL_TOPIC.to_owned() };
            self.read(setting, text, places, origin, || Place::Variable(ORIGINAL_TOPIC.to_owned()));
        }
    }

    /// Reads the environment, and warns about variables of ours that it does not know.
    pub fn environment(&mut self, environment: &Environment, places: Places<'_>) {
        self.original(environment, places);
        for name in environment.ours() {
            let setting = SETTINGS.iter().find(|setting| settings::is_variable(setting.name, &name));
            match (setting, environment.get(&name).and_then(|value| value.to_str())) {
                (Some(setting), Some(text)) => {
                    let origin = Origin::Environment { name: name.clone() };
                    self.read(setting, text, places, origin, || Place::Variable(name));
                }
                (Some(setting), None) => {
                    let error = ValueError::new("is not UTF-8 text");
                    self.problems.push(Problem::new(Place::Variable(name), setting.name, error));
                }
                (None, _) => self.warn_unknown(&name),
            }
        }
    }

    fn warn_unknown(&mut self, name: &str) {
        if OTHER_VARIABLES.iter().any(|(known, _)| *known == name) {
            return;
        }
        let variables: Vec<String> =
            SETTINGS.iter().map(|setting| settings::variable(setting.name)).collect();
        let known =
            variables.iter().map(String::as_str).chain(OTHER_VARIABLES.iter().map(|(known, _)| *known));
        let meant = suggest::closest(name, known).map(|word| format!("; did you mean {word}?"));
        let name = super::problem::plain(name);
        self.warnings
            .push(format!("unknown environment variable {name} is ignored{}", meant.unwrap_or_default()));
    }

    /// Reads the flags of this run.
    pub fn flags(&mut self, flags: &[Flag], places: Places<'_>) {
        for flag in flags {
            let origin = Origin::Flag { flag: flag.flag };
            match settings::find(flag.key) {
                Some(setting) => self.read(setting, &flag.value, places, origin, || Place::Flag(flag.flag)),
                None => {
                    let error = ValueError::new("is not backed by a setting");
                    self.problems.push(Problem::new(Place::Flag(flag.flag), flag.key, error));
                }
            }
        }
    }

    /// Before the file of a workspace is read: what it says about all caches is not about those of the user elsewhere.
    pub fn keep_apart(&mut self, layer: Layer) {
        if layer == Layer::Workspace {
            self.settings.cache.limits_elsewhere = self.settings.cache.limits;
        }
    }

    /// Says which of the general limits hold before those of a rule or a store.
    pub fn mark_overriding(&mut self) {
        let entries = &self.entries;
        let given =
            |key: &str| entries.iter().any(|entry| entry.key == key && entry.origin.is_for_this_run());
        let overriding = &mut self.settings.limits.overriding;
        overriding.max_memory = given("health.max-memory");
        overriding.max_cpu = given("health.max-cpu");
        overriding.cpu_strikes = given("health.cpu-strikes");
        overriding.max_runtime = given("health.max-runtime");
        let keys = ["cache.max-size", "cache.target", "cache.max-age", "cache.min-age"];
        self.settings.cache.overriding = keys.into_iter().filter(|key| given(key)).collect();
        let of_workspace = |key: &str| {
            let is_it = |origin: &Origin| matches!(origin, Origin::File { layer: Layer::Workspace, .. });
            entries.iter().any(|entry| entry.key == key && is_it(&entry.origin))
        };
        let [max_bytes, target_percent, max_age, min_age] = keys.map(of_workspace);
        let (limits, elsewhere) = (self.settings.cache.limits, &mut self.settings.cache.limits_elsewhere);
        *elsewhere = Limits {
            max_bytes: if max_bytes { elsewhere.max_bytes } else { limits.max_bytes },
            target_percent: if target_percent { elsewhere.target_percent } else { limits.target_percent },
            max_age: if max_age { elsewhere.max_age } else { limits.max_age },
            min_age: if min_age { elsewhere.min_age } else { limits.min_age },
        };
    }
}
