//! What is remembered of a run between its start and its finish, which are two processes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use super::uuid::hex;
use crate::core::state::Versioned;

/// A run that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// What its events belong together by.
    pub correlation_id: String,
    /// When, in milliseconds since 1970.
    pub began_ms: u64,
}

impl Versioned for Begun {
    const VERSION: u32 = 1;
}

impl Begun {
    /// A run that begins now.
    #[must_use]
    pub fn new(correlation_id: String, now: SystemTime) -> Self {
        Self { correlation_id, began_ms: milliseconds(now) }
    }

    /// How long it took, in milliseconds; nothing when the clock was set back in the meantime.
    #[must_use]
    pub fn took_ms(&self, now: SystemTime) -> Option<u64> {
        milliseconds(now).checked_sub(self.began_ms)
    }
}

fn milliseconds(moment: SystemTime) -> u64 {
    let since: Duration = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The file of a run. Runs of one name that go on at the same time differ in the id that they were given.
#[must_use]
pub fn file_name(name: &str, correlation_id: Option<&str>) -> String {
    let key = format!("{name}\0{}", correlation_id.unwrap_or_default());
    format!("phase-{}.json", hex(&Hash::hash(key.as_bytes())[..16]))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Begun, file_name};

    #[test]
    fn every_name_is_a_file_of_its_own() {
        let names = ["a", "b", "", "../../etc/passwd", "a\0b"].map(|name| file_name(name, None));
        assert!(names.iter().all(|name| name.len() == 43 && !name.contains('/')), "{names:?}");
        assert!((1..names.len()).all(|at| !names[..at].contains(&names[at])));
        assert_ne!(file_name("a", Some("1")), file_name("a", Some("2")));
    }

    #[test]
    fn a_clock_that_was_set_back_tells_no_time() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let begun = Begun::new("c".to_owned(), at(10));
        assert_eq!(
            (begun.took_ms(at(12)), begun.took_ms(at(10)), begun.took_ms(at(9))),
            (Some(2000), Some(0), None)
        );
    }
}
