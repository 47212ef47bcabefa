//! Adding scripts to documents of many shapes: nothing but the insertion changes.

use serde_json::Value;

use super::{SCRIPTS, add_scripts};

const ONE: &[(&str, &str)] = &[("process:health", "brainwav health --enforce")];
const TWO: &[(&str, &str)] = &[("process:health", "brainwav health --enforce"), ("x\"y", "a \\ \"b\"")];

#[test]
fn the_scripts_stand_where_a_person_would_put_them() {
    let script = r#""process:health": "brainwav health --enforce""#;
    let table = [
        ("{\n  \"scripts\": {\n    \"a\": \"b\"\n  }\n}\n", format!("{{\n  \"scripts\": {{\n    \"a\": \"b\",\n    {script}\n  }}\n}}\n")),
        ("{\r\n\t\"scripts\": {\r\n\t\t\"a\": \"b\"\r\n\t}\r\n}", format!("{{\r\n\t\"scripts\": {{\r\n\t\t\"a\": \"b\",\r\n\t\t{script}\r\n\t}}\r\n}}")),
        ("{\n  \"scripts\": {}\n}\n", format!("{{\n  \"scripts\": {{\n    {script}\n  }}\n}}\n")),
        ("{\n    \"scripts\": {\n    }\n}\n", format!("{{\n    \"scripts\": {{\n        {script}\n    }}\n}}\n")),
        ("{\n  \"name\": \"x\"\n}\n", format!("{{\n  \"name\": \"x\",\n  \"scripts\": {{\n    {script}\n  }}\n}}\n")),
        ("{\r\n  \"name\": \"x\"\r\n}\r\n", format!("{{\r\n  \"name\": \"x\",\r\n  \"scripts\": {{\r\n    {script}\r\n  }}\r\n}}\r\n")),
        ("{}", format!("{{\n  \"scripts\": {{\n    {script}\n  }}\n}}")),
        ("{\n}\n", format!("{{\n  \"scripts\": {{\n    {script}\n  }}\n}}\n")),
        (r#"{"scripts":{"a":"b"}}"#, r#"{"scripts":{"a":"b","process:health":"brainwav health --enforce"}}"#.to_owned()),
        (r#"{"scripts":{}}"#, r#"{"scripts":{"process:health":"brainwav health --enforce"}}"#.to_owned()),
        (r#"{ "scripts": { } }"#, format!(r#"{{ "scripts": {{ {script} }} }}"#)),
        (r#"{ "name": "x" }"#, format!(r#"{{ "name": "x", "scripts": {{ {script} }} }}"#)),
        (r#"{"name":"x"}"#, r#"{"name":"x","scripts":{"process:health":"brainwav health --enforce"}}"#.to_owned()),
        ("{\n  \"scripts\": {\n    \"a\": \"b\",\n\n    \"c\" : \"d\"\n  }\n}", "{\n  \"scripts\": {\n    \"a\": \"b\",\n\n    \"c\" : \"d\",\n    \"process:health\" : \"brainwav health --enforce\"\n  }\n}".to_owned()),
    ];
    for (before, after) in table {
        assert_eq!(add_scripts(before, ONE).unwrap().text, after, "{before}");
    }
}

/// Documents that are easily misread.
const DOCUMENTS: &[&str] = &[
    "{}",
    "  {  }  ",
    "{\n\n}\n",
    "\n\n{\"a\":1}\n\n",
    r#"{"a":{"scripts":{"b":"c"}},"scripts":{"d":"e"},"f":{"scripts":{}}}"#,
    r#"{"a":[{"scripts":{}}]}"#,
    r#"{"a":"\"scripts\":{","b":"}{"}"#,
    r#"{"scripts":{"a":"say \"hi\", {x}","b\"}":"c\\"}}"#,
    r#"{"scr\u0069pts":{"a":"b"}}"#,
    r#"{"scripts":{"a":"b"},"scripts":{"c":"d"}}"#,
    r#"{"scripts":{},"scripts":{}}"#,
    "{\"scripts\":\n{\"a\":\n\"b\"}\n}",
    "{\n\"scripts\": {\n\"a\": \"b\"\n}\n}",
    "{\n  \"name\": \"é\u{1F600}\",\n  \"scripts\": { \"ü\": \"\u{1F600}\" }\n}",
    "{\n\t\"scripts\": {\n\t\t\"a\": \"b\"\n\t},\n\t\"z\": [1, 2.50, -0, 1e3, true, null]\n}\n",
    "{\n  \"scripts\"   :   {   }   ,\n  \"b\": 1\n}",
    "{ \"name\": \"x\",\n  \"scripts\": {} }",
    "{\"name\": \"x\",\n\"b\": {\"c\": 1}}",
    "{\r\n  \"scripts\": {}\r\n}\r\n",
    "{\n  \"a\": 1\n, \"scripts\": {\n    \"b\": \"c\"\n  , \"d\": \"e\"\n  }\n}",
    "{\"scripts\":{\n}}",
    "{\"scripts\":{\"a\":{\"nested\":[{}]}}}",
    "{\"\":\"\",\"scripts\":{\"\":\"\"}}",
    "{\"a\":\"\\\\\",\"scripts\":{\"b\":\"\\\\\\\"\"}}",
    "{\"a\":12345678901234567890123,\"scripts\":{}}",
    "{\"//\":\"no comment\",\"scripts\":{\"a\":\"// b /* c */\"}}",
    "{\n    \"private\": true,\n    \"devDependencies\": {\n        \"vitest\": \"1\"\n    }\n}\n",
    "{\"__proto__\":{\"scripts\":1},\"scripts\":{\"constructor\":\"a\"}}",
    "{\r\"scripts\":{\r\"a\":\"b\"\r}\r}",
    "{\"scripts\":{\"process:healthy\":\"a\",\"process\":\"b\"}}",
];

#[test]
fn every_document_keeps_each_of_its_bytes() {
    for (document, scripts) in DOCUMENTS.iter().flat_map(|document| [(document, ONE), (document, TWO)]) {
        let edit = add_scripts(document, scripts).unwrap_or_else(|error| panic!("{document}: {error}"));
        assert_eq!(edit.added.len(), scripts.len(), "{document}");
        let same = |(a, b): &(u8, u8)| a == b;
        let head = document.bytes().zip(edit.text.bytes()).take_while(same).count();
        let tail = document.bytes().rev().zip(edit.text.bytes().rev()).take_while(same).count();
        assert!(head + tail >= document.len(), "one insertion and nothing else:\n{document}\n{}", edit.text);
        let after: Value = serde_json::from_str(&edit.text).unwrap();
        for (name, command) in scripts {
            assert_eq!(after["scripts"][name], *command, "{}", edit.text);
        }
        let again = add_scripts(&edit.text, scripts).unwrap();
        assert_eq!((again.present.len(), again.text.as_str()), (scripts.len(), edit.text.as_str()));
        assert!(again.added.is_empty());
    }
}

#[test]
fn one_missing_script_is_added_next_to_one_that_is_there() {
    let first = add_scripts("{}", ONE).unwrap();
    let second = add_scripts(&first.text, TWO).unwrap();
    assert_eq!((second.present, second.added), (vec!["process:health"], vec!["x\"y"]));
}

#[test]
fn a_taken_name_is_left_alone() {
    for value in ["\"my own\"", "1", "null", "{}"] {
        let document = format!("{{\"scripts\":{{\"process:health\":{value}}}}}");
        let edit = add_scripts(&document, ONE).unwrap();
        assert_eq!(
            (edit.text.as_str(), edit.added.len(), edit.taken.len()),
            (document.as_str(), 0, 1),
            "{document}"
        );
    }
}

#[test]
fn what_is_no_package_is_refused() {
    let table = [
        ("\u{feff}{}", "byte order mark"),
        ("// a\n{}", "is no JSON"),
        ("{\"a\":1,}", "is no JSON"),
        ("{\"a\":1} x", "is no JSON"),
        ("", "is no JSON"),
        ("[]", "no JSON object"),
        ("\"scripts\"", "no JSON object"),
        ("{\"scripts\":[]}", "scripts"),
        ("{\"scripts\":null}", "scripts"),
        ("{\"scripts\":", "is no JSON"),
    ];
    for (document, message) in table {
        let error = add_scripts(document, ONE).unwrap_err();
        assert!(error.message.contains(message) && !error.help.is_empty(), "{document}: {error}");
    }
    let deep = format!("{{\"a\":{}}}", "[".repeat(100_000));
    assert!(add_scripts(&deep, ONE).is_err());
}

#[test]
fn the_table_of_scripts_has_each_name_once() {
    let edit = add_scripts("{}", SCRIPTS).unwrap();
    let after: Value = serde_json::from_str(&edit.text).unwrap();
    assert_eq!(after["scripts"].as_object().unwrap().len(), SCRIPTS.len());
}
