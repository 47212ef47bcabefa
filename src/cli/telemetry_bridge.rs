//! `brainwav telemetry bridge`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav telemetry bridge --queue default -n        what would be kept of it\n\
\x20 brainwav telemetry bridge --queue default           what came since the last run\n\
\x20 brainwav telemetry bridge --queue default --follow  until it is interrupted\n\
\x20 brainwav telemetry bridge --nats nats://127.0.0.1:4222  the JetStream stream of cortex.>\n\
\x20 brainwav telemetry bridge --nats tls://nats.example.com --credentials bus.creds --follow\n\
\x20 brainwav telemetry bridge --stdin <envelopes.ndjson\n\
\x20 * * * * * brainwav telemetry bridge --queue default -q    in a crontab, beside flush";

/// Keep the events of a bus that is there already
///
/// Reads envelopes of the original bus, and CloudEvents of the same types, and makes events of agents of them: of calls of
/// tools, of orchestration and of LangGraph. They go the way of every event: completed, validated, redacted and written
/// to the spool. Of what people and tools said (inputs, results, parameters, summaries) nothing is taken along.
///
/// The end of a call gets tool, session and input digest of its start, for 24 hours and of the last 4,096 calls that have
/// not finished; of a queue also when the start was read by an earlier run. How far a queue was read is kept, and moves only
/// when the events are on the disk: after a crash some come twice, under the same ids. A queue that was moved to
/// queue.jsonl.1 (2, 3 ..) is read to its end first. A line without an end is left for the next run. Lines that are no
/// envelopes are told with their numbers, and make the exit code 1; types that nobody knows are counted.
///
/// From NATS, a stream of JetStream is read by a durable consumer, which is made where it is missing and remembers what
/// was read: each message is acknowledged when its events are on the disk, and what was not comes again, under the same
/// ids. Messages that are no envelopes are told with their places in the stream, and do not come again. A server without
/// JetStream, or without a stream of these subjects, is refused: what comes there while nobody reads is lost.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav telemetry bridge",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES),
    group(ArgGroup::new("source").args(["stdin", "queue", "nats"]).required(true))
)]
pub struct BridgeArgs {
    /// Envelopes from stdin, one a line
    #[arg(long)]
    pub stdin: bool,
    /// Envelopes of a file queue: ~/.cortex/a2a/NAME/queue.jsonl
    #[arg(long, value_name = "NAME")]
    pub queue: Option<String>,
    /// Envelopes of a stream of NATS JetStream: nats://HOST or tls://HOST
    #[arg(long, value_name = "URL", conflicts_with = "dry_run")]
    pub nats: Option<String>,
    /// Log in with this credentials file, or the seed of a user's key; better than a password in the URL, which others see
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stdin", "queue"])]
    pub credentials: Option<PathBuf>,
    /// Trust the certificates in this PEM file instead of those of the system
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stdin", "queue"])]
    pub authorities: Option<PathBuf>,
    /// What the subjects of the bus begin with
    #[arg(long, value_name = "WORDS", default_value = "cortex", conflicts_with_all = ["stdin", "queue"])]
    pub prefix: String,
    /// The stream; without it, the one that holds these subjects
    #[arg(long, value_name = "NAME", conflicts_with_all = ["stdin", "queue"])]
    pub stream: Option<String>,
    /// The durable consumer that remembers what was read
    #[arg(long, value_name = "NAME", default_value = "brainwav-bridge", conflicts_with_all = ["stdin", "queue"])]
    pub consumer: String,
    /// Look for more five times a second, until SIGINT or SIGTERM
    #[arg(long, conflicts_with_all = ["stdin", "dry_run"])]
    pub follow: bool,
    /// Print the envelopes as they would be kept, keep nothing, and leave the queue as if it had not been read;
    /// not for --nats
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}
