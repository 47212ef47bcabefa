//! `brainwav telemetry emit`, `flush`, `status` and `schema`.

use std::path::PathBuf;

use clap::Args;

const EMIT_EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry emit --event tool_invoked --agent-id planner --label tool=search\n\
\x20 brainwav telemetry emit --event run_finished --phase completion --metric duration_ms=12 --outcome status=ok\n\
\x20 brainwav telemetry emit --json-event '{\"event\":\"reroute\",\"agentId\":\"planner\"}'\n\
\x20 brainwav telemetry emit --stdin <events.ndjson\n\
\x20 brainwav telemetry emit -n --label user=ann@example.com    what would be kept of it";
const FLUSH_EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry flush --deadline 5s\n\
\x20 brainwav telemetry flush --sink file\n\
\x20 * * * * * brainwav telemetry flush -q    in a crontab";
const STATUS_EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry status\n\
\x20 brainwav telemetry status --json | jq '.sinks[].pending'";
const SCHEMA_EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry schema >agent-event.schema.json\n\
\x20 brainwav telemetry schema --asyncapi >asyncapi.json\n\
\x20 brainwav telemetry schema --check agent-event.schema.json    can what reads that read on?\n\
\x20 brainwav telemetry schema --register https://registry.example.com -n   is it there, and would it fit?\n\
\x20 brainwav telemetry schema --register https://registry.example.com --headers-file registry.headers";

/// Keep an event until every sink has it
///
/// The event is completed, validated, redacted and written to the spool: exit code 0 means that it is there and outlives
/// every process (with --durability disk: the machine). No network is waited for: where there is a sink, it is delivered to
/// in the background, or by brainwav telemetry flush.
/// What nobody says is now, the agent of the configuration, the phase execution, the event run_started, and a correlation
/// id of its own. A spool that is full refuses the event and drops nothing. Lines of --stdin that are no events are
/// told with their numbers, the others are kept, and the exit code is 1.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry emit",
    after_help = EMIT_EXAMPLES,
    after_long_help = crate::cli::global::after_help(EMIT_EXAMPLES)
)]
pub struct EmitArgs {
    /// What happened: run_started, run_finished, plan_created, plan_revised, reroute, tool_invoked or tool_result
    #[arg(long, value_name = "EVENT")]
    pub event: Option<String>,
    /// Which part of the run it belongs to: planning, execution or completion
    #[arg(long, value_name = "PHASE")]
    pub phase: Option<String>,
    /// Whose it is; of a document or stream: for the events that do not say so
    #[arg(long, value_name = "NAME")]
    pub agent_id: Option<String>,
    /// What it belongs together with; of a document or stream: for the events that do not say so
    #[arg(long, value_name = "ID")]
    pub correlation_id: Option<String>,
    /// When it happened, such as 2026-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub timestamp: Option<String>,
    /// A text that it can be found by; can be repeated
    #[arg(long, value_name = "KEY=TEXT")]
    pub label: Vec<String>,
    /// A number that was measured; can be repeated
    #[arg(long, value_name = "KEY=NUMBER", allow_hyphen_values = true)]
    pub metric: Vec<String>,
    /// What came of it: a number, true, false, or a text; can be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub outcome: Vec<String>,
    /// One event as a JSON document; - reads it from stdin
    #[arg(long, value_name = "JSON", conflicts_with_all = ["event", "phase", "timestamp", "label", "metric", "outcome"])]
    pub json_event: Option<String>,
    /// Events from stdin, one JSON document a line
    #[arg(long, conflicts_with_all = ["event", "phase", "timestamp", "label", "metric", "outcome", "json_event"])]
    pub stdin: bool,
    /// Where it goes, one of the topics of telemetry.allowed-topics
    #[arg(long, value_name = "TOPIC")]
    pub topic: Option<String>,
    /// What it has survived when this succeeds: process or disk
    #[arg(long, value_name = "DURABILITY")]
    pub durability: Option<String>,
    /// Do not start to deliver in the background
    #[arg(long)]
    pub no_flush: bool,
    /// Print the envelopes as they would be kept, and keep nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Deliver what is in the spool
///
/// Each sink of the configuration gets every event at least once, in order and under the same id on each attempt, at its
/// own pace: one that is slow or dead delays no other. What fails is tried again, after longer and longer pauses, until
/// the deadline, and in the next run. What a sink will never take is kept as a dead letter with the reason, and the exit
/// code is 1; a sink that did not get everything makes it 3. What every sink has is removed from the spool.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry flush",
    after_help = FLUSH_EXAMPLES,
    after_long_help = crate::cli::global::after_help(FLUSH_EXAMPLES)
)]
pub struct FlushArgs {
    /// How long to try
    #[arg(long, value_name = "DURATION")]
    pub deadline: Option<String>,
    /// Deliver to these alone; what the others need stays
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub sink: Vec<String>,
    /// Deliver what waits in this spool instead, which an earlier configuration or another workspace has left, to the
    /// sinks of here
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub spool: Option<PathBuf>,
    /// Started by a command that keeps events: away from its terminal, and only if no other waits already
    #[arg(long, hide = true)]
    pub background: bool,
    /// Show what waits, and deliver nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Show what is in the spool, and how far each sink is
///
/// The exit code is 1 when a sink has dead letters that nobody has moved away, or the last attempt to deliver to it failed.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry status",
    after_help = STATUS_EXAMPLES,
    after_long_help = crate::cli::global::after_help(STATUS_EXAMPLES)
)]
pub struct StatusArgs {}

/// Print the JSON Schema of an event
///
/// It describes a whole event, as emit completes it: version 1.0.0, compatibility FORWARD, draft 2020-12 of JSON Schema.
/// FORWARD means that whoever knows an earlier version can read what is written now; --check tells whether that holds, with
/// exit code 1 and every place where it does not.
///
/// --register brings it into a schema registry with the HTTP interface of Confluent's (also that of Karapace, Redpanda and
/// Apicurio) unless it is there already. A subject without a compatibility of its own gets FORWARD; one that has another
/// keeps it. The registry of the original bus only reads its schemas from a folder: there it is compared, with exit code 1
/// when it is missing or another one.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry schema",
    after_help = SCHEMA_EXAMPLES,
    after_long_help = crate::cli::global::after_help(SCHEMA_EXAMPLES)
)]
pub struct SchemaArgs {
    /// Print an AsyncAPI 3.0 document instead, with the topic and the envelope
    #[arg(long)]
    pub asyncapi: bool,
    /// Compare with an earlier schema: can its readers read what is written now?
    #[arg(long, value_name = "OLD", value_hint = clap::ValueHint::FilePath, conflicts_with = "asyncapi")]
    pub check: Option<PathBuf>,
    /// Register it in the schema registry at this address, unless it is there
    #[arg(long, value_name = "URL", value_hint = clap::ValueHint::Url, conflicts_with_all = ["asyncapi", "check"])]
    pub register: Option<String>,
    /// The subject in the registry [default: the topic with -value behind it, where serializers look]
    #[arg(long, value_name = "NAME", requires = "register")]
    pub subject: Option<String>,
    /// Headers for the registry, such as Authorization: one a line, in a file that only you can read
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "register")]
    pub headers_file: Option<PathBuf>,
    /// Trust these certificates (PEM) instead of those of the system
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "register")]
    pub authorities: Option<PathBuf>,
    /// Only look whether the registry has it, and whether it would be taken
    #[arg(short = 'n', long, requires = "register")]
    pub dry_run: bool,
}
