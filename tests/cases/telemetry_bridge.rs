//! `brainwav telemetry bridge --stdin`: what becomes of the envelopes of a bus.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::bus::{append, bridge_queue, bridge_stream, envelope, plan, plans, spooled, text};
use crate::support::{Output, TestEnv, wait_until};

/// Each type with what it becomes.
const TYPES: &[(&str, &str)] = &[
    ("cortex.mcp.tool.execution.started", "tool_invoked/execution"),
    ("cortex.mcp.tool.execution.completed", "tool_result/execution"),
    ("tool.execution.started", "tool_invoked/execution"),
    ("cortex.tool.execution.completed", "tool_result/execution"),
    ("orchestration.plan.created", "plan_created/planning"),
    ("orchestration.routing.plan", "plan_created/planning"),
    ("orchestration.plan.updated", "plan_revised/planning"),
    ("orchestration.routing.decision", "plan_revised/planning"),
    ("schedule_adjusted", "plan_revised/planning"),
    ("langgraph.state_shared", "plan_revised/planning"),
    ("orchestration.routing.fallback", "reroute/execution"),
    ("cortex.langgraph.agent_handoff", "reroute/execution"),
    ("orchestration.task.created", "run_started/execution"),
    ("orchestration.task.started", "run_started/execution"),
    ("orchestration.coordination.started", "run_started/execution"),
    ("agent_coordination_started", "run_started/execution"),
    ("orchestration.task.completed", "run_finished/completion"),
    ("cortex.orchestration.task.failed", "run_finished/completion"),
    ("langgraph.workflow_completed", "run_finished/completion"),
];

fn lines(envelopes: &[Value]) -> String {
    envelopes.iter().map(|envelope| format!("{envelope}\n")).collect()
}

