//! JSON, walked as text: what is left alone keeps every byte, numbers and the order of names included.

use std::borrow::Cow;
use std::ops::Range;

use thiserror::Error;

use super::class::{Class, Counts};
use super::engine::{Redacted, Redactor};
use super::escape::{decoded, quoted};
use super::members::Names;
use super::name::{Named, named};
use super::sibling::sibling_name;
use super::text::{self, Looked};

/// A text that is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no JSON")]
pub struct NotJson;

/// Documents in texts of documents that are looked into. The texts of the last are looked at as texts.
pub(super) const NESTED: usize = 2;

/// Walks a document.
///
/// # Errors
/// When it is none.
pub fn redact(engine: &Redactor, text: &[u8], counts: &mut Counts) -> Result<Redacted, NotJson> {
    // What is no UTF-8 is no JSON either, but what is meant can be told.
    let readable = String::from_utf8_lossy(text);
    let place = Place { named: None, whole: true, allowed: engine.policy.allow.is_none(), depth: 0 };
    let mut found = Counts::default();
    let result = Walk::new(engine, readable.as_bytes(), 0, &mut found).run(place)?;
    counts.merge(&found);
    Ok(match (result, readable) {
        (Redacted::Clean, Cow::Owned(readable)) => Redacted::Changed(readable.into_bytes()),
        (result, _) => result,
    })
}

/// A text in quotes.
pub fn quote(text: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&String::from_utf8_lossy(text)).unwrap_or_default()
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// What its name says of it.
    pub named: Option<Named>,
    /// Whether an object or a list behind such a name goes as a whole.
    pub whole: bool,
    /// Whether it stands under a name that may pass.
    pub allowed: bool,
    /// Objects and lists around it.
    pub depth: usize,
}

/// An object that is being walked.
struct Object {
    start: usize,
    place: Place,
    /// What a member called `name` says of one called `value`, once that was asked.
    sibling: Option<Option<Named>>,
    /// Its names, once one of them was a secret.
    names: Option<Names>,
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    /// It is to be taken out with its name and its comma.
    Goes,
}

pub(super) struct Walk<'w> {
    pub engine: &'w Redactor,
    pub text: &'w [u8],
    pub at: usize,
    /// How many texts of documents this one stands in.
    pub nested: usize,
    pub counts: &'w mut Counts,
    /// The names from the root, with dots; kept only where a list speaks of paths.
    pub path: Vec<u8>,
    out: Vec<u8>,
    /// Up to here the text is in `out`.
    copied: usize,
}

impl<'w> Walk<'w> {
    pub fn new(engine: &'w Redactor, text: &'w [u8], nested: usize, counts: &'w mut Counts) -> Self {
        Self { engine, text, at: 0, nested, counts, path: Vec::new(), out: Vec::new(), copied: 0 }
    }

    pub fn run(mut self, place: Place) -> Result<Redacted, NotJson> {
        self.blanks();
        let fate = self.value(place)?;
        self.blanks();
        if self.at < self.text.len() {
            return Err(NotJson);
        }
        if fate == Fate::Goes {
            return Ok(Redacted::Removed);
        }
        if self.copied == 0 {
            return Ok(Redacted::Clean);
        }
        self.out.extend_from_slice(&self.text[self.copied..]);
        Ok(Redacted::Changed(self.out))
    }

    fn value(&mut self, place: Place) -> Result<Fate, NotJson> {
        match self.peek()? {
            b'"' => self.string(place),
            b'{' | b'[' => self.container(place),
            b't' => self.word(b"true", place),
            b'f' => self.word(b"false", place),
            b'n' => self.word(b"null", place),
            _ => self.number(place),
        }
    }

