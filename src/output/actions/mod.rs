//! What the commands do, as events: which ones there are about an outcome, and what they say.
//!
//! Nothing here acts. There is `tool_invoked` for what is about to be done and `tool_result` for what came of it;
//! both have the same labels. What a process was called with is never among them.

pub mod caches;
pub mod leftovers;
pub mod processes;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::core::telemetry::event::{Draft, EventKind, Phase};

/// One thing that is done, in the words of the events about it.
#[derive(Debug)]
struct Deed {
    labels: Map<String, Value>,
    metrics: Map<String, Value>,
}

impl Deed {
    /// What this command of ours does.
    fn new(command: &str, action: &str) -> Self {
        let deed = Self { labels: Map::new(), metrics: Map::new() };
        deed.label("tool", format!("brainwav {command}")).label("command", command).label("action", action)
    }

    fn label(mut self, name: &str, text: impl Into<String>) -> Self {
        self.labels.insert(name.to_owned(), Value::from(text.into()));
        self
    }

    fn metric(mut self, name: &str, number: u64) -> Self {
        self.metrics.insert(name.to_owned(), Value::from(number));
        self
    }

    /// It is about to be done.
    fn begun(self) -> Draft {
        self.draft(EventKind::ToolInvoked, None)
    }

    /// This came of it, so long after it was begun.
    fn ended(self, end: &End, took: Duration) -> Draft {
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.metric("duration_ms", milliseconds).draft(EventKind::ToolResult, Some(end))
    }

    fn draft(self, kind: EventKind, end: Option<&End>) -> Draft {
        Draft {
            phase: Some(Phase::Execution),
            kind: Some(kind),
            labels: Some(self.labels),
            metrics: Some(self.metrics).filter(|metrics| !metrics.is_empty()),
            outcome: end.map(End::members),
            ..Draft::default()
        }
    }
}

/// How well it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// As it was meant.
    Success,
    /// It was left alone for a reason.
    Kept,
    /// Nothing was begun for a reason.
    Refused,
    /// It could not be done, or not to its end.
    Error,
}

/// What came of it.
#[derive(Debug)]
struct End {
    status: Status,
    /// One word: `ended`, `killed`, `kept`, `survived`, `failed` and the like.
    happened: &'static str,
    reason: String,
}

impl End {
    fn new(status: Status, happened: &'static str, reason: impl Into<String>) -> Self {
        Self { status, happened, reason: reason.into() }
    }

    fn members(&self) -> Map<String, Value> {
        let status = match self.status {
            Status::Success => "success",
            Status::Kept => "kept",
            Status::Refused => "refused",
            Status::Error => "error",
        };
        let members = [("status", status), ("happened", self.happened), ("reason", self.reason.as_str())];
        members.map(|(name, text)| (name.to_owned(), Value::from(text))).into_iter().collect()
    }
}
