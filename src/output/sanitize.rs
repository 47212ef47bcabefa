//! Text that somebody else chose, made safe for a terminal.

use std::fmt::Write as _;

/// Makes control characters visible, so that no process name can move the cursor, change the title of the
/// window, hide a line or turn the direction of writing.
#[must_use]
pub fn sanitize(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            letter if letter.is_control() || is_invisible(letter) => {
                // Writing to a string cannot fail.
                let _ = write!(result, "\\u{{{:x}}}", u32::from(letter));
            }
            letter => result.push(letter),
        }
    }
    result
}

/// Characters that take no room or turn the direction of writing (Unicode's Bidi_Control, zero width and
/// tag characters).
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text, or its beginning and an ellipsis where it is longer than `limit` characters.
#[must_use]
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{sanitize, shorten};

    #[test]
    fn nothing_reaches_the_terminal_that_is_not_text() {
        let table = [
            ("plain ünï ✓", "plain ünï ✓"),
            ("a\nb", "a\\nb"),
            ("\x1b[2Jx", "\\u{1b}[2Jx"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("abc\u{202e}def", "abc\\u{202e}def"),
            ("a\u{200b}b", "a\\u{200b}b"),
        ];
        for (text, expected) in table {
            assert_eq!(sanitize(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_ends_with_an_ellipsis() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }
}