    fn container(&mut self, place: Place) -> Result<Fate, NotJson> {
        let start = self.at;
        let too_deep = place.depth >= self.engine.policy.limits.depth;
        let class = match place.named {
            _ if too_deep => Some(Class::TooDeep),
            Some(Named::Token | Named::OptionKey | Named::Pass | Named::Login) | None => None,
            Some(named) if place.whole && self.engine.policy.preserve.is_empty() => Some(class_of(named)),
            Some(_) => None,
        };
        if let Some(class) = class {
            self.at = text::skip(self.text, start)?;
            let is_empty = self.text[start + 1..self.at - 1].trim_ascii().is_empty();
            return if is_empty { Ok(Fate::Stays) } else { Ok(self.replace(start, class)) };
        }
        // `{"pass": ["a.test.ts"]}` is a list of what has passed.
        let named = place.named.filter(|named| !matches!(named, Named::Pass | Named::Login));
        let inner = Place { depth: place.depth + 1, named, ..place };
        if self.peek()? == b'{' { self.object(inner) } else { self.list(inner) }
    }

    fn object(&mut self, place: Place) -> Result<Fate, NotJson> {
        let mut object = Object { start: self.at, place, sibling: None, names: None };
        self.open();
        while self.peek()? != b'}' {
            let begin = self.at;
            let fate = self.member(&mut object)?;
            self.close_member(begin, fate, b'}')?;
        }
        self.at += 1;
        Ok(Fate::Stays)
    }

    fn member(&mut self, object: &mut Object) -> Result<Fate, NotJson> {
        let begin = self.at;
        let (end, escaped) = quoted(self.text, begin)?;
        let raw = &self.text[begin + 1..end - 1];
        let name = if escaped { Cow::Owned(decoded(raw)) } else { Cow::Borrowed(raw) };
        self.at = end;
        self.blanks();
        self.expect(b':')?;
        self.blanks();
        let length = self.enter(&name);
        let fate = if self.is_listed(&self.engine.policy.preserve, &name) {
            self.at = text::skip(self.text, self.at)?;
            Fate::Stays
        } else {
            self.named_value(&name, begin..end, object)?
        };
        self.path.truncate(length);
        Ok(fate)
    }

    fn named_value(&mut self, name: &[u8], at: Range<usize>, object: &mut Object) -> Result<Fate, NotJson> {
        let engine = self.engine;
        let changed = engine.bytes(name, self.counts);
        if changed.is_some() && engine.policy.removes() {
            self.at = text::skip(self.text, self.at)?;
            return Ok(Fate::Goes);
        }
        let allowed = engine.policy.allow.as_ref().is_some_and(|allow| self.is_listed(allow, name));
        let mut inner = Place { allowed: allowed || object.place.allowed, ..object.place };
        if let Some(changed) = &changed {
            let text = self.text;
            let names = object.names.get_or_insert_with(|| Names::of(text, object.start));
            self.put(at.start, at.end, &quote(&names.distinct(changed)));
        }
        // What is left of a name may be one as well, and would be when it is looked at again.
        if let Some(named) = self.meant(named(name).or_else(|| named(changed.as_deref()?))) {
            (inner.named, inner.whole) = (Some(named), true);
        } else if is_value(name) {
            let text = self.text;
            let sibling = *object.sibling.get_or_insert_with(|| sibling_name(text, object.start));
            if let Some(named) = self.meant(sibling) {
                (inner.named, inner.whole) = (Some(named), false);
            }
        }
        self.value(inner)
    }

    /// What a name says, if the policy cares.
    fn meant(&self, named: Option<Named>) -> Option<Named> {
        let content = self.engine.policy.content;
        named.filter(|named| *named != Named::OptionKey && (content || !named.is_content()))
    }

    fn list(&mut self, place: Place) -> Result<Fate, NotJson> {
        self.open();
        let mut option = None;
        while self.peek()? != b']' {
            let begin = self.at;
            let named = option.take().or(place.named);
            let fate = self.value(Place { named, ..place })?;
            option = text::option_of(&self.text[begin..self.at]);
            self.close_member(begin, fate, b']')?;
        }
        self.at += 1;
        Ok(Fate::Stays)
    }

    fn open(&mut self) {
        self.at += 1;
        self.blanks();
    }

