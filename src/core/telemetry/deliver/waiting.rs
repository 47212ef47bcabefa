//! How the sinks of a run wait, and how all of them are told to stop.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::attempt::Pause;

/// Whether everybody is to stop, for those who wait.
#[derive(Default)]
pub struct Stop {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Tells everybody.
    pub fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Whether everybody is to stop.
    pub fn is_set(&self) -> bool {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long; `true` when it was set in the meantime.
    fn wait(&self, time: Duration) -> bool {
        let guard = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(guard, time, |is_set| !*is_set);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The pauses of one sink.
pub struct Waiting {
    /// Ends them.
    pub stop: Arc<Stop>,
    /// Where its random numbers begin.
    pub random: u64,
}

impl Pause for Waiting {
    fn pause(&mut self, time: Duration) -> bool {
        !self.stop.wait(time)
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
