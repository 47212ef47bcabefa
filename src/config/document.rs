//! One configuration file, key by key: every key is known, or it is a problem.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::expression::Places;
use super::kind::Raw;
use super::problem::Problem;
use super::resolution::Resolution;
use super::rule_keys::{self, NAME, RULE_KEYS, RulePatch, WrittenRule};
use super::settings::{self, SETTINGS};
use super::shown::Layer;
use super::sink_tables::{self, SINKS};
use super::source::Source;
use super::store_keys::{self, StoreSettings, WrittenStore};
use super::suggest;
use super::value::ValueError;

/// More problems than this in one file are not looked for: it is no configuration.
const MOST_PROBLEMS: usize = 1000;

/// Each process is held against each rule, so there is an end to them.
const MOST_RULES: usize = 1000;

/// The section that holds one for each store of caches.
const STORES: &str = "cache";

/// The section of the rules.
const RULES: &str = "process";

/// What has a name of its own in a file.
#[derive(Debug, Default)]
pub struct Written {
    /// Its rules.
    pub rules: Vec<WrittenRule>,
    /// Its stores of caches.
    pub stores: Vec<WrittenStore>,
}

/// Reads a file into what is resolved so far, and returns its rules and stores.
pub fn read(source: &Source, places: Places<'_>, into: &mut Resolution) -> Written {
    match DeTable::parse(source.text()) {
        Ok(table) => {
            let known = into.problems.len();
            let mut walk = Walk { source, places, into, written: Written::default() };
            walk.table(table.get_ref(), "");
            let written = walk.written;
            // Tables come in the order of their names; people read from top to bottom.
            into.problems[known..].sort_by_key(line);
            written
        }
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let help = "see https://toml.io; texts stand in quotes, and each key on its own line";
            let error =
                ValueError::new(format!("is no TOML: {}", error.message().replace('\n', ", "))).help(help);
            into.problems.push(source.problem(&span, "", error));
            Written::default()
        }
    }
}

fn line(problem: &Problem) -> (usize, usize) {
    match &problem.place {
        super::problem::Place::File(_, Some(spot)) => (spot.line, spot.column),
        _ => (0, 0),
    }
}

struct Walk<'a> {
    source: &'a Source,
    places: Places<'a>,
    into: &'a mut Resolution,
    written: Written,
}

