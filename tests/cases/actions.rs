//! What `health --enforce`, `reap` and `prune-cache` tell about themselves, as it stands in the spool.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::cache::{left, turbo};
use crate::support::{Actor, Output, Script, TestEnv, spool, unshare, wait_until};

const SINK: &str = "[[telemetry.sink]]\ntype = \"file\"\npath = \"events.ndjson\"\n";

const OVER: &[&str] = &["health", "--enforce", "--json", "--max-memory", "1MiB", "--grace", "20s"];

/// Brings a cache of a test under its limit.
const PRUNE: &[&str] = &["prune-cache", "--json", "--max-size", "10KiB", "--min-age", "0s"];

fn with_sink(lines: &str) -> TestEnv {
    let env = TestEnv::new();
    env.write_config(&format!("{lines}{SINK}"));
    env
}

/// The events in the spool, none where there is no spool.
fn events(env: &TestEnv) -> Vec<Value> {
    if env.state().join("telemetry").exists() { spool::events(env) } else { Vec::new() }
}

/// The events of one kind about one process.
fn about(events: &[Value], kind: &str, pid: u32) -> Vec<Value> {
    let pid = pid.to_string();
    let is_it = |event: &&Value| event["event"] == kind && event["labels"]["pid"] == pid.as_str();
    events.iter().filter(is_it).cloned().collect()
}

#[test]
fn every_process_that_is_ended_is_told_before_and_afterwards() {
    let env = with_sink("");
    let script = "node_modules/vitest/vitest.mjs";
    let target = Actor::node(&env, script, &["run", "--token=hunter22"], Script::Family);
    let family = target.descendants();
    let output = env.run(OVER).expect_code(0);
    assert_eq!(output.outcome(target.pid()).as_deref(), Some("terminated"));
    let all = events(&env);
    let (invoked, results): (Vec<&Value>, Vec<&Value>) =
        all.iter().partition(|event| event["event"] == "tool_invoked");
    assert_eq!((invoked.len(), results.len()), (1 + family.len(), 1 + family.len()), "{all:?}");
    let expected =
        [("command", "health"), ("action", "end_process"), ("rule", "vitest"), ("class", "memory")];
    for pid in family.iter().copied().chain([target.pid()]) {
        for kind in ["tool_invoked", "tool_result"] {
            let [event] = &about(&all, kind, pid)[..] else { panic!("{kind} of {pid}: {all:?}") };
            for (label, text) in expected {
                assert_eq!(event["labels"][label], text, "{event}");
            }
            assert!(event["metrics"]["rss_bytes"].as_u64().unwrap() > 0, "{event}");
            assert_eq!(
                (&event["correlationId"], &event["agentId"]),
                (&all[0]["correlationId"], &json!("brAInwav-cli"))
            );
        }
        let result = &about(&all, "tool_result", pid)[0];
        let outcome = json!({"status": "success", "happened": "ended", "reason": "ended by SIGTERM"});
        assert_eq!(result["outcome"], outcome);
        assert!(result["metrics"]["duration_ms"].is_u64(), "{result}");
    }
    let text = format!("{all:?}");
    assert!(
        !text.contains("hunter22") && !text.contains("vitest.mjs") && !text.contains("REDACTED"),
        "{text}"
    );
}

#[test]
fn what_is_killed_and_what_is_refused_is_told_as_that() {
    let env = with_sink("");
    let stubborn = Actor::vitest(&env, Script::IgnoreTerminate);
    let other = Actor::vitest(&env, Script::Wait);
    let _refused = env.run(&[OVER, &["--max-batch", "1"]].concat()).expect_code(3);
    let [refused] = &events(&env)[..] else { panic!("one event: {:?}", events(&env)) };
    assert_eq!(
        (&refused["event"], &refused["outcome"]["status"]),
        (&json!("tool_result"), &json!("refused"))
    );
    let short = ["health", "--enforce", "--json", "--max-memory", "1MiB", "--grace", "300ms"];
    let _killed = env.run(&short).expect_code(0);
    let all = events(&env);
    let happened = |pid| about(&all, "tool_result", pid)[0]["outcome"]["happened"].clone();
    assert_eq!((happened(stubborn.pid()), happened(other.pid())), (json!("killed"), json!("ended")));
    let runs: std::collections::BTreeSet<&str> =
        all.iter().filter_map(|event| event["correlationId"].as_str()).collect();
    assert_eq!(runs.len(), 2, "one for each run");
}

