//! How far a sink is, between runs.

use std::io;

use serde::{Deserialize, Serialize};

use crate::core::state::{Folder, Loaded, Versioned, load, save};
use crate::core::telemetry::spool::Position;

/// The last thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When, in RFC 3339.
    pub at: String,
    /// What, redacted.
    pub reason: String,
}

/// How far one sink is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Everything before this place is delivered, or will never be and is kept as a dead letter.
    pub position: Position,
    /// How many events it has taken since it is known.
    pub delivered: u64,
    /// How many lines became dead letters.
    pub dead: u64,
    /// When it last took something.
    #[serde(default)]
    pub last_delivery: Option<String>,
    /// What stopped the last run; nothing when that went well.
    #[serde(default)]
    pub last_failure: Option<Failure>,
    /// What the last run that delivered something said of the sink besides: a run in the background says it to nobody.
    #[serde(default)]
    pub last_note: Option<String>,
}

impl Versioned for Progress {
    const VERSION: u32 = 1;
}

/// The file of a sink.
fn file_name(sink: &str) -> String {
    format!("sink-{sink}.json")
}

impl Progress {
    /// Reads how far a sink is, and says what was odd about that. Without a file it is at the beginning.
    #[must_use]
    pub fn load(folder: &Folder, sink: &str) -> (Self, Option<String>) {
        match load(&folder.file(&file_name(sink))) {
            Loaded::Missing => (Self::default(), None),
            Loaded::Content(progress) => (progress, None),
            Loaded::Unreadable { reason, .. } => {
                let path = folder.file(&file_name(sink));
                let again = "every event in the spool is delivered again";
                (Self::default(), Some(format!("{}: {reason}; {again}", path.display())))
            }
        }
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When it cannot be written; the earlier one is then still there.
    pub fn save(&self, folder: &Folder, sink: &str) -> io::Result<()> {
        save(&folder.file(&file_name(sink)), self)
    }
}
