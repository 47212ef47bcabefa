//! `brainwav telemetry phase`.

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry phase start nightly-build\n\
\x20 pnpm build && brainwav telemetry phase finish nightly-build --outcome status=ok\n\
\x20 id=$(brainwav telemetry phase start build); brainwav telemetry phase finish build --correlation-id \"$id\"\n\
\x20 eval \"$(brainwav telemetry phase start build --export)\"; pnpm build; brainwav telemetry phase finish build";

/// Emit the start and the finish of a run, from two processes
///
/// Both events have the correlation id that start prints and remembers under the name, and the name as the label run;
/// the second has the duration.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    before_help = "brAInwav telemetry phase",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct PhaseArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: PhaseAction,
}

/// The two ends of a run.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "the arguments of each hold its help")]
pub enum PhaseAction {
    Start(StartArgs),
    Finish(FinishArgs),
}

/// Emit run_started, and print its correlation id
///
/// What goes on under this name already is replaced, unless it was given an id of its own: then that finishes it.
///
/// Both events, and with --export what runs between them, belong to one trace: that of TRACEPARENT, or the one that follows
/// from the id. TRACESTATE and BAGGAGE are handed on as they are.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry phase start",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct StartArgs {
    /// The run
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What both events belong together by [default: a new one]
    #[arg(long, value_name = "ID")]
    pub correlation_id: Option<String>,
    /// Whose they are
    #[arg(long, value_name = "NAME")]
    pub agent_id: Option<String>,
    /// A text that it can be found by; can be repeated
    #[arg(long, value_name = "KEY=TEXT")]
    pub label: Vec<String>,
    /// Print what a shell can evaluate instead: TRACEPARENT, so that what runs in between belongs to the trace
    #[arg(long)]
    pub export: bool,
    /// Do not start to deliver in the background
    #[arg(long)]
    pub no_flush: bool,
}

/// Emit run_finished with the duration
///
/// It is the run of this name that was started last. With the id that start printed or was given, a run that nothing is remembered of
/// finishes too, without a duration.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry phase finish",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct FinishArgs {
    /// The run
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The id that start printed or was given
    #[arg(long, value_name = "ID")]
    pub correlation_id: Option<String>,
    /// Whose it is
    #[arg(long, value_name = "NAME")]
    pub agent_id: Option<String>,
    /// A text that it can be found by; can be repeated
    #[arg(long, value_name = "KEY=TEXT")]
    pub label: Vec<String>,
    /// What came of it: a number, true, false, or a text; can be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub outcome: Vec<String>,
    /// Do not start to deliver in the background
    #[arg(long)]
    pub no_flush: bool,
}
