use serde_json::{Map, Value, json};

use super::super::received::Received;
use super::super::starts::Start;
use super::{Bridged, Derived, MOST_EVENTS, bridged, derived_id};
use crate::core::telemetry::event::Draft;
use crate::core::telemetry::uuid::is_uuid;

fn received(kind: &str, data: &Value) -> Received {
    let envelope = json!({
        "id": "e1", "type": kind, "source": "urn:bus", "specversion": "1.0", "time": "2026-01-01T00:00:09Z",
        "correlationId": "run-1", "data": data,
    });
    Received::read(envelope.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn derived(kind: &str, data: &Value) -> Derived {
    match bridged(&received(kind, data)).unwrap() {
        Bridged::Events(derived) => derived,
        other => panic!("{kind}: {other:?}"),
    }
}

/// An event as `event/phase`, and its labels, metrics and outcome.
fn shown(event: &Draft) -> (String, Value) {
    let word = format!("{}/{}", event.kind.unwrap().word(), event.phase.unwrap().word());
    let part = |part: &Option<Map<String, Value>>| json!(part);
    (word, json!([part(&event.labels), part(&event.metrics), part(&event.outcome)]))
}

/// Type, data, event and phase, and its labels, metrics and outcome.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        "cortex.mcp.tool.execution.started",
        r#"{"tool": "search", "correlationId": "c", "startedAt": "2026-01-01T00:00:00Z", "session": "s", "inputDigest": "sha256:ab", "input": "SECRET"}"#,
        "tool_invoked/execution",
        r#"[{"tool": "search", "call_id": "c", "session": "s", "input_digest": "sha256:ab"}, null, null]"#,
    ),
    (
        "tool.execution.completed",
        r#"{"tool": "search", "correlationId": "c", "finishedAt": "2026-01-01T00:00:01Z", "durationMs": 12.5, "status": "rate_limited", "resultSource": "cache", "errorCode": "E1", "errorMessage": "slow down"}"#,
        "tool_result/execution",
        r#"[{"tool": "search", "call_id": "c", "result_source": "cache"}, {"duration_ms": 12.5}, {"status": "rate_limited", "error_code": "E1", "error_message": "slow down"}]"#,
    ),
    (
        "orchestration.plan.created",
        r#"{"planId": "p", "summary": "SECRET", "steps": ["SECRET", "b"]}"#,
        "plan_created/planning",
        r#"[{"plan_id": "p"}, {"steps": 2}, null]"#,
    ),
    (
        "cortex.orchestration.routing.plan",
        r#"{"requestId": "r", "planId": "p", "agent": "a", "strategy": "fast"}"#,
        "plan_created/planning",
        r#"[{"plan_id": "p", "request_id": "r", "agent": "a", "strategy": "fast"}, null, null]"#,
    ),
    (
        "orchestration.plan.updated",
        r#"{"planId": "p", "changes": ["SECRET"]}"#,
        "plan_revised/planning",
        r#"[{"plan_id": "p"}, {"changes": 1}, null]"#,
    ),
    (
        "orchestration.routing.decision",
        r#"{"requestId": "r", "agent": "a", "reason": "cheaper", "confidence": 0.5}"#,
        "plan_revised/planning",
        r#"[{"request_id": "r", "agent": "a"}, {"confidence": 0.5}, {"reason": "cheaper"}]"#,
    ),
    (
        "schedule_adjusted",
        r#"{"planId": "p", "scheduleId": "s", "adjustmentType": "agent_reallocation", "adjustmentReason": "load", "newSchedule": {"totalAgents": 4}}"#,
        "plan_revised/planning",
        r#"[{"plan_id": "p", "schedule_id": "s", "adjustment": "agent_reallocation"}, {"agents": 4}, {"reason": "load"}]"#,
    ),
    (
        "langgraph.state_shared",
        r#"{"source": "a", "target": "b", "coordinationId": "k", "payload": {"state": "SECRET"}}"#,
        "plan_revised/planning",
        r#"[{"coordination_id": "k", "from": "a", "to": "b"}, null, null]"#,
    ),
    (
        "orchestration.routing.fallback",
        r#"{"requestId": "r", "agent": "b", "reason": "timeout"}"#,
        "reroute/execution",
        r#"[{"request_id": "r", "agent": "b"}, null, {"reason": "timeout"}]"#,
    ),
    (
        "langgraph.agent_handoff",
        r#"{"source": "a", "target": "b", "coordinationId": "k", "payload": {"reason": "done", "input": "SECRET"}}"#,
        "reroute/execution",
        r#"[{"coordination_id": "k", "from": "a", "to": "b"}, null, {"reason": "done"}]"#,
    ),
    (
        "orchestration.task.created",
        r#"{"taskId": "t", "input": "SECRET", "metadata": {"a": "SECRET"}}"#,
        "run_started/execution",
        r#"[{"task_id": "t"}, null, null]"#,
    ),
    (
        "orchestration.task.started",
        r#"{"taskId": "t", "attempt": 2}"#,
        "run_started/execution",
        r#"[{"task_id": "t"}, {"attempt": 2}, null]"#,
    ),
    (
        "orchestration.coordination.started",
        r#"{"runId": "r", "strategy": "parallel", "participants": ["a", "b", "c"]}"#,
        "run_started/execution",
        r#"[{"run_id": "r", "strategy": "parallel"}, {"agents": 3}, null]"#,
    ),
    (
        "agent_coordination_started",
        r#"{"planId": "p", "masterAgentId": "m", "coordinationStrategy": "hierarchical", "coordinatedAgents": [{"agentId": "a", "assignedTasks": ["SECRET"]}], "estimatedDuration": 100}"#,
        "run_started/execution",
        r#"[{"plan_id": "p", "strategy": "hierarchical"}, {"agents": 1, "estimated_duration_ms": 100}, null]"#,
    ),
    (
        "orchestration.task.completed",
        r#"{"taskId": "t", "result": {"text": "SECRET"}, "durationMs": 3}"#,
        "run_finished/completion",
        r#"[{"task_id": "t"}, {"duration_ms": 3}, {"status": "success"}]"#,
    ),
    (
        "orchestration.task.failed",
        r#"{"taskId": "t", "error": "broken", "retryable": true}"#,
        "run_finished/completion",
        r#"[{"task_id": "t"}, null, {"status": "error", "error_message": "broken", "retryable": true}]"#,
    ),
    (
        "langgraph.workflow_completed",
        r#"{"source": "svc", "target": "w", "coordinationId": "k", "payload": {"result": "SECRET"}}"#,
        "run_finished/completion",
        r#"[{"coordination_id": "k", "from": "svc", "to": "w"}, null, {"status": "success"}]"#,
    ),
];

