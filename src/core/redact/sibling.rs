//! Pairs such as `{"name": "password", "value": "abc"}`, where a member says what another one is.

use super::escape::{decoded, quoted};
use super::name::{Named, named};
use super::text::skip;

/// What the `name` of the object that begins at `start` says of its `value`.
pub(super) fn sibling_name(text: &[u8], start: usize) -> Option<Named> {
    let mut at = blanks(text, start + 1);
    while text.get(at) == Some(&b'"') {
        let end = quoted(text, at).ok()?.0;
        let is_name =
            matches!(&text[at + 1..end - 1], b"name" | b"key" | b"header" | b"field" | b"Name" | b"Key");
        let value = blanks(text, blanks(text, end) + 1);
        let end = skip(text, value).ok()?;
        if is_name && text[value] == b'"' {
            let found = named(&decoded(&text[value + 1..end - 1]));
            if found.is_some() {
                return found.filter(|named| *named != Named::OptionKey);
            }
        }
        at = blanks(text, blanks(text, end) + 1);
    }
    None
}

fn blanks(text: &[u8], at: usize) -> usize {
    super::shape::run_end(text, at, u8::is_ascii_whitespace)
}
