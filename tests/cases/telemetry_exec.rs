//! `brainwav telemetry exec`: the command is as if nobody stood before it, and two events tell of it.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::signals::{is_ignored, slept_until};
use crate::support::spool;
use crate::support::spool::envelopes;
use crate::support::{Output, TestEnv, not_tested, wait_until};

fn exec(env: &TestEnv, script: &str) -> Output {
    env.run(&["telemetry", "exec", "--tool", "t", "--", "sh", "-c", script])
}

#[test]
fn the_exit_code_is_that_of_the_command_and_stands_in_the_result() {
    for code in [0, 1, 2, 7, 75, 126, 127, 137, 255] {
        let env = TestEnv::new();
        let output = exec(&env, &format!("echo out; echo err >&2; exit {code}")).expect_code(code);
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(output.signal(), None);
        let [invoked, result] = &envelopes(&env)[..] else { panic!("two events") };
        let status = if code == 0 { "success" } else { "error" };
        assert_eq!(result["data"]["outcome"], json!({"status": status, "exit_code": code}));
        let kinds = (&invoked["data"]["event"], &result["data"]["event"]);
        assert_eq!(kinds, (&json!("tool_invoked"), &json!("tool_result")));
        assert_eq!(invoked["data"]["labels"]["tool"], "t");
        assert_eq!((&result["causationid"], &invoked["causationid"]), (&invoked["id"], &Value::Null));
        assert_eq!(result["correlationid"], invoked["correlationid"]);
        assert!(result["data"]["metrics"]["duration_ms"].is_u64(), "{result}");
        assert!(result["data"]["metrics"]["peak_rss_bytes"].as_u64().unwrap() > 100_000, "{result}");
    }
}

#[test]
fn the_peak_is_that_of_the_largest_process() {
    let env = TestEnv::new();
    // One word of 96 MiB in a child of the command, which is smaller again when it ends.
    let script = "sh -c 'x=$(head -c 100663296 /dev/zero | tr \"\\0\" x); x=; :'; exit 0";
    let _ = exec(&env, script).expect_code(0);
    let peak = envelopes(&env)[1]["data"]["metrics"]["peak_rss_bytes"].as_u64().unwrap();
    assert!((96 << 20..2 << 30).contains(&peak), "{peak}");
}

#[test]
fn a_command_that_a_signal_ends_ends_us_by_the_same_and_leaves_one_core_at_most() {
    for signal in [9, 15, 13, 6, 11] {
        let env = TestEnv::new();
        let mut command = Command::new("sh");
        let start =
            "ulimit -c unlimited 2>/dev/null; exec \"$0\" telemetry exec -- sh -c \"kill -$1 \\$\\$\"";
        command.args(["-c", start, env!("CARGO_BIN_EXE_brainwav"), &signal.to_string()]);
        command.current_dir(env.workspace()).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("HOME", env.path("home")).env("BRAINWAV_STATE_DIR", env.state());
        let output = Output::of(command);
        assert_eq!(output.signal(), Some(signal), "{output:?}");
        assert!(!output.status.core_dumped(), "{output:?}");
        assert_eq!(envelopes(&env)[1]["data"]["outcome"], json!({"status": "error", "signal": signal}));
    }
}

#[test]
fn a_command_that_cannot_be_run_is_told_apart() {
    let env = TestEnv::new();
    fs::write(env.workspace().join("data"), "no program").unwrap();
    for (program, code) in [("./not-there", 127), ("./data", 126)] {
        let output = env.run(&["telemetry", "exec", "--", program]).expect_code(code);
        assert!(output.stderr.contains(&format!("cannot run \"{program}\": ")), "{}", output.stderr);
    }
    let found = envelopes(&env);
    assert_eq!((found.len(), &found[1]["data"]["outcome"]["status"]), (4, &json!("error")));
    assert!(found[3]["data"]["outcome"]["error"].as_str().unwrap().contains("ermission"), "{}", found[3]);
}

