//! `brainwav telemetry redact` as a filter in a pipeline.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use crate::support::signals::is_ignored;
use crate::support::{Output, TestEnv, not_tested};

const MARKER: &str = "[brAInwav-REDACTED]";

/// Runs the filter on this text.
fn filter(env: &TestEnv, arguments: &[&str], text: &[u8]) -> Output {
    let input = env.path("input");
    fs::write(&input, text).unwrap();
    let mut command = env.command(&[&["telemetry", "redact"], arguments].concat());
    command.stdin(fs::File::open(input).unwrap());
    Output::of(command)
}

#[test]
fn a_stream_of_both_kinds_of_lines_is_redacted() {
    let env = TestEnv::new();
    let text = b"{\"password\":\"x\",\"n\":1.0}\nmail ann@example.com\n\n{\"n\": 1e5}\nlast";
    let output = filter(&env, &[], text).expect_code(0);
    let expected = format!("{{\"password\":\"{MARKER}\",\"n\":1.0}}\nmail {MARKER}\n\n{{\"n\": 1e5}}\nlast");
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (expected.as_str(), ""));
    let again = filter(&env, &[], output.stdout.as_bytes()).expect_code(0);
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn a_report_is_on_stderr_and_without_content() {
    let env = TestEnv::new();
    let output = filter(&env, &["--report"], b"a@example.com\n{\"pin\":1234}\nnothing\n").expect_code(0);
    assert_eq!(output.stderr, "[brAInwav] redacted 2 places in 2 of 3 lines: 1 named-secret, 1 email\n");
    let output = filter(&env, &["--report"], b"nothing\n").expect_code(0);
    assert_eq!(output.stderr, "[brAInwav] redacted nothing in 1 line\n");
}

#[test]
fn every_option_does_what_it_says() {
    let env = TestEnv::new();
    let line = b"{\"email\":\"a@example.com\",\"pin\":1,\"n\":{\"x\":2}}\n";
    let table: &[(&[&str], &str)] = &[
        (&["--marker", "***"], "{\"email\":\"***\",\"pin\":\"***\",\"n\":{\"x\":2}}\n"),
        (&["--mode", "remove"], "{\"n\":{\"x\":2}}\n"),
        (&["--preserve", "email", "pin"], "{\"email\":\"a@example.com\",\"pin\":1,\"n\":{\"x\":2}}\n"),
        (&["--marker", "X", "--allow", "n.x,email"], "{\"email\":\"X\",\"pin\":\"X\",\"n\":{\"x\":2}}\n"),
        (&["--marker", "X", "--keep-content"], "{\"email\":\"X\",\"pin\":\"X\",\"n\":{\"x\":2}}\n"),
        (&["--marker", "X", "--input", "lines"], "{\"email\":\"X\",\"pin\":X,\"n\":{\"x\":2}}\n"),
    ];
    for (arguments, expected) in table {
        assert_eq!(filter(&env, arguments, line).expect_code(0).stdout, *expected, "{arguments:?}");
    }
    let prompt = b"{\"prompt\":\"say it\"}\n";
    assert_eq!(filter(&env, &["--keep-content"], prompt).expect_code(0).stdout.as_bytes(), prompt);
    let torn = filter(&env, &["--input", "ndjson"], b"no json\n").expect_code(0);
    assert_eq!(torn.stdout, format!("\"{MARKER}\"\n"));
}

#[test]
fn the_configuration_holds_and_flags_hold_before_it() {
    let env = TestEnv::new();
    env.write_config("[telemetry.redact]\nmarker = \"<from file>\"\npreserve = [\"pin\"]");
    let line = b"{\"otp\":1,\"pin\":2}\n";
    assert_eq!(filter(&env, &[], line).expect_code(0).stdout, "{\"otp\":\"<from file>\",\"pin\":2}\n");
    let output = filter(&env, &["--marker", "X", "--preserve", "otp"], line).expect_code(0);
    assert_eq!(output.stdout, "{\"otp\":1,\"pin\":\"X\"}\n");
}

#[test]
fn pseudonyms_need_a_key_that_nobody_else_can_read() {
    let env = TestEnv::new();
    let key = env.path("key");
    fs::write(&key, "sixteen bytes or more").unwrap();
    let key_file = key.display().to_string();
    let arguments = ["--mode", "pseudonym", "--key-file", &key_file];
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = filter(&env, &arguments, b"a@example.com\n").expect_code(2);
    assert!(refused.stderr.contains("others may read it") && refused.stdout.is_empty(), "{}", refused.stderr);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let output = filter(&env, &arguments, b"a@example.com A@example.com b@example.com\n").expect_code(0);
    let names: Vec<&str> = output.stdout.split_whitespace().collect();
    assert!(names.len() == 3 && names[0] == names[1] && names[0] != names[2], "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("[brAInwav-ID-")), "{names:?}");
    let keyless = filter(&env, &["--mode", "pseudonym"], b"").expect_code(2);
    assert!(keyless.stderr.contains("--key-file FILE"), "{}", keyless.stderr);
}

#[test]
fn what_cannot_be_followed_is_a_usage_error_and_nothing_is_read() {
    let env = TestEnv::new();
    for arguments in
        [&["--marker", "a@example.com"][..], &["--marker", ""], &["--mode", "hide"], &["--input", "xml"]]
    {
        let output = filter(&env, arguments, b"password=x\n").expect_code(2);
        assert_eq!(output.stdout, "", "{arguments:?}");
        assert!(output.stderr.lines().all(|line| line.starts_with("[brAInwav]")), "{}", output.stderr);
    }
}

#[test]
fn each_line_comes_out_before_the_next_one_goes_in() {
    let env = TestEnv::new();
    let mut command = env.command(&["telemetry", "redact"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for number in 0..3 {
        writeln!(input, "{number} pin=1234").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{number} pin={MARKER}\n"));
    }
    if is_ignored(2) {
        drop(input);
        assert!(child.wait().unwrap().success());
        return not_tested("SIGINT is ignored by whoever runs the tests, and so by what they start");
    }
    // SIGINT ends it as it ends any filter.
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let env = TestEnv::new();
    let mut command = env.command(&["telemetry", "redact"]);
    let zeros = fs::File::open("/dev/zero").unwrap();
    let mut lines =
        Command::new("tr").args(["\\000", "\\n"]).stdin(zeros).stdout(Stdio::piped()).spawn().unwrap();
    command.stdin(lines.stdout.take().unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    // It ends when nobody is left who could read, and so must we let go.
    drop(command);
    let _ = lines.wait();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
}

#[test]
fn a_source_that_cannot_be_read_is_said() {
    let env = TestEnv::new();
    let mut command = env.command(&["telemetry", "redact"]);
    command.stdin(fs::File::open(env.path("home")).unwrap());
    let output = Output::of(command).expect_code(4);
    assert!(output.stderr.contains("cannot read stdin"), "{}", output.stderr);
}

/// A line without end, and many with one, in a process that may not have more memory than this.
#[test]
#[cfg(target_os = "linux")]
fn however_long_the_stream_memory_stays_small() {
    let env = TestEnv::new();
    let script = "ulimit -d 16384; (head -c 100000000 /dev/zero; echo; yes 'a line of a log' | head -n 1000000) \
        | \"$BRAINWAV\" telemetry redact | tail -c 16";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).current_dir(env.workspace()).env("BRAINWAV", env!("CARGO_BIN_EXE_brainwav"));
    command.env("BRAINWAV_STATE_DIR", env.state());
    assert_eq!(Output::of(command).expect_code(0).stdout, "a line of a log\n");
}
