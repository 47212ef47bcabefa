//! `brainwav telemetry dashboard`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry dashboard >brainwav.json           import it in Grafana, or provision it\n\
\x20 brainwav telemetry dashboard --rules >brainwav.rules.yml";

/// Print a dashboard for Grafana, or alerts for Prometheus
///
/// Both speak of the metrics that brainwav health --format prometheus writes. The data source of the dashboard is a
/// variable, and so are the machines and the rules.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry dashboard",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct DashboardArgs {
    /// Print alerts, a file of rules for Prometheus
    #[arg(long)]
    pub rules: bool,
}
