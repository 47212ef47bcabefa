//! Redaction held against a corpus of its own: what must not be seen, and what has to stay.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod redaction_support;

use brainwav::core::redact::{
    Action, Counts, LineFilter, LineFormat, Policy, PseudonymKey, Redacted, Redactor, filter_stream,
};
use redaction_support::corpus::{Sample, harmless, secrets};
use redaction_support::events::event;
use redaction_support::letters::Letters;
use redaction_support::wrapping::{WAYS, Way};
use serde_json::Value;

/// How often each row of the corpus is filled anew.
const ROUNDS: u64 = 20;

fn filtered(redactor: &Redactor, format: LineFormat, text: &[u8]) -> Vec<u8> {
    let mut filter = LineFilter::new(redactor.clone(), format);
    let mut seen = Vec::new();
    filter_stream(text, &mut filter, |piece| {
        seen.extend_from_slice(piece);
        true
    })
    .unwrap();
    seen
}

fn text(redactor: &Redactor, text: &str) -> String {
    String::from_utf8(filtered(redactor, LineFormat::Auto, text.as_bytes())).unwrap()
}

fn engines() -> Vec<(&'static str, Redactor)> {
    let with = |change: &dyn Fn(&mut Policy)| {
        let mut policy = Policy::default();
        change(&mut policy);
        Redactor::new(policy).unwrap()
    };
    let key = PseudonymKey::new("a key that only this test knows").unwrap();
    vec![
        ("mask", with(&|_| {})),
        ("stars", with(&|policy| policy.marker = "***".to_owned())),
        ("word", with(&|policy| policy.marker = "REDACTED".to_owned())),
        ("remove", with(&|policy| policy.action = Action::Remove)),
        ("pseudonym", with(&|policy| policy.action = Action::Pseudonym(key.clone()))),
    ]
}

#[test]
fn at_least_95_of_100_secrets_of_each_class_are_found() {
    let redactor = Redactor::default();
    let mut tally: Vec<(String, u64, u64)> = Vec::new();
    let mut missed = Vec::new();
    for sample in secrets(ROUNDS) {
        let survives = sample.survives_in(&text(&redactor, &sample.text));
        if survives {
            missed.push(sample.text.clone());
        }
        match tally.iter_mut().find(|(class, ..)| *class == sample.class) {
            Some((_, all, found)) => (*all, *found) = (*all + 1, *found + u64::from(!survives)),
            None => tally.push((sample.class, 1, u64::from(!survives))),
        }
    }
    assert!(tally.len() >= 12, "{tally:?}");
    let (all, found) = tally.iter().fold((0, 0), |(all, found), row| (all + row.1, found + row.2));
    assert!(found * 100 >= all * 98, "{found} of {all}: {missed:#?}");
    for (class, all, found) in &tally {
        assert!(found * 100 >= all * 95, "{class}: {found} of {all}: {missed:#?}");
    }
}

#[test]
fn nothing_harmless_is_touched() {
    for (name, redactor) in engines() {
        for line in harmless() {
            assert_eq!(text(&redactor, &line), line, "{name}");
        }
    }
}

#[test]
fn of_20_000_benign_events_fewer_than_1_in_200_are_touched() {
    let redactor = Redactor::default();
    let mut letters = Letters::new(2026);
    let mut touched = Vec::new();
    for number in 0..20_000 {
        let line = event(number, &mut letters);
        let mut counts = Counts::default();
        if redactor.json(line.as_bytes(), &mut counts) != Ok(Redacted::Clean) {
            touched.push(format!("{:?} in {line}", counts.iter().collect::<Vec<_>>()));
        }
    }
    assert!(touched.len() < 100, "{}: {:#?}", touched.len(), &touched[..10]);
}

/// What is found in a text is found wherever that text stands.
#[test]
fn no_secret_survives_at_any_depth_in_names_in_nested_texts_or_split_by_escapes() {
    for (name, redactor) in engines() {
        let samples = secrets(2);
        // What is not found in a plain text either says nothing of the ways; it must not become the rule unseen.
        let is_found = |sample: &&Sample| !sample.survives_in(&text(&redactor, &sample.text));
        let found: Vec<&Sample> = samples.iter().filter(is_found).collect();
        let missed = samples.len() - found.len();
        assert!(missed * 100 <= samples.len(), "{name}: {missed} of {} are not found", samples.len());
        for sample in found {
            for way in WAYS {
                let document = way.wrap(&sample.text);
                assert!(serde_json::from_str::<Value>(&document).is_ok(), "{document}");
                let seen = text(&redactor, &document);
                let plain = Way::unwrap(&seen);
                assert!(!sample.survives_in(&plain), "{name}, {way:?}: {document}\n{seen}");
                assert!(seen.is_empty() || serde_json::from_str::<Value>(&seen).is_ok(), "{seen}");
            }
        }
    }
}

