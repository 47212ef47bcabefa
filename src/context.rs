//! What every command is handed: the printer, the place where it was called, and the way to its settings.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::global::{ColorArg, FormatArg, Global};
use crate::config::{self, Environment, Flag, Paths, Request, Resolved};
use crate::error::{Error, ErrorKind, Result};
use crate::output::ui::{Appearance, ColorChoice, ColorEnvironment, Format, Ui};

/// The surroundings of one run.
pub struct Context {
    /// The printer.
    pub ui: Ui,
    /// Where state and runtime files belong.
    pub paths: Paths,
    /// The user whose rights we have.
    pub uid: u32,
    /// The environment.
    pub environment: Environment,
    /// Whether stdout gets metrics; the printer takes that for a program that reads.
    pub metrics: bool,
    current_folder: PathBuf,
    config_file: Option<PathBuf>,
    workspace: Option<PathBuf>,
}

impl Context {
    /// Reads the surroundings of the process, which prints with this.
    ///
    /// # Errors
    /// When the current folder is gone.
    pub fn new(global: &Global, environment: Environment, uid: u32, ui: Ui) -> Result<Self> {
        let current_folder = std::env::current_dir().map_err(|error| {
            Error::new(ErrorKind::Usage, anyhow::anyhow!("cannot tell the current folder: {error}"))
                .hint("go to a folder that exists, or name one with --workspace")
        })?;
        let paths = config::paths(&environment, uid);
        Ok(Self {
            ui,
            paths,
            uid,
            environment,
            metrics: global.format == FormatArg::Prometheus,
            current_folder,
            config_file: global.config.clone(),
            workspace: global.workspace.clone(),
        })
    }

    /// This program, and the arguments with which it finds the same configuration again.
    ///
    /// # Errors
    /// When the operating system does not tell where the program is.
    pub fn ourselves(&self) -> std::io::Result<(PathBuf, Vec<OsString>)> {
        let mut arguments = Vec::new();
        for (flag, path) in [("--config", &self.config_file), ("--workspace", &self.workspace)] {
            if let Some(path) = path {
                arguments.extend([OsString::from(flag), path.clone().into_os_string()]);
            }
        }
        Ok((std::env::current_exe()?, arguments))
    }

    /// Resolves the settings, with these flags before everything else, and says what is odd about them.
    ///
    /// # Errors
    /// When a file, a variable or a flag is wrong.
    pub fn resolve(&mut self, flags: Vec<Flag>) -> Result<Resolved> {
        let resolved = config::load(&self.request(flags))?;
        for warning in &resolved.warnings {
            self.ui.warn(warning);
        }
        Ok(resolved)
    }

    /// What this run says about its configuration.
    #[must_use]
    pub fn request(&self, flags: Vec<Flag>) -> Request<'_> {
        Request {
            config_file: self.config_file.as_deref(),
            workspace: self.workspace.as_deref(),
            cwd: &self.current_folder,
            environment: &self.environment,
            uid: self.uid,
            flags,
        }
    }
}

/// How the output looks, as the flags and the environment say.
#[must_use]
pub fn appearance(global: &Global, environment: &Environment) -> Appearance {
    let set = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
    let json = global.json || global.format != FormatArg::Human;
    Appearance {
        format: if json { Format::Json } else { Format::Human },
        color: match global.color {
            ColorArg::Auto => ColorChoice::Auto,
            ColorArg::Always => ColorChoice::Always,
            ColorArg::Never => ColorChoice::Never,
        },
        environment: ColorEnvironment {
            no_color: set("NO_COLOR"),
            force: set("CLICOLOR_FORCE")
                && environment.get("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb: environment.get("TERM").is_some_and(|value| value == "dumb"),
        },
        quiet: global.quiet,
        verbosity: global.verbose,
    }
}
