//! `brainwav config check`: whether files and environment are right, and which files that were.

use serde::Serialize;

use super::config_show::{FileEntry, files};
use crate::cli::config::CheckArgs;
use crate::config::{self, Layer, Origin, Place, Problem, Resolved};
use crate::context::Context;
use crate::error::Result;
use crate::exit::ExitCode;
use crate::output::BRAND;
use crate::output::sanitize::sanitize;
use crate::output::table::{Table, Tone};
use crate::output::ui::{Format, Ui};
use crate::output::units::plural;

/// Resolves the settings, and says what was read.
///
/// # Errors
/// When something is wrong: all of it. A program gets the document as well.
pub fn run(context: &mut Context, _args: &CheckArgs) -> Result<ExitCode> {
    let resolved = match config::inspect(&context.request(Vec::new())) {
        Ok(resolved) => resolved,
        Err(problems) => {
            if context.ui.format() == Format::Json {
                let entries = problems.0.iter().map(ProblemEntry::from).collect();
                context.ui.document(&Document::invalid(entries));
            }
            return Err(problems.into());
        }
    };
    for warning in &resolved.warnings {
        context.ui.warn(warning);
    }
    match context.ui.format() {
        Format::Json => context.ui.document(&Document::valid(&resolved)),
        Format::Human if context.ui.is_quiet() => {}
        Format::Human => {
            let text = human(&context.ui, &resolved);
            context.ui.data(&text);
        }
    }
    Ok(ExitCode::Success)
}

/// How much of the configuration somebody wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Settings that a file gives.
    pub settings_in_files: usize,
    /// Rules that a file makes or changes.
    pub rules_in_files: usize,
    /// Settings that the environment gives.
    pub settings_in_environment: usize,
}

impl Counted {
    /// Counts what was resolved.
    #[must_use]
    pub fn new(resolved: &Resolved) -> Self {
        let mut counted = Self::default();
        let mut rules = Vec::new();
        let entries = resolved.entries();
        for entry in &entries {
            let rule = entry.key.strip_prefix("process.").and_then(|key| key.rsplit_once('.'));
            match (&entry.origin, rule) {
                (Origin::File { .. }, Some((name, _))) => rules.push(name),
                (Origin::File { .. }, None) => counted.settings_in_files += 1,
                (Origin::Environment { .. }, _) => counted.settings_in_environment += 1,
                (Origin::Default | Origin::Flag { .. }, _) => {}
            }
        }
        // The entries of a rule stand together.
        rules.dedup();
        counted.rules_in_files = rules.len();
        counted
    }
}

/// The title and the table of files.
#[must_use]
pub fn human(ui: &Ui, resolved: &Resolved) -> String {
    let mut table = Table::new(ui, &["FILE", "OF", "STATE"], &[]);
    for file in &resolved.files {
        let (state, tone) = if file.existed { ("read", Tone::Good) } else { ("not there", Tone::Faint) };
        table.row(&[
            (sanitize(&file.path.to_string_lossy()), Tone::Plain),
            (layer(file.layer).to_owned(), Tone::Plain),
            (state.to_owned(), tone),
        ]);
    }
    format!("{BRAND} config: {}\n\n{}", summary(resolved), table.render())
}

fn summary(resolved: &Resolved) -> String {
    let counted = Counted::new(resolved);
    let settings = plural(counted.settings_in_files, "setting", "settings");
    let rules = plural(counted.rules_in_files, "rule", "rules");
    let read = resolved.files.iter().filter(|file| file.existed).count();
    let environment = match counted.settings_in_environment {
        0 => String::new(),
        some => format!(", {} from the environment", plural(some, "setting", "settings")),
    };
    match read {
        0 => format!("nothing wrong; there is no configuration file, so the defaults hold{environment}"),
        _ => format!("nothing wrong in {}; {settings}, {rules}{environment}", plural(read, "file", "files")),
    }
}

const fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::User => "the user",
        Layer::Workspace => "the workspace",
        Layer::Named => "this run",
    }
}

