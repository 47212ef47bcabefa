//! What became of each process: the report is made from results, never from intentions.

use super::plan::{Kept, Planned};
use crate::core::host::Unknown;
use crate::core::process::Protection;

/// What became of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It ended within the grace time after SIGTERM.
    Terminated,
    /// It did not, and ended by SIGKILL.
    Killed,
    /// It had ended before anything was sent to it.
    AlreadyGone,
    /// It is another program now than the one that was judged; nothing was sent.
    Changed,
    /// It has come onto the never-list since it was judged; nothing was sent.
    Protected(Protection),
    /// Nothing was sent, for this was a dry run.
    WouldEnd,
    /// The operating system refused.
    Denied,
    /// It could not be proved to be the one that was judged; nothing was sent.
    NotProved(Unknown),
    /// It is still there after SIGKILL.
    Survived,
    /// SIGTERM was sent, and then a signal told us to stop: how it ended is not known.
    Interrupted,
}

impl Outcome {
    /// Whether the process is known to be there no more.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Terminated | Self::Killed | Self::AlreadyGone)
    }

    /// Whether something that was to be done could not be done.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Denied | Self::NotProved(_) | Self::Survived)
    }
}

/// One process and what became of it.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Which process.
    pub planned: Planned,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of all of them.
#[derive(Debug, Default)]
pub struct Report {
    /// Everything that was planned, or found on the way.
    pub ended: Vec<Ended>,
    /// What was left alone by the never-list.
    pub kept: Vec<Kept>,
    /// The signal that ended the work early.
    pub interrupted: Option<i32>,
    /// Why a search for new children failed, if it did: there may be some.
    pub search_failed: Option<String>,
}

impl Report {
    /// Whether anything failed.
    #[must_use]
    pub fn has_failure(&self) -> bool {
        self.search_failed.is_some() || self.ended.iter().any(|ended| ended.outcome.is_failure())
    }
}
