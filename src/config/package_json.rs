//! Adding scripts to a `package.json` without touching any other byte of it.

use std::fmt;

use serde_json::Value;

use super::json_text::{self, Member, Object};

/// The scripts that `config init --package-json` adds, one row for each command that has one.
pub static SCRIPTS: &[(&str, &str)] = &[("process:health", "brainwav health --enforce")];

/// What becomes of a `package.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The new text; the old one when there is nothing to add.
    pub text: String,
    /// The scripts that are added.
    pub added: Vec<&'static str>,
    /// The scripts that are there already, as they should be.
    pub present: Vec<&'static str>,
    /// The scripts whose name is taken by another command: name, and that command. They are left alone.
    pub taken: Vec<(&'static str, String)>,
}

/// Why a text cannot be edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageError {
    /// What is wrong with it.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
}

impl fmt::Display for PackageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for PackageError {}

/// Adds these scripts to the text of a `package.json`.
///
/// # Errors
/// When the text is no JSON object with room for scripts; it is then to be left alone.
pub fn add_scripts(text: &str, scripts: &[(&'static str, &'static str)]) -> Result<Edit, PackageError> {
    let before = parse(text)?;
    let mut edit = sort_out(text, &before, scripts)?;
    let missing: Vec<Member> = scripts
        .iter()
        .filter(|(name, _)| edit.added.contains(name))
        .map(|(name, command)| Member::new(name, json_text::quote(command)))
        .collect();
    if missing.is_empty() {
        return Ok(edit);
    }
    edit.text = insert(text, &missing).ok_or_else(unsafe_edit)?;
    verify(&before, &edit.text, scripts, &edit.added).ok_or_else(unsafe_edit)?;
    Ok(edit)
}

fn parse(text: &str) -> Result<Value, PackageError> {
    if text.starts_with('\u{feff}') {
        let message = "begins with a byte order mark, which JSON does not have".to_owned();
        return Err(PackageError { message, help: "save it as UTF-8 without a byte order mark" });
    }
    serde_json::from_str(text).map_err(|error| PackageError {
        message: format!("is no JSON: {error}"),
        help: "JSON has no comments and no comma after the last element",
    })
}

/// Which scripts are missing, there, or taken.
fn sort_out(
    text: &str,
    before: &Value,
    scripts: &[(&'static str, &'static str)],
) -> Result<Edit, PackageError> {
    const HELP: &str = "a package.json holds { \"scripts\": { .. } }";
    let refuse = |message: &str| PackageError { message: message.to_owned(), help: HELP };
    let package = before.as_object().ok_or_else(|| refuse("is no JSON object"))?;
    let known = match package.get("scripts") {
        Some(Value::Object(known)) => Some(known),
        Some(_) => return Err(refuse("has \"scripts\" that are no object")),
        None => None,
    };
    let mut edit = Edit { text: text.to_owned(), added: Vec::new(), present: Vec::new(), taken: Vec::new() };
    for (name, command) in scripts {
        match known.and_then(|known| known.get(*name)) {
            None => edit.added.push(name),
            Some(Value::String(found)) if found == command => edit.present.push(name),
            Some(Value::String(found)) => edit.taken.push((name, found.clone())),
            Some(other) => edit.taken.push((name, other.to_string())),
        }
    }
    Ok(edit)
}

/// Of several members of one name the last one counts, for npm as for us.
fn insert(text: &str, missing: &[Member]) -> Option<String> {
    let package = Object::at(text, json_text::skip_space(text, 0))?;
    match package.members.iter().rfind(|member| member.name == "scripts") {
        Some(scripts) => {
            Some(Object::at(text, scripts.value.start)?.with(text, missing, &package.unit(text)))
        }
        None => {
            let unit = package.unit(text);
            let inner = json_text::object(missing, &package.style(text, &unit), &unit);
            Some(package.with(text, &[Member::new("scripts", inner)], &unit))
        }
    }
}

/// The new text says what the old one said, and the added scripts; nothing else.
fn verify(before: &Value, text: &str, scripts: &[(&str, &str)], added: &[&str]) -> Option<()> {
    let after: Value = serde_json::from_str(text).ok()?;
    let mut expected = before.clone();
    let package = expected.as_object_mut()?;
    let known =
        package.entry("scripts").or_insert_with(|| Value::Object(serde_json::Map::new())).as_object_mut()?;
    for (name, command) in scripts.iter().filter(|(name, _)| added.contains(name)) {
        known.insert((*name).to_owned(), Value::String((*command).to_owned()));
    }
    (after == expected).then_some(())
}

/// No JSON is known that leads here; should there be one, its file stays as it is.
fn unsafe_edit() -> PackageError {
    PackageError { message: "cannot be edited safely".to_owned(), help: "add the scripts by hand" }
}

#[cfg(test)]
#[path = "package_json_tests.rs"]
mod tests;