/// The document `brainwav.config-check/1`.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    schema: &'static str,
    brand: &'static str,
    valid: bool,
    files: Vec<FileEntry>,
    #[serde(flatten)]
    counted: Option<Counted>,
    warnings: &'a [String],
    problems: Vec<ProblemEntry>,
}

/// Something that is wrong, in a document.
#[derive(Debug, Default, Serialize)]
pub struct ProblemEntry {
    message: String,
    key: Option<String>,
    help: Option<String>,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    environment: Option<String>,
}

impl From<&Problem> for ProblemEntry {
    fn from(problem: &Problem) -> Self {
        let key = Some(problem.key.clone()).filter(|key| !key.is_empty());
        let entry =
            Self { message: problem.message.clone(), key, help: problem.help.clone(), ..Self::default() };
        match &problem.place {
            Place::File(path, spot) => Self {
                file: Some(path.to_string_lossy().into_owned()),
                line: spot.as_ref().map(|spot| spot.line),
                column: spot.as_ref().map(|spot| spot.column),
                ..entry
            },
            Place::Variable(name) => Self { environment: Some(name.clone()), ..entry },
            Place::Flag(_) => entry,
        }
    }
}

impl<'a> Document<'a> {
    /// The document for a configuration that is right.
    #[must_use]
    pub fn valid(resolved: &'a Resolved) -> Self {
        let counted = Some(Counted::new(resolved));
        Self { files: files(resolved), counted, warnings: &resolved.warnings, ..Self::invalid(Vec::new()) }
    }

    /// The document for one that is not.
    #[must_use]
    pub const fn invalid(problems: Vec<ProblemEntry>) -> Self {
        Self {
            schema: "brainwav.config-check/1",
            brand: BRAND,
            valid: problems.is_empty(),
            files: Vec::new(),
            counted: None,
            warnings: &[],
            problems,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Document, ProblemEntry, summary};
    use crate::config::{Environment, Problems, Request, Resolved, inspect};

    fn resolve(text: Option<&str>) -> Result<Resolved, Problems> {
        let environment = Environment::from_pairs([("BRAINWAV_HEALTH_MAX_CPU", "50")]);
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = text {
            std::fs::write(folder.path().join("brainwav.toml"), text).unwrap();
        }
        let (workspace, cwd) = (Some(folder.path()), folder.path());
        inspect(&Request {
            config_file: None,
            workspace,
            cwd,
            environment: &environment,
            uid: 0,
            flags: Vec::new(),
        })
    }

    #[test]
    fn what_somebody_wrote_is_counted() {
        let text = "health.grace = \"1s\"\nprotect.program = [\"a\"]\n[[process]]\nname = \"a.b\"\nprogram = [\"x\"]\nlife = \
                    \"ends\"\n[[process]]\nname = \"nx\"\nmax-cpu = 5\n";
        let resolved = resolve(Some(text)).unwrap();
        let expected = Counted { settings_in_files: 2, rules_in_files: 2, settings_in_environment: 1 };
        assert_eq!(Counted::new(&resolved), expected);
        let said = summary(&resolved);
        assert_eq!(said, "nothing wrong in 1 file; 2 settings, 2 rules, 1 setting from the environment");
        assert!(summary(&resolve(None).unwrap()).contains("no configuration file, so the defaults hold"));
    }

    #[test]
    fn the_document_says_whether_all_is_well() {
        let document = serde_json::to_value(Document::valid(&resolve(None).unwrap())).unwrap();
        assert_eq!(document["valid"], true);
        assert_eq!(document["settings_in_environment"], 1);
        let problems = resolve(Some("x = 1")).unwrap_err();
        let entries = problems.0.iter().map(ProblemEntry::from).collect();
        let document = serde_json::to_value(Document::invalid(entries)).unwrap();
        assert_eq!(document["valid"], false);
        let problem = &document["problems"][0];
        assert_eq!((&problem["line"], &problem["key"]), (&1.into(), &"x".into()));
        assert!(problem["message"].as_str().unwrap().contains("unknown section"));
    }
}
