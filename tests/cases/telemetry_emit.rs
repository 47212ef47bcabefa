//! `brainwav telemetry emit`: what is kept, and what is refused.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::spool;
use crate::support::spool::{envelopes as spooled, lines};
use crate::support::{Output, TestEnv, not_tested, unshare, wait_until};

/// Runs `telemetry emit` with this on stdin.
fn emit_stream(env: &TestEnv, arguments: &[&str], text: &[u8]) -> Output {
    let input = env.path("input");
    fs::write(&input, text).unwrap();
    let mut command = env.command(&[&["telemetry", "emit"], arguments].concat());
    command.stdin(fs::File::open(input).unwrap());
    Output::of(command)
}

fn emit(env: &TestEnv, arguments: &[&str]) -> Output {
    emit_stream(env, arguments, b"")
}

#[test]
fn what_nobody_said_has_the_defaults_of_the_original() {
    let env = TestEnv::new();
    let output = emit(&env, &[]).expect_code(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let [envelope] = &spooled(&env)[..] else { panic!("one event") };
    let data = &envelope["data"];
    assert_eq!(data["agentId"], "brAInwav-unknown-agent");
    assert_eq!((&data["phase"], &data["event"]), (&json!("execution"), &json!("run_started")));
    assert!(data["correlationId"].as_str().unwrap().starts_with("brAInwav-"));
    assert!(data["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(data["labels"], json!({"brAInwav": "privacy-redacted"}));
    assert_eq!(envelope["type"], "cortex.telemetry.agent.event");
    assert_eq!(envelope["source"], "urn:cortex-os:runtime");
    assert_eq!(
        (&envelope["specversion"], &envelope["correlationid"]),
        (&json!("1.0"), &data["correlationId"])
    );
}

#[test]
fn flags_and_documents_say_the_same_and_secrets_are_not_kept() {
    let env = TestEnv::new();
    let flags = "--event tool_result --phase completion --agent-id a --correlation-id c --timestamp \
                 2026-01-01T01:00:00+01:00 --label tool=search --label password=hunter22 --metric ms=12 --metric x=-0.5 \
                 --outcome status=ok --outcome code=0";
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let output = emit(&env, &[&flags[..], &["--json"]].concat()).expect_code(0).json();
    assert_eq!((&output["schema"], &output["spooled"]), (&json!("brainwav.telemetry-emit/1"), &json!(1)));
    assert_eq!(output["correlation_id"], "c");
    let document = r#"{"event":"tool_result","phase":"completion","timestamp":"2026-01-01T00:00:00Z",
        "labels":{"tool":"search","password":"hunter22"},"metrics":{"ms":12,"x":-0.5},
        "outcome":{"status":"ok","code":0}}"#;
    let names = ["--agent-id", "a", "--correlation-id", "c"];
    emit(&env, &[&["--json-event", document][..], &names].concat()).expect_code(0).stdout.clear();
    emit_stream(&env, &[&["--json-event", "-"][..], &names].concat(), document.as_bytes())
        .expect_code(0)
        .stdout
        .clear();
    let line = document.replace('\n', " ");
    emit_stream(&env, &[&["--stdin"][..], &names].concat(), line.as_bytes()).expect_code(0).stdout.clear();
    let all = spooled(&env);
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|envelope| envelope["data"] == all[0]["data"]), "{all:?}");
    assert_eq!(output["id"], all[0]["id"]);
    assert_eq!(all[0]["data"]["labels"]["password"], "[brAInwav-REDACTED]");
    assert_eq!(all[0]["data"]["metrics"], json!({"ms": 12, "x": -0.5}));
    assert_eq!(all[0]["data"]["outcome"], json!({"status": "ok", "code": 0}));
    assert_eq!(all[0]["data"]["timestamp"], "2026-01-01T00:00:00Z");
}

#[test]
fn a_wrong_event_is_refused_with_the_field_the_value_and_what_is_allowed() {
    let table: &[(&[&str], &[&str])] = &[
        (
            &["--phase", "orchestration-run"],
            &["phase", "orchestration-run", "planning, execution, completion"],
        ),
        (&["--event", "done"], &["event", "done", "run_started", "tool_result"]),
        (&["--agent-id", ""], &["agentId", "at least one character"]),
        (&["--correlation-id", "a\u{7}b"], &["correlationId", "\\u{7}", "without control characters"]),
        (&["--correlation-id", ""], &["correlationId", "at least one character"]),
        (&["--timestamp", "yesterday"], &["timestamp", "yesterday"]),
        (&["--label", "tool"], &["--label", "KEY=VALUE"]),
        (&["--metric", "ms=fast"], &["--metric ms", "fast", "a number"]),
        (&["--label", "a=1", "--label", "a=2"], &["--label a", "twice"]),
        (&["--json-event", "{\"phase\":1,\"x\":2}"], &["phase", "x: unknown field"]),
        (&["--json-event", "[]"], &["found a list"]),
        (&["--json-event", "{"], &["no JSON"]),
        (&["--json-event", "{\"labels\":\"password=hunter22\"}"], &["labels", "[brAInwav-REDACTED]"]),
        (&["--topic", "other"], &["other", "access list"]),
        (&["--durability", "much"], &["--durability"]),
    ];
    for (arguments, expected) in table {
        let env = TestEnv::new();
        let output = emit(&env, arguments).expect_code(2);
        for word in *expected {
            assert!(output.stderr.contains(word), "{arguments:?}: {word}\n{}", output.stderr);
        }
        assert!(!output.stderr.contains("hunter22"), "{}", output.stderr);
        assert!(!spool::folder(&env).join("segment-0000000001.ndjson").exists(), "{arguments:?}");
    }
}

