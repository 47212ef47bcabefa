//! The single values of a document.

use super::class::Class;
use super::engine::Redacted;
use super::escape::quoted;
use super::json::{NESTED, NotJson, Place, Walk, class_of};
use super::login::takes_login;
use super::name::{Named, named};

/// What a text comes to.
pub(super) enum Looked {
    Clean,
    /// All of it is hidden.
    Hide(Class),
    /// It says this now.
    Changed(Vec<u8>),
}

impl Walk<'_> {
    /// Looks at a text of the document, which may be a document itself.
    pub(super) fn look(&mut self, content: &[u8], place: Place) -> Looked {
        let policy = &self.engine.policy;
        if !place.allowed {
            return Looked::Hide(Class::NotAllowed);
        }
        if content.is_empty() || policy.own(content) == content.len() {
            return Looked::Clean;
        }
        if content.len() > policy.limits.text_bytes {
            return Looked::Hide(Class::TooLong);
        }
        let is_hidden = |named: &Named| *named != Named::OptionKey && named.hides(content);
        if let Some(named) = place.named.filter(is_hidden) {
            return Looked::Hide(class_of(named));
        }
        if matches!(content.trim_ascii_start().first(), Some(b'{' | b'['))
            && let Some(looked) = self.document_in(content, place)
        {
            return looked;
        }
        self.engine.bytes(content, self.counts).map_or(Looked::Clean, Looked::Changed)
    }

    /// Looks at a document in a text; `None` if it is none.
    fn document_in(&mut self, content: &[u8], place: Place) -> Option<Looked> {
        let place = Place { depth: 0, ..place };
        if self.nested >= NESTED {
            let is_document = skip(content, 0) == Ok(content.len()) && content.contains(&b'"');
            return is_document.then_some(Looked::Hide(Class::TooDeep));
        }
        let mut found = super::class::Counts::default();
        let mut walk = Walk::new(self.engine, content, self.nested + 1, &mut found);
        walk.path.clone_from(&self.path);
        let looked = match walk.run(place).ok()? {
            Redacted::Clean => Looked::Clean,
            Redacted::Changed(text) => Looked::Changed(text),
            Redacted::Removed => Looked::Changed(Vec::new()),
        };
        self.counts.merge(&found);
        Some(looked)
    }
}

/// The secret that has to follow an element of a list: `["--token", "abc"]`, `["x-api-key", "abc"]`.
pub(super) fn option_of(element: &[u8]) -> Option<Named> {
    let word = element.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if takes_login(word) {
        return Some(Named::Login);
    }
    let is_name = word.contains(&b'-')
        || word.eq_ignore_ascii_case(b"authorization")
        || word.eq_ignore_ascii_case(b"cookie");
    let is_one_word =
        word.len() <= 64 && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    let found = (is_name && is_one_word).then(|| named(word)).flatten();
    // An option is what follows it, and a name in a list of names is not.
    found
        .filter(|named| !named.is_content())
        .map(|named| if named == Named::OptionKey { Named::Secret } else { named })
}

/// The end of the value that begins at `start`, looked at no closer than it takes to find it.
pub(super) fn skip(text: &[u8], start: usize) -> Result<usize, NotJson> {
    let mut open = 0_usize;
    let mut at = start;
    loop {
        match *text.get(at).ok_or(NotJson)? {
            b'"' => at = quoted(text, at)?.0,
            b'{' | b'[' => (open, at) = (open + 1, at + 1),
            b'}' | b']' => (open, at) = (open.checked_sub(1).ok_or(NotJson)?, at + 1),
            _ if open > 0 => at += 1,
            _ => return scalar_end(text, at),
        }
        if open == 0 {
            return Ok(at);
        }
    }
}

fn scalar_end(text: &[u8], at: usize) -> Result<usize, NotJson> {
    let word = [&b"true"[..], b"false", b"null"].into_iter().find(|word| text[at..].starts_with(word));
    word.map_or_else(|| number_end(text, at), |word| Ok(at + word.len()))
}

/// The end of a number as RFC 8259 allows it.
pub(super) fn number_end(text: &[u8], start: usize) -> Result<usize, NotJson> {
    let digits = |from: usize| {
        let end = super::shape::run_end(text, from, u8::is_ascii_digit);
        if end > from { Ok(end) } else { Err(NotJson) }
    };
    let first = start + usize::from(text.get(start) == Some(&b'-'));
    let mut end = digits(first)?;
    if text[first] == b'0' && end > first + 1 {
        return Err(NotJson);
    }
    if text.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        end = digits(end + 1 + sign)?;
    }
    Ok(end)
}
