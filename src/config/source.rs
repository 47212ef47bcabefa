//! A configuration file: read whole, with bounds, and able to point at its parts.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::problem::{Place, Problem, Spot, hides};
use super::shown::{Layer, Origin};
use super::value::ValueError;

/// No configuration that people write comes near this.
const MOST_BYTES: u64 = 1 << 20;

/// The text of a configuration file.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    layer: Layer,
    text: String,
    lines: Vec<usize>,
}

impl Source {
    /// A source with this text.
    #[must_use]
    pub fn new(path: PathBuf, layer: Layer, text: String) -> Self {
        let lines = [0].into_iter().chain(text.match_indices('\n').map(|(newline, _)| newline + 1)).collect();
        Self { path, layer, text, lines }
    }

    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// When there is something, but it cannot be read, is too large, or is no text.
    pub fn read(path: &Path, layer: Layer) -> Result<Option<Self>, Box<Problem>> {
        let bytes = match read_bounded(path, layer) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(whole(path, ValueError::new(format!("cannot be read: {error}")))),
            Ok(bytes) => bytes,
        };
        if bytes.len() as u64 > MOST_BYTES {
            return Err(whole(
                path,
                ValueError::new("is larger than 1 MiB and so no configuration of brainwav"),
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(Self::new(path.to_owned(), layer, text))),
            Err(error) => {
                let line = 1 + newlines(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
                let error = ValueError::new(format!("is not UTF-8 text: see line {line}"));
                Err(whole(path, error.help("save it in the encoding UTF-8")))
            }
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whose file it is.
    #[must_use]
    pub const fn layer(&self) -> Layer {
        self.layer
    }

    /// Where a value at this place of the text came from.
    #[must_use]
    pub fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File { layer: self.layer, path: self.path.clone(), line: self.line(span.start) }
    }

    /// This part of the text as a place for a problem.
    #[must_use]
    pub fn place(&self, span: &Range<usize>) -> Place {
        Place::File(self.path.clone(), Some(self.spot(span)))
    }

    /// A problem with the value of a key; the error may name a smaller part than `span`.
    #[must_use]
    pub fn problem(&self, span: &Range<usize>, key: &str, error: ValueError) -> Problem {
        Problem::new(self.place(error.span.as_ref().unwrap_or(span)), key, error)
    }

    /// The line of a place, counted from 1.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    /// Line, column and excerpt. What goes over several lines is shown up to the end of the first.
    fn spot(&self, span: &Range<usize>) -> Spot {
        const BEFORE: usize = 60;
        const AFTER: usize = 100;
        let start = floor(&self.text, span.start);
        let line = self.line(start);
        let line_start = self.lines[line - 1];
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |newline| start + newline);
        let end = floor(&self.text, span.end).clamp(start, line_end);
        let before = self.text[line_start..start].trim_start_matches('\u{feff}');
        let column = before.chars().count();
        let shown: String = before.chars().skip(column.saturating_sub(BEFORE)).map(visible).collect();
        let after = self.text[start..line_end].trim_end().chars().take(AFTER).map(visible);
        Spot {
            line,
            column: column + 1,
            indent: column.min(BEFORE),
            width: self.text[start..end].trim_end().chars().count().min(AFTER),
            excerpt: shown.chars().chain(after).collect(),
        }
    }
}

/// A problem with a file as a whole.
fn whole(path: &Path, error: ValueError) -> Box<Problem> {
    Box::new(Problem::new(Place::File(path.to_owned(), None), "", error))
}

/// Whether somebody else may have put a file there for us to find, as in `/tmp`: its rules could then name
/// processes of ours.
#[must_use]
pub fn is_planted(path: &Path, uid: u32) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let everybody_writes = path
        .parent()
        .and_then(|folder| std::fs::metadata(folder).ok())
        .is_some_and(|folder| folder.mode() & 0o002 != 0);
    let owner = std::fs::metadata(path).map(|file| file.uid());
    everybody_writes && !owner.is_ok_and(|owner| owner == uid || owner == 0)
}

