//! Calls that have started and not finished: what the end of a call is joined with, also in a later run.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use crate::core::telemetry::uuid::hex;

/// So many calls are remembered; the earliest goes first. A file of them stays below a megabyte and a half.
pub const MOST_STARTS: usize = 4096;

/// For so long a call is remembered: no tool runs for a day.
pub const OLDEST_START: Duration = Duration::from_hours(24);

/// A longer text is not remembered, in bytes.
const LONGEST_TEXT: usize = 256;

/// What is known of a call since its start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The tool.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tool: Option<String>,
    /// The session it was called in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<String>,
    /// The digest of what it was called with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_digest: Option<String>,
}

impl Start {
    /// What may be written down of it: every text as `shown` makes it, and none that is long.
    #[must_use]
    pub fn kept(self, shown: impl Fn(&str) -> String) -> Self {
        let kept =
            |text: Option<String>| text.map(|text| shown(&text)).filter(|text| text.len() <= LONGEST_TEXT);
        Self { tool: kept(self.tool), session: kept(self.session), input_digest: kept(self.input_digest) }
    }
}

/// A start as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// The digest of the id of the call: the id is as long and as private as somebody wanted.
    call: String,
    /// When it was read, in milliseconds since 1970.
    read_ms: u64,
    #[serde(flatten)]
    start: Start,
}

/// The starts, earliest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Entry>", into = "Vec<Entry>")]
pub struct Starts {
    entries: BTreeMap<u64, Entry>,
    places: HashMap<String, u64>,
    next: u64,
}

impl Starts {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Remembers the start of this call. One of the same id is replaced.
    pub fn remember(&mut self, call: &str, start: Start, now: SystemTime) {
        self.push(Entry { call: key(call), read_ms: milliseconds(now), start });
    }

    /// Takes the start of this call out.
    pub fn take(&mut self, call: &str) -> Option<Start> {
        let place = self.places.remove(&key(call))?;
        self.entries.remove(&place).map(|entry| entry.start)
    }

    /// Forgets what is too old.
    pub fn forget(&mut self, now: SystemTime) {
        let oldest = milliseconds(now).saturating_sub(u64::try_from(OLDEST_START.as_millis()).unwrap_or(0));
        let (places, entries) = (&mut self.places, &mut self.entries);
        entries.retain(|_, entry| {
            let stays = entry.read_ms >= oldest;
            if !stays {
                places.remove(&entry.call);
            }
            stays
        });
    }

    fn push(&mut self, entry: Entry) {
        if let Some(place) = self.places.insert(entry.call.clone(), self.next) {
            self.entries.remove(&place);
        }
        self.entries.insert(self.next, entry);
        self.next += 1;
        while self.entries.len() > MOST_STARTS {
            if let Some((_, entry)) = self.entries.pop_first() {
                self.places.remove(&entry.call);
            }
        }
    }
}

impl From<Vec<Entry>> for Starts {
    fn from(entries: Vec<Entry>) -> Self {
        let mut starts = Self::default();
        entries.into_iter().for_each(|entry| starts.push(entry));
        starts
    }
}

impl From<Starts> for Vec<Entry> {
    fn from(starts: Starts) -> Self {
        starts.entries.into_values().collect()
    }
}

fn key(call: &str) -> String {
    hex(&Hash::hash(call.as_bytes())[..16])
}

fn milliseconds(moment: SystemTime) -> u64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::{MOST_STARTS, OLDEST_START, Start, Starts};

    fn start(tool: &str) -> Start {
        Start { tool: Some(tool.to_owned()), ..Start::default() }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn a_start_is_taken_once_also_after_it_was_written_down() {
        let mut starts = Starts::default();
        starts.remember("a", start("one"), at(0));
        starts.remember("b", start("two"), at(0));
        starts.remember("b", start("three"), at(1));
        let text = serde_json::to_string(&starts).unwrap();
        assert!(!text.contains("\"a\"") && !text.contains("session"), "{text}");
        let mut starts: Starts = serde_json::from_str(&text).unwrap();
        assert_eq!((starts.len(), starts.take("b")), (2, Some(start("three"))));
        assert_eq!((starts.take("b"), starts.take("c"), starts.take("a")), (None, None, Some(start("one"))));
        assert!(starts.is_empty());
    }

    #[test]
    fn neither_their_number_nor_their_age_is_without_bounds() {
        let mut starts = Starts::default();
        for number in 0..MOST_STARTS + 10 {
            starts.remember(&number.to_string(), start("t"), at(number as u64));
        }
        assert_eq!(
            (starts.len(), starts.take("9"), starts.take("10")),
            (MOST_STARTS, None, Some(start("t")))
        );
        starts.forget(at(0) + OLDEST_START);
        assert_eq!(starts.len(), MOST_STARTS - 1);
        starts.forget(at(100) + OLDEST_START);
        assert_eq!((starts.take("99"), starts.take("100")), (None, Some(start("t"))));
        starts.forget(at(1_000_000));
        assert!(starts.is_empty() && starts.places.is_empty());
    }

    #[test]
    fn what_is_written_down_is_fit_to_be_seen() {
        let long = Start { session: Some("x".repeat(300)), ..start("secret") };
        let kept = long.kept(|text| text.replace("secret", "[gone]"));
        assert_eq!(kept, start("[gone]"));
    }
}
