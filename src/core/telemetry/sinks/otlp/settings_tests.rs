//! Settings and the variables that complete them.

use std::time::Duration;

use super::super::resource::Resource;
use super::{Compression, OtlpSettings, Signal, is_disabled};
use crate::core::telemetry::sinks::secret::Secret;
use crate::core::telemetry::sinks::setting::SettingError;

fn completed(settings: OtlpSettings, variables: &[(&str, &str)]) -> Result<OtlpSettings, SettingError> {
    let lookup =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    settings.completed(&lookup)
}

fn exposed(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::expose)
}

#[test]
fn the_environment_fills_what_is_open() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/here"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", " "),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=y=z,"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=other"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "7000"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "GZip"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", " none "),
        // Metrics are not sent.
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "zstd"),
    ];
    let settings = completed(OtlpSettings::default(), &variables).unwrap();
    assert_eq!(exposed(settings.url.as_ref()), Some("http://collector:4318"));
    let (logs, traces) = (settings.own(Signal::Logs), settings.own(Signal::Traces));
    assert_eq!(exposed(logs.url.as_ref()), Some("http://logs/here"));
    assert_eq!((&traces.url, &logs.headers), (&None, &None));
    let pairs = |headers: &[(String, Secret)]| -> Vec<String> {
        headers.iter().map(|(name, value)| format!("{name}:{}", value.expose())).collect()
    };
    assert_eq!(pairs(&settings.headers), ["api-key:a b", "x:y=z"]);
    assert_eq!(pairs(traces.headers.as_ref().unwrap()), ["api-key:other"]);
    assert_eq!(settings.timeout, Some(Duration::from_millis(1500)));
    assert_eq!((logs.timeout, traces.timeout), (None, Some(Duration::from_secs(7))));
    let compression = [settings.compression, logs.compression, traces.compression];
    assert_eq!(compression, [Some(Compression::Gzip), Some(Compression::None), None]);
    assert_eq!(settings.notes, [""; 0]);
    let plain = OtlpSettings { compression: Some(Compression::None), ..OtlpSettings::default() };
    let kept = completed(plain, &variables).unwrap();
    assert_eq!((kept.compression, kept.own(Signal::Traces).compression), (Some(Compression::None), None));
    assert_eq!(completed(OtlpSettings::default(), &[]).unwrap().base().expose(), "http://localhost:4318");
}

#[test]
fn a_sink_with_a_url_of_its_own_keeps_it_and_gets_no_foreign_headers() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/here"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
    ];
    let own = OtlpSettings { url: Some(Secret::new("http://own")), ..OtlpSettings::default() };
    assert_eq!(completed(own.clone(), &variables).unwrap(), own);
}

#[test]
fn a_variable_that_cannot_be_followed_is_named_without_its_value() {
    let table = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc-secret"),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json-secret"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "secret"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "secret"),
        ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "secret"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "=secret"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=b,secret"),
    ];
    for (name, value) in table {
        let error = completed(OtlpSettings::default(), &[(name, value)]).unwrap_err();
        assert_eq!(error.setting, name);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn a_compression_that_is_not_known_is_noted_and_ignored() {
    let variables =
        [("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"), ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "secret")];
    let settings = completed(OtlpSettings::default(), &variables).unwrap();
    assert_eq!(settings.own(Signal::Traces).compression, None);
    let [note] = &settings.notes[..] else { panic!("{:?}", settings.notes) };
    assert!(note.starts_with("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION ") && !note.contains("secret"), "{note}");
}

/// The signals of a sink, the variables, and the one that cannot be followed.
type Row<'a> = (&'a [Signal], &'a [(&'a str, &'a str)], Option<&'a str>);

#[test]
fn a_protocol_counts_for_the_signals_that_are_sent() {
    const LOGS: &str = "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL";
    const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
    const METRICS: &str = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL";
    const ALL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
    const GOOD: &str = "http/protobuf";
    let table: [Row<'_>; 7] = [
        (&[], &[(METRICS, "grpc")], None),
        (&[Signal::Logs], &[(METRICS, "grpc"), (TRACES, "grpc")], None),
        (&[Signal::Logs, Signal::Metrics], &[(METRICS, "grpc")], Some(METRICS)),
        (&[], &[(ALL, "grpc"), (LOGS, GOOD), (TRACES, GOOD)], None),
        (&[], &[(ALL, "grpc"), (LOGS, GOOD)], Some(ALL)),
        (&[], &[(ALL, GOOD), (LOGS, "grpc")], Some(LOGS)),
        (&[], &[(ALL, GOOD)], None),
    ];
    for (signals, variables, expected) in table {
        let settings = OtlpSettings { signals: signals.to_vec(), ..OtlpSettings::default() };
        let error = completed(settings, variables).err().map(|error| error.setting);
        assert_eq!(error.as_deref(), expected, "{signals:?} {variables:?}");
    }
}

#[test]
fn the_resource_is_configured_then_named() {
    let variables = [
        ("OTEL_SERVICE_NAME", "named"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=listed,team=a%2Cb,vcs.ref.head.name=listed"),
        // That of whoever delivers, who may be another one than has kept the event.
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_RUN_ID", "17"),
    ];
    let own =
        OtlpSettings { resource: vec![("team".to_owned(), "own".to_owned())], ..OtlpSettings::default() };
    let resource = Resource::new(completed(own, &variables).unwrap().resource);
    let said: Vec<_> = resource.attributes().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected = ["team=own", "service.name=named", "vcs.ref.head.name=listed"];
    assert_eq!(said, expected);
    let own = Resource::new(Vec::new());
    assert_eq!(own.attributes()[0], ("service.name".to_owned(), "brainwav".to_owned()));
    assert_eq!(own.attributes()[1].0, "service.version");
}

#[test]
fn telemetry_can_be_switched_off() {
    for (value, expected) in [("true", true), ("TRUE", true), ("false", false), ("1", false), ("", false)] {
        assert_eq!(is_disabled(&|_| Some(value.to_owned())), expected, "{value}");
    }
    assert!(!is_disabled(&|_| None));
}
