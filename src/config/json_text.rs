//! JSON as text: where the members of an object stand, and how they are written, so that more can be added in
//! the same way. The text has been proved to be JSON before; what does not fit is `None`, never a guess.

use std::ops::Range;

/// A member of an object: in a text, or to be written into one.
#[derive(Debug, Clone)]
pub struct Member<V = String> {
    /// Its name, without quotes and escapes.
    pub name: String,
    /// Its value: a text, or a place in one.
    pub value: V,
    name_at: Range<usize>,
}

impl Member {
    /// A member to be written; the value is JSON.
    #[must_use]
    pub fn new(name: &str, value: String) -> Self {
        Self { name: name.to_owned(), value, name_at: 0..0 }
    }
}

/// An object in a text.
#[derive(Debug)]
pub struct Object {
    /// Its members, in their order.
    pub members: Vec<Member<Range<usize>>>,
    open: usize,
    close: usize,
}

/// How the members of an object are written.
#[derive(Debug, Clone)]
pub struct Style {
    /// What stands before each member: nothing, a space, or a newline and an indentation.
    before: String,
    /// What stands between a name and its value.
    colon: String,
}

/// A text as JSON.
#[must_use]
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The first place at or after this one that is no white space.
#[must_use]
pub fn skip_space(text: &str, at: usize) -> usize {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    at + text.as_bytes()[at..].iter().take_while(|byte| space(byte)).count()
}

impl Object {
    /// The object that begins at this place.
    #[must_use]
    pub fn at(text: &str, open: usize) -> Option<Self> {
        let byte = |at: usize| text.as_bytes().get(at).copied();
        if byte(open)? != b'{' {
            return None;
        }
        let mut members = Vec::new();
        let mut at = skip_space(text, open + 1);
        while byte(at)? != b'}' {
            let name_at = at..skip_value(text, at)?;
            let colon = skip_space(text, name_at.end);
            if byte(colon)? != b':' {
                return None;
            }
            let start = skip_space(text, colon + 1);
            let value = start..skip_value(text, start)?;
            at = skip_space(text, value.end);
            if byte(at)? == b',' {
                at = skip_space(text, at + 1);
            }
            let name = serde_json::from_str(&text[name_at.clone()]).ok()?;
            members.push(Member { name, value, name_at });
        }
        Some(Self { members, open, close: at })
    }

    /// What one level of indentation is in this text.
    #[must_use]
    pub fn unit(&self, text: &str) -> String {
        let style = self.style(text, "  ");
        match style.before.rsplit_once('\n') {
            Some((_, indent)) if !indent.is_empty() => indent.to_owned(),
            _ => "  ".to_owned(),
        }
    }

    /// How the members are written: as the last one is, or else as the line of the object suggests.
    #[must_use]
    pub fn style(&self, text: &str, unit: &str) -> Style {
        let Some(last) = self.members.last() else { return self.style_of_empty(text, unit) };
        let gap = text[..last.name_at.start].trim_end_matches([' ', '\t', '\n', '\r']).len();
        let before = one_line(&text[gap..last.name_at.start]);
        Style { before, colon: text[last.name_at.end..last.value.start].to_owned() }
    }

    fn style_of_empty(&self, text: &str, unit: &str) -> Style {
        let inside = &text[self.open + 1..self.close];
        let line = text[..self.open].rfind('\n').map_or("", |newline| &text[newline + 1..self.open]);
        let is_first_line = !text[..self.open].contains('\n');
        // An object on the only line of a text stays there; the one that is the whole text gets lines.
        if is_first_line && self.open > skip_space(text, 0) && !inside.contains('\n') {
            return Style {
                before: inside.to_owned(),
                colon: if inside.is_empty() { ":" } else { ": " }.to_owned(),
            };
        }
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        Style { before: format!("{}{indent}{unit}", newline(text)), colon: ": ".to_owned() }
    }

    /// The whole text with these members added behind the others.
    #[must_use]
    pub fn with(&self, text: &str, members: &[Member], unit: &str) -> String {
        let style = self.style(text, unit);
        let written: Vec<String> = members.iter().map(|member| style.member(member)).collect();
        let written = written.join(",");
        let (at, added) = match self.members.last() {
            Some(last) => (last.value.end, format!(",{written}")),
            None => (self.open + 1, written + &self.closing(text, &style, unit)),
        };
        format!("{}{added}{}", &text[..at], &text[at..])
    }

    /// What has to stand between the first member of an empty object and the brace that closes it.
    fn closing(&self, text: &str, style: &Style, unit: &str) -> String {
        let inside = &text[self.open + 1..self.close];
        match style.before.strip_suffix(unit) {
            Some(outer) if style.before.contains('\n') && !inside.contains('\n') => outer.to_owned(),
            _ => String::new(),
        }
    }
}

impl Style {
    fn member(&self, member: &Member) -> String {
        format!("{}{}{}{}", self.before, quote(&member.name), self.colon, member.value)
    }

    /// The style of an object that is a member in this style.
    fn inner(&self, unit: &str) -> Self {
        let before =
            if self.before.contains('\n') { format!("{}{unit}", self.before) } else { self.before.clone() };
        Self { before, colon: self.colon.clone() }
    }
}

/// A new object with these members, to be the value of a member in this style.
#[must_use]
pub fn object(members: &[Member], outer: &Style, unit: &str) -> String {
    let inner = outer.inner(unit);
    let written: Vec<String> = members.iter().map(|member| inner.member(member)).collect();
    format!("{{{}{}}}", written.join(","), outer.before)
}

/// Of several newlines the last one with its indentation: an empty line belongs to the member it is above.
fn one_line(space: &str) -> String {
    match space.rfind('\n') {
        Some(at) if space[..at].ends_with('\r') => space[at - 1..].to_owned(),
        Some(at) => space[at..].to_owned(),
        None => space.to_owned(),
    }
}

fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The place after the value that begins here. Depth is counted, not called, so no nesting is too deep.
fn skip_value(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = skip_string(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            _ => at += scalar_length(&bytes[at..]),
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The length of a number, `true`, `false` or `null`.
fn scalar_length(bytes: &[u8]) -> usize {
    let belongs = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    bytes.iter().take_while(belongs).count().max(1)
}

fn skip_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Object, skip_value};

    #[test]
    fn values_end_where_they_end() {
        let table = [
            ("1,", 1),
            ("-1.5e+3}", 7),
            ("true]", 4),
            ("null", 4),
            (r#""a\"b"c"#, 6),
            (r#""a\\",1"#, 5),
            ("[1,[2]],3", 7),
            (r#"{"a":"}"},1"#, 9),
            ("{}}", 2),
        ];
        for (text, end) in table {
            assert_eq!(skip_value(text, 0), Some(end), "{text}");
        }
        for torn in ["\"", "[", "{\"a\":1", "\"\\", "", "]"] {
            assert_eq!(skip_value(torn, 0), None, "{torn}");
        }
        let deep = 1_000_000;
        assert_eq!(skip_value(&format!("{}{}", "[".repeat(deep), "]".repeat(deep)), 0), Some(2 * deep));
    }

    #[test]
    fn members_have_names_and_places() {
        let text = r#"{ "a\u0062" : [ {"x": 1} ] , "c":"d" }"#;
        let object = Object::at(text, 0).unwrap();
        let found: Vec<(&str, &str)> =
            object.members.iter().map(|member| (member.name.as_str(), &text[member.value.clone()])).collect();
        assert_eq!(found, [("ab", r#"[ {"x": 1} ]"#), ("c", r#""d""#)]);
    }
}