#[test]
fn every_row_makes_its_event_and_takes_no_content_along() {
    for (kind, data, word, expected) in CASES {
        let [data, expected]: [Value; 2] = [data, expected].map(|text| serde_json::from_str(text).unwrap());
        let found = derived(kind, &data);
        let [event] = &found.events[..] else { panic!("{kind}: one event") };
        assert_eq!(shown(event), ((*word).to_owned(), expected), "{kind}");
        assert!(!format!("{found:?}").contains("SECRET"), "{kind}");
        assert_eq!(event.correlation_id.as_deref(), Some("run-1"), "{kind}");
        // And one that says nothing at all is an event all the same.
        let bare = derived(kind, &json!({}));
        assert_eq!((bare.events[0].kind, bare.events[0].phase), (event.kind, event.phase), "{kind}");
    }
}

#[test]
fn a_layer_of_tools_is_one_event_for_each() {
    let tool =
        |name: &str| json!({"toolName": name, "parameters": {"path": "SECRET"}, "estimatedDuration": 7});
    let data = json!({"invocationId": "i", "agentId": "a", "toolLayer": "execution",
        "toolsInvoked": [tool("read"), tool("write"), 7], "invocationContext": {"taskId": "t"}});
    let found = derived("tool_layer_invoked", &data);
    let names: Vec<Option<&Value>> =
        found.events.iter().map(|event| event.labels.as_ref().unwrap().get("tool")).collect();
    assert_eq!(names, [Some(&json!("read")), Some(&json!("write")), None]);
    let (word, parts) = shown(&found.events[0]);
    assert_eq!(word, "tool_invoked/execution");
    let labels = json!({"tool": "read", "call_id": "i", "layer": "execution", "task_id": "t"});
    assert_eq!(parts, json!([labels, {"estimated_duration_ms": 7}, null]));
    assert!(!format!("{found:?}").contains("SECRET"));
    let many =
        |count: usize| bridged(&received("tool_layer_invoked", &json!({"toolsInvoked": vec![0; count]})));
    assert!(many(0).is_ok() && many(MOST_EVENTS).is_ok() && many(MOST_EVENTS + 1).is_err());
    for wrong in [json!({}), json!({"toolsInvoked": "read"})] {
        assert!(bridged(&received("tool_layer_invoked", &wrong)).is_err());
    }
}

