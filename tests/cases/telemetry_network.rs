//! `type = "otlp"` and `type = "nats"`, TLS, and what the variables of OpenTelemetry say.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::read::GzDecoder;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use super::telemetry_http::{emit, flushed, numbered, status};
use crate::support::receiver::{Receiver, Reply};
use crate::support::spool;
use crate::support::{Output, TestEnv};

const GZIP: &str = "\r\nContent-Encoding: gzip\r\n";
const OK: Reply = Reply::Say("200 OK\r\nContent-Type: application/x-protobuf");

fn otlp(url: &str, more: &str) -> TestEnv {
    let env = TestEnv::new();
    env.write_config(&format!("[[telemetry.sink]]\ntype = \"otlp\"\nurl = {url:?}\n{more}\n"));
    env
}

/// One event of each that make a log record alone, and a log record and a span.
fn emit_two(env: &TestEnv) {
    emit(env, &["started".to_owned()]);
    let ended =
        ["telemetry", "emit", "--event", "tool_result", "--label", "n=ended", "--metric", "duration_ms=250"];
    let _ = env.run(&ended).expect_code(0);
}

fn paths(receiver: &Receiver) -> Vec<String> {
    receiver.requests().iter().map(|request| request.path().to_owned()).collect()
}

#[test]
fn every_event_is_a_log_record_and_what_ends_is_a_span() {
    let receiver = Receiver::start(|_, _| OK);
    let env = otlp(&receiver.url(""), "headers = [\"api-key: T0PSECRET\"]");
    emit_two(&env);
    assert_eq!(flushed(&env, 0)["delivered"], 2);
    assert_eq!(paths(&receiver), ["/v1/traces", "/v1/logs"]);
    let [spans, logs] = &receiver.requests()[..] else { panic!() };
    assert!(!spans.holds("started") && spans.holds("ended") && spans.holds("execute_tool"));
    assert!(logs.holds("started") && logs.holds("ended") && logs.holds("brainwav.agent.tool_result"));
    assert!([spans, logs].iter().all(|one| one.head.contains("\r\napi-key: T0PSECRET\r\n")));
    let counted = otlp(&receiver.url("/all"), "signals = [\"logs\", \"metrics\"]");
    emit_two(&counted);
    assert_eq!(flushed(&counted, 0)["delivered"], 2);
    assert_eq!(paths(&receiver)[2..], ["/all/v1/logs", "/all/v1/metrics"]);
    assert!(receiver.requests()[3].holds("brainwav.events"));
    let logs_only = otlp(&receiver.url("/own"), "signals = [\"logs\"]");
    emit_two(&logs_only);
    assert_eq!(flushed(&logs_only, 0)["delivered"], 2);
    assert_eq!(paths(&receiver)[4..], ["/own/v1/logs"]);
}

#[test]
fn an_event_tells_the_run_that_it_comes_from_whoever_delivers_it() {
    let receiver = Receiver::start(|_, _| OK);
    let env = otlp(&receiver.url(""), "");
    let within = |run: &str, arguments: &[&str]| {
        let mut command = env.command(arguments);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_RUN_ID", run);
        let _ = Output::of(command).expect_code(0);
    };
    within("run-17", &["telemetry", "emit"]);
    within("run-18", &["telemetry", "flush"]);
    let [logs] = &receiver.requests()[..] else { panic!() };
    assert!(logs.holds("cicd.pipeline.run.id") && logs.holds("run-17") && !logs.holds("run-18"));
}

