//! One pass over a text, which finds everything that must not be seen.
//!
//! Nothing is compiled and nothing is allocated until something is found: most bytes cost one look into a table, and
//! only the begin of a word, or a letter that means something, costs more.

use super::address::{email, home, user_part};
use super::class::Class;
use super::entropy::{long_run, random};
use super::escape::entity;
use super::login::login_at;
use super::name::Named;
use super::number::{iban, personal};
use super::shape::{Span, azure, run_end, shaped};
use super::value::{Name, name_before, option_at, value_at};

/// What is looked for besides secrets.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// What belongs to a person: addresses, cards, home folders.
    pub personal: bool,
    /// What people said: names such as `prompt`.
    pub content: bool,
    /// Text as random as a key.
    pub entropy: bool,
    /// `--key` of a command line.
    pub lone_key: bool,
    /// Whether it is prose, in which nothing but `=` and the colon of JSON assigns a value to a name.
    pub prose: bool,
}

/// What is found in a text.
#[derive(Debug, Default)]
pub struct Found {
    /// Where, in order, none over another.
    pub spans: Vec<Span>,
    /// Whether some of it is written in escapes behind which more may be hidden.
    pub escaped: bool,
}

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Word,
    Mark,
}

static KINDS: [Kind; 256] = kinds();

const fn kinds() -> [Kind; 256] {
    let mut kinds = [Kind::Nothing; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        if letter.is_ascii_alphanumeric() {
            kinds[byte] = Kind::Word;
        } else if matches!(
            letter,
            b'=' | b':' | b'@' | b'/' | b'\\' | b'%' | b'-' | b'~' | b'>' | b'&' | 0x1b
        ) {
            kinds[byte] = Kind::Mark;
        }
        byte += 1;
    }
    kinds
}

/// Looks through a text. `own` tells how long the marker of ours is that a text begins with, if it begins with one.
pub fn scan(text: &[u8], sight: Sight, own: &dyn Fn(&[u8]) -> usize) -> Found {
    let mut scan = Scan { text, sight, own, at: 0, run: 0, found: Found::default() };
    while let Some(byte) = text.get(scan.at) {
        match KINDS[usize::from(*byte)] {
            Kind::Nothing => scan.at += 1,
            Kind::Word => scan.word(),
            Kind::Mark => scan.mark(*byte),
        }
    }
    scan.found
}

/// The longest name of an element of XML that is looked at.
const LONGEST_TAG: usize = 64;

struct Scan<'t> {
    text: &'t [u8],
    sight: Sight,
    own: &'t dyn Fn(&[u8]) -> usize,
    at: usize,
    /// The end of the long run that was looked at last.
    run: usize,
    found: Found,
}

