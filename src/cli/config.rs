//! `brainwav config`.

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav config show      every setting and where it comes from\n\
\x20 brainwav config check     name everything that is wrong\n\
\x20 brainwav config init      write a commented brainwav.toml";
const SHOW_EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav config show                    every setting\n\
\x20 brainwav config show health             one section\n\
\x20 brainwav config show process.vitest     one rule\n\
\x20 brainwav config show --json             for a program\n\
\x20 BRAINWAV_HEALTH_MAX_MEMORY=4GiB brainwav config show health.max-memory";
const CHECK_EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav config check                     the files of the user and the workspace\n\
\x20 brainwav config check --config new.toml   another file, before it is used";
const INIT_EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav config init                     write brainwav.toml\n\
\x20 brainwav config init --package-json -n   what would be written\n\
\x20 brainwav config init --package-json      write it, and add the scripts to package.json";

/// Show, check or write the configuration
///
/// Flags hold before BRAINWAV_* environment variables, those before brainwav.toml in the root of the workspace, that
/// before the user's configuration (~/.config/brainwav/config.toml), and that before the defaults. Everything works
/// without any configuration. --config FILE is read instead of both files. The variable of a setting has its name in
/// capitals: health.max-memory is BRAINWAV_HEALTH_MAX_MEMORY.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    before_help = "brAInwav config",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What can be done with the configuration. As for [`super::Command`], the arguments of each hold its help.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "see above")]
pub enum ConfigAction {
    Show(ShowArgs),
    Check(CheckArgs),
    Init(InitArgs),
}

/// Show every setting that holds, and where it comes from
///
/// Each value stands with its origin: a flag, an environment variable, the line of a file, or the default. The rules
/// for processes are shown key by key, since each key of a rule can come from another place.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav config show",
    after_help = SHOW_EXAMPLES,
    after_long_help = crate::cli::global::after_help(SHOW_EXAMPLES)
)]
pub struct ShowArgs {
    /// Only this key, section or rule, such as health, process.vitest or health.max-memory
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
}

/// Check the configuration files and the environment, and name everything that is wrong
///
/// Exits with 0 when all is well, and with 2 when something is wrong. A BRAINWAV_* variable that is not known is a
/// warning.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav config check",
    after_help = CHECK_EXAMPLES,
    after_long_help = crate::cli::global::after_help(CHECK_EXAMPLES)
)]
pub struct CheckArgs {}

/// Write a commented brainwav.toml, and on request scripts for package.json
///
/// The file goes to the root of the workspace. Each setting stands in it with its default and what it is for, commented
/// out, so that nothing changes until something is changed. A file that is there already is left alone without --force.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav config init",
    after_help = INIT_EXAMPLES,
    after_long_help = crate::cli::global::after_help(INIT_EXAMPLES)
)]
pub struct InitArgs {
    /// Replace a brainwav.toml that is there already
    #[arg(long)]
    pub force: bool,
    /// Also add scripts (process:health) to package.json; nothing else in it changes, and a script of another content stays
    #[arg(long)]
    pub package_json: bool,
    /// Say what would be written, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}