/// Whoever took it and went before it could say so may have counted it.
#[test]
fn a_request_of_numbers_is_not_sent_twice() {
    let receiver = Receiver::start(|number, _| if number == 3 { Reply::Close } else { OK });
    let env = otlp(&receiver.url(""), "signals = [\"logs\", \"metrics\"]\nbatch = 1");
    emit(&env, &numbered(2));
    let output = env.run(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(paths(&receiver), ["/v1/logs", "/v1/metrics", "/v1/logs", "/v1/metrics"]);
    assert!(output.stderr.contains("the metrics leave out 1 events"), "{}", output.stderr);
}

#[test]
fn a_receiver_without_spans_gets_the_logs_and_that_is_said() {
    let receiver = Receiver::start(|_, request| match request.path() {
        "/v1/traces" => Reply::Say("404 Not Found"),
        _ => OK,
    });
    let env = otlp(&receiver.url(""), "");
    emit_two(&env);
    let output = env.run(&["telemetry", "flush"]).expect_code(0);
    assert!(output.stderr.contains("takes no traces (it answered 404)"), "{}", output.stderr);
    // Also for whoever was not there when a run in the background said so.
    let later = env.run(&["telemetry", "status"]).expect_code(0);
    assert!(later.stderr.contains("takes no traces (it answered 404)"), "{}", later.stderr);
    assert_eq!(status(&env, 0)["pending"], 0);
}

#[test]
fn what_a_receiver_refuses_in_part_is_never_sent_again() {
    let partial = b"\x0a\x0b\x08\x01\x12\x07too old";
    let receiver =
        Receiver::start(|_, _| Reply::With("200 OK\r\nContent-Type: application/x-protobuf", partial));
    let env = otlp(&receiver.url(""), "");
    emit(&env, &numbered(2));
    let report = flushed(&env, 1);
    assert_eq!((&report["dead"], &report["delivered"]), (&json!(2), &json!(0)), "it does not say which");
    let _ = env.run(&["telemetry", "flush"]).expect_code(0);
    assert_eq!(paths(&receiver), ["/v1/logs"]);
    let dead = std::fs::read_to_string(spool::folder(&env).join("dead-otlp.ndjson")).unwrap();
    assert!(dead.contains("refused 1 of the 2") && dead.contains("too old"), "{dead}");
}

#[test]
fn four_answers_are_retried_and_a_wrong_key_waits() {
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::Say("429 Too Many Requests\r\nRetry-After: 1"),
        1 => Reply::Say("503 Service Unavailable"),
        2 => Reply::Say("401 Unauthorized"),
        _ => OK,
    })
    .resetting(1);
    let env = otlp(&receiver.url(""), "");
    emit(&env, &numbered(3));
    assert!(flushed(&env, 3)["reason"].as_str().unwrap().contains("401"));
    assert_eq!((receiver.requests().len(), &status(&env, 1)["pending"]), (3, &json!(3)));
    assert_eq!(flushed(&env, 0)["delivered"], 3);
    assert!(numbered(3).iter().all(|name| receiver.requests()[3].holds(name)));
}

#[test]
fn the_variables_of_opentelemetry_are_followed() {
    let receiver = Receiver::start(|_, _| OK);
    let env = TestEnv::new();
    env.write_config("[[telemetry.sink]]\ntype = \"otlp\"\n");
    emit_two(&env);
    let run = |variables: &[(&str, &str)]| {
        let mut command = env.command(&["telemetry", "flush"]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url("")).envs(variables.iter().copied());
        Output::of(command)
    };
    let off = run(&[("OTEL_SDK_DISABLED", "true")]).expect_code(0);
    assert!(off.stderr.contains("OTEL_SDK_DISABLED"), "{}", off.stderr);
    assert_eq!((receiver.requests().len(), &status(&env, 0)["pending"]), (0, &json!(2)));
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/authority.pem"),
    ] {
        let output = run(&[(name, value)]).expect_code(2);
        assert!(output.stderr.contains(name), "{}", output.stderr);
    }
    let all = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=other"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "zstd"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=checkout"),
    ];
    let output = run(&all).expect_code(0);
    assert!(
        output.stderr.contains("OTLP_LOGS_COMPRESSION") && !output.stderr.contains("TRACES"),
        "{output:?}"
    );
    let [spans, logs] = &receiver.requests()[..] else { panic!() };
    assert!(spans.head.contains("\r\napi-key: other\r\n") && logs.head.contains("\r\napi-key: a b\r\n"));
    assert!(logs.holds("shop") && logs.holds("checkout") && !logs.head.contains("Encoding"));
    assert!(spans.head.contains(GZIP) && !spans.holds("shop"));
    let mut unpacked = Vec::new();
    GzDecoder::new(&spans.body[..]).read_to_end(&mut unpacked).unwrap();
    assert!(unpacked.windows(4).any(|word| word == b"shop"));
}