#[test]
fn a_line_that_is_no_event_does_not_stop_the_others() {
    let env = TestEnv::new();
    let text = b"{\"agentId\":\"a\"}\n\nno json\n{\"phase\":\"x\"}\n\xff\xfe\n{\"agentId\":\"b\"}";
    let output = emit_stream(&env, &["--stdin"], text).expect_code(1);
    for line in [
        "line 3: event: it is no JSON",
        "line 4: phase: found \"x\"",
        "line 5: ",
        "spooled 2 events, refused 3 lines",
    ] {
        assert!(output.stderr.contains(line), "{line}\n{}", output.stderr);
    }
    let agents: Vec<Value> =
        spooled(&env).iter().map(|envelope| envelope["data"]["agentId"].clone()).collect();
    assert_eq!(agents, ["a", "b"]);
    let output = emit_stream(&env, &["--stdin", "--json"], text).expect_code(1).json();
    assert_eq!((&output["spooled"], &output["refused"]), (&json!(2), &json!(3)));
}

#[test]
fn a_dry_run_shows_the_envelope_and_keeps_nothing() {
    let env = TestEnv::new();
    let output = emit(&env, &["-n", "--label", "user=ann@example.com"]).expect_code(0);
    let envelope = output.json();
    assert_eq!(envelope["data"]["labels"]["user"], "[brAInwav-REDACTED]");
    let output = emit_stream(&env, &["--stdin", "-n"], b"{}\n{}\n").expect_code(0);
    assert_eq!(output.stdout.lines().count(), 2);
    assert!(!env.state().exists());
}

#[test]
fn the_context_of_a_trace_is_taken_from_the_environment() {
    let env = TestEnv::new();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut command = env.command(&["telemetry", "emit", "-n"]);
    command
        .env("TRACEPARENT", parent)
        .env("TRACESTATE", "a=b")
        .env("CORTEX_TELEMETRY_TOPIC", "cortex.mcp.event");
    let envelope = Output::of(command).expect_code(0).json();
    assert_eq!((&envelope["traceparent"], &envelope["tracestate"]), (&json!(parent), &json!("a=b")));
    assert_eq!(envelope["type"], "cortex.mcp.event");
}

#[test]
fn a_full_spool_refuses_and_drops_nothing() {
    let env = TestEnv::new();
    env.write_config("[telemetry]\nspool-size = \"1MiB\"\n");
    let lines = "{\"agentId\":\"a\"}\n".repeat(4000);
    let output = emit_stream(&env, &["--stdin", "--json"], lines.as_bytes()).expect_code(3);
    assert!(
        output.stderr.contains("is full") && output.stderr.contains("flush makes room"),
        "{}",
        output.stderr
    );
    let told = output.json()["spooled"].as_u64().unwrap();
    assert!((100..4000).contains(&told), "{told}");
    assert_eq!(spooled(&env).len() as u64, told);
}

#[test]
fn a_torn_tail_is_mended() {
    let env = TestEnv::new();
    emit(&env, &["--agent-id", "a"]).expect_code(0).stdout.clear();
    let segment = spool::folder(&env).join("segment-0000000001.ndjson");
    fs::OpenOptions::new().append(true).open(&segment).unwrap().write_all(b"{\"specversion\":\"1.").unwrap();
    emit(&env, &["--agent-id", "b"]).expect_code(0).stdout.clear();
    let agents: Vec<Value> =
        spooled(&env).iter().map(|envelope| envelope["data"]["agentId"].clone()).collect();
    assert_eq!(agents, ["a", "b"]);
    assert_eq!(lines(&env).len(), 3);
}

