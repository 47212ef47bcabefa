//! `brainwav config init`: a commented `brainwav.toml`, and scripts for `package.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::config::InitArgs;
use crate::config;
use crate::config::package_json::{Edit, SCRIPTS, add_scripts};
use crate::config::template::template;
use crate::config::write::{Existing, write};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitCode;
use crate::output::BRAND;
use crate::output::sanitize::sanitize;
use crate::output::table::{Table, Tone};
use crate::output::ui::{Format, Ui};

/// Plans first, so that nothing is written when a part cannot be; then writes.
///
/// # Errors
/// When a file is in the way, cannot be understood, or cannot be written.
pub fn run(context: &mut Context, args: &InitArgs) -> Result<ExitCode> {
    let workspace = config::workspace_root(&context.request(Vec::new()))?;
    let plan = plan(&workspace, args)?;
    if !args.dry_run {
        carry_out(&plan)?;
    }
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::new(&plan, args.dry_run)),
        Format::Human if context.ui.is_quiet() => {}
        Format::Human => {
            let text = human(&context.ui, &plan, args.dry_run);
            context.ui.data(&text);
        }
    }
    Ok(exit_code(&plan))
}

/// A script whose name is taken was asked for and is not there.
fn exit_code(plan: &Plan) -> ExitCode {
    let taken = plan.package.as_ref().is_some_and(|package| !package.edit.taken.is_empty());
    if taken { ExitCode::ProblemsFound } else { ExitCode::Success }
}

/// What is to be done with `brainwav.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is written.
    Create,
    /// It is there, and is replaced.
    Overwrite,
    /// It is there, and stays: only scripts were missing.
    Keep,
}

/// What is to be written.
#[derive(Debug)]
pub struct Plan {
    /// Where `brainwav.toml` belongs.
    pub file: PathBuf,
    /// What happens to it.
    pub action: Action,
    /// The change to `package.json`, if there is to be one.
    pub package: Option<PackagePlan>,
}

/// The change to a `package.json`.
#[derive(Debug)]
pub struct PackagePlan {
    /// Where it is.
    pub path: PathBuf,
    /// The change.
    pub edit: Edit,
}

/// What this run would write.
///
/// # Errors
/// When `brainwav.toml` is in the way, or `package.json` is not there or not understood.
pub fn plan(workspace: &Path, args: &InitArgs) -> Result<Plan> {
    let file = workspace.join(config::workspace::FILE);
    let action = match (file.symlink_metadata().is_ok(), args.force, args.package_json) {
        (false, _, _) => Action::Create,
        (true, true, _) => Action::Overwrite,
        (true, false, true) => Action::Keep,
        (true, false, false) => {
            let error = Error::usage(format!("{} is there already", file.display()));
            return Err(
                error.hint("--force replaces it; --package-json alone adds the scripts and leaves it")
            );
        }
    };
    let package = args.package_json.then(|| plan_package(workspace.join("package.json"))).transpose()?;
    Ok(Plan { file, action, package })
}

fn plan_package(path: PathBuf) -> Result<PackagePlan> {
    let refuse = |what: &dyn std::fmt::Display| Error::usage(format!("{} {what}", path.display()));
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            refuse(&"is not there").hint("pnpm init makes one; or leave out --package-json")
        }
        io::ErrorKind::InvalidData => refuse(&"is not UTF-8 text"),
        _ => refuse(&format_args!("cannot be read: {error}")),
    })?;
    let edit = add_scripts(&text, SCRIPTS).map_err(|error| refuse(&error).hint(error.help))?;
    Ok(PackagePlan { path, edit })
}

/// Writes what was planned.
///
/// # Errors
/// When a file cannot be written, or has appeared meanwhile.
pub fn carry_out(plan: &Plan) -> Result<()> {
    let existing = if plan.action == Action::Overwrite { Existing::Replace } else { Existing::Keep };
    if plan.action != Action::Keep {
        write(&plan.file, &template(), existing).map_err(|error| failed(&plan.file, &error))?;
    }
    match &plan.package {
        Some(package) if !package.edit.added.is_empty() => {
            write(&package.path, &package.edit.text, Existing::Replace)
                .map_err(|error| failed(&package.path, &error))
        }
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Action, anyhow::anyhow!("cannot write {}: {error}", path.display()))
}

/// The title and the table.
#[must_use]
pub fn human(ui: &Ui, plan: &Plan, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let mut table = Table::new(ui, &["FILE", "WHAT"], &[]);
    let (what, tone) = match plan.action {
        Action::Create => (format!("{would}written"), Tone::Good),
        Action::Overwrite => (format!("{would}replaced"), Tone::Good),
        Action::Keep => ("left as it is".to_owned(), Tone::Plain),
    };
    table.row(&[(shown(&plan.file), Tone::Plain), (what, tone)]);
    if let Some(package) = &plan.package {
        for (line, tone) in script_lines(&package.edit, would) {
            table.row(&[(shown(&package.path), Tone::Plain), (sanitize(&line), tone)]);
        }
    }
    let title = if dry_run { "what would be written (dry run)" } else { "what was written" };
    format!("{BRAND} config: {title}\n\n{}", table.render())
}