impl Scan<'_> {
    fn word(&mut self) {
        let (text, at) = (self.text, self.at);
        if let Some(span) = shaped(text, at).or_else(|| self.numbers()).or_else(|| self.entropy()) {
            return self.take(span);
        }
        self.at = at + 1;
        while self.text.get(self.at).is_some_and(|byte| KINDS[usize::from(*byte)] == Kind::Word) {
            self.at += 1;
        }
    }

    fn numbers(&self) -> Option<Span> {
        let [first, second, third, ..] = self.text[self.at..] else { return None };
        if !self.sight.personal || !(third.is_ascii_digit()) {
            return None;
        }
        if first.is_ascii_digit() {
            return personal(self.text, self.at);
        }
        (first.is_ascii_uppercase() && second.is_ascii_uppercase())
            .then(|| iban(self.text, self.at))
            .flatten()
    }

    fn entropy(&mut self) -> Option<Span> {
        if !self.sight.entropy || self.at < self.run {
            return None;
        }
        let end = long_run(self.text, self.at)?;
        self.run = end;
        random(self.text, self.at, end)
    }

    /// Notes a find, and goes on behind it. Its beginning may lie within the one before.
    fn take(&mut self, mut span: Span) {
        self.at = self.at.max(span.end) + usize::from(span.end <= self.at);
        span.start = span.start.max(self.found.spans.last().map_or(0, |last| last.end));
        if span.start < span.end && (self.own)(&self.text[span.start..span.end]) < span.end - span.start {
            self.found.spans.push(span);
        }
    }

    fn mark(&mut self, byte: u8) {
        let done = match byte {
            b'=' | b':' | b'>' => self.assignment(byte),
            b'@' if self.sight.personal => {
                let floor = self.found.spans.last().map_or(0, |last| last.end);
                email(self.text, self.at, floor).map(|span| self.take(span))
            }
            b'/' if self.sight.personal => self.home(),
            b'\\' => self.home().or_else(|| self.backslash()),
            b'%' => self.percent(),
            b'&' => self.entity(),
            b'-' => self.option(),
            b'~' => azure(self.text, self.at).map(|span| self.take(span)),
            0x1b => self.colour(),
            _ => None,
        };
        if done.is_none() {
            self.at += 1;
        }
    }

    /// `=` and `:` with what belongs to them: `==`, `=>`, `:=`, `://`, and `::`, which assigns nothing.
    fn assignment(&mut self, byte: u8) -> Option<()> {
        let (text, at) = (self.text, self.at);
        let next = text.get(at + 1).copied();
        if byte == b':' && next == Some(b':') {
            self.at += 2;
            return Some(());
        }
        if byte == b':' && text[at + 1..].starts_with(b"//") {
            self.at += 3;
            if let Some((start, end)) = user_part(text, self.at) {
                self.take(Span { start, end, class: Class::UrlCredentials });
                // The `@` belongs to the URL, not to an address.
                self.at += 1;
            }
            return Some(());
        }
        if byte == b'>' && !self.closes_tag() {
            return None;
        }
        let name = name_before(text, at).filter(|name| self.counts(*name, byte))?;
        let behind = run_end(text, at + 1, |byte| matches!(byte, b'=' | b'>'));
        self.value(name, behind)
    }

    /// Whether the `>` here ends `<name>`, behind which stands a value.
    fn closes_tag(&self) -> bool {
        let tag = &self.text[self.at.saturating_sub(LONGEST_TAG)..self.at];
        let name = tag
            .iter()
            .rposition(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':')));
        name.is_some_and(|before| tag[before] == b'<')
    }

    /// Whether a name means what it says here: words such as `input:` mean little in prose.
    fn counts(&self, name: Name, operator: u8) -> bool {
        if self.sight.prose && operator != b'=' && !name.quoted {
            return false;
        }
        match name.named {
            Named::OptionKey => self.sight.lone_key && name.dashed,
            Named::Payload => self.sight.content && (name.quoted || operator == b'=' && !name.dashed),
            Named::Person | Named::Speech => self.sight.content,
            // `first pass: done`, and the debug output of `pw:api`.
            Named::Pass | Named::Assigned => name.quoted || name.dashed || operator == b'=',
            _ => true,
        }
    }

    fn value(&mut self, name: Name, behind: usize) -> Option<()> {
        let (start, end) = value_at(self.text, behind, name, self.own)?;
        let class = if name.named.is_content() { Class::Content } else { Class::NamedSecret };
        self.take(Span { start, end, class });
        Some(())
    }

    fn option(&mut self) -> Option<()> {
        if let Some((start, end)) = login_at(self.text, self.at, self.own) {
            self.take(Span { start, end, class: Class::NamedSecret });
            return Some(());
        }
        let (name, end) = option_at(self.text, self.at).filter(|(name, _)| self.counts(*name, b' '))?;
        self.value(name, end)
    }

    fn home(&mut self) -> Option<()> {
        let (start, end) = home(self.text, self.at).filter(|_| self.sight.personal)?;
        let own = (self.own)(&self.text[start..]);
        if own > 0 {
            self.at = start + own;
        } else {
            self.take(Span { start, end, class: Class::HomeFolder });
        }
        Some(())
    }

    /// Behind `\n` a word begins, and behind `\u0061` it does not.
    fn backslash(&mut self) -> Option<()> {
        let next = *self.text.get(self.at + 1)?;
        self.found.escaped |= matches!(next, b'u' | b'x' | b'/');
        self.at += if matches!(next, b'n' | b'r' | b't') { 2 } else { 1 };
        Some(())
    }

    fn percent(&mut self) -> Option<()> {
        let digits = self.text.get(self.at + 1..self.at + 3)?;
        let is_escape = digits.iter().all(u8::is_ascii_hexdigit);
        self.found.escaped |= is_escape;
        self.at += if is_escape { 3 } else { 1 };
        Some(())
    }

    fn entity(&mut self) -> Option<()> {
        let (_, length) = entity(&self.text[self.at..])?;
        self.found.escaped = true;
        self.at += length;
        Some(())
    }

    /// A colour of a terminal ends with a letter, which does not belong to the word behind it.
    fn colour(&mut self) -> Option<()> {
        let rest = self.text[self.at + 1..].strip_prefix(b"[")?;
        let length = run_end(rest, 0, |byte| byte.is_ascii_digit() || *byte == b';');
        self.at = (self.at + 3 + length).min(self.text.len());
        Some(())
    }
}
