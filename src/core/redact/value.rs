//! What stands behind a name in free text: `name=value`, `"name": "value"`, `Name: value`, `--name value`.

use super::name::{Named, is_count, named};
use super::shape::run_end;

/// How far back a name is looked for.
const LONGEST_NAME: usize = 64;

/// The name before an assignment, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// What stands behind it.
    pub named: Named,
    /// Whether it stands in quotes.
    pub quoted: bool,
    /// Whether it is an option.
    pub dashed: bool,
    /// The quote in which name and value stand together, and how many backslashes stand before it.
    pub around: Option<(u8, usize)>,
    /// Whether it is one of the names of a query or the like: `?a=1&name=`, `a=1;name=`.
    pub listed: bool,
}

/// The name that ends before `at`, where an operator stands, if what is behind it must not be seen.
pub fn name_before(text: &[u8], at: usize) -> Option<Name> {
    let floor = at.saturating_sub(LONGEST_NAME + 8);
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b']');
    let mut end = back(text, floor, at, blank);
    let quote = end.checked_sub(1).map(|last| text[last]).filter(is_quote);
    if let Some(quote) = quote {
        end = back(text, floor, end - 1, |byte| *byte == b'\\');
        let start = back(text, floor, end, |byte| *byte != quote && *byte != b'\n' && *byte != b'\\');
        let named = named(&text[start..end])?;
        return Some(Name { named, quoted: true, dashed: false, around: None, listed: false });
    }
    let start = back(text, floor, end, is_name);
    let found = named(&text[start..end]).filter(|found| *found != Named::OptionKey);
    // `API key: abc`, `connection string = abc`
    let earlier = || {
        let before = start.checked_sub(1).filter(|before| *before > floor && text[*before] == b' ')?;
        let first = back(text, floor, before, is_name);
        named(&text[first..end]).filter(|_| first < before && start < end)
    };
    let dashed = text[start..end].starts_with(b"-");
    let named = match found {
        None if dashed => named(&text[start..end])?,
        None => earlier()?,
        Some(found) => found,
    };
    let listed = start.checked_sub(1).is_some_and(|before| b"?&;".contains(&text[before]));
    Some(Name { named, quoted: false, dashed, around: quote_before(text, start), listed })
}

/// The quote before `start`, and how many backslashes stand before it.
pub fn quote_before(text: &[u8], start: usize) -> Option<(u8, usize)> {
    let at = start.checked_sub(1).filter(|at| is_quote(&text[*at]))?;
    Some((text[at], at - back(text, at.saturating_sub(LONGEST_NAME), at, |byte| *byte == b'\\')))
}

/// Where the bytes before `end` that fit begin.
fn back(text: &[u8], floor: usize, end: usize, fits: impl Fn(&u8) -> bool) -> usize {
    let run = text[floor..end].iter().rposition(|byte| !fits(byte));
    run.map_or(floor, |before| floor + before + 1)
}

const fn is_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'-' | b'.')
}