#[test]
fn a_script_that_names_no_interpreter_is_run_by_the_shell() {
    let env = TestEnv::new();
    let script = env.workspace().join("bin/script");
    fs::create_dir_all(script.parent().unwrap()).unwrap();
    fs::write(&script, "echo \"$0:$1:$TRACEPARENT\"\nexit 9\n").unwrap();
    fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    for (program, name) in [("bin/script", "bin/script".to_owned()), ("script", script.display().to_string())]
    {
        let mut command = env.command(&["telemetry", "exec", "--", program, "a b"]);
        let folder = script.parent().unwrap().display();
        // What is in the way is passed over: a folder, and a file that is no program.
        let others = [env.path("one"), env.path("two")];
        fs::create_dir_all(others[0].join("script")).unwrap();
        fs::create_dir_all(&others[1]).unwrap();
        fs::write(others[1].join("script"), "exit 1").unwrap();
        let [one, two] = others.map(|path| path.display().to_string());
        command.env("PATH", format!("{one}:{two}:{folder}:/usr/local/bin:/usr/bin:/bin"));
        let output = Output::of(command).expect_code(9);
        assert!(output.stdout.starts_with(&format!("{name}:a b:00-")), "{output:?}");
    }
}

/// A command that says when it is ready; its stdin is ours.
fn started(mut command: Command) -> Child {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready");
    child
}

fn wrapped(env: &TestEnv, script: &str) -> Command {
    env.command(&["telemetry", "exec", "--", "sh", "-c", script])
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn signals_that_are_sent_to_us_are_for_the_command() {
    for (name, number, code) in [
        ("TERM", 15, 31),
        ("INT", 2, 32),
        ("HUP", 1, 33),
        ("USR1", 10, 34),
        ("QUIT", 3, 35),
        ("USR2", 12, 36),
    ] {
        if is_ignored(number) {
            not_tested(&format!(
                "SIG{name} is ignored by whoever runs the tests, and a shell cannot change that"
            ));
            continue;
        }
        let env = TestEnv::new();
        let script = format!("trap 'exit {code}' {name}; echo ready; {}", slept_until("false"));
        let mut child = started(wrapped(&env, &script));
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
        assert_eq!(envelopes(&env)[1]["data"]["outcome"]["exit_code"], code);
    }
}

#[test]
fn what_the_command_ignores_ends_nobody_and_stdin_is_its_own() {
    let env = TestEnv::new();
    let script =
        "trap 'echo caught >caught' TERM; echo ready; while read -r x; do echo $x >>lines; done; exit 5";
    let mut child = started(wrapped(&env, script));
    let lines = env.workspace().join("lines");
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "one").unwrap();
    wait_until("the command has read", || lines.exists());
    signal(&child, "TERM");
    // Some shells run a trap after the line they are reading, others stop reading for it.
    wait_until("the trap has run", || {
        writeln!(stdin, "more").is_err() || env.workspace().join("caught").exists()
    });
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn what_was_ignored_before_is_ignored_by_the_command() {
    let env = TestEnv::new();
    let mut command = Command::new("sh");
    let start = "trap '' HUP; exec \"$0\" telemetry exec -- sh -c 'echo ready; read -r x; exit 6'";
    command.args(["-c", start, env!("CARGO_BIN_EXE_brainwav")]).current_dir(env.workspace());
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", env.path("home"));
    let mut child = started({
        command.env("BRAINWAV_STATE_DIR", env.state());
        command
    });
    signal(&child, "HUP");
    writeln!(child.stdin.take().unwrap(), "go on").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(6));
}

/// What the command itself does to the whole group, it has got already.
#[test]
fn a_signal_of_the_command_to_its_group_does_not_come_twice() {
    let env = TestEnv::new();
    let script = "n=0; trap 'n=$((n+1))' TERM; kill -TERM 0; sleep 0.3; sleep 0.1; exit $((40 + n))";
    let mut command = wrapped(&env, script);
    assert_eq!(
        Output::of({
            command.process_group(0);
            command
        })
        .expect_code(41)
        .signal(),
        None
    );
}

/// A process group of its own, ended at the latest when this is dropped.
struct Job(Child);

