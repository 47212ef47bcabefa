//! The command line as data: what can be typed, and the help for it. No logic lives here.

pub mod called;
pub mod completions;
pub mod config;
pub mod global;
pub mod health;
pub mod prune_cache;
pub mod reap;
pub mod telemetry;
pub mod telemetry_bridge;
pub mod telemetry_dashboard;
pub mod telemetry_events;
pub mod telemetry_exec;
pub mod telemetry_phase;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav health              what exceeds its limits, and why\n\
\x20 brainwav health --enforce -n what would be ended\n\
\x20 brainwav health --enforce    end it\n\
\x20 brainwav reap -n             what outlived its client or its runner, and why\n\
\x20 brainwav prune-cache -n      what would go from the build caches, and how much that frees\n\
\x20 brainwav config show         every setting and where it comes from";

/// brAInwav keeps a developer machine or a CI runner healthy: it finds development processes that leak, hang or
/// outlive their session, ends exactly those, and prunes build caches.
///
/// It looks by default, and acts only on request: --enforce ends what exceeds its limits, and --dry-run says what that
/// would be. The result is on stdout, as a table or with --json as a document; everything else is on stderr.
#[derive(Debug, Parser)]
#[command(
    name = "brainwav",
    display_name = "brAInwav",
    before_help = "brAInwav",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: global::Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands. The doc comment of the arguments of each is its help: one on the variant would replace the whole
/// of it by a single line.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "see above")]
pub enum Command {
    Health(Box<health::HealthArgs>),
    Reap(Box<reap::ReapArgs>),
    PruneCache(Box<prune_cache::PruneCacheArgs>),
    Telemetry(telemetry::TelemetryArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
