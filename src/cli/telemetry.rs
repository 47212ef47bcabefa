//! `brainwav telemetry`.

use clap::{Args, Subcommand, ValueEnum};

use super::telemetry_bridge::BridgeArgs;
use super::telemetry_dashboard::DashboardArgs;
use super::telemetry_events::{EmitArgs, FlushArgs, SchemaArgs, StatusArgs};
use super::telemetry_exec::ExecArgs;
use super::telemetry_phase::PhaseArgs;

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry emit --event tool_invoked --label tool=search\n\
\x20 brainwav telemetry exec -- pnpm build           a command, and two events that tell of it\n\
\x20 brainwav telemetry flush                        deliver to the sinks of the configuration\n\
\x20 brainwav telemetry status                       what waits, and for whom\n\
\x20 brainwav telemetry dashboard >brainwav.json     for Grafana, over the metrics of brainwav health\n\
\x20 pnpm test 2>&1 | brainwav telemetry redact      a log that can be shown\n\
\x20 brainwav telemetry redact --report <events.ndjson >safe.ndjson";
const REDACT_EXAMPLES: &str = "\
Examples:\n\
\x20 pnpm test 2>&1 | brainwav telemetry redact      a log that can be shown\n\
\x20 brainwav telemetry redact --report <events.ndjson >safe.ndjson\n\
\x20 brainwav telemetry redact --input ndjson --allow event phase labels.tool <events.ndjson\n\
\x20 brainwav telemetry redact --mode pseudonym --key-file ~/.config/brainwav/pseudonym.key <events.ndjson\n\
\x20 tail -f server.log | brainwav telemetry redact --preserve email";

/// Keep and deliver events, and make telemetry safe to share
///
/// Events are redacted before they are kept: secrets, and what people and tools said. They are kept on disk until every
/// sink of the configuration has them.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    before_help = "brAInwav telemetry",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct TelemetryArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: TelemetryAction,
}

/// What can be done with telemetry. As for [`super::Command`], the arguments of each hold its help.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "see above")]
pub enum TelemetryAction {
    Emit(Box<EmitArgs>),
    Phase(PhaseArgs),
    Bridge(BridgeArgs),
    Exec(ExecArgs),
    Flush(FlushArgs),
    Status(StatusArgs),
    Schema(SchemaArgs),
    Dashboard(DashboardArgs),
    Redact(RedactArgs),
}

/// Take secrets and personal data out of what comes on stdin
///
/// Looks at every text at any depth of JSON, names included, and at JSON in texts: what stands behind names such as
/// password, apiKey or prompt, and what has the shape of a credential, a private key, an e-mail address, a card, an
/// account number or a home folder, or is as random as a key. Numbers of tokens, ids, digests and UUIDs stay. What is
/// deeper than 64 levels or longer than 1 MiB is replaced as a whole. What is left alone keeps every byte. That
/// something was redacted is no problem: the exit code is 0.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry redact",
    after_help = REDACT_EXAMPLES,
    after_long_help = crate::cli::global::after_help(REDACT_EXAMPLES)
)]
pub struct RedactArgs {
    /// What the lines are
    #[arg(long, value_name = "INPUT", default_value = "auto")]
    pub input: InputArg,
    /// What becomes of what must not be seen: mask, remove or pseudonym
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// What stands in its place [default: [brAInwav-REDACTED]]
    #[arg(long, value_name = "TEXT")]
    pub marker: Option<String>,
    /// Leave these alone, with everything in them: names, or paths such as labels.email
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',')]
    pub preserve: Vec<String>,
    /// Let only these pass, after they were looked at; in plain lines nothing has a name, so nothing passes
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',')]
    pub allow: Vec<String>,
    /// Leave alone what was said: what stands behind names such as prompt, result or email
    #[arg(long)]
    pub keep_content: bool,
    /// The file with the key of pseudonyms
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub key_file: Option<String>,
    /// Say on stderr what was redacted, by class and never the content
    #[arg(long)]
    pub report: bool,
}

/// What the lines on stdin are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InputArg {
    /// Each line is JSON if it looks like it and is it, and text otherwise
    Auto,
    /// Each line is a JSON document; one that is none is redacted as a whole
    Ndjson,
    /// Each line is text
    Lines,
}
