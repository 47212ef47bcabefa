//! What a key may hold, how that is read, and where it goes.

use std::path::PathBuf;
use std::time::Duration;

use globset::GlobMatcher;
use regex::bytes::Regex;
use toml::Spanned;
use toml::de::DeValue;

use super::expression::{self, Places};
use super::shown::Shown;
use super::suggest;
use super::value::{self, ValueError};
use crate::core::process::{NamePattern, PatternError};

/// One row of a table of keys: everything that is known about a key, in one place.
#[derive(Debug)]
pub struct Key<T: 'static> {
    /// The name: with its section for a setting (`health.max-memory`), without for a key of a rule.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind<T>,
    /// The default, as it would be written; `None` where there is none.
    pub default: Option<&'static str>,
    /// What it is for, in one or two sentences.
    pub help: &'static str,
}

/// What a key may hold, each with the function that puts it where it belongs.
#[derive(Debug)]
pub enum Kind<T> {
    /// Bytes, written with a unit.
    Size(fn(&mut T, u64)),
    /// Bytes, or `none`.
    OptionalSize(fn(&mut T, Option<u64>)),
    /// Bytes, any number of them, or `none`.
    Space(fn(&mut T, Option<u64>)),
    /// Per cent of one core.
    Percent(fn(&mut T, u32)),
    /// Per cent of a whole, from 0 to 100.
    Share(fn(&mut T, u32)),
    /// A number of at least one.
    Count(fn(&mut T, u32)),
    /// A duration that is not zero.
    Duration(fn(&mut T, Duration)),
    /// A duration that is not zero, or `none`.
    OptionalDuration(fn(&mut T, Option<Duration>)),
    /// A duration, zero included.
    Wait(fn(&mut T, Duration)),
    /// One of these words.
    Choice(&'static [&'static str], fn(&mut T, &str)),
    /// `true` or `false`.
    Switch(fn(&mut T, bool)),
    /// The name of a rule.
    Name(fn(&mut T, String)),
    /// A text of any kind.
    Text(fn(&mut T, String)),
    /// Texts of any kind, none of them included.
    Texts(fn(&mut T, Vec<String>)),
    /// Some of these words.
    Choices(&'static [&'static str], fn(&mut T, Vec<&'static str>)),
    /// Program names with wildcards.
    Patterns(fn(&mut T, Vec<NamePattern>)),
    /// One name with wildcards.
    Pattern(fn(&mut T, NamePattern)),
    /// A folder.
    Path(fn(&mut T, PathBuf)),
    /// Beginnings of a title.
    Titles(fn(&mut T, Vec<String>)),
    /// A regular expression.
    Expression(fn(&mut T, Regex)),
    /// A glob over folders.
    Folders(fn(&mut T, GlobMatcher)),
}

/// A value before it is understood.
#[derive(Debug, Clone, Copy)]
pub enum Raw<'a> {
    /// From the environment, a flag, or the table of defaults: a text without quotes.
    Text(&'a str),
    /// From a file.
    Toml(&'a DeValue<'a>),
}

impl<T> Key<T> {
    /// Understands a value, puts it into `target`, and returns it as it is to be shown.
    ///
    /// # Errors
    /// When it is not what this key may hold.
    pub fn read(&self, raw: Raw<'_>, places: Places<'_>, target: &mut T) -> Result<Shown, ValueError> {
        match &self.kind {
            Kind::OptionalSize(set) | Kind::Space(set) if raw.is_text("none") => {
                Ok(assign(target, *set, None, Shown::text("none")))
            }
            Kind::OptionalDuration(set) if raw.is_text("none") => {
                Ok(assign(target, *set, None, Shown::text("none")))
            }
            Kind::Size(set) => size(raw).map(|bytes| assign(target, *set, bytes, Shown::Size(bytes))),
            Kind::OptionalSize(set) => {
                size(raw).map(|bytes| assign(target, *set, Some(bytes), Shown::Size(bytes)))
            }
            Kind::Space(set) => space(raw).map(|bytes| assign(target, *set, Some(bytes), Shown::Size(bytes))),
            Kind::Share(set) => {
                share(raw).map(|percent| assign(target, *set, percent, Shown::text(format!("{percent}%"))))
            }
            Kind::Percent(set) => {
                number(raw, 100_000).map(|number| assign(target, *set, number, number.into()))
            }
            Kind::Count(set) => {
                number(raw, 1_000_000).map(|number| assign(target, *set, number, number.into()))
            }
            Kind::Duration(set) => duration(raw, true).map(|time| assign(target, *set, time, time.into())),
            Kind::OptionalDuration(set) => {
                duration(raw, true).map(|time| assign(target, *set, Some(time), time.into()))
            }
            Kind::Wait(set) => duration(raw, false).map(|time| assign(target, *set, time, time.into())),
            Kind::Switch(set) => switch(raw).map(|on| assign(target, *set, on, Shown::Switch(on))),
            _ => self.read_words(raw, places, target),
        }
    }