#[test]
fn the_trace_of_the_caller_goes_on_and_its_agent_is_named() {
    let env = with_sink("[telemetry]\nagent-id = \"nightly\"\n");
    let _target = Actor::vitest(&env, Script::Wait);
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut command = env.command(OVER);
    command.env("TRACEPARENT", parent);
    let _ended = Output::of(command).expect_code(0);
    let all = spool::envelopes(&env);
    assert_eq!(all.len(), 2);
    for envelope in all {
        assert_eq!(envelope["traceparent"], parent);
        assert_eq!(envelope["data"]["agentId"], "nightly");
    }
}

#[test]
fn nothing_is_told_where_nothing_is_done_or_nobody_would_collect_it() {
    let spool = |env: &TestEnv| env.state().join("telemetry").exists();
    let env = with_sink("");
    turbo(&env, 5, 10 << 10);
    let target = Actor::vitest(&env, Script::Wait);
    for arguments in [
        &["health", "--max-memory", "1MiB"][..],
        &["health", "--enforce", "-n", "--max-memory", "1MiB"],
        &["health", "--enforce"],
        &["reap", "-n", "--scope", "workspace"],
        &["reap", "orphans", "--scope", "workspace"],
        &["prune-cache", "-n", "--max-size", "10KiB"],
        &["prune-cache", "--list"],
    ] {
        let output = env.run(arguments);
        assert!(output.code() < 2, "{arguments:?}: {output:?}");
        assert!(!spool(&env), "{arguments:?}");
    }
    // Within its limits a cache is only looked at.
    let _fine = env.run(&["prune-cache"]).expect_code(0);
    assert!(events(&env).is_empty());
    drop(target);
    for (setting, sink, is_told) in
        [("auto", "", false), ("off", SINK, false), ("on", "", true), ("auto", SINK, true)]
    {
        let env = TestEnv::new();
        env.write_config(&format!("[telemetry]\nactions = \"{setting}\"\n{sink}"));
        let _target = Actor::vitest(&env, Script::Wait);
        let _ended = env.run(OVER).expect_code(0);
        assert_eq!(spool(&env), is_told, "{setting} {sink}");
        assert_eq!(events(&env).len(), if is_told { 2 } else { 0 }, "{setting} {sink}");
    }
}

#[test]
fn a_spool_that_takes_nothing_is_a_warning_and_changes_nothing_else() {
    for case in ["full", "closed", "topic"] {
        let env = with_sink(match case {
            "full" => "[telemetry]\nspool-size = \"1MiB\"\n",
            "topic" => "[telemetry]\ntopic = \"other\"\n",
            _ => "",
        });
        let _ = env.run(&["telemetry", "status"]).expect_code(0);
        let telemetry = spool::folder(&env);
        match case {
            "full" => fs::write(telemetry.join("segment-0000000001.ndjson"), vec![b'\n'; 1 << 20]).unwrap(),
            "closed" => fs::set_permissions(&telemetry, fs::Permissions::from_mode(0o777)).unwrap(),
            _ => {}
        }
        let mut target = Actor::vitest(&env, Script::Wait);
        let output = env.run(OVER).expect_code(0);
        assert_eq!(output.outcome(target.pid()).as_deref(), Some("terminated"), "{case}");
        assert!(!target.is_running(), "{case}");
        let warning = "warning: telemetry: what this run does is not told in full";
        assert_eq!(output.stderr.matches(warning).count(), 1, "{case}: {}", output.stderr);
        let cache = turbo(&env, 5, 10 << 10);
        let output = env.run(PRUNE).expect_code(0);
        assert!(output.stderr.contains(warning), "{case}: {}", output.stderr);
        assert!(left(&cache).is_empty(), "{case}");
    }
}