#[test]
fn what_was_redacted_is_redacted_no_further() {
    for (name, redactor) in engines() {
        for sample in secrets(3) {
            let documents = WAYS.iter().map(|way| way.wrap(&sample.text)).chain([sample.text.clone()]);
            for document in documents {
                let once = text(&redactor, &document);
                assert_eq!(text(&redactor, &once), once, "{name}: {document}");
            }
        }
    }
}

#[test]
fn torn_and_hostile_input_is_survived_and_keeps_its_secrets() {
    let redactor = Redactor::default();
    let mut letters = Letters::new(7);
    for sample in secrets(1) {
        let document = WAYS[0].wrap(&sample.text).into_bytes();
        for end in 0..document.len() {
            let _ = filtered(&redactor, LineFormat::Auto, &document[..end]);
            let seen = filtered(&redactor, LineFormat::Json, &document[..end]);
            assert!(seen.is_empty() || serde_json::from_slice::<Value>(&seen).is_ok(), "{seen:?}");
        }
        for _ in 0..50 {
            let mut broken = document.clone();
            let at = letters.below(broken.len());
            broken[at] = letters.byte();
            for format in [LineFormat::Auto, LineFormat::Json, LineFormat::Plain] {
                let once = filtered(&redactor, format, &broken);
                assert_eq!(filtered(&redactor, format, &once), once, "{}", String::from_utf8_lossy(&broken));
            }
        }
    }
    let parts = [
        "--token", " ", "\"", "'", "=", ":", "ü", "Bearer", "://", "@", "{", "[", "\\", "%", "/home/", "~",
        "<", ">", "\u{1b}", "4", "-",
    ];
    for one in parts {
        for two in parts {
            for three in parts {
                let line = format!("{one}{two}{three}{one}password{two}x{three}");
                let once = text(&redactor, &line);
                assert_eq!(text(&redactor, &once), once, "{line}");
            }
        }
    }
}

/// Beginnings of something that does not come.
const HOSTILE: &[&str] = &[
    "eyJ-",
    "eyJ.",
    "eyJaaaaaaaaaaaa.",
    "sk-",
    "xoxb-",
    "SG.",
    "ya29.",
    "~",
    "8Q~",
    "@",
    "a@",
    "a@b.",
    "://",
    "=",
    ":",
    "a=",
    "\"",
    "\\",
    "\\\"",
    "password:",
    "token=\"",
    "token='",
    "credentials={",
    "<",
    "<a>",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY",
    "Bearer ",
    "Basic ",
    "--a ",
    "--token ",
    "/home/",
    "%41",
    "\\u0041",
    "4 ",
    "4111-",
    "DE89",
    "A1b-",
    "{\"value\":",
    "[",
    "{\"a\":[",
];

/// Work that grows with the square of the length would not end before the machine is switched off.
#[test]
fn a_long_hostile_line_costs_no_more_than_its_length() {
    let redactor = Redactor::default();
    for part in HOSTILE {
        let line = part.repeat((1 << 17) / part.len());
        let seen = filtered(&redactor, LineFormat::Auto, line.as_bytes());
        assert!(seen.len() <= 20 * line.len(), "{part}");
        let document = serde_json::to_vec(&[&line]).unwrap();
        let seen = filtered(&redactor, LineFormat::Json, &document);
        assert!(serde_json::from_slice::<Value>(&seen).is_ok(), "{part}");
    }
}

/// A torn line of JSON is a text, and its names still count.
#[test]
fn a_torn_document_keeps_its_secrets() {
    let redactor = Redactor::default();
    for (torn, secret) in [
        (r#"{"a":{"password":"hunter2 and"#, "hunter2"),
        (r#"{"a":["ghp_0123456789abcdef0123","#, "ghp_0123456789abcdef0123"),
        (r#"{"p\u0061ssword":"hunter2"#, "hunter2"),
        (r#"{"a":"{\"password\":\"hunter2"#, "hunter2"),
    ] {
        let seen = text(&redactor, torn);
        assert!(!seen.contains(secret), "{seen}");
    }
}

/// A sample is only a sample if its secret is there before.
#[test]
fn the_corpus_has_its_secrets() {
    let samples: Vec<Sample> = secrets(1);
    assert!(samples.len() > 80 && samples.iter().all(|sample| sample.survives_in(&sample.text)));
    assert!(harmless().len() > 20);
}
