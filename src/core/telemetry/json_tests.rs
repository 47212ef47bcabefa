use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Document, Json};

/// What it was before, and what everything has to be like.
fn as_map(json: &[u8]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&serde_json::from_slice::<Map<String, Value>>(json)?)
}

fn as_document(json: &[u8]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Document::read(json)?)
}

/// Both the same, be it bytes or words of what is wrong.
fn assert_same(json: &[u8]) {
    let told = |result: serde_json::Result<Vec<u8>>| match result {
        Ok(bytes) => String::from_utf8(bytes).unwrap(),
        Err(error) => format!("error: {error}"),
    };
    assert_eq!(told(as_document(json)), told(as_map(json)), "{}", String::from_utf8_lossy(json));
}

#[test]
fn what_is_read_is_written_as_a_tree_of_maps_would() {
    let table = [
        r#"{}"#,
        r#" { "a" : 1 , "b" : [ ] , "c" : { } } "#,
        r#"{"a":[null,true,false,[[]],[{}],{"b":[1,{"c":[2]},3]}],"d":"e"}"#,
        r#"{"least":-9223372036854775808,"most":18446744073709551615,"more":18446744073709551616}"#,
        r#"{"a":-0,"b":0.1,"c":1e300,"d":-2.5E-7,"e":1.0,"f":123456789012345678901234567890,"g":1e-400}"#,
        r#"{"escapes":"\" \\ \/ \b \f \n \r \t \u0000 \u0041 \u00e9 \ud83d\ude00","\u006eame":"\u007f"}"#,
        r#"{"":"","é":"☃","a b":"\u2028"}"#,
        r#"{"$serde_json::private::Number":"1"}"#,
        r#"{"$serde_json::private::RawValue":"[1]","b":{"$serde_json::private::Number":"2"}}"#,
    ];
    for json in table {
        assert!(Document::read(json.as_bytes()).is_ok(), "{json}");
        assert_same(json.as_bytes());
    }
}

#[test]
fn of_members_of_one_name_the_last_counts_at_the_place_of_the_first() {
    let table = [
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"a":1,"\u0061":[{"b":1,"b":2}]}"#, r#"{"a":[{"b":2}]}"#),
        (r#"{"a":{"b":{"x":1},"c":0.1,"b":{}}}"#, r#"{"a":{"b":{},"c":0.1}}"#),
        (r#"{"a":1,"a":1.7976931348623157e308,"a":9007199254740993}"#, r#"{"a":9007199254740993}"#),
    ];
    for (json, expected) in table {
        assert_eq!(String::from_utf8(as_document(json.as_bytes()).unwrap()).unwrap(), expected);
        assert_same(json.as_bytes());
    }
    for count in [15, 16, 17, 1000] {
        let mut json = String::from("{");
        (0..count).for_each(|name| write!(json, "\"name {name}\":{name},").unwrap());
        assert_same(format!("{json}\"last\":1}}").as_bytes());
        assert_same(format!("{json}\"name 0\":true,\"name 7\":[]}}").as_bytes());
    }
}

#[test]
fn what_is_no_object_is_refused_in_the_same_words() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(Document::read(nested(126).as_bytes()).is_ok());
    assert!(Document::read(nested(127).as_bytes()).is_err());
    let table: [&[u8]; 16] = [
        b"",
        b" ",
        b"null",
        b"[]",
        b"\"text\"",
        b"7",
        b"{}{}",
        b"{} x",
        b"{\"a\":1,}",
        b"{\"a\":[1,]}",
        b"{\"a\" 1}",
        b"{1:2}",
        b"{\"a\":1e999}",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"line\nline\"}",
    ];
    for json in table {
        assert!(Document::read(json).is_err());
        assert_same(json);
    }
    for depth in [1, 125, 126, 127, 128, 10_000] {
        assert_same(nested(depth).as_bytes());
        assert_same(nested(depth).replace('[', "{\"b\":").replace("]}", "1}").as_bytes());
        assert_same("[".repeat(depth).as_bytes());
        assert_same("{\"a\":".repeat(depth).as_bytes());
    }
}

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 9] = ["a", "\\n", "\\u00e9", "☃", " ", "\\\"", "key", "\\ud83d\\ude00", "0"];
        (0..self.below(4)).map(|_| PARTS[self.below(PARTS.len() as u64) as usize]).collect()
    }

    fn number(&mut self) -> String {
        let (whole, digits) = (self.0, self.below(400));
        match digits % 4 {
            0 => whole.to_string(),
            1 => (whole as i64).to_string(),
            2 => f64::from_bits(whole >> 1).to_string().replace("inf", "0").replace("NaN", "1"),
            _ => format!("{}.{whole}e-{digits}", whole % 10),
        }
    }

    fn value(&mut self, depth: u64) -> String {
        let most = self.below(20) / (depth + 1);
        match self.below(if depth > 4 { 5 } else { 8 }) {
            0 => "null".to_owned(),
            1 => "true".to_owned(),
            2 => self.number(),
            3 | 4 => format!("\"{}\"", self.text()),
            5 => {
                let values: Vec<String> = (0..most).map(|_| self.value(depth + 1)).collect();
                format!("[{}]", values.join(" ,"))
            }
            _ => self.object(depth),
        }
    }

    fn object(&mut self, depth: u64) -> String {
        let most = self.below(24) / (depth + 1);
        let members: Vec<String> =
            (0..most).map(|_| format!("\"{}\": {}", self.text(), self.value(depth + 1))).collect();
        format!("{{{}}}", members.join(","))
    }
}

