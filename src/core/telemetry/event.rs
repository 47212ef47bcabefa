//! The event of an agent: what it holds, and what is put in the place of what nobody said.

use std::io;
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::timestamp;

/// The version of the schema of the event.
pub const SCHEMA_VERSION: &str = "1.0.0";

/// Who an event is of when nobody says so.
pub const UNKNOWN_AGENT: &str = "brAInwav-unknown-agent";

/// Which part of a run it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Before anything is done.
    Planning,
    /// While it is done.
    #[default]
    Execution,
    /// When it is over.
    Completion,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventKind {
    /// A run began.
    #[default]
    RunStarted,
    /// A run ended, however it went.
    RunFinished,
    /// There is a plan.
    PlanCreated,
    /// The plan is another one.
    PlanRevised,
    /// Somebody else goes on with it.
    Reroute,
    /// A tool was called.
    ToolInvoked,
    /// The tool answered.
    ToolResult,
}

impl Phase {
    /// Every phase with its word.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Planning, "planning"), (Self::Execution, "execution"), (Self::Completion, "completion")];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

impl EventKind {
    /// Every kind with its word.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::RunStarted, "run_started"),
        (Self::RunFinished, "run_finished"),
        (Self::PlanCreated, "plan_created"),
        (Self::PlanRevised, "plan_revised"),
        (Self::Reroute, "reroute"),
        (Self::ToolInvoked, "tool_invoked"),
        (Self::ToolResult, "tool_result"),
    ];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// What the texts must not hold that stand in attributes of a CloudEvent (1.0.2, 3.1: control characters, and code points
/// that are no characters), as a class of a regular expression.
pub const NOT_IN_ATTRIBUTES: &str = "\\u0000-\\u001f\\u007f-\\u009f\\ufdd0-\\ufdef\\ufffe\\uffff";

/// Whether a character is none of those.
#[must_use]
pub const fn fits_attribute(letter: char) -> bool {
    !matches!(letter, '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}')
}

/// A whole and valid event.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentEvent {
    /// When it happened, in UTC with `Z`.
    pub timestamp: String,
    /// Whose it is, never empty.
    pub agent_id: String,
    /// Which part of the run it belongs to.
    pub phase: Phase,
    /// What happened.
    pub kind: EventKind,
    /// What it belongs together with, never empty.
    pub correlation_id: String,
    /// What it can be found by.
    pub labels: Option<Map<String, Value>>,
    /// What was measured.
    pub metrics: Option<Map<String, Value>>,
    /// What came of it.
    pub outcome: Option<Map<String, Value>>,
}

/// An event of which only so much is said.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "the members are those of the event")]
pub struct Draft {
    pub timestamp: Option<String>,
    pub agent_id: Option<String>,
    pub phase: Option<Phase>,
    pub kind: Option<EventKind>,
    pub correlation_id: Option<String>,
    pub labels: Option<Map<String, Value>>,
    pub metrics: Option<Map<String, Value>>,
    pub outcome: Option<Map<String, Value>>,
}

impl Draft {
    /// The whole event: now, an execution, a run that began, of this agent, with a correlation id of its own. What
    /// was said holds.
    ///
    /// # Errors
    /// When an id is needed and there is none.
    pub fn complete(
        self,
        agent_id: &str,
        now: SystemTime,
        uuid: impl FnOnce() -> io::Result<String>,
    ) -> io::Result<AgentEvent> {
        let correlation_id = match self.correlation_id {
            Some(given) => given,
            None => format!("brAInwav-{}", uuid()?),
        };
        Ok(AgentEvent {
            timestamp: self.timestamp.unwrap_or_else(|| timestamp::from_clock(now)),
            agent_id: self.agent_id.unwrap_or_else(|| agent_id.to_owned()),
            phase: self.phase.unwrap_or_default(),
            kind: self.kind.unwrap_or_default(),
            correlation_id,
            labels: self.labels,
            metrics: self.metrics,
            outcome: self.outcome,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::{Draft, EventKind, Phase};

    #[test]
    fn every_word_stands_in_its_place() {
        for (index, (phase, word)) in Phase::ALL.into_iter().enumerate() {
            assert_eq!((phase as usize, phase.word()), (index, word));
        }
        for (index, (kind, word)) in EventKind::ALL.into_iter().enumerate() {
            assert_eq!((kind as usize, kind.word()), (index, word));
        }
    }

    #[test]
    fn what_nobody_said_has_a_default_and_what_somebody_said_holds() {
        let event = Draft::default().complete("a", UNIX_EPOCH, || Ok("uuid".to_owned())).unwrap();
        assert_eq!(event.timestamp, "1970-01-01T00:00:00.000Z");
        assert_eq!((event.agent_id.as_str(), event.correlation_id.as_str()), ("a", "brAInwav-uuid"));
        assert_eq!((event.phase, event.kind), (Phase::Execution, EventKind::RunStarted));
        let draft = Draft {
            agent_id: Some("b".to_owned()),
            phase: Some(Phase::Planning),
            kind: Some(EventKind::Reroute),
            correlation_id: Some("c".to_owned()),
            ..Draft::default()
        };
        let event = draft.complete("a", UNIX_EPOCH, || unreachable!("there is an id")).unwrap();
        assert_eq!((event.agent_id.as_str(), event.correlation_id.as_str()), ("b", "c"));
        assert_eq!((event.phase, event.kind), (Phase::Planning, EventKind::Reroute));
    }
}
