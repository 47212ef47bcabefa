//! The `[[telemetry.sink]]` tables of one file.

use std::path::{Component, Path};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expression::{Places, folder};
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

/// The keys whose values are files.
const PATHS: [&str; 5] = ["path", "url-file", "headers-file", "credentials", "authorities"];

fn text_of<'a>(table: &'a DeTable<'_>, key: &str) -> Option<&'a str> {
    match table.get(key).map(Spanned::get_ref) {
        Some(DeValue::String(text)) => Some(text),
        _ => None,
    }
}

fn is_relative(table: &DeTable<'_>, key: &str) -> bool {
    text_of(table, key).is_some_and(|path| !path.starts_with('/') && !path.starts_with("~/"))
}

/// Whether a file leads a sink that is known to a place of its own.
fn is_another_place(table: &DeTable<'_>, known: &SinkSettings) -> bool {
    let is_of_another_type = text_of(table, TYPE).is_some_and(|kind| kind != known.kind);
    table.contains_key("url") || table.contains_key("url-file") || is_of_another_type
}

/// A sink with a place of its own does not get the keys to another one.
fn forget_the_way(name: &str, sink: &mut SinkSettings, into: &mut Resolution) {
    (sink.url, sink.url_file, sink.headers_file) = (None, None, None);
    (sink.credentials, sink.authorities, sink.compression) = (None, None, None);
    sink.headers.clear();
    for key in ["url", "url-file", "headers", "headers-file", "credentials", "authorities", "compression"] {
        let label = format!("{SINKS}.{name}.{key}");
        into.entries.retain(|entry| entry.key != label);
    }
}

/// The file of a workspace may come from anywhere: it can neither send to its own place what lies outside of the
/// workspace, nor write there.
fn strange_files(
    name: &str,
    table: &DeTable<'_>,
    source: &Source,
    places: Places<'_>,
    sink: &SinkSettings,
) -> Vec<Problem> {
    let written = sink.path.as_deref().and_then(|path| folder(path, places).ok());
    let files = [
        ("path", &written),
        ("url-file", &sink.url_file),
        ("headers-file", &sink.headers_file),
        ("credentials", &sink.credentials),
    ];
    let given = files.into_iter().filter_map(|(key, path)| Some((key, table.get(key)?, path.as_deref()?)));
    let problem = |(key, value, _): (&str, &Spanned<DeValue<'_>>, &Path)| {
        let error = ValueError::new("lies outside of the workspace, whose file could be anybody's")
            .help("keep it in the workspace, where git ignores it, or say so in your own configuration");
        source.problem(&value.span(), &format!("{SINKS}.{name}.{key}"), error)
    };
    given.filter(|(_, _, path)| !is_within(path, places.workspace)).map(problem).collect()
}

/// Whether a path leads to something in a folder, wherever the links on the way to it lead. What is not there yet is
/// judged by the last folder that is; a link to nothing leads anywhere.
fn is_within(path: &Path, folder: &Path) -> bool {
    if path.components().any(|part| part == Component::ParentDir) {
        return false;
    }
    let is_there = |path: &&Path| path.symlink_metadata().is_ok();
    let there = path.ancestors().find(is_there).and_then(|there| there.canonicalize().ok());
    there.is_some_and(|there| there.starts_with(folder))
}

fn name_of(table: &DeTable<'_>) -> String {
    text_of(table, NAME).or_else(|| text_of(table, TYPE)).unwrap_or_default().to_owned()
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
    if is_another_place(table, &sink) {
        forget_the_way(name, &mut sink, into);
    }
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
    sink.is_local |= source.layer() == Layer::Workspace || PATHS.iter().any(|key| is_relative(table, key));
    if source.layer() == Layer::Workspace {
        problems.extend(strange_files(name, table, source, places, &sink));
    }
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
