//! Events as they are typed, and as they come on stdin.

use std::io::{self, Read};

use serde_json::{Map, Number, Value};

use crate::cli::telemetry_events::EmitArgs;
use crate::core::telemetry::document::{Problem, draft};
use crate::core::telemetry::event::Draft;
use crate::core::telemetry::seal::LONGEST;

/// What the flags say, as a document: it is validated as every other.
///
/// # Errors
/// What is wrong with a `KEY=VALUE`.
pub fn typed(args: &EmitArgs) -> Result<Value, Vec<Problem>> {
    let mut document = Map::new();
    let texts = [
        ("timestamp", &args.timestamp),
        ("phase", &args.phase),
        ("event", &args.event),
        ("agentId", &args.agent_id),
        ("correlationId", &args.correlation_id),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            document.insert(key.to_owned(), Value::from(text.as_str()));
        }
    }
    let pairs: [(&str, &str, &[String], Reading); 3] = [
        ("labels", "--label", &args.label, |text| Ok(Value::from(text))),
        ("metrics", "--metric", &args.metric, measured),
        ("outcome", "--outcome", &args.outcome, |text| Ok(came_of_it(text))),
    ];
    for (key, flag, typed, read) in pairs {
        if !typed.is_empty() {
            document.insert(key.to_owned(), Value::Object(members(flag, typed, read)?));
        }
    }
    Ok(Value::Object(document))
}

/// How the text behind the `=` is read.
pub type Reading = fn(&str) -> Result<Value, String>;

/// What `KEY=VALUE` flags say.
///
/// # Errors
/// What is wrong with one.
pub fn members(flag: &str, typed: &[String], read: Reading) -> Result<Map<String, Value>, Vec<Problem>> {
    let wrong = |field: &str, found: String, wanted: &str| Err(vec![Problem::new(field, found, wanted)]);
    let mut members = Map::new();
    for pair in typed {
        let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return wrong(flag, format!("found {pair:?}"), "write KEY=VALUE");
        };
        let field = format!("{flag} {key}");
        let value = match read(value) {
            Err(wanted) => return wrong(&field, format!("found {value:?}"), &wanted),
            Ok(value) => value,
        };
        if members.insert(key.to_owned(), value).is_some() {
            return wrong(&field, "it is given twice".to_owned(), "give each key once");
        }
    }
    Ok(members)
}

fn measured(text: &str) -> Result<Value, String> {
    let number: Option<Number> = serde_json::from_str(text).ok();
    number.map(Value::Number).ok_or_else(|| "write a number such as 12, -1.5 or 1e3".to_owned())
}

/// A number, true or false if it is written like one, and a text otherwise.
#[must_use]
pub fn came_of_it(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::from(text),
    }
}

/// Reads one document.
///
/// # Errors
/// All that is wrong with it. It is not redacted yet.
pub fn read(text: &[u8]) -> Result<Draft, Vec<Problem>> {
    let wrong = |error| Problem::new("event", format!("it is no JSON: {error}"), "write one JSON object");
    draft(serde_json::from_slice(text).map_err(|error| vec![wrong(error)])?)
}

/// The lines of a stream, as many at once as have come.
pub struct Lines<R> {
    stream: R,
    buffer: Vec<u8>,
    number: u64,
    passing: bool,
    is_over: bool,
}

/// A line with its number, from 1, or why it cannot be one.
pub type NumberedLine<'a> = (u64, Result<&'a [u8], &'static str>);

/// How much is read at once, in bytes.
const PIECE: usize = 1 << 18;

impl<R: Read> Lines<R> {
    /// The lines of this stream.
    pub const fn new(stream: R) -> Self {
        Self { stream, buffer: Vec::new(), number: 0, passing: false, is_over: false }
    }

    /// Waits for more, and hands every line that is complete to `take`, which says whether it wants more. `false` at the
    /// end. The last line needs no end.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub fn read(&mut self, mut take: impl FnMut(NumberedLine<'_>) -> bool) -> io::Result<bool> {
        if self.is_over {
            return Ok(false);
        }
        let before = self.buffer.len();
        self.buffer.resize(before + PIECE, 0);
        let read = loop {
            match self.stream.read(&mut self.buffer[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
        if read? == 0 {
            self.is_over = true;
            if !self.buffer.is_empty() || self.passing {
                self.buffer.push(b'\n');
            }
        }
        let mut used = 0;
        while let Some(length) = self.buffer[used..].iter().position(|byte| *byte == b'\n') {
            let line = &self.buffer[used..used + length];
            used += length + 1;
            self.number += 1;
            let is_rest = std::mem::take(&mut self.passing);
            let line = if is_rest { Err("it is longer than any event may be") } else { Ok(line) };
            if !take((self.number, line)) {
                return Ok(false);
            }
        }
        self.buffer.drain(..used);
        if self.buffer.len() > LONGEST {
            self.buffer.clear();
            self.passing = true;
        }
        Ok(!self.is_over)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::{LONGEST, Lines, came_of_it, measured, members};

    #[test]
    fn lines_are_numbered_and_those_too_long_are_passed_over() {
        let long = "x".repeat(3 * LONGEST);
        let text = format!("one\n\n{long}\nfour\nlast");
        let mut lines = Lines::new(Cursor::new(text.into_bytes()));
        let mut found = Vec::new();
        while lines
            .read(|(number, line)| {
                found.push((number, line.map(|line| String::from_utf8_lossy(line).into_owned()).ok()));
                true
            })
            .unwrap()
        {}
        let text = |text: &str| Some(text.to_owned());
        let mut lines = Lines::new(Cursor::new(vec![b'x'; LONGEST + 1]));
        let mut ends = Vec::new();
        while lines
            .read(|(number, line)| {
                ends.push((number, line.is_err()));
                true
            })
            .unwrap()
        {}
        assert_eq!(ends.len(), 1, "the last line is told as well: {ends:?}");
        assert_eq!(found, [(1, text("one")), (2, text("")), (3, None), (4, text("four")), (5, text("last"))]);
    }

    #[test]
    fn values_are_what_they_are_written_like() {
        for (text, expected) in [
            ("12", json!(12)),
            ("true", json!(true)),
            ("ok", json!("ok")),
            ("", json!("")),
            ("{}", json!("{}")),
            ("1.10.0", json!("1.10.0")),
        ] {
            assert_eq!(came_of_it(text), expected, "{text}");
        }
        for (text, is_right) in [("1", true), ("-1.5e3", true), ("NaN", false), ("", false), ("1s", false)] {
            assert_eq!(measured(text).is_ok(), is_right, "{text}");
        }
        let wrong = |typed: &[&str]| {
            let typed: Vec<String> = typed.iter().map(|text| (*text).to_owned()).collect();
            members("--metric", &typed, measured).unwrap_err()[0].to_string()
        };
        assert_eq!(wrong(&["a"]), "--metric: found \"a\"; write KEY=VALUE");
        assert!(wrong(&["=1"]).contains("KEY=VALUE") && wrong(&["a=1", "a=2"]).contains("twice"));
        assert!(wrong(&["a=b"]).starts_with("--metric a: found \"b\"; write a number"));
    }
}