#[test]
fn a_sink_is_compressed_as_it_says_itself_and_one_with_a_url_as_no_variable_does() {
    for (own, is_packed) in [("compression = \"gzip\"", true), ("compression = \"none\"", false), ("", false)]
    {
        let receiver = Receiver::start(|_, _| OK);
        let env = otlp(&receiver.url(""), &format!("signals = [\"logs\"]\n{own}"));
        emit(&env, &numbered(3));
        let mut command = env.command(&["telemetry", "flush"]);
        command.env("OTEL_EXPORTER_OTLP_COMPRESSION", if is_packed { "none" } else { "gzip" });
        let _ = Output::of(command).expect_code(0);
        let [logs] = &receiver.requests()[..] else { panic!("{own}") };
        assert_eq!(logs.head.contains(GZIP), is_packed, "{own}: {}", logs.head);
        assert_eq!(logs.holds(&numbered(3)[0]), !is_packed, "{own}");
    }
}

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

fn tls() -> ServerConfig {
    let chain = CertificateDer::pem_file_iter(data("receiver.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(data("receiver.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    config.with_single_cert(chain, key).unwrap()
}

#[test]
fn by_tls_nothing_is_sent_to_whom_nobody_trusts() {
    let receiver = Receiver::start_tls(tls(), |_, _| OK);
    let trusted = format!("authorities = {:?}", data("authority.pem"));
    let env = otlp(&receiver.url(""), "");
    emit(&env, &numbered(2));
    assert!(flushed_at_once(&env, 3).contains("certificate"));
    assert_eq!(receiver.requests().len(), 0);
    let config =
        |more: &str| format!("[[telemetry.sink]]\ntype = \"otlp\"\nurl = {:?}\n{more}\n", receiver.url(""));
    env.write_config(&config("authorities = \"nowhere.pem\""));
    let output = env.run(&["telemetry", "flush"]).expect_code(2);
    assert!(output.stderr.contains("authorities: cannot read") && output.stderr.contains("nowhere.pem"));
    env.write_config(&config(&trusted));
    assert_eq!(flushed(&env, 0)["delivered"], 2);
    assert!(numbered(2).iter().all(|name| receiver.requests()[0].holds(name)));
}

/// The reason of a run that is not to wait.
fn flushed_at_once(env: &TestEnv, code: i32) -> String {
    let output = env.run(&["telemetry", "flush", "--json", "--deadline", "1s"]).expect_code(code);
    output.json()["sinks"][0]["reason"].as_str().unwrap_or_default().to_owned()
}

/// A server of NATS with a stream that is there when the test says so. It ends with its listener.
struct Nats {
    port: u16,
    has_stream: Arc<AtomicBool>,
    stored: Arc<Mutex<Vec<(String, String)>>>,
}

impl Nats {
    fn start(forbidden: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let nats = Self {
            port: listener.local_addr().unwrap().port(),
            has_stream: Arc::default(),
            stored: Arc::default(),
        };
        let (has_stream, stored) = (Arc::clone(&nats.has_stream), Arc::clone(&nats.stored));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (has_stream, stored) = (Arc::clone(&has_stream), Arc::clone(&stored));
                thread::spawn(move || talk(stream.unwrap(), forbidden, &has_stream, &stored));
            }
        });
        nats
    }
}

