//! `brainwav prune-cache`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:\n\
\x20 brainwav prune-cache --list              every cache that is found, with its size and its limit\n\
\x20 brainwav prune-cache -n                  what would go from the caches of Nx and Turborepo\n\
\x20 brainwav prune-cache                     take it away\n\
\x20 brainwav prune-cache nx --max-size 4GiB  only the caches of Nx, with another limit\n\
\x20 brainwav prune-cache vite --max-age 7d   a cache that goes as a whole has to be named";

/// Bring caches back under their limit, least recently used entries first
///
/// The caches of Nx and Turborepo, and those that the configuration adds, lose single entries: when a cache is larger than
/// --max-size, what was used longest ago goes until --target is reached. Nothing that was used within --min-age goes. With
/// Nx the record of an entry goes first, in every database beside the cache, and only if it was not used meanwhile: so a build finds it
/// whole or not at all. Other caches go as a whole, by age, when they are named and nobody works with them. Of the rest the
/// size is shown with --list, and the command of the tool that takes care of it. Nothing outside of the folder of a cache is touched, no
/// link is followed, and a cache with files that git tracks is refused.
#[derive(Debug, Args)]
#[command(
    before_help = "brAInwav prune-cache",
    after_help = EXAMPLES,
    after_long_help = crate::cli::global::after_help(EXAMPLES)
)]
pub struct PruneCacheArgs {
    /// Which caches: nx, turbo, webpack, babel-loader, vite, jest, next, parcel, or one of the configuration
    /// [default: all that lose single entries]
    #[arg(value_name = "STORE")]
    pub stores: Vec<String>,
    /// The same, as an option
    #[arg(long = "store", value_name = "STORE", hide_short_help = true)]
    pub store: Vec<String>,
    /// Show every cache, and change nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub list: bool,
    /// Say what would go, and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Bytes on the disk that the entries of one cache may take, or "none"
    #[arg(long, value_name = "SIZE")]
    pub max_size: Option<String>,
    /// How much of --max-size is left of a cache that was larger
    #[arg(long, value_name = "PERCENT")]
    pub target: Option<String>,
    /// The time without use after which an entry goes, or "none"
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<String>,
    /// What was used within this time is never touched
    #[arg(long, value_name = "DURATION")]
    pub min_age: Option<String>,
    /// How long to wait until nobody works with a cache for which that is needed
    #[arg(long, value_name = "DURATION")]
    pub wait: Option<String>,
    /// Measure everything anew, and remember nothing
    #[arg(long)]
    pub no_index: bool,
}