#[test]
fn a_full_disk_is_a_warning_and_changes_nothing_else() {
    let env = with_sink("");
    fs::create_dir(env.state()).unwrap();
    let Some(mut command) = unshare(&[]) else { return };
    let mut target = Actor::vitest(&env, Script::Wait);
    let script = "mount -t tmpfs -o size=64k,mode=700 none \"$BRAINWAV_STATE_DIR\" || exit 9; \
        \"$BRAINWAV\" health --enforce -q && \"$BRAINWAV\" telemetry emit || exit 9; \
        cat /dev/zero >\"$BRAINWAV_STATE_DIR/filler\" 2>/dev/null; \
        for one in \"$BRAINWAV_STATE_DIR\"/telemetry/*/segment-*; do cat /dev/zero >>\"$one\" 2>/dev/null; done; \
        \"$BRAINWAV\" health --enforce --json --max-memory 1MiB --grace 20s";
    command.args(["sh", "-c", script]).current_dir(env.workspace()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", env.path("home"));
    command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
    let output = Output::of(command).expect_code(0);
    assert_eq!(output.outcome(target.pid()).as_deref(), Some("terminated"));
    assert!(!target.is_running());
    let warning = "what this run does is not told in full: cannot write to the spool";
    assert!(output.stderr.contains(warning), "{}", output.stderr);
}

#[test]
fn a_spool_that_somebody_holds_is_not_waited_for_in_vain() {
    let env = with_sink("");
    let _ = env.run(&["telemetry", "status"]).expect_code(0);
    let held = fs::File::create(spool::folder(&env).join("spool.lock")).unwrap();
    held.lock().unwrap();
    let mut target = Actor::vitest(&env, Script::Wait);
    let output = env.run(OVER).expect_code(0);
    assert!(!target.is_running());
    assert!(output.stderr.contains("did not answer in 2 s"), "{}", output.stderr);
    assert_eq!(output.stderr.matches("warning: ").count(), 1, "{}", output.stderr);
    drop(held);
    let _target = Actor::vitest(&env, Script::Wait);
    assert_eq!(env.run(OVER).expect_code(0).stderr, "");
    assert_eq!(events(&env).len(), 2);
}

#[test]
fn what_is_about_to_be_done_is_on_disk_when_the_run_is_killed_in_the_middle() {
    let env = with_sink("");
    let target = Actor::vitest(&env, Script::IgnoreTerminate);
    let mut run = env.command(OVER).spawn().unwrap();
    wait_until("SIGTERM has come", || target.file("terminated").exists());
    run.kill().unwrap();
    run.wait().unwrap();
    let all = events(&env);
    assert_eq!(about(&all, "tool_invoked", target.pid()).len(), 1, "{all:?}");
    assert!(about(&all, "tool_result", target.pid()).is_empty(), "{all:?}");
}

#[test]
fn a_cache_is_told_with_its_name_and_its_numbers() {
    let env = with_sink("");
    let cache = turbo(&env, 5, 10 << 10);
    let output = env.run(PRUNE).expect_code(0);
    assert!(left(&cache).is_empty());
    let store = output.store("turbo");
    let all = events(&env);
    let [invoked, result] = &all[..] else { panic!("two events: {all:?}") };
    for event in [invoked, result] {
        assert_eq!(
            (&event["labels"]["store"], &event["labels"]["action"]),
            (&json!("turbo"), &json!("prune"))
        );
        assert_eq!(event["metrics"]["planned_entries"], store["planned"]["entries"]);
        assert_eq!(event["metrics"]["total_bytes"], store["size_bytes"]);
    }
    assert_eq!(
        (&result["metrics"]["bytes"], &result["metrics"]["entries"]),
        (&store["freed_bytes"], &json!(5))
    );
    assert_eq!(
        (&result["outcome"]["status"], &result["outcome"]["happened"]),
        (&json!("success"), &json!("pruned"))
    );
}

#[test]
fn a_prune_that_is_killed_is_told_and_what_the_next_one_settles_too() {
    let env = with_sink("");
    turbo(&env, 5, 10 << 10);
    let mut command = env.command(PRUNE);
    command.env("BRAINWAV_FAULT", "deleting");
    assert_eq!(Output::of(command).signal(), Some(9));
    let kinds =
        |env: &TestEnv| events(env).into_iter().map(|event| event["event"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&env), ["tool_invoked"]);
    let _settled = env.run(PRUNE).expect_code(0);
    assert_eq!(kinds(&env), ["tool_invoked", "tool_result"]);
    assert_eq!(events(&env)[1]["outcome"]["happened"], "settled");
}

#[test]
fn a_cache_that_may_not_be_touched_is_told_as_refused() {
    let env = with_sink("[cache.own]\npath = \".own\"\nmax-size = \"10KiB\"\n");
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(env.workspace()).args(arguments).env("HOME", env.path("home"));
        assert!(command.output().unwrap().status.success());
    };
    for number in 1..4 {
        let file = env.workspace().join(format!(".own/{number}"));
        crate::support::cache::file(&file, 10 << 10, crate::support::cache::HOUR);
    }
    git(&["init", "--quiet"]);
    let _refused = env.run(&["prune-cache", "own"]).expect_code(1);
    let all = events(&env);
    let [event] = &all[..] else { panic!("one event: {all:?}") };
    assert_eq!((&event["event"], &event["outcome"]["status"]), (&json!("tool_result"), &json!("refused")));
    assert!(event["outcome"]["reason"].as_str().unwrap().contains("git does not ignore"), "{event}");
    assert!(env.workspace().join(".own/3").exists());
}