    /// As [`Key::read`], for everything that is written in words.
    fn read_words(&self, raw: Raw<'_>, places: Places<'_>, target: &mut T) -> Result<Shown, ValueError> {
        match &self.kind {
            Kind::Choice(words, set) => {
                choice(raw, words).map(|word| assign(target, *set, word, Shown::text(word)))
            }
            Kind::Name(set) => {
                rule_name(raw).map(|name| assign(target, *set, name.to_owned(), Shown::text(name)))
            }
            Kind::Text(set) => raw
                .text("a text in quotes")
                .map(|text| assign(target, *set, text.to_owned(), Shown::text(text))),
            Kind::Texts(set) => texts(raw, |text| Ok(text.to_owned()), target, *set),
            Kind::Choices(words, set) => {
                let (found, shown) = list(raw, |text| choice(Raw::Text(text), words))?;
                Ok(assign(target, *set, found, shown))
            }
            Kind::Patterns(set) => texts(raw, pattern, target, *set),
            Kind::Titles(set) => texts(raw, title, target, *set),
            Kind::Pattern(set) => {
                let text = raw.text("a name such as \"*.tar\"")?;
                Ok(assign(target, *set, entry_pattern(text)?, Shown::text(text)))
            }
            Kind::Path(set) => {
                let text = raw.text("a folder such as \"~/.cache/tool\"")?;
                Ok(assign(target, *set, expression::folder(text, places)?, Shown::text(text)))
            }
            Kind::Expression(set) => {
                let text = raw.text("a regular expression such as 'node .*server\\.js'")?;
                Ok(assign(target, *set, expression::regex(text)?, Shown::text(text)))
            }
            Kind::Folders(set) => {
                let text = raw.text("a folder such as \"packages/*\"")?;
                Ok(assign(target, *set, expression::glob(text, places)?, Shown::text(text)))
            }
            // Everything else is a number.
            _ => Err(ValueError::new("is not written in words")),
        }
    }

    /// Whether values from several places add up instead of the last one holding.
    #[must_use]
    pub const fn adds_up(&self) -> bool {
        matches!(self.kind, Kind::Patterns(_))
    }

    /// A default as a file would hold it: with quotes where they belong.
    #[must_use]
    pub fn as_toml(&self, text: &str) -> String {
        match self.kind {
            Kind::Percent(_) | Kind::Count(_) | Kind::Switch(_) => text.to_owned(),
            _ => format!("{text:?}"),
        }
    }
}

fn assign<T, V>(target: &mut T, set: fn(&mut T, V), value: V, shown: Shown) -> Shown {
    set(target, value);
    shown
}

/// Several texts. An empty one is none, unless the kind refuses it.
fn texts<T, V>(
    raw: Raw<'_>,
    read: fn(&str) -> Result<V, ValueError>,
    target: &mut T,
    set: fn(&mut T, Vec<V>),
) -> Result<Shown, ValueError> {
    let is_none = raw.is_text("") && read("").is_ok();
    let (values, shown) = if is_none { (Vec::new(), Shown::List(Vec::new())) } else { list(raw, read)? };
    Ok(assign(target, set, values, shown))
}

impl<'a> Raw<'a> {
    fn is_text(self, word: &str) -> bool {
        self.text("").is_ok_and(|text| text.trim() == word)
    }

    fn text(self, wanted: &str) -> Result<&'a str, ValueError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Toml(DeValue::String(text)) => Ok(text),
            Self::Toml(other) => Err(mismatch(wanted, other)),
        }
    }
}

fn mismatch(wanted: &str, found: &DeValue<'_>) -> ValueError {
    let found = match found {
        DeValue::String(_) => "a text in quotes",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    ValueError::new(format!("found {found}")).help(format!("write {wanted}"))
}

/// A bare number gets the message about its missing unit, with the quotes that it needs as well.
fn with_unit<'a>(raw: Raw<'a>, wanted: &str) -> Result<std::borrow::Cow<'a, str>, ValueError> {
    match raw {
        Raw::Toml(DeValue::Integer(number)) => Ok(number.to_string().into()),
        Raw::Toml(DeValue::Float(number)) => Ok(number.as_str().to_owned().into()),
        other => other.text(wanted).map(Into::into),
    }
}

fn space(raw: Raw<'_>) -> Result<u64, ValueError> {
    value::parse_size(&with_unit(raw, "a size such as \"8GiB\"")?)
}

