//! Requests that are compressed: full batches are a sixth to a ninth as long.

use std::borrow::Cow;
use std::io::{self, Write as _};

use flate2::Compression as Level;
use flate2::write::GzEncoder;

/// What becomes of the body of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// It goes as it is, which every receiver takes.
    #[default]
    None,
    /// It goes by gzip.
    Gzip,
}

impl Compression {
    /// The words for it, as OpenTelemetry has them.
    pub const WORDS: &'static [&'static str] = &["none", "gzip"];

    /// That of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "gzip" => Some(Self::Gzip),
            _ => None,
        }
    }

    /// The line of the headers that tells how the body of a request goes, and the body.
    #[must_use]
    pub fn pack(self, request: &[u8]) -> (&'static str, Cow<'_, [u8]>) {
        let packed = if self == Self::Gzip { gzip(request).ok() } else { None };
        // Writing into memory does not fail; if it did, the request would go as it is.
        packed
            .map_or(("", Cow::Borrowed(request)), |packed| ("Content-Encoding: gzip\r\n", Cow::Owned(packed)))
    }
}

/// The lowest level: the others take longer and leave events little shorter.
fn gzip(request: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::with_capacity(request.len() / 4), Level::fast());
    packed.write_all(request)?;
    packed.finish()
}
