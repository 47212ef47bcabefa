//! `brainwav reap`.

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav reap -n                what would be done, and why\n\
\x20 brainwav reap                   end orphans, show zombies, remove dead sockets\n\
\x20 brainwav reap orphans -v        only orphans, with what speaks for and against each\n\
\x20 brainwav reap zombies --nudge   tell parents to collect their dead children, and see whether it helped\n\
\x20 brainwav reap --json            for a program";

/// End proven orphans, show zombies, and remove dead sockets
///
/// An orphan is an MCP server whose client is gone, or a test worker whose runner is: nobody holds the other end of
/// its standard input, or of the channel to its runner. A parent of number 1 alone proves nothing about a server.
/// MCP servers in Python may have moved both streams to other descriptors, as their SDK does from version 2 on;
/// then both must have lost their other end, and the parent must be gone too. What was made independent on purpose
/// (stdin from /dev/null, a terminal or a file, a unit of a service manager) or listens on a socket is left alone,
/// and so is everything about which there is no proof. A dead socket is a file that no socket of the kernel is
/// bound to and that refuses a connection. Zombies can be collected by their parents only; --nudge tells them once
/// more.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav reap",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct ReapArgs {
    /// What to look for [default: all three]
    pub what: Option<WhatArg>,
    /// Say what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// List every candidate, also those that are in use
    #[arg(long)]
    pub all: bool,
    /// End servers too that the same parent has started again since
    #[arg(long)]
    pub superseded: bool,
    /// Tell parents of zombies that a child has ended, and look whether that helped
    #[arg(long)]
    pub nudge: bool,
    /// All processes of the user, or only those in the workspace
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<String>,
    /// How old a server or a worker must be to be judged
    #[arg(long, value_name = "DURATION")]
    pub min_age: Option<String>,
    /// How old a socket file must be to be judged
    #[arg(long, value_name = "DURATION")]
    pub socket_min_age: Option<String>,
    /// Time to end after SIGTERM, for all together
    #[arg(long, value_name = "DURATION")]
    pub grace: Option<String>,
    /// End nothing if it would be more than so many processes
    #[arg(long, value_name = "COUNT")]
    pub max_batch: Option<String>,
    /// End as many as it takes
    #[arg(long, conflicts_with = "max_batch")]
    pub no_batch_limit: bool,
    /// As root: processes of other users too
    #[arg(long)]
    pub all_users: bool,
}

/// What `reap` looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhatArg {
    /// Servers and workers without a client
    Orphans,
    /// Dead processes that their parents have not collected
    Zombies,
    /// Socket files that nobody listens on
    Sockets,
}
