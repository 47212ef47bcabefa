//! Who looks on while a store is measured and pruned.

use super::disk::Usage;
use super::plan::Plan;

/// The instants at which an interruption would leave something half done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its folder is open, and nothing was looked at.
    Opened,
    /// It is written down what is about to be struck, and nothing is struck yet.
    Noted,
    /// Records are struck out of one database, and not yet out of the next one.
    Committed,
    /// Records are struck out of all databases, and the files of Nx 19 that are records too are still there.
    Rows,
    /// Records are struck, and their folders still there.
    Struck,
    /// A folder is in the trash.
    Renamed,
    /// It is the right one.
    Checked,
    /// What belongs to it is gone too.
    Outputs,
    /// Everything is out of the cache, and nothing is deleted yet.
    Deleting,
    /// Some of it is deleted.
    Removing,
    /// What an interrupted run has left is put back where it is wanted, and nothing of it is deleted yet.
    Settling,
}

impl Step {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Noted => "noted",
            Self::Committed => "committed",
            Self::Rows => "rows",
            Self::Struck => "struck",
            Self::Renamed => "renamed",
            Self::Checked => "checked",
            Self::Outputs => "outputs",
            Self::Deleting => "deleting",
            Self::Removing => "removing",
            Self::Settling => "settling",
        }
    }
}

/// What is told how it goes, and asked whether it may go on.
pub trait Watch: Sync {
    /// It is decided what has to go; nothing of it is done yet.
    fn planned(&self, plan: &Plan);
    /// So many more entries are out of the cache, and only have to be deleted.
    fn withdrawn(&self, entries: usize);
    /// So much more was measured or deleted. Called from any thread.
    fn progress(&self, usage: &Usage);
    /// Whether somebody asked to stop. Called from any thread.
    fn stop(&self) -> bool;
    /// Whether the next entries may be taken out: for some stores only while nobody works with them.
    fn may_go_on(&self) -> bool;
    /// A step was taken.
    fn at(&self, step: Step);
}
