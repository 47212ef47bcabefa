//! What is remembered of a run between its start and its finish, which are two processes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use super::uuid::hex;
use crate::core::state::Versioned;

/// A moment by two clocks: that of the wall, which somebody may set, and that of this start of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// By the wall.
    pub wall: SystemTime,
    /// Since some moment of this start of the machine, without the time that it slept.
    pub awake: Duration,
    /// Which start of the machine; nothing where it cannot be told.
    pub boot: Option<String>,
}

/// A run that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// What its events belong together by.
    pub correlation_id: String,
    /// When, in milliseconds since 1970.
    pub began_ms: u64,
    /// When, in milliseconds of this start of the machine.
    #[serde(default)]
    pub awake_ms: u64,
    /// Which start of the machine.
    #[serde(default)]
    pub boot: Option<String>,
    /// Its own file, where this one only says which run of a name was started last.
    #[serde(default)]
    pub file: Option<String>,
}

impl Versioned for Begun {
    const VERSION: u32 = 1;
}

impl Begun {
    /// A run that begins now.
    #[must_use]
    pub fn new(correlation_id: String, now: Moment) -> Self {
        let (began_ms, awake_ms) = (since_1970(now.wall), milliseconds(now.awake));
        Self { correlation_id, began_ms, awake_ms, boot: now.boot, file: None }
    }

    /// How long it took, in milliseconds: by the clock that nobody sets, if the machine was not started anew; nothing when
    /// it was and the clock of the wall was set back in the meantime.
    #[must_use]
    pub fn took_ms(&self, now: &Moment) -> Option<u64> {
        if self.boot.is_some() && self.boot == now.boot {
            return milliseconds(now.awake).checked_sub(self.awake_ms);
        }
        since_1970(now.wall).checked_sub(self.began_ms)
    }
}

/// A moment in milliseconds since 1970.
#[must_use]
pub fn since_1970(moment: SystemTime) -> u64 {
    milliseconds(moment.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A duration in whole milliseconds, as events tell it.
#[must_use]
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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

    use super::{Begun, Moment, file_name};

    #[test]
    fn every_name_is_a_file_of_its_own() {
        let names = ["a", "b", "", "../../etc/passwd", "a\0b"].map(|name| file_name(name, None));
        assert!(names.iter().all(|name| name.len() == 43 && !name.contains('/')), "{names:?}");
        assert!((1..names.len()).all(|at| !names[..at].contains(&names[at])));
        assert_ne!(file_name("a", Some("1")), file_name("a", Some("2")));
    }

    #[test]
    fn a_clock_that_was_set_changes_no_duration_of_one_start_of_the_machine() {
        let moment = |wall: u64, awake_ms: u64, boot: &str| Moment {
            wall: UNIX_EPOCH + Duration::from_secs(wall),
            awake: Duration::from_millis(awake_ms),
            boot: Some(boot.to_owned()).filter(|boot| !boot.is_empty()),
        };
        let table = [
            (moment(100, 5000, "x"), moment(40, 7500, "x"), Some(2500)),
            (moment(100, 5000, "x"), moment(160, 1000, "y"), Some(60_000)),
            (moment(100, 5000, "x"), moment(40, 1000, "y"), None),
            (moment(100, 5000, ""), moment(103, 1000, ""), Some(3000)),
            (moment(100, 5000, ""), moment(100, 1000, "x"), Some(0)),
        ];
        for (start, end, expected) in table {
            assert_eq!(
                Begun::new("c".to_owned(), start.clone()).took_ms(&end),
                expected,
                "{start:?} {end:?}"
            );
        }
    }

    #[test]
    fn what_an_earlier_version_kept_is_read() {
        let begun: Begun = serde_json::from_str(r#"{"correlation_id":"c","began_ms":1000}"#).unwrap();
        let wall = UNIX_EPOCH + Duration::from_secs(3);
        let now = Moment { wall, awake: Duration::ZERO, boot: Some("x".to_owned()) };
        assert_eq!(begun.took_ms(&now), Some(2000));
    }
}