#[test]
fn on_a_full_disk_what_was_accepted_is_there_and_the_rest_is_refused() {
    let env = TestEnv::new();
    fs::create_dir(env.state()).unwrap();
    let Some(mut command) = unshare(&[]) else { return };
    let script = "mount -t tmpfs -o size=64k,mode=700 none \"$BRAINWAV_STATE_DIR\" || exit 9; n=0; \
        while [ $n -lt 200 ]; do \"$BRAINWAV\" telemetry emit --label \"n=number-$n\" 2>>errors || break; \
        echo \"number-$n\" >>accepted; n=$((n + 1)); done; \
        cat \"$BRAINWAV_STATE_DIR\"/telemetry/segment-* >kept";
    command.args(["sh", "-c", script]).current_dir(env.workspace()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", env.path("home"));
    command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
    Output::of(command).expect_code(0).stdout.clear();
    let read = |name: &str| fs::read_to_string(env.workspace().join(name)).unwrap();
    let kept: Vec<Value> =
        read("kept").lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect();
    let kept: Vec<&str> =
        kept.iter().filter_map(|envelope| envelope["data"]["labels"]["n"].as_str()).collect();
    assert_eq!(kept, read("accepted").lines().collect::<Vec<_>>());
    assert!((10..200).contains(&kept.len()), "{}", kept.len());
    assert!(read("errors").contains("cannot write to the spool"), "{}", read("errors"));
}

#[test]
fn whoever_asks_sees_what_is_kept_without_secrets() {
    for (word, expected) in [("1", 1), ("true", 1), ("0", 0), ("off", 0)] {
        let env = TestEnv::new();
        let label = ["--label", "password=hunter22"];
        fs::write(env.path("input"), "{}\n{}\n").unwrap();
        for (arguments, times) in [
            (&["emit", "--stdin"][..], 2),
            (&["emit"], 1),
            (&["phase", "start", "p"], 1),
            (&["phase", "finish", "p"], 1),
            (&["exec"], 2),
        ] {
            let behind: &[&str] = if arguments == ["exec"] { &["--", "true"] } else { &[] };
            let options: &[&str] = if arguments.contains(&"--stdin") { &[] } else { &label };
            let mut command = env.command(&[&["telemetry"], arguments, options, behind].concat());
            command.env("CORTEX_TELEMETRY_DEBUG", word).stdin(fs::File::open(env.path("input")).unwrap());
            let output = Output::of(command).expect_code(0);
            let shown = output.stderr.lines().filter(|line| line.starts_with("[brAInwav] spooled {\"spec"));
            assert_eq!(shown.count(), times * expected, "{arguments:?} {word}: {}", output.stderr);
            assert!(!output.stderr.contains("hunter22"), "{}", output.stderr);
        }
    }
}

/// A producer that pauses has its events in the spool meanwhile, and whoever watches sees how many.
#[test]
fn a_stream_shows_how_many_events_there_are_so_far() {
    if !Command::new("script").arg("--version").stdout(Stdio::null()).status().is_ok_and(|it| it.success()) {
        return not_tested("there is no script(1) to make a terminal");
    }
    let env = TestEnv::new();
    let pipe = env.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let line = format!("exec {} telemetry emit --stdin <{}", env!("CARGO_BIN_EXE_brainwav"), pipe.display());
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(env.workspace()).env_clear().env("TERM", "xterm");
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("SHELL", "/bin/sh").env("HOME", env.path("home"));
    command.env("BRAINWAV_STATE_DIR", env.state());
    let shown = fs::File::create(env.path("shown")).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(shown).spawn().unwrap();
    let mut producer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let is_shown = |text: &str| fs::read_to_string(env.path("shown")).unwrap().contains(text);
    let mut said = 0;
    for more in [3, 1000] {
        producer.write_all("{}\n".repeat(more).as_bytes()).unwrap();
        said += more;
        let expected = format!("{} events of stdin spooled", if said > 999 { "1,003" } else { "3" });
        wait_until(&expected, || is_shown(&expected));
    }
    assert_eq!(spooled(&env).len(), said);
    drop(producer);
    assert!(child.wait().unwrap().success());
    assert!(is_shown("spooled 1,003 events, refused 0 lines"));
}

#[test]
fn what_was_taken_out_is_told_by_class_and_never_what_it_was() {
    let env = TestEnv::new();
    let labels = ["--label", "to=ann@example.com", "--label", "pin=4711", "--label", "note=ben@example.com"];
    let output = emit(&env, &[&labels[..], &["--json"]].concat()).expect_code(0);
    assert_eq!(output.json()["redacted"], json!({"email": 2, "named-secret": 1}));
    assert_eq!(emit(&env, &["--json"]).expect_code(0).json()["redacted"], json!({}));
    for arguments in [&["-v"][..], &["-v", "-n"]] {
        let output = emit(&env, &[&labels[..], arguments].concat()).expect_code(0);
        assert!(output.stderr.contains("redacted 1 named-secret, 2 email\n"), "{}", output.stderr);
        assert!(!output.stderr.contains("4711") && !output.stderr.contains("example"), "{}", output.stderr);
    }
    assert!(!emit(&env, &labels).expect_code(0).stderr.contains("redacted"), "only on request");
    let text = b"{\"labels\":{\"pin\":1}}\n{\"labels\":{\"pin\":2}}\nno json\n";
    let output = emit_stream(&env, &["--stdin", "--json"], text).expect_code(1).json();
    assert_eq!(output["redacted"], json!({"named-secret": 2}));
    let output = emit_stream(&env, &["--stdin"], b"{}\nno json\n").expect_code(1);
    assert!(output.stderr.contains("spooled 1 event, refused 1 line\n"), "{}", output.stderr);
}
