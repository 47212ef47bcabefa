//! What needs a world of its own: a `/proc` that is not there, a disk that is full, a storm of processes.

#![cfg(all(target_os = "linux", not(feature = "portable")))]

use crate::support::{Actor, Output, Script, TestEnv, unshare};

/// Runs a shell script in namespaces of its own, with the binary and the folders of the test.
fn in_namespaces(env: &TestEnv, flags: &[&str], script: &str) -> Option<Output> {
    let mut command = unshare(flags)?;
    command.args(["sh", "-c", script]).current_dir(env.workspace()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", env.path("home"));
    command.env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav")).env("BRAINWAV_STATE_DIR", env.state());
    Some(Output::of(command))
}

#[test]
fn a_proc_that_cannot_be_read_is_never_clean() {
    let env = TestEnv::new();
    for arguments in ["health", "health --json", "health --enforce", "health --top 3"] {
        let script = format!("mount -t tmpfs none /proc && exec \"$BRAINWAV\" {arguments}");
        let Some(output) = in_namespaces(&env, &[], &script) else { return };
        let output = output.expect_code(4);
        assert_eq!(output.stdout, "", "{arguments}");
        assert!(output.stderr.contains("cannot read the process table /proc"), "{}", output.stderr);
    }
}

#[test]
fn a_proc_of_another_pid_namespace_is_refused() {
    let env = TestEnv::new();
    // A PID namespace without a /proc of its own sees the numbers of the outer one: none of them is a process
    // that it could signal.
    let Some(output) = in_namespaces(&env, &["--pid", "--fork"], "\"$BRAINWAV\" health; exit $?") else {
        return;
    };
    let output = output.expect_code(4);
    assert!(output.stderr.contains("PID namespace"), "{}", output.stderr);
}

#[test]
fn a_full_disk_costs_a_warning_and_no_look() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    std::fs::create_dir(env.state()).unwrap();
    let script = "mount -t tmpfs -o size=64k,mode=700 none \"$BRAINWAV_STATE_DIR\" \
        && { head -c 1000000 /dev/zero >\"$BRAINWAV_STATE_DIR/filler\" 2>/dev/null; true; } \
        && \"$BRAINWAV\" --json health --all; code=$?; ls \"$BRAINWAV_STATE_DIR\" >&2; exit $code";
    let Some(output) = in_namespaces(&env, &[], script) else { return };
    let output = output.expect_code(0);
    assert!(output.lists(actor.pid()), "{}", output.stdout);
    assert!(output.stderr.contains("cannot remember this look"), "{}", output.stderr);
    assert!(!output.stderr.contains("tmp-"), "{}", output.stderr);
}

#[test]
fn a_read_only_disk_costs_a_warning_and_no_look() {
    let env = TestEnv::new();
    let actor = Actor::vitest(&env, Script::Wait);
    std::fs::create_dir(env.state()).unwrap();
    let script = "mount -t tmpfs -o ro,mode=700 none \"$BRAINWAV_STATE_DIR\" && exec \"$BRAINWAV\" --json health --all";
    let Some(output) = in_namespaces(&env, &[], script) else { return };
    let output = output.expect_code(0);
    assert!(output.lists(actor.pid()));
    assert!(output.stderr.contains("cannot remember this look"), "{}", output.stderr);
}

#[test]
fn who_forks_while_it_is_ended_does_not_get_away() {
    let env = TestEnv::new();
    let folder = env.workspace().join("node_modules/vitest");
    std::fs::create_dir_all(&folder).unwrap();
    // It ignores SIGTERM and starts children that do the same, at most 150 of them.
    let storm = "trap '' TERM\ni=0\nwhile [ $i -lt 150 ]; do\n  sh -c 'trap \"\" TERM; sleep 100; :' &\n  i=$((i+1))\n  : >>count\ndone\nwait\n";
    std::fs::write(folder.join("vitest.mjs"), storm).unwrap();
    let script = "bash -c 'exec -a node sh node_modules/vitest/vitest.mjs run' & storm=$!\n\
        while [ ! -e count ]; do :; done\n\
        \"$BRAINWAV\" --json health --enforce --max-memory 1MiB --grace 200ms --no-batch-limit; code=$?\n\
        ps -e -o stat=,args= >&2\nexit $code";
    for _ in 0..3 {
        let flags = ["--pid", "--fork", "--mount-proc", "--kill-child"];
        let Some(output) = in_namespaces(&env, &flags, script) else { return };
        let output = output.expect_code(0);
        let left = output.stderr.lines().filter(|line| !line.starts_with('Z') && line.contains("sleep 100"));
        assert_eq!(left.count(), 0, "{}", output.stderr);
        std::fs::remove_file(env.workspace().join("count")).unwrap();
    }
}
