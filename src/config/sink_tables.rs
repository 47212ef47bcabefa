//! The `[[telemetry.sink]]` tables of one file.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expression::Places;
use super::kind::Raw;
use super::problem::Problem;
use super::resolution::Resolution;
use super::shown::{Entry, Layer};
use super::sink_keys::{self, NAME, SINK_KEYS, SinkSettings, TYPE, presentable};
use super::source::Source;
use super::suggest;
use super::value::ValueError;

/// The section.
pub const SINKS: &str = "telemetry.sink";

/// Every event goes to each of them.
const MOST: usize = 32;

/// Reads the sinks of a file into those that are known already, and returns what is wrong.
pub fn read(
    value: &Spanned<DeValue<'_>>,
    source: &Source,
    places: Places<'_>,
    into: &mut Resolution,
) -> Vec<Problem> {
    let wanted = || {
        ValueError::new("is a list of sinks").help("write [[telemetry.sink]] above each, with a type in it")
    };
    let DeValue::Array(array) = value.get_ref() else {
        return vec![source.problem(&value.span(), SINKS, wanted())];
    };
    if array.len() > MOST {
        let error = ValueError::new(format!("{} sinks are too many", array.len()));
        return vec![source.problem(&value.span(), SINKS, error.help(format!("write at most {MOST}")))];
    }
    let mut problems = Vec::new();
    let mut names = Vec::new();
    for item in array {
        let DeValue::Table(table) = item.get_ref() else {
            problems.push(source.problem(&item.span(), SINKS, wanted()));
            continue;
        };
        let name = name_of(table);
        if names.contains(&name) {
            let error = ValueError::new(format!("a second sink is called {name:?}"));
            let error = error.help("give one of them another name");
            problems.push(source.problem(&item.span(), SINKS, error));
            continue;
        }
        names.push(name.clone());
        problems.extend(sink(&name, table, item.span(), source, places, into));
    }
    problems
}

fn name_of(table: &DeTable<'_>) -> String {
    let text = |key: &str| match table.get(key).map(Spanned::get_ref) {
        Some(DeValue::String(text)) => Some(text.to_string()),
        _ => None,
    };
    text(NAME).or_else(|| text(TYPE)).unwrap_or_default()
}

fn sink(
    name: &str,
    table: &DeTable<'_>,
    span: std::ops::Range<usize>,
    source: &Source,
    places: Places<'_>,
    into: &mut Resolution,
) -> Vec<Problem> {
    let known = into.settings.sinks.iter().position(|sink| sink.name == name);
    let mut sink = known.map_or_else(SinkSettings::default, |at| into.settings.sinks[at].clone());
    let mut problems = Vec::new();
    for (key, value) in table {
        let label = format!("{SINKS}.{name}.{}", key.get_ref());
        let Some(row) = sink_keys::find(key.get_ref()) else {
            let names: Vec<&str> = SINK_KEYS.iter().map(|row| row.name).collect();
            let error = ValueError::new(format!("unknown key {:?}", key.get_ref()));
            let error = error.help(suggest::help(key.get_ref(), &names, "known here"));
            problems.push(source.problem(&key.span(), &label, error));
            continue;
        };
        match row.read(Raw::Toml(value.get_ref()), places, &mut sink) {
            Ok(_) if row.name == NAME => {}
            Ok(shown) => {
                let origin = source.origin(&key.span());
                into.show_entry(Entry { key: label, value: presentable(row.name, shown), origin });
            }
            Err(error) => problems.push(source.problem(&value.span(), &label, error)),
        }
    }
    name.clone_into(&mut sink.name);
    sink.is_local |= match source.layer() {
        Layer::User => sink.path.as_deref().is_some_and(|path| !path.starts_with(['/', '~'])),
        Layer::Workspace => true,
        // Whoever names a file for one run says where to.
        Layer::Named => false,
    };
    if sink.kind.is_empty() && problems.is_empty() {
        let error = ValueError::new("a sink has no type").help("add a line such as type = \"file\"");
        problems.push(source.problem(&span, SINKS, error));
    }
    match known {
        Some(at) => into.settings.sinks[at] = sink,
        None => into.settings.sinks.push(sink),
    }
    problems
}
