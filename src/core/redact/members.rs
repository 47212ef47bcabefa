//! The names of an object, so that two of them that are secrets stay two: of members with one name, readers keep the last.

use std::collections::HashSet;

use super::escape::{decoded, quoted};
use super::shape::run_end;
use super::text::skip;

/// The names that are taken in an object.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<Vec<u8>>,
    /// The number that was given last.
    last: usize,
}

impl Names {
    /// Those of the object that begins at `start`, up to what is no JSON.
    pub fn of(text: &[u8], start: usize) -> Self {
        let mut names = Self { taken: HashSet::new(), last: 1 };
        let mut at = blanks(text, start + 1);
        while text.get(at) == Some(&b'"') {
            let Ok((end, _)) = quoted(text, at) else { break };
            names.taken.insert(decoded(&text[at + 1..end - 1]));
            let Ok(end) = skip(text, blanks(text, blanks(text, end) + 1)) else { break };
            at = blanks(text, blanks(text, end) + 1);
        }
        names
    }

    /// This name, with a number if it is taken.
    pub fn distinct(&mut self, name: &[u8]) -> Vec<u8> {
        let mut distinct = name.to_owned();
        while self.taken.contains(&distinct) {
            self.last += 1;
            distinct = [name, format!("-{}", self.last).as_bytes()].concat();
        }
        self.taken.insert(distinct.clone());
        distinct
    }
}

fn blanks(text: &[u8], at: usize) -> usize {
    run_end(text, at, u8::is_ascii_whitespace)
}
