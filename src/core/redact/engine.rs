//! The engine: one policy, applied to texts, documents and names.

use std::borrow::Cow;

use serde_json::Value;

use super::class::{Class, Counts};
use super::escape::unmasked;
use super::json::{self, NotJson};
use super::policy::{Policy, PolicyError};
use super::scan::scan;
use super::shape::Span;

/// How often what is left after a removal is looked at again: it may have moved together to something new.
const ROUNDS: usize = 4;

/// Takes out what a policy says, and counts it. It holds no state: one serves a whole process.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    pub(super) policy: Policy,
}

/// What became of a document.
#[derive(Debug, PartialEq, Eq)]
pub enum Redacted {
    /// There was nothing in it.
    Clean,
    /// It says this now.
    Changed(Vec<u8>),
    /// Nothing is left of it.
    Removed,
}

impl Redactor {
    /// An engine with this policy.
    ///
    /// # Errors
    /// When the policy cannot be followed.
    pub fn new(policy: Policy) -> Result<Self, PolicyError> {
        policy.check()?;
        Ok(Self { policy })
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A JSON document without what must not be seen. What is left alone keeps every byte.
    ///
    /// # Errors
    /// When it is no JSON: then [`Self::text`] can tell what is in it.
    pub fn json(&self, text: &[u8], counts: &mut Counts) -> Result<Redacted, NotJson> {
        if text.len() > self.policy.limits.document_bytes {
            return Ok(self.whole(Class::TooLong, text, counts));
        }
        json::redact(self, text, counts)
    }

    /// The same for a value in memory.
    #[must_use]
    pub fn value(&self, value: Value, counts: &mut Counts) -> Value {
        let text = serde_json::to_vec(&value).unwrap_or_default();
        match self.json(&text, counts) {
            Ok(Redacted::Clean) => value,
            Ok(Redacted::Changed(text)) => serde_json::from_slice(&text).unwrap_or(Value::Null),
            Ok(Redacted::Removed) | Err(NotJson) => Value::Null,
        }
    }

    /// A text without what must not be seen.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str, counts: &mut Counts) -> Cow<'t, str> {
        match self.bytes(text.as_bytes(), counts) {
            None => Cow::Borrowed(text),
            Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The same for text that need not be UTF-8; `None` when there was nothing in it.
    #[must_use]
    pub fn bytes(&self, text: &[u8], counts: &mut Counts) -> Option<Vec<u8>> {
        if text.len() > self.policy.limits.text_bytes {
            return Some(self.replaced(Class::TooLong, text, counts));
        }
        let mut current = self.round(text, counts)?;
        if self.policy.removes() {
            for _ in 1..ROUNDS {
                match self.round(&current, counts) {
                    Some(next) => current = next,
                    None => return Some(current),
                }
            }
            return Some(Vec::new());
        }
        Some(current)
    }

    fn round(&self, text: &[u8], counts: &mut Counts) -> Option<Vec<u8>> {
        let own = |text: &[u8]| self.policy.own(text);
        let found = scan(text, self.policy.sight(), &own);
        if found.spans.is_empty() && !found.escaped {
            return None;
        }
        if found.escaped
            && let Some(hidden) = self.hidden(text, &found.spans)
        {
            return Some(self.replaced(hidden, text, counts));
        }
        let spans: Vec<Span> =
            found.spans.into_iter().filter(|span| !self.is_preserved(text, span)).collect();
        (!spans.is_empty()).then(|| self.cut(text, &spans, counts))
    }

    /// The class of what stands in a text behind escapes alone.
    fn hidden(&self, text: &[u8], seen: &[Span]) -> Option<Class> {
        let own = |text: &[u8]| self.policy.own(text);
        let plain = scan(&unmasked(text), self.policy.sight(), &own).spans;
        let same = plain.iter().map(|span| span.class).eq(seen.iter().map(|span| span.class));
        plain.first().filter(|_| !same).map(|span| span.class)
    }

    /// Whether a value in a text stands behind a name that is to be left alone.
    fn is_preserved(&self, text: &[u8], span: &Span) -> bool {
        let before = text[..span.start].trim_ascii_end();
        let before = before.strip_suffix(b"\"").unwrap_or(before).trim_ascii_end();
        let Some(before) = before.strip_suffix(b"=").or_else(|| before.strip_suffix(b":")) else {
            return false;
        };
        let before = before.strip_suffix(b"\"").unwrap_or(before);
        let is_name = |name: &String| {
            let before = before.strip_suffix(name.as_bytes());
            before.is_some_and(|before| {
                before.last().is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(byte))
            })
        };
        self.policy.preserve.iter().any(is_name)
    }

    fn cut(&self, text: &[u8], spans: &[Span], counts: &mut Counts) -> Vec<u8> {
        let mut result = Vec::with_capacity(text.len() + 32);
        let mut at = 0;
        for span in spans {
            result.extend_from_slice(&text[at..span.start]);
            result.extend(self.replaced(span.class, &text[span.start..span.end], counts));
            at = span.end;
        }
        result.extend_from_slice(&text[at..]);
        result
    }

    /// What stands in the place of this, which is counted.
    pub(super) fn replaced(&self, class: Class, content: &[u8], counts: &mut Counts) -> Vec<u8> {
        counts.add(class);
        self.policy.replacement(class, content).into_owned()
    }

    /// A whole document replaced by a text of JSON.
    pub(super) fn whole(&self, class: Class, text: &[u8], counts: &mut Counts) -> Redacted {
        let replaced = self.replaced(class, text, counts);
        if self.policy.removes() { Redacted::Removed } else { Redacted::Changed(json::quote(&replaced)) }
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
