//! The places in a document where a text can stand, and the ways to write it there.

use serde_json::{Value, json};

#[derive(Debug, Clone, Copy)]
pub enum Way {
    Value,
    Deep,
    Name,
    DocumentInText,
    DocumentInDocumentInText,
    Escaped,
    EscapedName,
}

pub const WAYS: [Way; 7] = [
    Way::Value,
    Way::Deep,
    Way::Name,
    Way::DocumentInText,
    Way::DocumentInDocumentInText,
    Way::Escaped,
    Way::EscapedName,
];

impl Way {
    /// A document of JSON in which this text stands.
    pub fn wrap(self, text: &str) -> String {
        match self {
            Self::Value => json!({"event": "tool_result", "labels": {"note": text, "n": 1}}).to_string(),
            Self::Deep => {
                let deep = (0..40).fold(json!(text), |inner, depth| match depth % 2 {
                    0 => json!([depth, inner, true]),
                    _ => json!({"a": 1, "level": inner}),
                });
                deep.to_string()
            }
            Self::Name => json!({"labels": {text: 1, "b": 2}}).to_string(),
            Self::DocumentInText => json!({"note": json!({"note": text}).to_string()}).to_string(),
            Self::DocumentInDocumentInText => {
                json!([json!([json!({"note": text}).to_string()]).to_string()]).to_string()
            }
            Self::Escaped => format!("{{\"note\":\"{}\"}}", escaped(text)),
            Self::EscapedName => format!("{{\"{}\":1}}", escaped(text)),
        }
    }

    /// All texts of what is left, with every escape undone, however deep.
    pub fn unwrap(seen: &str) -> String {
        let mut texts = vec![seen.to_owned()];
        if let Ok(value) = serde_json::from_str::<Value>(seen) {
            collect(&value, &mut texts);
        }
        texts.join("\n")
    }
}

/// Every third letter as an escape.
fn escaped(text: &str) -> String {
    let mut units = [0; 2];
    let letter = |(at, letter): (usize, char)| {
        if at % 3 == 1 || letter.is_control() || matches!(letter, '"' | '\\') {
            letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
        } else if letter == '/' {
            "\\/".to_owned()
        } else {
            letter.to_string()
        }
    };
    text.chars().enumerate().map(letter).collect()
}

fn collect(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            into.push(text.clone());
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                collect(&inner, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
        Value::Object(members) => {
            for (name, value) in members {
                into.push(name.clone());
                collect(value, into);
            }
        }
        other => into.push(other.to_string()),
    }
}