#[test]
fn the_moment_the_agent_and_the_correlation_come_from_where_they_are_said_best() {
    let event = |kind: &str, data: &Value| derived(kind, data).events.remove(0);
    let at = |kind: &str, data: &Value| event(kind, data).timestamp.unwrap();
    assert_eq!(
        at("tool.execution.started", &json!({"startedAt": "2026-01-01T01:00:00+01:00"})),
        "2026-01-01T00:00:00Z"
    );
    assert_eq!(
        at("tool.execution.completed", &json!({"finishedAt": "2026-01-01T00:00:05Z"})),
        "2026-01-01T00:00:05Z"
    );
    assert_eq!(
        at("schedule_adjusted", &json!({"timestamp": "2026-01-01T00:00:06Z"})),
        "2026-01-01T00:00:06Z"
    );
    assert_eq!(at("tool.execution.started", &json!({"startedAt": "soon"})), "2026-01-01T00:00:09Z");
    let whose = |kind: &str, data: &Value| event(kind, data).agent_id.unwrap();
    assert_eq!(whose("orchestration.task.started", &json!({"agentId": "a"})), "a");
    assert_eq!(whose("agent_coordination_started", &json!({"masterAgentId": "m"})), "m");
    assert_eq!(whose("langgraph.agent_handoff", &json!({"source": "s"})), "s");
    assert_eq!(whose("orchestration.task.started", &json!({})), "urn:bus");
    let mut envelope = received("orchestration.task.started", &json!({"taskId": "t"}));
    envelope.subject = Some("planner".to_owned());
    envelope.correlation_id = None;
    let Ok(Bridged::Events(found)) = bridged(&envelope) else { panic!("an event") };
    assert_eq!(found.events[0].agent_id.as_deref(), Some("planner"));
    assert_eq!(found.events[0].correlation_id.as_deref(), Some("t"));
    envelope.data.clear();
    let Ok(Bridged::Events(found)) = bridged(&envelope) else { panic!("an event") };
    assert_eq!(found.events[0].correlation_id.as_deref(), Some("brAInwav-e1"));
}

#[test]
fn an_end_takes_along_what_its_start_said() {
    let started = json!({"tool": "search", "correlationId": "c", "session": "s", "inputDigest": "d"});
    let (call, start) = derived("tool.execution.started", &started).start.unwrap();
    let mut end = derived("tool.execution.completed", &json!({"correlationId": "c", "tool": "other"}));
    assert_eq!((end.end.as_deref(), call.as_str()), (Some("c"), "c"));
    end.join(start);
    let labels = json!({"tool": "other", "call_id": "c", "session": "s", "input_digest": "d"});
    assert_eq!(json!(end.events[0].labels), labels);
    let mut bare = derived("tool.execution.completed", &json!({}));
    assert_eq!(bare.end.as_deref(), Some("run-1"), "the envelope says it too");
    bare.join(Start::default());
    assert_eq!(json!(bare.events[0].labels), json!({}));
}

#[test]
fn what_is_an_event_already_and_what_nobody_knows_becomes_nothing() {
    let agent = json!({"timestamp": "t", "agentId": "a", "phase": "p", "event": "e", "correlationId": "c"});
    for kind in ["cortex.telemetry.agent.event", "cortex.mcp.tool.execution.started"] {
        assert_eq!(bridged(&received(kind, &agent)), Ok(Bridged::Agent));
    }
    for kind in ["cortex.health.check", "tool.execution", "orchestration.task.paused"] {
        assert_eq!(bridged(&received(kind, &json!({}))), Ok(Bridged::Unknown), "{kind}");
    }
}

#[test]
fn an_id_follows_from_source_id_and_position() {
    let one = received("schedule_adjusted", &json!({}));
    let id = derived_id(&one, 0);
    assert!(is_uuid(&id) && id.as_bytes()[14] == b'8', "{id}");
    assert_eq!(id, derived_id(&received("schedule_adjusted", &json!({"more": 1})), 0));
    assert_ne!(id, derived_id(&one, 1));
    let shifted = Received { source: Some("urn:buse".to_owned()), id: "1".to_owned(), ..one };
    assert_ne!(id, derived_id(&shifted, 0));
}
