//! `brainwav health`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav health --top 5                 the five largest development trees\n\
\x20 brainwav health --max-memory 2GiB       with another limit, this once\n\
\x20 brainwav health --enforce --dry-run     what would be ended\n\
\x20 brainwav health --enforce --json        end it, and tell a program\n\
\x20 brainwav health --format prometheus      metrics for the textfile collector of node_exporter\n\
\x20 */5 * * * * brainwav -q health --enforce   from cron";

/// Show the development processes that exceed their limits; --enforce ends them
///
/// Looks at the processes that a rule speaks of (vitest, nx, tsc, MCP servers, and those of your own
/// configuration) and holds each against its limits: memory, CPU in several looks in a row, and time without
/// progress. Nothing is ever done to a process unless --enforce says so, and then only to those over a limit
/// and to what they started.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav health",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct HealthArgs {
    /// End what exceeds its limits, and what it started
    #[arg(long)]
    pub enforce: bool,
    /// Say what --enforce would do, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// List everything that matches a rule, also what is fine
    #[arg(long)]
    pub all: bool,
    /// Also show the N largest development trees
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Only this rule; may be repeated
    #[arg(long = "rule", value_name = "NAME")]
    pub rules: Vec<String>,
    /// All processes of the user, or only those in the workspace
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<String>,
    /// Measure the CPU of processes that are new for so long
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "500ms", require_equals = true)]
    pub sample: Option<humantime::Duration>,
    /// As root: processes of other users too
    #[arg(long)]
    pub all_users: bool,
    /// Write the metrics of --format prometheus to this file, which is replaced as a whole
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Limits for this run.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Limits for this run, before those of any rule or file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits for this run")]
pub struct LimitArgs {
    /// Memory of one process (RSS), such as 4GiB
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<String>,
    /// Memory of a process with all that it started (PSS)
    #[arg(long, value_name = "SIZE")]
    pub max_tree_memory: Option<String>,
    /// CPU in per cent of one core, averaged between two looks
    #[arg(long, value_name = "PERCENT")]
    pub max_cpu: Option<String>,
    /// Looks in a row over --max-cpu that count
    #[arg(long, value_name = "COUNT")]
    pub cpu_strikes: Option<String>,
    /// Time without progress after which a process that should end is hung
    #[arg(long, value_name = "DURATION")]
    pub max_runtime: Option<String>,
    /// Time to end after SIGTERM, for all together
    #[arg(long, value_name = "DURATION")]
    pub grace: Option<String>,
    /// Least time between two looks that are compared
    #[arg(long, value_name = "DURATION")]
    pub look_interval: Option<String>,
    /// End nothing if it would be more than so many processes
    #[arg(long, value_name = "COUNT")]
    pub max_batch: Option<String>,
    /// End as many as it takes
    #[arg(long, conflicts_with = "max_batch")]
    pub no_batch_limit: bool,
}