/// A file that was named may be a pipe or `/dev/null`; one that was only found may not make us wait.
fn read_bounded(path: &Path, layer: Layer) -> io::Result<Vec<u8>> {
    let kind = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            return Err(io::Error::other("it is a symbolic link to nothing"));
        }
        other => other?.file_type(),
    };
    if kind.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    if layer != Layer::Named && !kind.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// The nearest place at or before this one that is between two characters.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One column for each character, so that the arrow stands where it should.
fn visible(letter: char) -> char {
    match letter {
        '\t' => ' ',
        letter if hides(letter) => char::REPLACEMENT_CHARACTER,
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::Spot;
    use super::super::shown::Layer;
    use super::Source;

    fn source(text: &str) -> Source {
        Source::new("/x".into(), Layer::User, text.to_owned())
    }

    #[test]
    fn spots_have_lines_columns_and_one_line_of_text() {
        let table = [
            ("a = 1", 4..5, (1, 5, "a = 1", 4, 1)),
            ("a = 1\r\nb = 2\r\n", 7..8, (2, 1, "b = 2", 0, 1)),
            ("\u{feff}a = 1\n", 7..8, (1, 5, "a = 1", 4, 1)),
            ("\tä = 1\n", 6..7, (1, 6, " ä = 1", 5, 1)),
            ("a = [\n1]\n", 4..8, (1, 5, "a = [", 4, 1)),
            ("a = \u{1b}", 4..5, (1, 5, "a = \u{fffd}", 4, 1)),
            ("a", 1..1, (1, 2, "a", 1, 0)),
            ("a\n", 2..2, (2, 1, "", 0, 0)),
            ("", 5..9, (1, 1, "", 0, 0)),
        ];
        for (text, span, (line, column, excerpt, indent, width)) in table {
            let expected = Spot { line, column, excerpt: excerpt.to_owned(), indent, width };
            assert_eq!(source(text).spot(&span), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_line_is_shown_in_part() {
        let text = format!("{}X{}", "a".repeat(100_000), "b".repeat(100_000));
        let spot = source(&text).spot(&(100_000..100_001));
        assert_eq!((spot.column, spot.indent, spot.width), (100_001, 60, 1));
        assert_eq!(spot.excerpt.len(), 160);
        assert_eq!(&spot.excerpt[60..61], "X");
    }

    #[test]
    fn a_file_that_a_stranger_could_have_put_there_is_planted() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("brainwav.toml");
        std::fs::write(&path, "").unwrap();
        let owner = std::fs::metadata(&path).unwrap().uid();
        for (mode, uid, expected) in
            [(0o755, owner + 1, false), (0o1777, owner, false), (0o1777, owner + 1, owner != 0)]
        {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(super::is_planted(&path, uid), expected, "{mode:o} {uid}");
        }
    }

    #[test]
    fn only_a_bounded_regular_text_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let message = |path: &std::path::Path| Source::read(path, Layer::User).unwrap_err().to_string();
        assert!(Source::read(&folder.path().join("none"), Layer::User).unwrap().is_none());
        assert!(Source::read(&at("file", b"").join("below"), Layer::User).unwrap().is_none());
        assert!(message(folder.path()).contains("it is a folder"));
        assert!(message(&at("binary", b"a\nb\xff")).contains("not UTF-8 text: see line 2"));
        assert!(message(&at("large", &vec![b'#'; (1 << 20) + 1])).contains("larger than 1 MiB"));
        assert!(Source::read(&at("just", &vec![b'#'; 1 << 20]), Layer::User).unwrap().is_some());
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        assert!(message(&folder.path().join("link")).contains("link to nothing"));
        assert!(message("/dev/null".as_ref()).contains("no regular file"));
        assert!(Source::read("/dev/null".as_ref(), Layer::Named).unwrap().is_some());
    }
}