fn shown(path: &Path) -> String {
    sanitize(&path.to_string_lossy())
}

fn script_lines(edit: &Edit, would: &str) -> Vec<(String, Tone)> {
    let added =
        edit.added.iter().map(|name| (format!("script {name} {would}added: {}", command(name)), Tone::Good));
    let present = edit.present.iter().map(|name| (format!("script {name} is there already"), Tone::Plain));
    let taken = edit.taken.iter().map(|(name, found)| {
        (format!("script {name} left alone, it is another command: {found}"), Tone::Warning)
    });
    added.chain(present).chain(taken).collect()
}

fn command(script: &str) -> &'static str {
    SCRIPTS.iter().find(|(name, _)| *name == script).map(|(_, command)| *command).unwrap_or_default()
}

/// The document `brainwav.config-init/1`.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    schema: &'static str,
    brand: &'static str,
    dry_run: bool,
    file: String,
    action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_json: Option<PackageEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct PackageEntry<'a> {
    path: String,
    added: Vec<ScriptEntry<'a>>,
    present: Vec<ScriptEntry<'a>>,
    taken: Vec<ScriptEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct ScriptEntry<'a> {
    name: &'a str,
    command: &'a str,
}

impl<'a> Document<'a> {
    /// The document for a plan that was carried out, or would be.
    #[must_use]
    pub fn new(plan: &'a Plan, dry_run: bool) -> Self {
        let ours = |names: &'a [&'static str]| {
            names.iter().map(|name| ScriptEntry { name, command: command(name) }).collect::<Vec<_>>()
        };
        let package = plan.package.as_ref().map(|package| PackageEntry {
            path: package.path.to_string_lossy().into_owned(),
            added: ours(&package.edit.added),
            present: ours(&package.edit.present),
            taken: package.edit.taken.iter().map(|(name, command)| ScriptEntry { name, command }).collect(),
        });
        Self {
            schema: "brainwav.config-init/1",
            brand: BRAND,
            dry_run,
            file: plan.file.to_string_lossy().into_owned(),
            action: plan.action,
            package_json: package,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Action, Document, carry_out, exit_code, plan};
    use crate::cli::config::InitArgs;
    use crate::exit::ExitCode;

    const ALONE: InitArgs = InitArgs { force: false, package_json: false, dry_run: false };
    const FORCE: InitArgs = InitArgs { force: true, ..ALONE };
    const PACKAGE: InitArgs = InitArgs { package_json: true, ..ALONE };

    #[test]
    fn a_file_is_written_once_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let first = plan(folder.path(), &ALONE).unwrap();
        assert_eq!(first.action, Action::Create);
        carry_out(&first).unwrap();
        assert!(carry_out(&first).is_err(), "what has appeared since the plan is not overwritten");
        assert_eq!(plan(folder.path(), &ALONE).unwrap_err().exit_code(), ExitCode::Usage);
        fs::write(folder.path().join("brainwav.toml"), "# mine").unwrap();
        let forced = plan(folder.path(), &FORCE).unwrap();
        assert_eq!(forced.action, Action::Overwrite);
        carry_out(&forced).unwrap();
        assert_eq!(fs::read_to_string(&forced.file).unwrap(), super::template());
    }

    #[test]
    fn nothing_is_written_when_the_package_is_not_understood() {
        let folder = tempfile::tempdir().unwrap();
        for (text, message) in
            [(None, "is not there"), (Some("// a"), "is no JSON"), (Some("[]"), "no JSON object")]
        {
            if let Some(text) = text {
                fs::write(folder.path().join("package.json"), text).unwrap();
            }
            let error = plan(folder.path(), &PACKAGE).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(!error.hints().is_empty());
        }
        assert!(!folder.path().join("brainwav.toml").exists());
    }

    #[test]
    fn scripts_are_added_next_to_a_file_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package.json");
        fs::write(folder.path().join("brainwav.toml"), "# mine").unwrap();
        fs::write(&package, "{\n  \"name\": \"x\"\n}\n").unwrap();
        let first = plan(folder.path(), &PACKAGE).unwrap();
        carry_out(&first).unwrap();
        assert_eq!((first.action, exit_code(&first)), (Action::Keep, ExitCode::Success));
        assert_eq!(fs::read_to_string(folder.path().join("brainwav.toml")).unwrap(), "# mine");
        assert!(
            fs::read_to_string(&package)
                .unwrap()
                .contains("\"process:health\": \"brainwav health --enforce\"")
        );
        fs::write(&package, "{\"scripts\":{\"process:health\":\"mine\"}}").unwrap();
        let second = plan(folder.path(), &PACKAGE).unwrap();
        assert_eq!(exit_code(&second), ExitCode::ProblemsFound);
        let document = serde_json::to_value(Document::new(&second, true)).unwrap();
        assert_eq!(document["package_json"]["taken"][0]["command"], "mine");
        assert_eq!(document["action"], "keep");
    }
}
