//! From flags, environment and files to resolved settings.

use std::path::{Path, PathBuf};

use super::document::{self, Written};
use super::environment::Environment;
use super::expression::Places;
use super::paths;
use super::problem::{Place, Problem, Problems};
use super::resolution::{Flag, Resolution};
use super::rules::{self, DraftRule};
use super::settings::Settings;
use super::shown::{Entry, Layer};
use super::source::{self, Source};
use super::store_keys;
use super::value::ValueError;
use super::workspace;
use crate::error::Result;

/// What a run says about its configuration.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// `--config`: a file to be read instead of all others.
    pub config_file: Option<&'a Path>,
    /// `--workspace`.
    pub workspace: Option<&'a Path>,
    /// The working directory.
    pub cwd: &'a Path,
    /// The environment.
    pub environment: &'a Environment,
    /// The user whose rights we have.
    pub uid: u32,
    /// The flags that stand for settings.
    pub flags: Vec<Flag>,
}

/// A configuration file that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Where.
    pub path: PathBuf,
    /// Which of them it is.
    pub layer: Layer,
    /// Whether it was there.
    pub existed: bool,
}

/// The resolved configuration of one run.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The settings as the program uses them.
    pub settings: Settings,
    /// The root of the workspace, without symbolic links.
    pub workspace: PathBuf,
    /// What may be wrong.
    pub warnings: Vec<String>,
    /// The files that were looked for, weakest first.
    pub files: Vec<ConfigFile>,
    general: Vec<Entry>,
    rules: Vec<DraftRule>,
}

impl Resolved {
    /// The settings as `config show` shows them.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let rules = self.rules.iter().flat_map(DraftRule::entries);
        self.general.iter().cloned().chain(rules).collect()
    }
}

/// Resolves the configuration.
///
/// # Errors
/// A usage error that names everything that is wrong, each with its place.
pub fn load(request: &Request<'_>) -> Result<Resolved> {
    Ok(inspect(request)?)
}

/// The root of the workspace alone, for what has to work with a broken configuration too.
///
/// # Errors
/// When a folder that was named is none.
pub fn workspace_root(request: &Request<'_>) -> Result<PathBuf> {
    Ok(root(request).map_err(|problem| Problems(vec![*problem]))?)
}

/// As [`load`], with the problems as values.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn inspect(request: &Request<'_>) -> std::result::Result<Resolved, Problems> {
    let workspace = root(request).map_err(|problem| Problems(vec![*problem]))?;
    let home = request.environment.home().map(Path::to_owned);
    let places = Places { home: home.as_deref(), workspace: &workspace };
    let mut resolution = Resolution::defaults(places);
    let mut files = candidates(request, &workspace);
    let written = files.iter_mut().map(|file| {
        resolution.keep_apart(file.layer);
        read_file(file, request.uid, places, &mut resolution)
    });
    let (written, stores): (Vec<_>, Vec<_>) = written.map(|written| (written.rules, written.stores)).unzip();
    resolution.environment(request.environment, places);
    resolution.flags(&request.flags, places);
    resolution.mark_overriding();
    let rules = rules::merge(written);
    resolution.problems.extend(rules::problems(&rules));
    let stores = store_keys::merge(stores);
    resolution.problems.extend(stores.problems);
    resolution.warnings.extend(stores.warnings);
    if !resolution.problems.is_empty() {
        return Err(Problems(resolution.problems));
    }
    let Resolution { mut settings, entries: mut general, warnings, .. } = resolution;
    settings.cache.stores = stores.settings;
    general.extend(stores.entries);
    settings.rules = rules.iter().filter(|draft| draft.enabled).map(|draft| draft.rule.clone()).collect();
    Ok(Resolved { settings, workspace, warnings, files, general, rules })
}

fn root(request: &Request<'_>) -> std::result::Result<PathBuf, Box<Problem>> {
    const VARIABLE: &str = "BRAINWAV_WORKSPACE";
    if let Some(folder) = request.workspace {
        return workspace::named(folder, request.cwd, Place::Flag("--workspace"));
    }
    if let Some(folder) = request.environment.get(VARIABLE) {
        return workspace::named(folder.as_ref(), request.cwd, Place::Variable(VARIABLE.to_owned()));
    }
    Ok(workspace::nearest(&request.cwd.canonicalize().unwrap_or_else(|_| request.cwd.to_owned())))
}

/// The files to read, weakest first. One that was named stands for all.
fn candidates(request: &Request<'_>, workspace: &Path) -> Vec<ConfigFile> {
    let file = |path, layer| ConfigFile { path, layer, existed: false };
    let named = request.config_file.or_else(|| request.environment.get("BRAINWAV_CONFIG").map(Path::new));
    if let Some(named) = named {
        return vec![file(request.cwd.join(named), Layer::Named)];
    }
    let user = paths::config_file(request.environment).map(|path| file(path, Layer::User));
    user.into_iter().chain([file(workspace.join(workspace::FILE), Layer::Workspace)]).collect()
}

fn read_file(file: &mut ConfigFile, uid: u32, places: Places<'_>, resolution: &mut Resolution) -> Written {
    match Source::read(&file.path, file.layer) {
        Ok(Some(_)) if file.layer == Layer::Workspace && source::is_planted(&file.path, uid) => {
            let error = ValueError::new("belongs to another user, in a folder that everybody may write to")
                .help("name the workspace with --workspace, or the file with --config if it is meant");
            resolution.problems.push(Problem::new(Place::File(file.path.clone(), None), "", error));
            Written::default()
        }
        Ok(Some(source)) => {
            file.existed = true;
            document::read(&source, places, resolution)
        }
        Ok(None) if file.layer == Layer::Named => {
            let error = ValueError::new("there is no such file").help("see --config and BRAINWAV_CONFIG");
            resolution.problems.push(Problem::new(Place::File(file.path.clone(), None), "", error));
            Written::default()
        }
        Ok(None) => Written::default(),
        Err(problem) => {
            resolution.problems.push(*problem);
            Written::default()
        }
    }
}