impl Walk<'_> {
    fn problem(&mut self, span: &Range<usize>, key: &str, error: ValueError) {
        if self.into.problems.len() < MOST_PROBLEMS {
            self.into.problems.push(self.source.problem(span, key, error));
        }
    }

    fn table(&mut self, table: &DeTable<'_>, section: &str) {
        for (key, value) in table {
            let name = join(section, key.get_ref());
            if name == RULES {
                self.rules(value);
            } else if name == SINKS {
                let problems = sink_tables::read(value, self.source, self.places, self.into);
                self.into.problems.extend(problems);
            } else if let Some(setting) = settings::find(&name) {
                match setting.read(Raw::Toml(value.get_ref()), self.places, &mut self.into.settings) {
                    Ok(shown) => self.into.show(setting, shown, self.source.origin(&key.span())),
                    Err(error) => self.problem(&value.span(), &name, error),
                }
            } else if section == STORES && matches!(value.get_ref(), DeValue::Table(_)) {
                self.store(key, value);
            } else if !children(&name).is_empty() {
                match value.get_ref() {
                    DeValue::Table(inner) => self.table(inner, &name),
                    _ => self.problem(&value.span(), &name, section_wanted(&name)),
                }
            } else {
                self.problem(&key.span(), &name, unknown_key(section, key.get_ref()));
            }
        }
    }

    fn rules(&mut self, value: &Spanned<DeValue<'_>>) {
        let wanted = || {
            ValueError::new("is a list of rules").help("write [[process]] above each rule, with a name in it")
        };
        let DeValue::Array(array) = value.get_ref() else {
            return self.problem(&value.span(), RULES, wanted());
        };
        if array.len() > MOST_RULES {
            let error = ValueError::new(format!("{} rules are too many", array.len()));
            return self.problem(&value.span(), RULES, error.help(format!("write at most {MOST_RULES}")));
        }
        for item in array {
            match item.get_ref() {
                DeValue::Table(table) => self.rule(table, &item.span()),
                _ => self.problem(&item.span(), RULES, wanted()),
            }
        }
    }

    fn store(&mut self, name: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else { return };
        let label = join(STORES, name.get_ref());
        let mut settings = StoreSettings { name: name.get_ref().to_string(), ..StoreSettings::default() };
        let mut shown = Vec::new();
        for (key, value) in table {
            let name = join(&label, key.get_ref());
            let Some(row) = store_keys::find(key.get_ref()) else {
                let known: Vec<&str> = store_keys::STORE_KEYS.iter().map(|row| row.name).collect();
                self.problem(&key.span(), &name, unknown_named_key(key.get_ref(), &known));
                continue;
            };
            match row.read(Raw::Toml(value.get_ref()), self.places, &mut settings) {
                Ok(value) => shown.push((row.name, value, self.source.origin(&key.span()))),
                Err(error) => self.problem(&value.span(), &name, error),
            }
        }
        let layer = self.source.layer();
        let is_of_workspace = layer == Layer::Workspace;
        settings.path_is_of_workspace = settings.path.is_some() && is_of_workspace;
        settings.exclusive_is_of_workspace = settings.exclusive.is_some() && is_of_workspace;
        let place = self.source.place(&name.span());
        self.written.stores.push(WrittenStore { settings, layer, place, shown });
    }

    fn rule(&mut self, table: &DeTable<'_>, span: &Range<usize>) {
        let label = rule_label(table);
        let mut patch = RulePatch::default();
        let mut shown = Vec::new();
        for (key, value) in table {
            let name = join(&label, key.get_ref());
            let Some(row) = rule_keys::find(key.get_ref()) else {
                let known: Vec<&str> = RULE_KEYS.iter().map(|row| row.name).collect();
                self.problem(&key.span(), &name, unknown_named_key(key.get_ref(), &known));
                continue;
            };
            match row.read(Raw::Toml(value.get_ref()), self.places, &mut patch) {
                Ok(_) if row.name == NAME => {}
                Ok(value) => shown.push((row.name, value, self.source.origin(&key.span()))),
                Err(error) => self.problem(&value.span(), &name, error),
            }
        }
        let Some(name) = table.get(NAME) else {
            let error =
                ValueError::new("a rule has no name").help("add a line such as name = \"dev-server\"");
            return self.problem(span, &label, error);
        };
        self.add_rule(WrittenRule { patch, place: self.source.place(&name.span()), shown }, &name.span());
    }

    /// A name that was refused has its own problem already, and leaves the name of the patch empty.
    fn add_rule(&mut self, rule: WrittenRule, span: &Range<usize>) {
        if rule.patch.name.is_empty() {
            return;
        }
        if self.written.rules.iter().any(|known| known.patch.name == rule.patch.name) {
            let error = ValueError::new("a rule of this name is already in this file")
                .help("put all its keys into one");
            return self.problem(span, &join(RULES, &rule.patch.name), error);
        }
        self.written.rules.push(rule);
    }
}

/// A key that has a dot in its quotes is no path of two keys.
fn join(section: &str, key: &str) -> String {
    match (section, key.contains('.')) {
        ("", false) => key.to_owned(),
        ("", true) => format!("{key:?}"),
        (section, false) => format!("{section}.{key}"),
        (section, true) => format!("{section}.{key:?}"),
    }
}

fn rule_label(table: &DeTable<'_>) -> String {
    match table.get(NAME).map(Spanned::get_ref) {
        Some(DeValue::String(name)) => join(RULES, name),
        _ => RULES.to_owned(),
    }
}

/// The keys that may stand in a section: settings, and further sections.
fn children(section: &str) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = SETTINGS
        .iter()
        .filter_map(|setting| match section {
            "" => Some(setting.name),
            section => setting.name.strip_prefix(section)?.strip_prefix('.'),
        })
        .filter_map(|rest| rest.split('.').next())
        .collect();
    names.dedup();
    if section.is_empty() {
        names.push(RULES);
    }
    if section == "telemetry" {
        names.push("sink");
    }
    names
}

fn section_wanted(name: &str) -> ValueError {
    let inner = children(name).first().copied().unwrap_or_default();
    ValueError::new("is a section, not a value")
        .help(format!("write [{name}] on its own line, and {inner} = .. below it"))
}

fn unknown_key(section: &str, key: &DeString<'_>) -> ValueError {
    let what = if section.is_empty() { "section" } else { "key" };
    let error = ValueError::new(format!("unknown {what} {key:?}"));
    let known = children(section);
    if suggest::closest(key, known.iter().copied()).is_none()
        && let Some(elsewhere) = SETTINGS.iter().find(|setting| setting.name.ends_with(&format!(".{key}")))
        && let Some((section, leaf)) = elsewhere.name.rsplit_once('.')
    {
        return error.help(format!("{leaf} belongs below [{section}]"));
    }
    error.help(suggest::help(key, &known, "known here"))
}

fn unknown_named_key(key: &DeString<'_>, known: &[&str]) -> ValueError {
    ValueError::new(format!("unknown key {key:?}")).help(suggest::help(key, known, "known here"))
}
