//! `brainwav telemetry exec`.

use std::ffi::OsString;

use clap::Args;

use super::global::exit_codes;
use crate::exit::DOCUMENTED_OF_EXEC;

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry exec -- pnpm build\n\
\x20 brainwav telemetry exec --tool lint --label branch=main -- eslint src\n\
\x20 brainwav telemetry exec --with-arguments -- tsc --build    the arguments too, redacted";

/// Run a command between two events: tool_invoked and tool_result
///
/// The command has stdin, stdout and stderr to itself, gets the signals that are sent to us, and its end is ours: the same
/// exit code, the same signal; 127 when it is not there, 126 when it cannot be run. The result tells duration_ms,
/// exit_code or signal, and peak_rss_bytes, the peak memory of its largest process. Its arguments are not told unless
/// asked for. TRACEPARENT leads it into the trace of both events; TRACESTATE and BAGGAGE are handed on. An event that
/// cannot be kept is named on stderr, and changes neither the command nor its exit code; a wrong configuration or option
/// ends with 2, and nothing is run.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry exec",
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{}", exit_codes(DOCUMENTED_OF_EXEC))
)]
pub struct ExecArgs {
    /// What the tool is called [default: the name of the program]
    #[arg(long, value_name = "NAME")]
    pub tool: Option<String>,
    /// Tell the program and its arguments too, redacted; a secret without a name or a known shape is not recognised
    #[arg(long)]
    pub with_arguments: bool,
    /// Whose the events are
    #[arg(long, value_name = "NAME")]
    pub agent_id: Option<String>,
    /// What they belong together with [default: a new one]
    #[arg(long, value_name = "ID")]
    pub correlation_id: Option<String>,
    /// A text that they can be found by; can be repeated
    #[arg(long, value_name = "KEY=TEXT")]
    pub label: Vec<String>,
    /// Do not start to deliver in the background
    #[arg(long)]
    pub no_flush: bool,
    /// The command
    #[arg(last = true, required = true, value_name = "CMD", value_hint = clap::ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}