#[test]
fn a_dry_run_ends_when_nobody_reads_on() {
    let env = TestEnv::new();
    append(&env, &plans(0..2000));
    for arguments in [&["--stdin", "-n"][..], &["--queue", "default", "-n"]] {
        let mut command = env.command(&[&["telemetry", "bridge"], arguments].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        drop(child.stdout.take());
        wait_until("it ends", || {
            let _ = stdin.write_all(plan("1").as_bytes());
            child.try_wait().unwrap().is_some()
        });
        let output = Output::from(child.wait_with_output().unwrap()).expect_code(0);
        assert_eq!(output.stderr, "", "nothing is said of what nobody got");
    }
}

#[test]
fn every_type_becomes_its_event_from_both_forms_of_an_envelope() {
    let env = TestEnv::new();
    let mut input = Vec::new();
    for (index, (kind, _)) in TYPES.iter().enumerate() {
        let mut envelope = envelope(&format!("e{index}"), kind, &json!({"agentId": "a"}));
        envelope["correlationId"] = json!("c");
        input.push(envelope.clone());
        // As a CloudEvent.
        for name in ["correlationId", "ttlMs", "headers"] {
            envelope.as_object_mut().unwrap().remove(name);
        }
        envelope["correlationid"] = json!("c");
        input.push(envelope);
    }
    let report = bridge_stream(&env, &["--stdin", "--json"], lines(&input).as_bytes()).expect_code(0).json();
    assert_eq!(report["schema"], "brainwav.telemetry-bridge/1");
    assert_eq!((&report["source"], &report["mapped"]), (&json!("stdin"), &json!(2 * TYPES.len())));
    let events = spooled(&env);
    assert_eq!(events.len(), 2 * TYPES.len());
    for (pair, (kind, expected)) in events.chunks(2).zip(TYPES) {
        let data = &pair[0]["data"];
        assert_eq!(format!("{}/{}", text(&data["event"]), text(&data["phase"])), *expected, "{kind}");
        assert_eq!((&data["agentId"], &data["correlationId"]), (&json!("a"), &json!("c")), "{kind}");
        assert_eq!(data["timestamp"], "2026-01-01T00:00:09Z", "{kind}");
        assert_eq!(pair[0], pair[1], "both forms say the same, under the same id");
        assert_eq!(pair[0]["type"], "cortex.telemetry.agent.event");
    }
}

fn call(number: u32, end: &Value) -> [Value; 2] {
    let (call, digest) =
        (format!("00000000-0000-4000-8000-{number:012}"), "sha256:".to_owned() + &"ab".repeat(32));
    let start = json!({"tool": "search", "correlationId": call, "startedAt": "2026-01-01T00:00:00Z",
        "session": "session-1", "inputDigest": digest});
    let mut end = end.clone();
    end["tool"] = json!("search");
    end["correlationId"] = json!(call);
    end["finishedAt"] = json!("2026-01-01T00:00:01Z");
    [
        envelope(&format!("s{number}"), "cortex.mcp.tool.execution.started", &start),
        envelope(&format!("f{number}"), "cortex.mcp.tool.execution.completed", &end),
    ]
}

#[test]
fn the_end_of_a_call_is_joined_with_its_start_and_tells_what_came_of_it() {
    let env = TestEnv::new();
    let statuses = ["success", "error", "rate_limited", "forbidden", "validation_failed"];
    let mut input: Vec<Value> = Vec::new();
    for (number, status) in (0..).zip(statuses) {
        input.extend(call(number, &json!({"durationMs": 12, "status": status, "errorCode": "E1"})));
    }
    // The end of a call that nobody saw begin.
    input.extend_from_slice(&call(77, &json!({"status": "success"}))[1..]);
    let report = bridge_stream(&env, &["--stdin", "--json"], lines(&input).as_bytes()).expect_code(0).json();
    assert_eq!(
        (&report["joined"], &report["unjoined"], &report["open_calls"]),
        (&json!(5), &json!(1), &json!(0))
    );
    let events = spooled(&env);
    for (pair, status) in events.chunks(2).zip(statuses) {
        let (start, end) = (&pair[0]["data"], &pair[1]["data"]);
        assert_eq!(start["labels"], end["labels"], "the same tool, call, session and digest");
        assert_eq!(end["labels"]["session"], "session-1");
        assert_eq!(
            (&start["correlationId"], &start["timestamp"]),
            (&end["correlationId"], &json!("2026-01-01T00:00:00Z"))
        );
        assert_eq!(end["metrics"], json!({"duration_ms": 12}));
        assert_eq!(end["outcome"], json!({"status": status, "error_code": "E1"}));
    }
    let alone = &events[10]["data"]["labels"];
    assert_eq!((&alone["tool"], &alone["session"]), (&json!("search"), &Value::Null));
}

/// Every file below the state folder as text.
fn all_that_is_kept(env: &TestEnv) -> String {
    let folder = env.state().join("telemetry");
    TestEnv::file_names(&folder).iter().map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect()
}

const SECRET: &str = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";

/// Envelopes with what must not be seen in every place where somebody could put it.
fn private_lines() -> String {
    let said = json!({"deep": [{"text": "canary-said"}], "password": "canary-said"});
    let error = format!("no access with {SECRET}");
    let table = [
        ("orchestration.task.created", json!({"taskId": "t", "input": "canary-said", "metadata": said})),
        ("orchestration.task.completed", json!({"taskId": "t", "result": said})),
        ("orchestration.task.failed", json!({"taskId": "t", "error": error})),
        (
            "orchestration.plan.created",
            json!({"planId": "p", "summary": "canary-said", "steps": ["canary-said"]}),
        ),
        ("orchestration.plan.updated", json!({"planId": SECRET, "changes": ["canary-said"]})),
        ("orchestration.routing.fallback", json!({"agent": "ann@example.com", "reason": error})),
        ("langgraph.state_shared", json!({"source": "a", "payload": {"state": said}})),
        ("tool_layer_invoked", json!({"toolsInvoked": [{"toolName": "t", "parameters": said}]})),
        (
            "tool.execution.started",
            json!({"tool": SECRET, "correlationId": "c", "session": SECRET, "input": said}),
        ),
        (&format!("custom.{SECRET}"), json!({"input": "canary-said"})),
    ];
    let line =
        |(kind, data): &(&str, Value)| format!("{}\n", envelope(&format!("{kind}-{SECRET}"), kind, data));
    let lines: String = table.iter().map(line).collect();
    format!("{lines}{{\"torn\": \"canary-said {SECRET}\n")
}

#[test]
fn neither_what_was_said_nor_a_secret_is_kept_or_shown() {
    let env = TestEnv::new();
    let input = private_lines();
    append(&env, &input);
    let outputs: [Output; 3] = [
        bridge_stream(&env, &["--stdin", "-n"], input.as_bytes()).expect_code(1),
        bridge_stream(&env, &["--stdin", "--json"], input.as_bytes()).expect_code(1),
        bridge_queue(&env, &["-v"]).expect_code(1),
    ];
    let kept = all_that_is_kept(&env);
    assert_eq!(spooled(&env).len(), 18);
    assert!(kept.contains("\"starts\":[{"), "the call that has not finished is kept");
    for shown in outputs.iter().flat_map(|output| [&output.stdout, &output.stderr]).chain([&kept]) {
        for word in ["canary-said", "ghp_", "ann@example"] {
            assert!(!shown.contains(word), "{word}: {shown}");
        }
    }
    assert!(outputs[2].stderr.contains("custom.[brAInwav-REDACTED]"), "{}", outputs[2].stderr);
}

#[test]
fn what_is_no_envelope_is_told_with_its_line_and_what_is_unknown_is_counted() {
    let env = TestEnv::new();
    let unknown = |kind: &str| format!("{}\n", envelope("u", kind, &json!({})));
    let input = [
        plan("1").as_bytes(),
        b"no json\n\n\xff\xfe\n[1]\n",
        unknown("cortex.health.check").as_bytes(),
        unknown("cortex.health.check").as_bytes(),
        b"{\"id\":\"i\",\"type\":\"tool_layer_invoked\",\"data\":{}}\n",
        plan("2").trim_end().as_bytes(),
    ]
    .concat();
    let output = bridge_stream(&env, &["--stdin"], &input).expect_code(1);
    for line in
        ["line 2: it is no JSON", "line 4: it is no JSON", "line 5: it is no envelope", "line 8: its data"]
    {
        assert!(output.stderr.contains(line), "{line}\n{}", output.stderr);
    }
    assert!(
        output.stdout.starts_with("brAInwav telemetry bridge: 2 events of 8 envelopes"),
        "{}",
        output.stdout
    );
    let report = bridge_stream(&env, &["--stdin", "--json", "-q"], &input).expect_code(1).json();
    let numbers =
        ["lines", "mapped", "events", "unknown", "damaged"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(numbers, [8, 2, 2, 2, 4]);
    assert_eq!(report["unknown_types"], json!({"cortex.health.check": 2}));
    assert_eq!(report["damaged_lines"][2], json!({"line": 5, "reason": "it is no envelope"}));
    assert_eq!(report["exit_code"], 1);
    let many = "broken\n".repeat(1000);
    let output = bridge_stream(&env, &["--stdin"], many.as_bytes()).expect_code(1);
    assert_eq!(output.stderr.lines().count(), 21, "{}", output.stderr);
    let output = bridge_stream(&env, &["--stdin"], unknown("a.b").as_bytes()).expect_code(0);
    assert_eq!(output.stderr, "");
}

#[test]
fn a_dry_run_shows_what_would_be_kept_and_leaves_everything_as_it_was() {
    let env = TestEnv::new();
    append(&env, &plans(0..3));
    let shown = bridge_queue(&env, &["-n"]).expect_code(0);
    assert!(shown.stderr.contains("would keep 3 events of 3 envelopes"), "{}", shown.stderr);
    assert!(!env.state().exists());
    let _ = bridge_queue(&env, &[]).expect_code(0);
    let kept: String = spooled(&env).iter().map(|envelope| format!("{envelope}\n")).collect();
    assert_eq!(shown.stdout, kept, "ids and all");
    append(&env, &plan("3"));
    for _ in 0..2 {
        assert_eq!(bridge_queue(&env, &["-n"]).expect_code(0).stdout.lines().count(), 1);
    }
    assert_eq!(bridge_queue(&env, &["--json"]).expect_code(0).json()["events"], 1);
}

#[test]
fn an_event_keeps_its_own_trace_and_names_its_cause() {
    let env = TestEnv::new();
    let (ours, theirs) = (
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-11111111111111111111111111111111-2222222222222222-01",
    );
    let mut traced = envelope("e1", "orchestration.task.started", &json!({}));
    traced["traceparent"] = json!(theirs);
    fs::write(env.path("input"), lines(&[traced, envelope("e2", "orchestration.task.started", &json!({}))]))
        .unwrap();
    let mut command = env.command(&["telemetry", "bridge", "--stdin"]);
    command.env("TRACEPARENT", ours).stdin(fs::File::open(env.path("input")).unwrap());
    let _ = Output::of(command).expect_code(0);
    let events = spooled(&env);
    assert_eq!((&events[0]["traceparent"], &events[0]["causationid"]), (&json!(theirs), &json!("e1")));
    assert!(!text(&events[1]["traceparent"]).contains(&ours[3..35]), "it happened in another trace");
}

#[test]
fn what_was_emitted_by_ourselves_does_not_come_back() {
    let env = TestEnv::new();
    env.write_config("[[telemetry.sink]]\ntype = \"queue\"\n");
    let _ = env.run(&["telemetry", "emit"]).expect_code(0);
    append(&env, &plan("1"));
    for expected in [1, 0, 0] {
        let _ = env.run(&["telemetry", "flush"]).expect_code(0);
        let report = bridge_queue(&env, &["--json"]).expect_code(0).json();
        assert_eq!(report["events"], expected, "{report}");
    }
    assert_eq!(bridge_queue(&env, &["--json"]).expect_code(0).json()["lines"], 0);
}

#[test]
fn wrong_use_is_told_before_anything_is_read() {
    let table: &[(&[&str], i32, &str)] = &[
        (&[], 2, "--stdin|--queue"),
        (&["--stdin", "--queue", "default"], 2, "cannot be used with"),
        (&["--stdin", "--follow"], 2, "cannot be used with"),
        (&["--queue", "default", "--follow", "-n"], 2, "cannot be used with"),
        (&["--queue", "../default"], 2, "no name of a queue"),
        (&["--queue", ""], 2, "no name of a queue"),
        (&["--queue", "other"], 4, "no such folder"),
    ];
    for (arguments, code, expected) in table {
        let env = TestEnv::new();
        append(&env, &plan("1"));
        let output = env.run(&[&["telemetry", "bridge"], *arguments].concat()).expect_code(*code);
        assert!(output.stderr.contains(expected), "{arguments:?}: {}", output.stderr);
        assert!(!env.state().exists(), "{arguments:?}");
    }
    let env = TestEnv::new();
    let mut command = env.command(&["telemetry", "bridge", "--stdin"]);
    command.env("CORTEX_TELEMETRY_TOPIC", "other");
    let output = Output::of(command).expect_code(2);
    assert!(output.stderr.contains("access list"), "{}", output.stderr);
}