impl Job {
    /// The command writes its number into the file `pid`.
    fn start(env: &TestEnv, script: &str) -> Self {
        let mut command = wrapped(env, &format!("echo $$ >pid; echo ready; {script}"));
        command.process_group(0);
        Self(started(command))
    }

    fn wait(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // As long as it is not waited for, the group is its own.
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).status();
            let _ = self.0.wait();
        }
    }
}

fn is_stopped(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    status.contains("\nState:\tT")
}

#[test]
fn a_command_that_stops_itself_stops_us_until_we_are_continued() {
    for name in ["STOP", "TSTP"] {
        let env = TestEnv::new();
        let mut job = Job::start(&env, &format!("kill -{name} $$; kill -{name} $$; exit 7"));
        let stops = ["the command has stopped", "it has stopped again"];
        for stop in stops {
            wait_until(stop, || is_stopped(&job.0.id().to_string()));
            signal(&job.0, "CONT");
        }
        assert_eq!(job.wait(), Some(7), "{name}");
        assert_eq!(envelopes(&env)[1]["data"]["outcome"]["exit_code"], 7, "{name}");
    }
}

#[test]
fn to_stop_and_to_continue_us_stops_and_continues_the_command() {
    let env = TestEnv::new();
    let mut job = Job::start(&env, "read -r x; exit 8");
    let command = fs::read_to_string(env.workspace().join("pid")).unwrap();
    signal(&job.0, "TSTP");
    wait_until("both have stopped", || {
        [job.0.id().to_string().as_str(), command.trim()].into_iter().all(is_stopped)
    });
    signal(&job.0, "CONT");
    writeln!(job.0.stdin.take().unwrap(), "go on").unwrap();
    assert_eq!(job.wait(), Some(8));
}

#[test]
fn what_is_typed_at_a_terminal_comes_once_and_the_job_stays_one() {
    let env = TestEnv::new();
    let wait = slept_until("[ $n -gt 0 ]");
    let script = format!(
        "n=0; trap 'n=$((n+1)); echo caught' INT; echo ready; {wait}; sleep 0.3; sleep 0.1; \
         [ \"$(ps -o pgid= -p $$)\" = \"$(ps -o pgid= -p $PPID)\" ] && exit $((50 + n))"
    );
    fs::write(env.workspace().join("script"), script).unwrap();
    let line = format!("exec {} telemetry exec -- sh ./script", env!("CARGO_BIN_EXE_brainwav"));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(env.workspace()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("SHELL", "/bin/sh").env("HOME", env.path("home"));
    command.env("BRAINWAV_STATE_DIR", env.state());
    if !Command::new("script").arg("--version").stdout(Stdio::null()).status().is_ok_and(|it| it.success()) {
        return not_tested("there is no script(1) to make a terminal");
    }
    let mut child = started(command);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"\x03").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("caught")));
    for line in lines {
        line.unwrap();
    }
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(51), None));
}

#[test]
fn arguments_are_told_only_on_request_and_without_secrets() {
    let env = TestEnv::new();
    let command = ["--", "sh", "-c", "exit 0", "--password=hunter22", "--token", "hunter22"];
    let _ = env.run(&[&["telemetry", "exec"][..], &command].concat()).expect_code(0);
    let _ = env.run(&[&["telemetry", "exec", "--with-arguments"][..], &command].concat()).expect_code(0);
    let found = envelopes(&env);
    let text = Value::from(found.clone()).to_string();
    assert!(!text.contains("hunter22"), "{text}");
    let labels = |at: usize| &found[at]["data"]["labels"];
    assert_eq!(
        (&labels(0)["argv"], &labels(1)["argv"], &labels(0)["tool"]),
        (&Value::Null, &Value::Null, &json!("sh"))
    );
    let marker = "[brAInwav-REDACTED]";
    let expected = json!(["sh", "-c", "exit 0", format!("--password={marker}"), "--token", marker]);
    assert_eq!((&labels(2)["argv"], &labels(3)["argv"]), (&expected, &expected));
}