fn share(raw: Raw<'_>) -> Result<u32, ValueError> {
    let text = with_unit(raw, "a share such as \"80%\"")?;
    value::parse_number(text.trim().trim_end_matches('%'), 0, 100)
}

fn size(raw: Raw<'_>) -> Result<u64, ValueError> {
    let bytes = space(raw)?;
    if bytes < 1 << 20 {
        let error =
            ValueError::new(format!("{} is less than any program needs", value::format_size_exact(bytes)));
        return Err(error.help("write 1MiB or more"));
    }
    Ok(bytes)
}

fn duration(raw: Raw<'_>, needed: bool) -> Result<Duration, ValueError> {
    let duration = value::parse_duration(&with_unit(raw, "a duration such as \"5m\"")?)?;
    if needed && duration.is_zero() {
        return Err(ValueError::new("no time at all").help("write a duration such as \"5m\""));
    }
    Ok(duration)
}

fn number(raw: Raw<'_>, most: u32) -> Result<u32, ValueError> {
    match raw {
        Raw::Text(text) => value::parse_number(text.trim().trim_end_matches('%'), 1, most),
        Raw::Toml(DeValue::Integer(number)) => {
            let number = i128::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| ValueError::new(format!("{number} is out of bounds")))?;
            value::in_bounds(number, 1, most)
        }
        Raw::Toml(other) => Err(mismatch("a whole number without quotes, such as 80", other)),
    }
}

fn switch(raw: Raw<'_>) -> Result<bool, ValueError> {
    match raw {
        Raw::Toml(DeValue::Boolean(on)) => Ok(*on),
        Raw::Toml(other) => Err(mismatch("true or false, without quotes", other)),
        Raw::Text(text) => {
            text.parse().map_err(|_| ValueError::new(format!("{text:?} is neither true nor false")))
        }
    }
}

fn choice(raw: Raw<'_>, words: &[&'static str]) -> Result<&'static str, ValueError> {
    let wanted = format!("one of \"{}\"", words.join("\", \""));
    let text = raw.text(&wanted)?.trim();
    words.iter().find(|word| **word == text).copied().ok_or_else(|| {
        ValueError::new(format!("{text:?} is not known here")).help(suggest::help(
            text,
            words,
            "write one of",
        ))
    })
}

fn rule_name(raw: Raw<'_>) -> Result<&str, ValueError> {
    let text = raw.text("a name such as \"vitest\"")?;
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
        return Err(ValueError::new(format!("{text:?} cannot be a name"))
            .help("write up to 64 letters, digits, \"-\", \"_\" and \".\", such as \"dev-server\""));
    }
    Ok(text)
}

fn pattern(text: &str) -> Result<NamePattern, ValueError> {
    NamePattern::new(text.to_owned()).map_err(|error| ValueError::new(error.to_string()))
}

/// The same for names of files.
fn entry_pattern(text: &str) -> Result<NamePattern, ValueError> {
    NamePattern::new(text.to_owned()).map_err(|error| match error {
        PatternError::Empty => {
            ValueError::new("an empty name matches nothing").help("write such as \"*.tar\"")
        }
        PatternError::MatchesEverything(_) => ValueError::new("every name matches")
            .help("leave entries away: then every name in the folder is an entry"),
    })
}

fn title(text: &str) -> Result<String, ValueError> {
    if text.trim().is_empty() {
        return Err(ValueError::new("every title begins with nothing")
            .help("write its beginning, such as \"node (vitest\""));
    }
    Ok(text.to_owned())
}

/// A list of texts, one text alone, or (outside files) texts with commas between them.
fn list<V>(
    raw: Raw<'_>,
    read: impl Fn(&str) -> Result<V, ValueError>,
) -> Result<(Vec<V>, Shown), ValueError> {
    const WANTED: &str = "a list of texts such as [\"vitest\", \"jest\"]";
    let texts: Vec<(&str, Option<&Spanned<DeValue<'_>>>)> = match raw {
        Raw::Text(text) => text.split(',').map(|text| (text.trim(), None)).collect(),
        Raw::Toml(DeValue::Array(array)) => array
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => Ok((&**text, Some(item))),
                other => Err(mismatch(WANTED, other).at(item.span())),
            })
            .collect::<Result<_, _>>()?,
        other => vec![(other.text(WANTED)?, None)],
    };
    let mut values = Vec::with_capacity(texts.len());
    for (text, item) in &texts {
        values.push(read(text).map_err(|error| match item {
            Some(item) => error.at(item.span()),
            None => error,
        })?);
    }
    Ok((values, Shown::List(texts.into_iter().map(|(text, _)| text.to_owned().into()).collect())))
}
