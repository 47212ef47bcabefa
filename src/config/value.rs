//! Sizes, durations and numbers as people write them, read and written.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// Why a text is not the value that was asked for, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where in the document it is, when that is only a part of the value.
    pub span: Option<Range<usize>>,
}

impl ValueError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, span: None }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says that only this part of the document is meant, unless a smaller part is already named.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.help {
            Some(help) => write!(formatter, "{}; {help}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl std::error::Error for ValueError {}

/// The units of sizes. Two prefixes that differ by a tenth at GB are worth telling apart, so `G` alone is no
/// unit.
const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("kiB", 1 << 10),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

const SIZE_HELP: &str = "write a number and a unit: \"8GiB\", \"1.5GiB\", \"512MB\" (B, KB, MB, GB, TB count in \
                         thousands; KiB, MiB, GiB, TiB in 1024s)";

/// The bytes that a text such as `8GiB`, `1.5 GB` or `512MiB` speaks of.
///
/// # Errors
/// When there is no number, no unit or an unknown one, or more than 2^64 bytes.
pub fn parse_size(text: &str) -> Result<u64, ValueError> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..digits], text[digits..].trim_start());
    let Some((whole, fraction, scale)) = decimal(number) else {
        return Err(ValueError::new(format!("{text:?} is no size")).help(SIZE_HELP));
    };
    let unit = unit_size(text, number, unit)?;
    let bytes = u128::from(whole) * u128::from(unit) + u128::from(fraction) * u128::from(unit) / scale;
    u64::try_from(bytes).map_err(|_| ValueError::new(format!("{text:?} is more than 16 EiB")))
}

/// `1.5` as (1, 5, 10): whole part, fraction, and what the fraction is to be divided by.
fn decimal(number: &str) -> Option<(u64, u64, u128)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.len() > 18 {
        return None;
    }
    Some((whole.parse().ok()?, fraction.parse().ok()?, 10_u128.pow(u32::try_from(fraction.len()).ok()?)))
}

fn unit_size(text: &str, number: &str, unit: &str) -> Result<u64, ValueError> {
    if let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) {
        return Ok(*size);
    }
    if unit.is_empty() {
        let message = format!("a size needs a unit: {number} could be bytes or GiB");
        return Err(
            ValueError::new(message).help(format!("write \"{number}GiB\", \"{number}MB\" or the like"))
        );
    }
    let meant = UNITS.iter().rev().find(|(name, _)| {
        name.eq_ignore_ascii_case(unit)
            || name.strip_suffix("iB").is_some_and(|short| short.eq_ignore_ascii_case(unit))
    });
    let error = ValueError::new(format!("{unit:?} in {text:?} is no unit of size"));
    Err(error.help(
        meant.map_or_else(|| SIZE_HELP.to_owned(), |(name, _)| format!("did you mean \"{number}{name}\"?")),
    ))
}

/// A text that [`parse_size`] reads as exactly this number, as short as possible.
#[must_use]
pub fn format_size_exact(bytes: u64) -> String {
    let exact = UNITS.iter().rev().filter(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size));
    let shortest = exact.min_by_key(|(_, size)| bytes / size);
    shortest.map_or_else(|| format!("{bytes}B"), |(name, size)| format!("{}{name}", bytes / size))
}

/// No limit on time makes sense beyond this, and clocks can add it without overflowing.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// The duration that a text such as `5m`, `1h 30m` or `250ms` speaks of.
///
/// # Errors
/// When there is no number, no unit or an unknown one, or more than ten years.
pub fn parse_duration(text: &str) -> Result<Duration, ValueError> {
    const HELP: &str = "write numbers and units: \"250ms\", \"10s\", \"5m\", \"1h 30m\", \"2days\"";
    // The bounds keep the sums of the parser far from overflowing.
    let digits = text.split(|letter: char| !letter.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    if digits > 9 || text.len() > 64 {
        return Err(ValueError::new("too many digits for a duration").help(HELP));
    }
    if digits == text.trim().len() && digits > 0 {
        let number = text.trim();
        let message = format!("a duration needs a unit: {number} could be seconds or minutes");
        return Err(ValueError::new(message).help(format!("write \"{number}s\" or \"{number}m\"")));
    }
    let duration = humantime::parse_duration(text)
        .map_err(|error| ValueError::new(format!("{text:?} is no duration: {error}")).help(HELP))?;
    if duration > LONGEST {
        return Err(ValueError::new(format!("{text:?} is more than ten years")).help(HELP));
    }
    Ok(duration)
}

/// A text that [`parse_duration`] reads as exactly this duration.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// A whole number in these bounds.
///
/// # Errors
/// When the text is no whole number, or out of bounds.
pub fn parse_number(text: &str, least: u32, most: u32) -> Result<u32, ValueError> {
    let number = text.trim().parse::<i128>().map_err(|_| {
        ValueError::new(format!("{text:?} is no whole number"))
            .help(format!("write a number from {least} to {most}"))
    })?;
    in_bounds(number, least, most)
}

/// Checks that a number is in these bounds.
///
/// # Errors
/// When it is not.
pub fn in_bounds(number: i128, least: u32, most: u32) -> Result<u32, ValueError> {
    u32::try_from(number).ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
        ValueError::new(format!("{number} is out of bounds"))
            .help(format!("write a number from {least} to {most}"))
    })
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
