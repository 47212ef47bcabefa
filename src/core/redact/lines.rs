//! A stream of lines: logs for people, documents of JSON, or both.

use super::class::{Class, Counts};
use super::engine::{Redacted, Redactor};
use super::json::quote;
use super::name::Named;
use super::shape::find;
use super::value::{is_harmless, name_before};

/// What the lines of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFormat {
    /// Each is what it looks like.
    Auto,
    /// Each is a JSON document; what is none is replaced as a whole.
    Json,
    /// Each is a text.
    Plain,
}

/// What came of a stream so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines read.
    pub lines: u64,
    /// Lines of which something was taken out.
    pub redacted_lines: u64,
    /// What was taken out.
    pub counts: Counts,
}

/// Takes out line by line what must not be seen. A private key over several lines is known to go on.
#[derive(Debug)]
pub struct LineFilter {
    redactor: Redactor,
    format: LineFormat,
    in_key: bool,
    /// Whether the line before ended with the name of a secret, and nothing behind it.
    awaits: bool,
    summary: Summary,
}

impl LineFilter {
    /// A filter with nothing read yet.
    #[must_use]
    pub fn new(redactor: Redactor, format: LineFormat) -> Self {
        Self { redactor, format, in_key: false, awaits: false, summary: Summary::default() }
    }

    /// The longest line that [`Self::line`] looks at, in bytes.
    #[must_use]
    pub const fn longest(&self) -> usize {
        self.redactor.policy.limits.document_bytes
    }

    /// What came of the lines so far.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Appends a line, which has no end of line, to `out` as it may be seen. `false` when nothing is left of it and
    /// its end should go too.
    pub fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        self.summary.lines += 1;
        let before = self.summary.counts.total();
        let stays = self.redact(line, out);
        self.summary.redacted_lines += u64::from(self.summary.counts.total() > before);
        stays
    }

    /// The same for a line of which only the beginning is known, because it is longer than is looked.
    pub fn endless_line(&mut self, beginning: &[u8], out: &mut Vec<u8>) -> bool {
        self.summary.lines += 1;
        self.summary.redacted_lines += 1;
        (self.in_key, self.awaits) = (false, false);
        self.whole(Class::TooLong, beginning, out)
    }

    fn redact(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        let is_awaited = std::mem::take(&mut self.awaits);
        if line.len() > self.longest() {
            return self.whole(Class::TooLong, line, out);
        }
        if line.trim_ascii().is_empty() {
            out.extend_from_slice(line);
            return true;
        }
        if self.format == LineFormat::Plain || self.format == LineFormat::Auto && !looks_like_json(line) {
            return if is_awaited && is_alone(line) { self.value(line, out) } else { self.plain(line, out) };
        }
        self.in_key = false;
        match self.redactor.json(line, &mut self.summary.counts) {
            Ok(Redacted::Clean) => out.extend_from_slice(line),
            Ok(Redacted::Changed(text)) => out.extend(text),
            Ok(Redacted::Removed) => return false,
            Err(_) if self.format == LineFormat::Json => return self.whole(Class::Unreadable, line, out),
            Err(_) => return self.plain(line, out),
        }
        true
    }

    fn plain(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        if self.redactor.policy.allow.is_some() {
            return self.whole(Class::NotAllowed, line, out);
        }
        if self.in_key {
            let end = find(line, b"-----END");
            self.in_key = end.is_none() && is_key_material(line);
            if end.is_some() || self.in_key {
                return self.whole(Class::PrivateKey, line, out);
            }
        }
        self.awaits = ends_with_name(line);
        let keys = self.summary.counts.of(Class::PrivateKey);
        let changed = self.redactor.bytes(line, &mut self.summary.counts);
        let has_key = self.summary.counts.of(Class::PrivateKey) > keys;
        self.in_key = has_key && find(line, b"-----END").is_none();
        let is_gone = changed.as_ref().is_some_and(Vec::is_empty);
        out.extend_from_slice(changed.as_deref().unwrap_or(line));
        !is_gone
    }

    /// Replaces a line that is the value of the name on the line before. It keeps its place: without it, the next one would
    /// be taken for that value.
    fn value(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        let value = line.trim_ascii();
        if self.redactor.policy.own(value) == value.len() {
            out.extend_from_slice(line);
            return true;
        }
        let indent = line.len() - line.trim_ascii_start().len();
        out.extend_from_slice(&line[..indent]);
        out.extend(self.redactor.replaced(Class::NamedSecret, value, &mut self.summary.counts));
        true
    }

    /// Replaces a line by what stands for a line of its kind.
    fn whole(&mut self, class: Class, line: &[u8], out: &mut Vec<u8>) -> bool {
        let replaced = self.redactor.replaced(class, line, &mut self.summary.counts);
        if self.redactor.policy.removes() {
            return false;
        }
        let is_json =
            self.format == LineFormat::Json || self.format == LineFormat::Auto && looks_like_json(line);
        out.extend(if is_json { quote(&replaced) } else { replaced });
        true
    }
}

/// Whether a line ends with the name of a secret and `:` or `=`.
fn ends_with_name(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    matches!(line.last(), Some(b':' | b'='))
        && name_before(line, line.len() - 1).is_some_and(|name| {
            matches!(name.named, Named::Secret | Named::Token | Named::Header | Named::Phrase)
        })
}

/// Whether nothing but one word stands in a line, which may be the value of a name, and does not name a value itself.
fn is_alone(line: &[u8]) -> bool {
    let word = line.trim_ascii();
    !word.iter().any(u8::is_ascii_whitespace) && !word.ends_with(b":") && !is_harmless(word, Named::Token)
}

fn looks_like_json(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// A line of base64, or one of the headers that old keys have.
fn is_key_material(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    line.iter().all(is_base64) || line.starts_with(b"Proc-Type:") || line.starts_with(b"DEK-Info:")
}
