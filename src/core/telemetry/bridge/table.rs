//! What becomes of each type, as data. A type more is a row more.
//!
//! Only what is named here is taken along. What people and tools said (inputs, results, parameters, summaries, plans,
//! shared state) is counted at most: no redaction could tell what is private in it.

use crate::core::telemetry::event::{EventKind, Phase};

/// Where a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// A label.
    Label(&'static str),
    /// A metric.
    Metric(&'static str),
    /// A part of the outcome.
    Outcome(&'static str),
}

/// What is taken of a value; one of another kind is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// A text that is not empty.
    Text,
    /// A number.
    Number,
    /// True or false.
    Switch,
    /// How many there are in a list.
    Count,
    /// This, whatever the data say.
    Always(&'static str),
}

/// One value on its way.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Where it may stand in the data, the first that is there: names with dots between them.
    pub from: &'static [&'static str],
    /// What is taken of it.
    pub take: Take,
    /// Where it goes.
    pub to: To,
}

/// What an event has to do with another one of the same call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Nothing.
    Alone,
    /// It is the start of a call.
    Start,
    /// It is the end of one.
    End,
}

/// What becomes of some types.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The types, without the prefix of the bus.
    pub types: &'static [&'static str],
    /// What they are.
    pub kind: EventKind,
    /// Which part of a run they belong to.
    pub phase: Phase,
    /// Where the moment may stand in the data; else it is that of the envelope.
    pub when: &'static [&'static str],
    /// Where the agent may stand in the data; else it is the subject or the source of the envelope.
    pub whose: &'static [&'static str],
    /// The list that has one event in each entry, whose fields come before those of the data.
    pub each: Option<&'static str>,
    /// What it has to do with others.
    pub join: Join,
    /// What is taken along.
    pub fields: &'static [Field],
}

/// What the data may say of what an event belongs together with, when the envelope does not; the first that is there.
pub const BELONGS_TO: &[&str] =
    &["correlationId", "runId", "coordinationId", "planId", "taskId", "requestId", "invocationId"];

const fn text(from: &'static [&'static str], to: To) -> Field {
    Field { from, take: Take::Text, to }
}

const fn number(from: &'static [&'static str], to: &'static str) -> Field {
    Field { from, take: Take::Number, to: To::Metric(to) }
}

const fn count(from: &'static [&'static str], to: &'static str) -> Field {
    Field { from, take: Take::Count, to: To::Metric(to) }
}

const fn status(word: &'static str) -> Field {
    Field { from: &[], take: Take::Always(word), to: To::Outcome("status") }
}

const PLAN: Field = text(&["planId"], To::Label("plan_id"));
const REQUEST: Field = text(&["requestId"], To::Label("request_id"));
const TASK: Field = text(&["taskId"], To::Label("task_id"));
const AGENT: Field = text(&["agent", "agentId"], To::Label("agent"));
const STRATEGY: Field = text(&["strategy", "coordinationStrategy"], To::Label("strategy"));
const COORDINATION: Field = text(&["coordinationId"], To::Label("coordination_id"));
const TOOL: Field = text(&["tool"], To::Label("tool"));
const CALL: Field = text(&["correlationId"], To::Label("call_id"));
const FROM: Field = text(&["from", "source"], To::Label("from"));
const TARGET: Field = text(&["to", "target"], To::Label("to"));
const REASON: Field = text(&["reason", "payload.reason"], To::Outcome("reason"));
const DURATION: Field = number(&["durationMs", "payload.durationMs"], "duration_ms");
const ESTIMATE: Field = number(&["estimatedDuration"], "estimated_duration_ms");

const ROW: Row = Row {
    types: &[],
    kind: EventKind::RunStarted,
    phase: Phase::Execution,
    when: &["timestamp"],
    whose: &["agentId"],
    each: None,
    join: Join::Alone,
    fields: &[],
};

