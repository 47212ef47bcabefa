//! JSON with comments and trailing commas, as Nx reads its own files.

use serde_json::Value;

/// The value of a text; `None` when it is none.
#[must_use]
pub fn parse(text: &str) -> Option<Value> {
    let bare = without_comments(text.strip_prefix('\u{feff}').unwrap_or(text));
    serde_json::from_str(&without_trailing_commas(&bare)).ok()
}

/// Splits after the string that begins here, quotes included.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn without_comments(text: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['"', '/']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let (keep, skip) = if rest.starts_with('"') {
            let end = end_of_string(rest);
            (end, end)
        } else if rest.starts_with("//") {
            (0, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (0, rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else {
            (1, 1)
        };
        kept.push_str(&rest[..keep]);
        rest = &rest[skip..];
    }
    kept + rest
}

fn without_trailing_commas(text: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['"', ',']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let is_string = rest.starts_with('"');
        let length = if is_string { end_of_string(rest) } else { 1 };
        if is_string || !rest[1..].trim_start().starts_with(['}', ']']) {
            kept.push_str(&rest[..length]);
        }
        rest = &rest[length..];
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn comments_and_trailing_commas_go_and_strings_stay() {
        for (text, expected) in [
            ("{}", Some(json!({}))),
            ("{ // c\n \"a\": 1, /* d */ }", Some(json!({"a": 1}))),
            ("\u{feff}[1, 2, ]", Some(json!([1, 2]))),
            ("{\"a\": \"x // y, } /* \\\" */\"}", Some(json!({"a": "x // y, } /* \" */"}))),
            ("{\"ä\": \"/\"}", Some(json!({"ä": "/"}))),
            ("{\"a\": 1 \"b\": 2}", None),
            ("\"open", None),
            ("/* open", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
