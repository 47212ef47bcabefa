//! Documents that are events, and documents that nearly are: the same ones in every run.

use serde_json::{Map, Value, json};

/// SplitMix64 from a fixed seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

const TIMES: &[&str] = &[
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.5+01:00",
    "2026-01-01T23:59:59.123456789-23:59",
    "2026-01-01T24:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01 00:00:00Z",
    "2026-01-01t00:00:00z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00.1234567890Z",
];

/// For each field: what it may hold, in part wrong; how often it is there and how often it holds something odd, of 20.
fn fields() -> Vec<(&'static str, Vec<Value>, [usize; 2])> {
    let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
    vec![
        ("timestamp", texts(TIMES), [18, 1]),
        ("agentId", texts(&["a", "ü", " ", "b", "c", "\u{ffff}"]), [18, 1]),
        ("phase", texts(&["planning", "execution", "completion", "Planning"]), [18, 1]),
        ("event", texts(&["run_started", "tool_result", "reroute", "run-started"]), [18, 1]),
        ("correlationId", texts(&["c", "brAInwav-1", "\u{fdf0}", "\u{a0}", "d", "e", "a\u{9f}"]), [18, 1]),
        ("labels", vec![json!({}), json!({"a": [1, {"b": null}]})], [6, 1]),
        ("metrics", vec![json!({"a": 1.5, "b": -3})], [6, 1]),
        ("outcome", vec![json!({"status": "ok"})], [6, 1]),
        ("agentID", texts(&["a"]), [1, 0]),
        ("", texts(&["a"]), [1, 0]),
    ]
}

/// A document.
pub fn event(dice: &mut Dice) -> Value {
    let odd = [json!(null), json!(""), json!(7), json!({}), json!([]), json!(true), json!("x")];
    let mut document = Map::new();
    for (name, values, [good, wrong]) in fields() {
        match dice.roll(20) {
            roll if roll < good => document.insert(name.to_owned(), dice.pick(&values).clone()),
            roll if roll < good + wrong => document.insert(name.to_owned(), dice.pick(&odd).clone()),
            _ => None,
        };
    }
    Value::Object(document)
}