#[test]
fn generated_documents_are_the_same_whole_and_broken() {
    let mut dice = Dice(0x5eed);
    for _ in 0..400 {
        let json = dice.object(0);
        assert_same(json.as_bytes());
        if let Ok(value) = serde_json::from_str::<Value>(&json) {
            let taken_over = Document::of(&value).unwrap();
            assert_eq!(serde_json::to_string(&taken_over).unwrap(), value.to_string());
        }
        let mut broken = json.into_bytes();
        let place = dice.below(broken.len() as u64) as usize;
        broken[place] = b"{}[]\",:0x\\\xff"[dice.below(11) as usize];
        assert_same(&broken);
        broken.truncate(place);
        assert_same(&broken);
    }
}

#[test]
fn a_large_line_takes_no_long_time() {
    let names: Vec<String> = (0..70_000).map(|name| format!("\"{name:09}\":{name}")).collect();
    let json = format!("{{{}}}", names.join(","));
    assert_eq!(as_document(json.as_bytes()).unwrap(), json.as_bytes());
    let same = format!("{{{}}}", vec!["\"a\":{\"a\":1,\"a\":2}"; 50_000].join(","));
    assert_eq!(as_document(same.as_bytes()).unwrap(), b"{\"a\":{\"a\":2}}");
}

#[test]
fn values_are_found_by_name() {
    let value = json!({"a": "text", "b": {"c": [1, {"a": 2}, 3.5], "d": null}, "e": true, "f": -1});
    let document = Document::of(&value).unwrap();
    let inner = document.get("b").and_then(Json::as_object).unwrap();
    assert_eq!(document.get("a").and_then(Json::as_str), Some("text"));
    assert_eq!(document.get("f").and_then(Json::as_f64), Some(-1.0));
    assert!(matches!(document.get("e"), Some(Json::Bool(true))));
    assert!(matches!(inner.get("d"), Some(Json::Null)));
    let Some(Json::List(list)) = inner.get("c") else { panic!("a list") };
    assert_eq!(list.iter().map(Json::as_f64).collect::<Vec<_>>(), [Some(1.0), None, Some(3.5)]);
    let names: Vec<&str> = document.object().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "e", "f"]);
    for absent in ["c", "d", "text", "", "aa"] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
    let [e, absent, a] = document.object().pick(["e", "c", "a"]);
    assert!(matches!((e, absent, a), (Some(Json::Bool(true)), None, Some(Json::Text("text")))));
    assert!(Document::default().get("a").is_none());
    assert!(Document::of(&json!([1])).is_err());
}
