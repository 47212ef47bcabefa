//! What came of the lines, in numbers.

use std::collections::BTreeMap;

/// So many examples of what was not mapped are told.
pub const MOST_EXAMPLES: usize = 20;

/// The numbers, and examples of what was not mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that are not empty.
    pub lines: u64,
    /// Envelopes that became events.
    pub mapped: u64,
    /// The events that they became.
    pub events: u64,
    /// Ends of calls whose start was known.
    pub joined: u64,
    /// Ends of calls whose start was not.
    pub unjoined: u64,
    /// Envelopes with what is an event of an agent already.
    pub passed: u64,
    /// Envelopes of other types.
    pub unknown: u64,
    /// Lines that are no envelopes, or that no event could be made of.
    pub damaged: u64,
    /// Some of the unknown types, with their numbers.
    pub unknown_types: BTreeMap<String, u64>,
    /// Some of the damaged lines, with what is wrong with them.
    pub damaged_lines: Vec<(u64, String)>,
}

impl Tally {
    /// Counts a line of this type, as it may be shown.
    pub fn unknown(&mut self, kind: String) {
        self.unknown += 1;
        self.add_type(kind, 1);
    }

    /// Counts a line that nothing can be made of, and says whether it still is an example.
    pub fn damaged(&mut self, line: u64, reason: String) {
        self.damaged += 1;
        if self.damaged_lines.len() < MOST_EXAMPLES {
            self.damaged_lines.push((line, reason));
        }
    }

    /// Adds what another one has counted.
    pub fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.mapped += other.mapped;
        self.events += other.events;
        self.joined += other.joined;
        self.unjoined += other.unjoined;
        self.passed += other.passed;
        self.unknown += other.unknown;
        self.damaged += other.damaged;
        other.unknown_types.into_iter().for_each(|(kind, count)| self.add_type(kind, count));
        let room = MOST_EXAMPLES.saturating_sub(self.damaged_lines.len());
        self.damaged_lines.extend(other.damaged_lines.into_iter().take(room));
    }

    fn add_type(&mut self, kind: String, count: u64) {
        if self.unknown_types.len() < MOST_EXAMPLES || self.unknown_types.contains_key(&kind) {
            *self.unknown_types.entry(kind).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_EXAMPLES, Tally};

    #[test]
    fn numbers_add_up_and_examples_have_an_end() {
        let mut all = Tally::default();
        for round in 0..3 {
            let mut tally = Tally { lines: 30, mapped: 2, events: 5, joined: 1, ..Tally::default() };
            for line in 0..15 {
                tally.damaged(round * 100 + line, "torn".to_owned());
                tally.unknown(format!("type.{}", round * 10 + line));
            }
            all.add(tally);
        }
        assert_eq!((all.lines, all.mapped, all.events, all.joined), (90, 6, 15, 3));
        assert_eq!((all.damaged, all.unknown), (45, 45));
        assert_eq!((all.damaged_lines.len(), all.unknown_types.len()), (MOST_EXAMPLES, MOST_EXAMPLES));
        assert_eq!((all.damaged_lines[0].0, all.damaged_lines[19].0), (0, 104));
        assert_eq!(all.unknown_types["type.10"], 2, "what is an example already is counted on");
    }
}