/// Answers one client until it goes.
fn talk(
    stream: std::net::TcpStream,
    forbidden: bool,
    has_stream: &AtomicBool,
    stored: &Mutex<Vec<(String, String)>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"INFO {\"headers\":true,\"max_payload\":1048576}\r\n").ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let answer = match words[..] {
            ["PING"] => "PONG\r\n".to_owned(),
            ["HPUB", subject, reply, of_headers, length] => {
                let mut message = vec![0; length.parse::<usize>().unwrap() + 2];
                stream.read_exact(&mut message).ok()?;
                let headers = String::from_utf8_lossy(&message[..of_headers.parse().unwrap()]).into_owned();
                let id = headers.lines().find_map(|line| line.strip_prefix("Nats-Msg-Id: ")).unwrap();
                if forbidden {
                    format!("-ERR 'Permissions Violation for Publish to \"{subject}\"'\r\n")
                } else if has_stream.load(Ordering::SeqCst) {
                    stored.lock().unwrap().push((subject.to_owned(), id.to_owned()));
                    let ack = "{\"stream\":\"EVENTS\",\"seq\":7}";
                    format!("MSG {reply} 1 {}\r\n{ack}\r\n", ack.len())
                } else {
                    format!("HMSG {reply} 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n")
                }
            }
            _ => continue,
        };
        stream.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}

#[test]
fn only_a_stream_takes_an_event_and_until_there_is_one_it_waits() {
    for (forbidden, words) in [(false, "no stream takes its subject"), (true, "Permissions Violation")] {
        let nats = Nats::start(forbidden);
        let env = TestEnv::new();
        let config = format!(
            "[[telemetry.sink]]\ntype = \"nats\"\nurl = \"nats://127.0.0.1:{}\"\nprefix = \"own\"\n",
            nats.port
        );
        env.write_config(&config);
        emit(&env, &numbered(30));
        assert!(flushed_at_once(&env, 3).contains(words));
        let status = status(&env, 1);
        assert_eq!((&status["pending"], &status["dead"]), (&json!(30), &json!(0)));
        nats.has_stream.store(true, Ordering::SeqCst);
        if !forbidden {
            assert_eq!(flushed(&env, 0)["delivered"], 30);
            let stored = nats.stored.lock().unwrap().clone();
            let ids: std::collections::BTreeSet<&String> = stored.iter().map(|(_, id)| id).collect();
            assert_eq!((stored.len(), ids.len()), (30, 30));
            assert!(stored.iter().all(|(subject, _)| subject == "own.cortex.telemetry.agent.event"));
        }
    }
}

#[test]
fn a_sink_that_cannot_work_says_what_to_do() {
    for (lines, expected) in [
        ("type = \"http\"", "has no url"),
        ("type = \"nats\"", "add a line such as url = \"nats://"),
        ("type = \"http\"\nurl = \"ftp://host\"", "http or https"),
        ("type = \"nats\"\nurl = \"http://host\"", "nats or tls"),
        ("type = \"http\"\nurl-file = \"nowhere\"", "url-file: cannot read"),
        ("type = \"nats\"\nurl = \"nats://host\"\ncredentials = \"nowhere\"", "credentials: cannot read"),
        ("type = \"nats\"\nurl = \"nats://host\"\nprefix = \"a.>\"", "words with dots between them"),
        ("type = \"http\"\nurl = \"http://host\"\nheaders = [\"Host: other\"]", "leave it out"),
        ("type = \"http\"\nurl = \"http://host\"\nbatch = 0", "1"),
        ("type = \"otlp\"\nsignals = [\"traces\"]", "has to hold logs"),
        ("type = \"otlp\"\nsignals = [\"log\"]", "did you mean"),
    ] {
        let env = TestEnv::new();
        env.write_config(&format!("[[telemetry.sink]]\n{lines}\n"));
        let output = env.run(&["telemetry", "flush"]).expect_code(2);
        assert!(output.stderr.contains(expected), "{lines}: {}", output.stderr);
    }
}
