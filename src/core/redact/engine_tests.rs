use serde_json::{Value, json};

use super::super::policy::{Action, Limits, MARKER, PseudonymKey};
use super::{Class, Counts, Policy, Redacted, Redactor};

fn with(change: impl FnOnce(&mut Policy)) -> Redactor {
    let mut policy = Policy::default();
    change(&mut policy);
    Redactor::new(policy).unwrap()
}

fn redacted(engine: &Redactor, text: &str) -> String {
    match engine.json(text.as_bytes(), &mut Counts::default()) {
        Ok(Redacted::Clean) => text.to_owned(),
        Ok(Redacted::Changed(text)) => String::from_utf8(text).unwrap(),
        Ok(Redacted::Removed) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check(engine: &Redactor, table: &[(&str, &str)]) {
    for (text, expected) in table {
        let (text, expected) = (text.replace("[R]", MARKER), expected.replace("[R]", MARKER));
        assert_eq!(redacted(engine, &text), expected, "{text}");
        assert_eq!(redacted(engine, &expected), expected, "again: {text}");
    }
}

#[test]
fn a_document_keeps_every_byte_that_is_left_alone() {
    check(
        &Redactor::default(),
        &[
            (r#"{ "a" : 1.0e+400 , "a":"ü\u00fc\/" }"#, r#"{ "a" : 1.0e+400 , "a":"ü\u00fc\/" }"#),
            (r#"{"password":"abc","b":[1,2]}"#, r#"{"password":"[R]","b":[1,2]}"#),
            (r#"{"password": 4711, "ok": true}"#, r#"{"password": "[R]", "ok": true}"#),
            (
                r#"{"password":true,"secret":null,"token":"","pin":{}}"#,
                r#"{"password":true,"secret":null,"token":"","pin":{}}"#,
            ),
            (r#"{"max_tokens":4096,"tokens":12,"token":7}"#, r#"{"max_tokens":4096,"tokens":12,"token":7}"#),
            (r#"{"tokens":{"input":5,"x":"abc"}}"#, r#"{"tokens":{"input":5,"x":"[R]"}}"#),
            (r#"{"credentials":{"a":"b"},"c":1}"#, r#"{"credentials":"[R]","c":1}"#),
            (r#"{"prompt":"hello","prompt_id":"p1"}"#, r#"{"prompt":"[R]","prompt_id":"p1"}"#),
            (r#"{"output":3,"phone":491511234567}"#, r#"{"output":3,"phone":"[R]"}"#),
        ],
    );
}

#[test]
fn neighbours_tell_what_a_value_is_and_escapes_hide_nothing() {
    check(
        &Redactor::default(),
        &[
            (r#"["--token","abc","--verbose","x"]"#, r#"["--token","[R]","--verbose","x"]"#),
            (r#"["x-api-key","abc"]"#, r#"["x-api-key","[R]"]"#),
            (r#"["curl","-u","ann:pw","-u","ann"]"#, r#"["curl","-u","[R]","-u","ann"]"#),
            (r#"["-uann:pw","--user=a:b","-u","1:2"]"#, r#"["-u[R]","--user=[R]","-u","1:2"]"#),
            (r#"{"pass":["a.test.ts"],"n":{"pass":12}}"#, r#"{"pass":["a.test.ts"],"n":{"pass":12}}"#),
            (
                r#"["--tokens-used","5","password","username"]"#,
                r#"["--tokens-used","5","password","username"]"#,
            ),
            (r#"[{"name":"password","value":"abc"}]"#, r#"[{"name":"password","value":"[R]"}]"#),
            (r#"[{"value":"abc","name":"password"}]"#, r#"[{"value":"[R]","name":"password"}]"#),
            (r#"[{"value":"abc","name":"title"}]"#, r#"[{"value":"abc","name":"title"}]"#),
            (
                r#"{"key":"auth_token","value":{"stringValue":"abc"}}"#,
                r#"{"key":"auth_token","value":{"stringValue":"[R]"}}"#,
            ),
            (r#"{"card":4111111111111111,"n":4111111111111112}"#, r#"{"card":"[R]","n":4111111111111112}"#),
            (r#"{"ann@example.com":1}"#, r#"{"[R]":1}"#),
            (r#"{"a@example.com":1,"b@example.com":2,"c":3}"#, r#"{"[R]":1,"[R]-2":2,"c":3}"#),
            (r#"{"a@example.com":1,"[R]":2,"[R]-2":3}"#, r#"{"[R]-3":1,"[R]":2,"[R]-2":3}"#),
            (r#"{"a@example.com":{"b@example.com":{}}}"#, r#"{"[R]":{"[R]":{}}}"#),
            (r#"{"p\u0061ssword":"abc"}"#, r#"{"p\u0061ssword":"[R]"}"#),
            (r#"{"a":"ann\u0040example.com"}"#, r#"{"a":"[R]"}"#),
            (r#"{"a":"https:\/\/me:pw@host\/x"}"#, r#"{"a":"https://[R]@host/x"}"#),
            (r#"{"a":"{\"password\":\"abc\"}"}"#, r#"{"a":"{\"password\":\"[R]\"}"}"#),
            (r#"{"a":"in text {\"password\": \"abc\"}"}"#, r#"{"a":"in text {\"password\": \"[R]\"}"}"#),
            (r#""ann@example.com""#, r#""[R]""#),
        ],
    );
}

#[test]
fn as_many_secret_names_as_there_are_stay_as_many() {
    let names = (0..30_000).map(|number| format!("\"a{number}@example.com\":{number}")).collect::<Vec<_>>();
    let seen: Value =
        serde_json::from_str(&redacted(&Redactor::default(), &format!("{{{}}}", names.join(",")))).unwrap();
    assert_eq!(seen.as_object().unwrap().len(), names.len());
}

#[test]
fn what_is_no_json_is_told() {
    check(
        &Redactor::default(),
        &[
            ("[]", "[]"),
            ("{", "no JSON"),
            (r#"{"a":1,}"#, "no JSON"),
            ("[1,]", "no JSON"),
            (r#"{"a" 1}"#, "no JSON"),
            ("01", "no JSON"),
            ("nul", "no JSON"),
            ("[1] 2", "no JSON"),
            ("", "no JSON"),
        ],
    );
}

#[test]
fn what_is_removed_takes_its_name_and_comma_along() {
    let engine = with(|policy| policy.action = Action::Remove);
    check(
        &engine,
        &[
            (r#"{"a":1,"pin":1,"b":2}"#, r#"{"a":1,"b":2}"#),
            (r#"{"pin":1,"b":2}"#, r#"{"b":2}"#),
            (r#"{"a":1, "pin":1 }"#, r#"{"a":1}"#),
            (r#"{"a":1,"pin":1,"otp":2}"#, r#"{"a":1}"#),
            (r#"{"pin":1,"otp":2}"#, "{}"),
            (r#"{"a":["--token","x"],"b":"at ann@example.com now"}"#, r#"{"a":["--token"],"b":"at  now"}"#),
            (r#"{"ann@example.com":{"x":1},"b":2}"#, r#"{"b":2}"#),
            (r#"{"a":{"pin":1}}"#, r#"{"a":{}}"#),
        ],
    );
    let twice = "xghp_0123456789abcdef0123 a@b@example.comexample.com";
    let once = engine.text(twice, &mut Counts::default()).into_owned();
    assert_eq!(engine.text(&once, &mut Counts::default()), once);
}

#[test]
fn what_lies_beyond_the_limits_is_replaced() {
    let engine = with(|policy| policy.limits = Limits { depth: 3, text_bytes: 40, document_bytes: 200 });
    let mut counts = Counts::default();
    let mut count = |text: &str| match engine.json(text.as_bytes(), &mut counts) {
        Ok(Redacted::Changed(text)) => String::from_utf8(text).unwrap(),
        Ok(other) => format!("{other:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(count("[[[1]]]"), "Clean");
    assert_eq!(count("[[[[1]]]]"), format!("[[[\"{MARKER}\"]]]"));
    assert_eq!(count(&format!("[\"{}\"]", "a".repeat(41))), format!("[\"{MARKER}\"]"));
    assert_eq!(count(&format!("[{}1]", " ".repeat(200))), format!("\"{MARKER}\""));
    assert_eq!((counts.of(Class::TooDeep), counts.of(Class::TooLong)), (1, 2));
    let nested = (0..5).fold("\"abc\"".to_owned(), |inner, _| json!([inner]).to_string());
    let default = redacted(&Redactor::default(), &nested);
    assert!(default.contains(MARKER) && !default.contains("abc"), "{default}");
    let endless = format!("{}1", "[".repeat(100_000));
    assert_eq!(redacted(&with(|policy| policy.limits.document_bytes = 1 << 20), &endless), "no JSON");
}

#[test]
fn what_is_preserved_is_left_alone_and_what_is_not_allowed_is_not() {
    let preserve = with(|policy| policy.preserve = vec!["email".to_owned(), "labels.prompt".to_owned()]);
    check(
        &preserve,
        &[
            (r#"{"email":"a@example.com","prompt":"x"}"#, r#"{"email":"a@example.com","prompt":"[R]"}"#),
            (r#"{"labels":{"prompt":"x","query":"y"}}"#, r#"{"labels":{"prompt":"x","query":"[R]"}}"#),
            (r#"{"messages":[{"email":"x","text":"y"}]}"#, r#"{"messages":[{"email":"x","text":"[R]"}]}"#),
        ],
    );
    let text = |text: &str| preserve.text(text, &mut Counts::default()).into_owned();
    assert_eq!(text("email=a@example.com"), "email=a@example.com");
    assert_eq!(text("my_email=a@example.com"), format!("my_email={MARKER}"));
    let allow = with(|policy| policy.allow = Some(vec!["event".to_owned(), "labels.tool".to_owned()]));
    check(
        &allow,
        &[
            (r#"{"event":"a@example.com","tool":1}"#, r#"{"event":"[R]","tool":"[R]"}"#),
            (
                r#"{"event":{"x":true},"labels":{"tool":"t","ok":true,"n":null}}"#,
                r#"{"event":{"x":true},"labels":{"tool":"t","ok":"[R]","n":"[R]"}}"#,
            ),
        ],
    );
    let content = with(|policy| policy.content = false);
    check(&content, &[(r#"{"prompt":"x","pin":"y"}"#, r#"{"prompt":"x","pin":"[R]"}"#)]);
}

#[test]
fn the_marker_is_no_way_in() {
    let engine = Redactor::default();
    let text = |text: &str| engine.text(text, &mut Counts::default()).into_owned();
    for (before, expected) in [
        ("password=[R]", "password=[R]"),
        ("password=[R]hunter", "password=[R]"),
        ("password=\"[R] hunter\" x", "password=\"[R]\" x"),
        ("[R] ann@example.com [R]", "[R] [R] [R]"),
        ("/home/[R]/x", "/home/[R]/x"),
        ("https://[R]@host", "https://[R]@host"),
        ("https://[R]:pw@host", "https://[R]@host"),
    ] {
        let expected = expected.replace("[R]", MARKER);
        assert_eq!(text(&before.replace("[R]", MARKER)), expected, "{before}");
    }
    check(&engine, &[(&format!(r#"{{"password":"{MARKER}abc"}}"#), r#"{"password":"[R]"}"#)]);
}

#[test]
fn pseudonyms_are_the_same_everywhere_and_stay() {
    let key = PseudonymKey::new("a key of a test, long enough").unwrap();
    let engine = with(|policy| policy.action = Action::Pseudonym(key));
    let value = json!({"email": "ann@example.com", "a": "by ann@example.com", "n": {"password": "x"}});
    let mut counts = Counts::default();
    let once = engine.value(value, &mut counts);
    assert_eq!(counts.total(), 3);
    let name = once["a"].as_str().unwrap().trim_start_matches("by ").to_owned();
    assert!(name.starts_with("[brAInwav-ID-") && name.len() == 38, "{name}");
    assert_ne!(once["n"]["password"], Value::String(name));
    assert_eq!(engine.value(once.clone(), &mut counts), once);
    assert_eq!(counts.total(), 3, "a pseudonym has none itself");
    let forged = engine.value(json!({"password": "[brAInwav-ID-000000000000000000000000]"}), &mut counts);
    assert_eq!(counts.total(), 4, "{forged}");
}

#[test]
fn texts_are_redacted_by_shape_and_by_name() {
    let engine = Redactor::default();
    for (text, expected) in [
        ("user ann@example.com at /home/ann/x", "user [R] at /home/[R]/x"),
        (r"C:\Users\ann\x", r"C:\Users\[R]\x"),
        ("pay 4111 1111 1111 1111, ssn 219-09-9999", "pay [R], ssn [R]"),
        (r"line\nghp_0123456789abcdef0123", r"line\n[R]"),
        ("\u{1b}[31mghp_0123456789abcdef0123", "\u{1b}[31m[R]"),
        ("{'password': 'a b', 'x': 1}", "{'password': '[R]', 'x': 1}"),
        ("<password>abc</password>", "<password>[R]</password>"),
        ("q?access_token=a%20b&x=1", "q?access_token=[R]&x=1"),
        ("x?X-Amz-Signature=0a1b&x", "x?X-Amz-Signature=[R]&x"),
        ("password=hunt;er22x&y more", "password=[R] more"),
        ("?a=1&password=hunt;er22x&y", "?a=1&password=[R]&y"),
        ("a=1;password=ab;c=d", "a=1;password=[R];c=d"),
        ("password=hunt'er22x password=hunt<er22x", "password=[R] password=[R]"),
        ("export TOKEN=abc; sleep 1", "export TOKEN=[R]; sleep 1"),
        ("phone: +49 151 12345678, more", "phone: [R] more"),
        ("phone: (0151) 123-456 is it", "phone: [R] is it"),
        ("username: 12 files", "username: [R] files"),
        ("first pass: done, pw:api called, pass=12", "first pass: done, pw:api called, pass=12"),
        ("pass=abc pw=12", "pass=[R] pw=[R]"),
        ("a password\\u003dabc b", "[R]"),
        ("a%3Fpassword%3Dabc", "[R]"),
        ("input: src/a.ts, output: dist", "input: src/a.ts, output: dist"),
        ("--input=src --output=dist", "--input=src --output=dist"),
        (r#"prompt="say it" query=x"#, r#"prompt="[R]" query=[R]"#),
        ("std::auth::Token at 10:20:30", "std::auth::Token at 10:20:30"),
        ("-----BEGIN PRIVATE KEY-----\\nexample", "[R]"),
    ] {
        let expected = expected.replace("[R]", MARKER);
        assert_eq!(engine.text(text, &mut Counts::default()), expected, "{text}");
        assert_eq!(engine.text(&expected, &mut Counts::default()), expected, "again: {text}");
    }
}