#[test]
fn the_command_is_in_the_trace_of_its_events() {
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (given, state) in [(None, ""), (Some("broken"), ""), (Some(PARENT), "a=b")] {
        let env = TestEnv::new();
        let mut command = wrapped(&env, "echo $TRACEPARENT:$TRACESTATE:$BAGGAGE");
        command.env("TRACESTATE", "a=b").env("BAGGAGE", "c=d");
        if let Some(parent) = given {
            command.env("TRACEPARENT", parent);
        }
        let output = Output::of(command).expect_code(0);
        let [invoked, result] = &envelopes(&env)[..] else { panic!("two events") };
        assert_eq!(invoked["traceparent"], result["traceparent"]);
        let (parent, rest) = output.stdout.trim().split_once(':').unwrap();
        assert_eq!(
            (parent, rest),
            (result["traceparent"].as_str().unwrap(), format!("{state}:c=d").as_str())
        );
        assert_eq!(
            (&result["tracestate"], &result["baggage"]),
            (
                &match state {
                    "" => Value::Null,
                    state => json!(state),
                },
                &json!("c=d")
            )
        );
        assert_eq!(given == Some(PARENT), parent.starts_with(&PARENT[..35]), "{parent}");
        assert_ne!(parent, PARENT);
    }
}

#[test]
fn a_full_or_foreign_spool_is_no_reason_not_to_run_it() {
    let env = TestEnv::new();
    let label = format!("big={}", "1 ".repeat(50_000));
    let many = ["--label", label.as_str()];
    env.write_config("[telemetry]\nspool-size = \"1MiB\"");
    wait_until("the spool is full", || env.run(&[&["telemetry", "emit"][..], &many].concat()).code() == 3);
    let arguments =
        [&["-q", "telemetry", "exec"][..], &many, &["--", "sh", "-c", "echo ran; exit 4"]].concat();
    let output = env.run(&arguments).expect_code(4);
    assert_eq!(
        (output.stdout.as_str(), output.stderr.matches("is full").count()),
        ("ran\n", 2),
        "{output:?}"
    );
    fs::write(env.path("file"), "").unwrap();
    let mut command = wrapped(&env, "echo ran; exit 5");
    command.env("BRAINWAV_STATE_DIR", env.path("file/state"));
    let output = Output::of(command).expect_code(5);
    assert_eq!(
        (output.stdout.as_str(), output.stderr.matches("cannot tell of").count()),
        ("ran\n", 2),
        "{output:?}"
    );
}

#[test]
fn a_spool_that_does_not_answer_holds_nobody_up_for_long() {
    let env = TestEnv::new();
    let _ = env.run(&["telemetry", "emit"]).expect_code(0);
    let lock = fs::File::options().write(true).open(spool::folder(&env).join("spool.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = started({
        let mut command = wrapped(&env, "echo ready; read -r x; exit 8");
        command.stderr(Stdio::piped());
        command
    });
    lock.unlock().unwrap();
    writeln!(child.stdin.take().unwrap(), "go on").unwrap();
    let output = Output::from(child.wait_with_output().unwrap()).expect_code(8);
    assert_eq!(output.stderr.matches("did not answer").count(), 1, "{}", output.stderr);
    // The first one may still come while the command runs.
    let found = envelopes(&env);
    assert!(found.iter().any(|envelope| envelope["data"]["event"] == "tool_result"), "{found:?}");
}

#[test]
fn what_is_wrong_with_the_call_is_said_and_nothing_is_run() {
    for (lines, options, expected) in [
        ("", &["--label", "tool"][..], "KEY=VALUE"),
        ("", &["--agent-id", ""], "at least one character"),
        ("[telemetry]\ntopic = \"other\"", &[], "access list"),
    ] {
        let env = TestEnv::new();
        env.write_config(lines);
        let output =
            env.run(&[&["telemetry", "exec"], options, &["--", "touch", "ran"]].concat()).expect_code(2);
        assert!(output.stderr.contains(expected), "{}", output.stderr);
        assert!(!env.workspace().join("ran").exists());
    }
}