/// The rows.
pub static ROWS: &[Row] = &[
    Row {
        types: &["tool.execution.started"],
        kind: EventKind::ToolInvoked,
        when: &["startedAt"],
        join: Join::Start,
        fields: &[
            TOOL,
            CALL,
            text(&["session"], To::Label("session")),
            text(&["inputDigest"], To::Label("input_digest")),
        ],
        ..ROW
    },
    Row {
        types: &["tool.execution.completed"],
        kind: EventKind::ToolResult,
        when: &["finishedAt"],
        join: Join::End,
        fields: &[
            TOOL,
            CALL,
            text(&["resultSource"], To::Label("result_source")),
            DURATION,
            text(&["status"], To::Outcome("status")),
            text(&["errorCode"], To::Outcome("error_code")),
            text(&["errorMessage"], To::Outcome("error_message")),
        ],
        ..ROW
    },
    Row {
        types: &["tool_layer_invoked"],
        kind: EventKind::ToolInvoked,
        each: Some("toolsInvoked"),
        fields: &[
            text(&["toolName"], To::Label("tool")),
            text(&["invocationId"], To::Label("call_id")),
            text(&["toolLayer"], To::Label("layer")),
            text(&["invocationContext.taskId"], To::Label("task_id")),
            ESTIMATE,
        ],
        ..ROW
    },
    Row {
        types: &["orchestration.plan.created", "orchestration.routing.plan"],
        kind: EventKind::PlanCreated,
        phase: Phase::Planning,
        fields: &[PLAN, REQUEST, AGENT, STRATEGY, count(&["steps"], "steps")],
        ..ROW
    },
    Row {
        types: &["orchestration.plan.updated", "orchestration.routing.decision"],
        kind: EventKind::PlanRevised,
        phase: Phase::Planning,
        fields: &[
            PLAN,
            REQUEST,
            AGENT,
            STRATEGY,
            REASON,
            count(&["changes"], "changes"),
            number(&["confidence"], "confidence"),
        ],
        ..ROW
    },
    Row {
        types: &["schedule_adjusted"],
        kind: EventKind::PlanRevised,
        phase: Phase::Planning,
        fields: &[
            PLAN,
            text(&["scheduleId"], To::Label("schedule_id")),
            text(&["adjustmentType"], To::Label("adjustment")),
            number(&["newSchedule.totalAgents"], "agents"),
            text(&["adjustmentReason"], To::Outcome("reason")),
        ],
        ..ROW
    },
    Row {
        types: &["langgraph.state_shared"],
        kind: EventKind::PlanRevised,
        phase: Phase::Planning,
        whose: &["agentId", "from", "source"],
        fields: &[COORDINATION, FROM, TARGET],
        ..ROW
    },
    Row {
        types: &["orchestration.routing.fallback"],
        kind: EventKind::Reroute,
        fields: &[REQUEST, AGENT, REASON],
        ..ROW
    },
    Row {
        types: &["langgraph.agent_handoff"],
        kind: EventKind::Reroute,
        whose: &["agentId", "from", "source"],
        fields: &[COORDINATION, FROM, TARGET, REASON],
        ..ROW
    },
    Row {
        types: &["orchestration.task.created", "orchestration.task.started"],
        fields: &[TASK, number(&["attempt"], "attempt")],
        ..ROW
    },
    Row {
        types: &["orchestration.coordination.started"],
        fields: &[text(&["runId"], To::Label("run_id")), STRATEGY, count(&["participants"], "agents")],
        ..ROW
    },
    Row {
        types: &["agent_coordination_started"],
        whose: &["masterAgentId", "agentId"],
        fields: &[PLAN, STRATEGY, count(&["coordinatedAgents"], "agents"), ESTIMATE],
        ..ROW
    },
    Row {
        types: &["orchestration.task.completed"],
        kind: EventKind::RunFinished,
        phase: Phase::Completion,
        fields: &[TASK, DURATION, status("success")],
        ..ROW
    },
    Row {
        types: &["orchestration.task.failed"],
        kind: EventKind::RunFinished,
        phase: Phase::Completion,
        fields: &[
            TASK,
            DURATION,
            status("error"),
            text(&["error"], To::Outcome("error_message")),
            Field { from: &["retryable"], take: Take::Switch, to: To::Outcome("retryable") },
        ],
        ..ROW
    },
    Row {
        types: &["langgraph.workflow_completed"],
        kind: EventKind::RunFinished,
        phase: Phase::Completion,
        whose: &["agentId", "source"],
        fields: &[COORDINATION, FROM, TARGET, DURATION, status("success")],
        ..ROW
    },
];

/// The row of a type, with or without the prefix of the bus.
#[must_use]
pub fn row(kind: &str) -> Option<&'static Row> {
    let bare = kind.strip_prefix("cortex.").unwrap_or(kind);
    let bare = bare.strip_prefix("mcp.").unwrap_or(bare);
    ROWS.iter().find(|row| row.types.contains(&bare))
}

#[cfg(test)]
mod tests {
    use super::{ROWS, row};

    #[test]
    fn every_type_stands_in_one_row_with_and_without_its_prefix() {
        let all: Vec<&str> = ROWS.iter().flat_map(|row| row.types.iter().copied()).collect();
        assert_eq!(all.len(), 18);
        for (index, kind) in all.iter().enumerate() {
            assert!(!all[..index].contains(kind), "{kind}");
            assert!(row(kind).is_some() && row(&format!("cortex.{kind}")).is_some(), "{kind}");
            assert!(row(&format!("cortex.mcp.{kind}")).is_some(), "{kind}");
            assert!(row(&format!("other.{kind}")).is_none() && row(&format!("{kind}.more")).is_none());
        }
        for kind in ["", "cortex.", "cortex.telemetry.agent.event", "cortex.health.check", "tool"] {
            assert!(row(kind).is_none(), "{kind}");
        }
    }
}