#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod reaping {
    use std::os::unix::net::{UnixListener, UnixStream};

    use serde_json::json;

    use super::{about, events, with_sink};
    use crate::support::server::SERVER;
    use crate::support::{Actor, Script, Server, wait_until};

    #[test]
    fn an_orphan_is_told_with_its_class_and_its_kind() {
        let env = with_sink("");
        let (ours, theirs) = UnixStream::pair().unwrap();
        let server = Server::orphan(&env, SERVER, std::os::fd::OwnedFd::from(theirs), "");
        drop(ours);
        let _ended = env.run(&["reap", "orphans", "--min-age", "0s"]).expect_code(0);
        assert!(!server.is_running());
        let all = events(&env);
        for kind in ["tool_invoked", "tool_result"] {
            let [event] = &about(&all, kind, server.pid)[..] else { panic!("{kind}: {all:?}") };
            let labels = &event["labels"];
            assert_eq!((&labels["command"], &labels["class"]), (&json!("reap"), &json!("orphan")));
            assert_eq!((&labels["kind"], &labels["rule"]), (&json!("server"), &json!("mcp")));
        }
    }

    #[test]
    fn a_dead_socket_is_told_with_its_place() {
        let env = with_sink("");
        let path = env.path("tmp").join("dead.mcp.sock");
        drop(UnixListener::bind(&path).unwrap());
        let _live = UnixListener::bind(env.path("tmp").join("live.mcp.sock")).unwrap();
        let _removed = env.run(&["reap", "sockets", "--socket-min-age", "0s"]).expect_code(0);
        assert!(!path.exists());
        let all = events(&env);
        let [invoked, result] = &all[..] else { panic!("two events: {all:?}") };
        assert_eq!(
            (&invoked["event"], &result["outcome"]["happened"]),
            (&json!("tool_invoked"), &json!("removed"))
        );
        for event in [invoked, result] {
            assert_eq!(event["labels"]["path"], path.to_str().unwrap());
        }
    }

    #[test]
    fn a_parent_that_is_told_of_its_zombies_is_told_of() {
        let env = with_sink("");
        // Who takes the place of the shell does not know of its child.
        let run = "sleep 0.2 & : >ready; exec cat";
        let parent = Actor::vitest(&env, Script::Run(run));
        let arguments = ["reap", "zombies", "--scope", "workspace", "--json"];
        wait_until("the zombie is there", || env.run(&arguments).stdout.contains("\"nudge\": \"not_asked\""));
        assert!(!env.state().join("telemetry").exists(), "a look tells nothing");
        let _told = env.run(&[&arguments[..], &["--nudge"]].concat()).expect_code(1);
        let all = events(&env);
        let [invoked, result] = &all[..] else { panic!("two events: {all:?}") };
        assert_eq!(
            (&invoked["event"], &invoked["labels"]["pid"]),
            (&json!("tool_invoked"), &json!(parent.pid().to_string()))
        );
        assert_eq!(invoked["labels"]["action"], "nudge_parent");
        let outcome = &result["outcome"];
        assert_eq!((&outcome["status"], &outcome["happened"]), (&json!("error"), &json!("not_collected")));
    }
}