    /// Goes on behind the comma, and takes one out together with a member that goes.
    fn close_member(&mut self, begin: usize, fate: Fate, end: u8) -> Result<(), NotJson> {
        self.blanks();
        let is_last = self.peek()? == end;
        if !is_last {
            self.expect(b',')?;
            self.blanks();
            if self.peek()? == end {
                return Err(NotJson);
            }
        }
        if fate == Fate::Goes {
            self.put(begin, self.at, b"");
            if is_last {
                let kept = self.out.trim_ascii_end().len();
                if self.out[..kept].last() == Some(&b',') {
                    self.out.truncate(kept - 1);
                }
            }
        }
        Ok(())
    }

    fn string(&mut self, place: Place) -> Result<Fate, NotJson> {
        let start = self.at;
        let (end, escaped) = quoted(self.text, start)?;
        self.at = end;
        let raw = &self.text[start + 1..end - 1];
        let content = if escaped { Cow::Owned(decoded(raw)) } else { Cow::Borrowed(raw) };
        Ok(match self.look(&content, place) {
            Looked::Clean => Fate::Stays,
            Looked::Hide(class) => self.replace_text(start, class, &content),
            Looked::Changed(changed) => {
                self.put(start, end, &quote(&changed));
                Fate::Stays
            }
        })
    }

    fn word(&mut self, word: &[u8], place: Place) -> Result<Fate, NotJson> {
        let start = self.at;
        if !self.text[start..].starts_with(word) {
            return Err(NotJson);
        }
        self.at += word.len();
        Ok(if place.allowed { Fate::Stays } else { self.replace(start, Class::NotAllowed) })
    }

    fn number(&mut self, place: Place) -> Result<Fate, NotJson> {
        let start = self.at;
        self.at = text::number_end(self.text, start)?;
        let class = match place.named.filter(|named| named.hides_numbers()) {
            _ if !place.allowed => Some(Class::NotAllowed),
            Some(named) => Some(class_of(named)),
            None => super::number::is_card_number(&self.text[start..self.at]).then_some(Class::Card),
        };
        Ok(class.map_or(Fate::Stays, |class| self.replace(start, class)))
    }

    /// Replaces what stands between `start` and here.
    fn replace(&mut self, start: usize, class: Class) -> Fate {
        let text = self.text;
        self.replace_text(start, class, &text[start..self.at])
    }

    fn replace_text(&mut self, start: usize, class: Class, content: &[u8]) -> Fate {
        let replaced = self.engine.replaced(class, content, self.counts);
        if self.engine.policy.removes() {
            return Fate::Goes;
        }
        self.put(start, self.at, &quote(&replaced));
        Fate::Stays
    }

    fn put(&mut self, start: usize, end: usize, instead: &[u8]) {
        self.out.extend_from_slice(&self.text[self.copied..start]);
        self.out.extend_from_slice(instead);
        self.copied = end;
    }

    /// Adds a name to the path, and tells how long it was before.
    fn enter(&mut self, name: &[u8]) -> usize {
        let policy = &self.engine.policy;
        let length = self.path.len();
        if policy.allow.is_some() || !policy.preserve.is_empty() {
            if length > 0 {
                self.path.push(b'.');
            }
            self.path.extend_from_slice(name);
        }
        length
    }

    fn is_listed(&self, list: &[String], name: &[u8]) -> bool {
        list.iter().any(|entry| entry.as_bytes() == name || entry.as_bytes() == self.path)
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Result<u8, NotJson> {
        self.text.get(self.at).copied().ok_or(NotJson)
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        let found = self.peek()? == byte;
        self.at += 1;
        if found { Ok(()) } else { Err(NotJson) }
    }
}

/// Whether this is what pairs call their value.
fn is_value(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'v' | b'V')) && matches!(name, b"value" | b"values" | b"Value")
}

/// What something behind a name counts as.
pub(super) const fn class_of(named: Named) -> Class {
    if named.is_content() { Class::Content } else { Class::NamedSecret }
}