const fn is_quote(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// From where to where the value goes that begins at `at`, blanks aside; `own` is the length of a marker of ours
/// at some place, or nothing.
pub fn value_at(text: &[u8], at: usize, name: Name, own: &dyn Fn(&[u8]) -> usize) -> Option<(usize, usize)> {
    let start = run_end(text, at, |byte| matches!(byte, b' ' | b'\t'));
    let slashes = run_end(text, start, |byte| *byte == b'\\') - start;
    let (start, end) = match text.get(start + slashes).copied()? {
        quote
            if is_quote(&quote)
                && !name.around.is_some_and(|around| around.0 == quote && around.1 >= slashes) =>
        {
            let start = start + slashes + 1;
            (start, closing(text, start, quote, slashes))
        }
        b'{' | b'[' if own(&text[start..]) == 0 => (start, balanced(text, start)),
        _ => unquoted(text, start, name, own),
    };
    let start = behind_scheme(text, start, end, name);
    let value = &text[start..end];
    (!is_own(value, own) && !is_harmless(value, name.named)).then_some((start, end))
}

/// Whether nothing is left of a value but a marker of ours, and what closed the brackets around it.
fn is_own(value: &[u8], own: &dyn Fn(&[u8]) -> usize) -> bool {
    let length = own(value);
    value.is_empty() || length > 0 && value[length..].iter().all(|byte| b"}]),".contains(byte))
}

/// Words that say that there is no value, and numbers where numbers are counts.
pub fn is_harmless(value: &[u8], named: Named) -> bool {
    let value = value.strip_suffix(b",").unwrap_or(value);
    let is_nothing = matches!(
        value,
        b"true" | b"false" | b"null" | b"none" | b"None" | b"nil" | b"undefined" | b"{}" | b"[]"
    );
    is_nothing || !named.hides_numbers() && named != Named::OptionKey && is_count(value)
}

/// The quote that ends a text which began behind a quote with so many backslashes before it.
fn closing(text: &[u8], start: usize, quote: u8, slashes: usize) -> usize {
    let mut at = start;
    while let Some(next) = text[at..].iter().position(|byte| *byte == quote).map(|next| at + next) {
        let before = next - back(text, start, next, |byte| *byte == b'\\');
        if before % (2 * (slashes + 1)) == slashes {
            return next - slashes;
        }
        at = next + 1;
    }
    text.len()
}

/// The end of a list or an object; that of the text where it has none.
fn balanced(text: &[u8], start: usize) -> usize {
    let mut open = 0_usize;
    for (at, byte) in text.iter().enumerate().skip(start) {
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// The end of a value without quotes: of the word, or where words belong to it, of the line.
fn unquoted(text: &[u8], start: usize, name: Name, own: &dyn Fn(&[u8]) -> usize) -> (usize, usize) {
    let begin = start + own(&text[start..]);
    let is_line = matches!(name.named, Named::Header | Named::Phrase);
    let scheme = scheme(&text[begin..]);
    let around = name.around.map(|around| around.0);
    // Behind `<name>` it goes to the next tag.
    let in_tag = start.checked_sub(1).is_some_and(|before| text[before] == b'>');
    let ends = |at: usize| match text[at] {
        b'\n' | b'\r' => true,
        byte if Some(byte) == around => true,
        byte if is_line => around.is_none() && matches!(byte, b'"' | b'\''),
        b',' | b'}' | b']' if name.quoted => true,
        b'"' | b'\'' | b'`' => !goes_on(text, at),
        b'&' => name.listed || is_last(text, at),
        b';' => is_last(text, at) || name.listed && is_member(&text[at + 1..]),
        b'<' => in_tag,
        byte => matches!(byte, b' ' | b'\t'),
    };
    let from = begin + scheme;
    let mut end = (from..text.len()).find(|at| ends(*at)).unwrap_or(text.len());
    if name.named == Named::Person {
        let last = digits_end(text, from, end);
        end = (last..text.len()).find(|at| ends(*at)).unwrap_or(text.len());
    }
    // A backslash before the quote that ended it belongs to the quote.
    while end > from && text.get(end).is_some_and(is_quote) && text[end - 1] == b'\\' {
        end -= 1;
    }
    (start, end)
}

/// Whether a letter follows, so that the quote here is one of the value.
fn goes_on(text: &[u8], at: usize) -> bool {
    text.get(at + 1).is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

/// Whether nothing follows in this word.
fn is_last(text: &[u8], at: usize) -> bool {
    text.get(at + 1).is_none_or(|byte| byte.is_ascii_whitespace() || is_quote(byte))
}

/// Whether `name=` begins here.
fn is_member(text: &[u8]) -> bool {
    let end = run_end(text, 0, is_name);
    end > 0 && text.get(end) == Some(&b'=')
}

/// The end of a telephone number, which may be written with blanks; `end` for what is none.
fn digits_end(text: &[u8], start: usize, end: usize) -> usize {
    let is_number =
        text[start..end].iter().all(is_of_number) && text[start..end].iter().any(u8::is_ascii_digit);
    let most = if is_number { run_end(text, end, is_of_number) } else { end };
    text[end..most].iter().rposition(u8::is_ascii_digit).map_or(end, |last| end + last + 1)
}

const fn is_of_number(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'+' | b'/' | b'(' | b')' | b'.')
}

/// The scheme of a credential is no secret.
fn behind_scheme(text: &[u8], start: usize, end: usize, name: Name) -> usize {
    if name.named.is_content() { start } else { start + scheme(&text[start..end]) }
}

/// The length of `Bearer`, `Basic` or another scheme of a header with the blanks behind it.
fn scheme(text: &[u8]) -> usize {
    const SCHEMES: [&str; 6] = ["bearer", "basic", "token", "digest", "negotiate", "apikey"];
    let word = run_end(text, 0, u8::is_ascii_alphabetic);
    let end = run_end(text, word, |byte| matches!(byte, b' ' | b'\t'));
    let is_scheme = SCHEMES.iter().any(|scheme| text[..word].eq_ignore_ascii_case(scheme.as_bytes()));
    if is_scheme && end > word { end } else { 0 }
}

/// The option that begins with the hyphen at `at`, with the end of its name, if a value follows it.
pub fn option_at(text: &[u8], at: usize) -> Option<(Name, usize)> {
    if !begins_option(text, at) {
        return None;
    }
    let end = run_end(text, at, is_name);
    let (value, around) = match text.get(end)? {
        b' ' | b'\t' => (end, quote_before(text, at)),
        b'"' | b'\'' => (behind_quotes(text, end)?, None),
        _ => return None,
    };
    let named = named(&text[at..end])?;
    let first = run_end(text, value, |byte| matches!(byte, b' ' | b'\t' | b'"' | b'\''));
    let name = Name { named, quoted: false, dashed: true, around, listed: false };
    (!is_long_option(&text[first..])).then_some((name, value))
}

/// Whether an option can begin here.
pub fn begins_option(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| text[before]);
    before.is_none_or(|byte| byte.is_ascii_whitespace() || is_quote(&byte) || byte == b'[')
}

/// Where in a list of words, such as `'-u', 'ann'`, the one begins that follows the word which ends with the quote at `at`.
pub fn behind_quotes(text: &[u8], at: usize) -> Option<usize> {
    let quote = text.get(at).filter(|quote| is_quote(quote))?;
    let comma = (text.get(at + 1) == Some(&b',')).then_some(at + 2)?;
    let next = run_end(text, comma, |byte| matches!(byte, b' ' | b'\t'));
    (text.get(next) == Some(quote)).then_some(next)
}

/// A secret may begin with a hyphen, another long option is none.
pub fn is_long_option(text: &[u8]) -> bool {
    text.strip_prefix(b"--").and_then(<[u8]>::first).is_some_and(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::{name_before, option_at, value_at};

    fn value(text: &str) -> Option<&str> {
        let at = text.find(['=', ':']).unwrap();
        let name = name_before(text.as_bytes(), at)?;
        value_at(text.as_bytes(), at + 1, name, &|_| 0).map(|(start, end)| &text[start..end])
    }

    #[test]
    fn values_end_where_their_quotes_and_words_do() {
        for (text, expected) in [
            ("token=abc def", Some("abc")),
            ("token = abc", Some("abc")),
            ("token: \"a b\" c", Some("a b")),
            ("token: \"a b", Some("a b")),
            (r#"{"token": "a\"b", "c": 1}"#, Some(r#"a\"b"#)),
            (r#"{\"token\":\"a b\",\"c\":1}"#, Some("a b")),
            (r#"{\"token\":\"a\\\"b\",\"c\":1}"#, Some(r#"a\\\"b"#)),
            (r#"{"credentials": {"a": ["b"]}, "c": 1}"#, Some(r#"{"a": ["b"]}"#)),
            ("credentials={a: [b]", Some("{a: [b]")),
            ("API key: abc", Some("abc")),
            ("passphrase: a b c\nd", Some("a b c")),
            ("-H 'Cookie: a=b; c=d' x", Some("a=b; c=d")),
            ("Authorization: Bearer abc", Some("abc")),
            ("Authorization: Digest a=\"b\", c", Some("a=")),
            ("headers['x-api-key'] = abc", Some("abc")),
            ("password=", None),
            ("password=null", None),
            ("token=4096", None),
            ("password=4096", Some("4096")),
            ("primary key: abc", None),
            ("key: abc", None),
            ("max_tokens: abc", None),
            ("=abc", None),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn an_option_has_its_value_behind_a_blank() {
        let found = |text: &str| option_at(text.as_bytes(), text.find('-').unwrap()).map(|(_, end)| end);
        assert_eq!(found("--token abc"), Some(7));
        assert_eq!(found("run -token -abc"), Some(10));
        for text in ["--token --verbose", "--token", "a--token b", "--tokens-used 5", "- token abc"] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
