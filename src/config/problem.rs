//! What is wrong with a configuration: where, what, and what to write instead.

use std::fmt;
use std::path::PathBuf;

use super::value::ValueError;
use crate::core::redact::without_secrets;
use crate::error::{Error, ErrorKind};

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// A part of the line that fits on a screen.
    pub excerpt: String,
    /// How many characters of the excerpt come before what is wrong.
    pub indent: usize,
    /// How many characters are wrong.
    pub width: usize,
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file, or with it as a whole.
    File(PathBuf, Option<Spot>),
    /// In an environment variable.
    Variable(String),
    /// In the value of a flag.
    Flag(&'static str),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// The key that it is about; empty when it is about no key.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Problem {
    /// A problem with the value of a key.
    pub fn new(place: Place, key: impl Into<String>, error: ValueError) -> Self {
        Self { place, key: key.into(), message: error.message, help: error.help }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spot = match &self.place {
            Place::File(path, spot) => {
                write!(formatter, "{}:", plain(&path.to_string_lossy()))?;
                spot.as_ref()
            }
            Place::Variable(name) => {
                write!(formatter, "environment {}:", plain(name))?;
                None
            }
            Place::Flag(flag) => {
                write!(formatter, "{flag}:")?;
                None
            }
        };
        if let Some(spot) = spot {
            write!(formatter, "{}:{}:", spot.line, spot.column)?;
        }
        if !self.key.is_empty() {
            write!(formatter, " {}:", plain(&self.key))?;
        }
        write!(formatter, " {}", plain(&self.message))?;
        if let Some(spot) = spot {
            excerpt(formatter, spot)?;
        }
        match (&self.help, spot) {
            (Some(help), Some(spot)) => {
                write!(formatter, "\n{:1$} = help: {2}", "", digits(spot), plain(help))
            }
            (Some(help), None) => write!(formatter, "; {}", plain(help)),
            (None, _) => Ok(()),
        }
    }
}

fn digits(spot: &Spot) -> usize {
    spot.line.to_string().len()
}

fn excerpt(formatter: &mut fmt::Formatter<'_>, spot: &Spot) -> fmt::Result {
    let gutter = digits(spot);
    let line = without_secrets(&spot.excerpt);
    write!(formatter, "\n{:gutter$} |\n{} | {line}\n{:gutter$} | ", "", spot.line, "")?;
    write!(formatter, "{:1$}{2}", "", spot.indent, "^".repeat(spot.width.max(1)))
}

/// The text without characters that would move the cursor or change colours.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|letter| if hides(letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

/// Control characters, and those that reorder or hide text.
pub(super) fn hides(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Everything that is wrong with a configuration, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

/// More than this many are counted, not shown.
const SHOWN: usize = 20;

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().take(SHOWN).enumerate() {
            write!(formatter, "{}{problem}", if at == 0 { "" } else { "\n" })?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}

impl std::error::Error for Problems {}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::new(ErrorKind::Usage, problems)
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::ValueError;
    use super::{Place, Problem, Problems, Spot};

    fn spot() -> Spot {
        Spot { line: 12, column: 14, excerpt: "max-memory = 8".to_owned(), indent: 13, width: 1 }
    }

    #[test]
    fn a_problem_in_a_file_shows_the_line() {
        let error = ValueError::new("a size needs a unit").help("write \"8GiB\"");
        let problem =
            Problem::new(Place::File("/x/brainwav.toml".into(), Some(spot())), "health.max-memory", error);
        let expected = "/x/brainwav.toml:12:14: health.max-memory: a size needs a unit\n   |\n12 | max-memory = 8\n   \
                        |              ^\n   = help: write \"8GiB\"";
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn a_problem_elsewhere_is_one_line() {
        let error = || ValueError::new("bad").help("write good");
        let variable = Problem::new(Place::Variable("BRAINWAV_X".to_owned()), "x", error());
        assert_eq!(variable.to_string(), "environment BRAINWAV_X: x: bad; write good");
        let flag = Problem::new(Place::Flag("--max-memory"), "", error());
        assert_eq!(flag.to_string(), "--max-memory: bad; write good");
        let file = Problem::new(Place::File("/x\u{1b}[31m".into(), None), "", error());
        assert_eq!(file.to_string(), "/x\u{fffd}[31m: bad; write good");
    }

    #[test]
    fn many_problems_are_counted() {
        let problem = Problem::new(Place::Flag("--x"), "", ValueError::new("bad"));
        let text = Problems(vec![problem; 23]).to_string();
        assert_eq!(text.lines().count(), 21);
        assert!(text.ends_with("and 3 more"));
    }
}
