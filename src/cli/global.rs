//! Options of every command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Read this configuration file instead of those of the user and the workspace
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]
    #[arg(long, global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub workspace: Option<PathBuf>,
    /// What to print on stdout
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human")]
    pub format: FormatArg,
    /// Short for --format json
    #[arg(long, global = true, conflicts_with = "format")]
    pub json: bool,
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorArg,
    /// Print data and errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more: the evidence for and against each verdict; twice: what is read
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Global {
    /// What holds where the command line could not be understood.
    #[must_use]
    pub const fn defaults() -> Self {
        Self {
            config: None,
            workspace: None,
            format: FormatArg::Human,
            json: false,
            color: ColorArg::Auto,
            quiet: false,
            verbose: 0,
        }
    }
}

/// What is printed on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// A table for people
    Human,
    /// One JSON document
    Json,
    /// Metrics in the text format of Prometheus; of health alone
    Prometheus,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What stands at the end of a long help: the examples, and the exit codes.
#[must_use]
pub fn after_help(examples: &str) -> String {
    format!("{examples}\n\n{}", exit_codes(crate::exit::DOCUMENTED))
}

/// Exit codes with their meanings as a text for help.
#[must_use]
pub fn exit_codes(codes: &[(&str, &str)]) -> String {
    let lines = codes.iter().map(|(code, meaning)| format!("  {code:<6} {meaning}"));
    format!("Exit codes:\n{}", lines.collect::<Vec<_>>().join("\n"))
}
