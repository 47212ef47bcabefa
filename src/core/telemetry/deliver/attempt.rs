//! How a batch gets through: again after a while, or in smaller pieces.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::core::telemetry::sink::{Delivery, Record, Sink};

/// The first pause after a failure.
const FIRST: Duration = Duration::from_millis(250);

/// The longest pause that is ours to choose.
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait after so many failures in a row: twice as long each time, and of that a random part between one
/// half and the whole, so that many clients do not come back at the same moment.
#[must_use]
pub fn backoff(failures: u32, random: u64) -> Duration {
    let most =
        FIRST.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX)).min(LONGEST);
    let half = most / 2;
    half + half.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64)
}

/// What an attempt may wait for.
pub trait Pause {
    /// Waits; `false` when the run is to end instead.
    fn pause(&mut self, time: Duration) -> bool;
    /// A number that nobody can tell before.
    fn random(&mut self) -> u64;
}

/// What came of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many of it, from its beginning, are done with: delivered, or never to be.
    pub done: usize,
    /// Those among them that will never be taken, by their place, and why.
    pub refused: Vec<(usize, String)>,
    /// Why the rest was given up for now.
    pub stopped: Option<String>,
    /// When the rest may be tried again, if that is because the sink failed.
    pub again: Option<Again>,
}

/// When a sink may be tried again.
#[derive(Debug, PartialEq, Eq)]
pub struct Again {
    /// How often it has failed in a row.
    pub failures: u32,
    /// How long to leave it alone.
    pub wait: Duration,
    /// Whether it has asked for that itself.
    pub is_asked_for: bool,
}

/// How long to leave a sink alone that has failed so often. `Duration::MAX` is no wish: it says that nothing changes in
/// this run.
fn again(failures: u32, after: Option<Duration>, random: u64) -> Again {
    let (own, asked) = (backoff(failures, random), after.filter(|after| *after != Duration::MAX));
    Again { failures, wait: own.max(asked.unwrap_or_default()), is_asked_for: asked > Some(own) }
}

/// Delivers a batch before the deadline to a sink that has failed so often before. One that is refused as a whole is halved until the events are found that are
/// the reason; the order is kept.
pub fn attempt(
    sink: &mut dyn Sink,
    batch: &[Record],
    mut failures: u32,
    deadline: Instant,
    pause: &mut dyn Pause,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut pieces: Vec<Range<usize>> = std::iter::once(0..batch.len()).collect();
    while let Some(piece) = pieces.pop().filter(|piece| !piece.is_empty()) {
        if Instant::now() >= deadline {
            outcome.stopped = Some("the time for this run is over".to_owned());
            return outcome;
        }
        match sink.deliver(&batch[piece.clone()], deadline) {
            Delivery::Accepted => failures = 0,
            Delivery::Partly(refused) => {
                failures = 0;
                let places = refused.into_iter().filter(|(at, _)| *at < piece.len());
                outcome.refused.extend(places.map(|(at, reason)| (piece.start + at, reason)));
            }
            Delivery::Refused(reason) if piece.len() == 1 => outcome.refused.push((piece.start, reason)),
            Delivery::Refused(_) => {
                let middle = piece.start + piece.len() / 2;
                pieces.push(middle..piece.end);
                pieces.push(piece.start..middle);
                continue;
            }
            Delivery::Retry { after, reason } => {
                failures = failures.saturating_add(1);
                let again = again(failures, after, pause.random());
                let then = Instant::now().checked_add(again.wait).filter(|_| after != Some(Duration::MAX));
                if then.is_none_or(|then| then >= deadline) || !pause.pause(again.wait) {
                    (outcome.stopped, outcome.again) = (Some(reason), Some(again));
                    return outcome;
                }
                pieces.push(piece);
                continue;
            }
        }
        outcome.done = piece.end;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Delivery, Outcome, Pause, Record, Sink, attempt, backoff};
    use crate::core::telemetry::json::Document;

    /// Answers by a function of the attempt and the batch, and notes the ids it was given.
    struct Scripted<F> {
        answer: F,
        seen: Vec<Vec<String>>,
    }

    impl<F: FnMut(usize, &[Record]) -> Delivery> Sink for Scripted<F> {
        fn name(&self) -> &str {
            "scripted"
        }

        fn most(&self) -> usize {
            8
        }

        fn deliver(&mut self, batch: &[Record], _deadline: Instant) -> Delivery {
            self.seen.push(batch.iter().map(|record| record.id.clone()).collect());
            (self.answer)(self.seen.len(), batch)
        }
    }

    #[derive(Default)]
    struct Noted(Vec<Duration>);

    impl Pause for Noted {
        fn pause(&mut self, time: Duration) -> bool {
            self.0.push(time);
            true
        }

        fn random(&mut self) -> u64 {
            u64::MAX / 2
        }
    }

    fn batch(count: usize) -> Vec<Record> {
        (0..count).map(|id| Record { id: id.to_string(), envelope: Document::default() }).collect()
    }

    type Tried = (Outcome, Vec<Vec<String>>, Vec<Duration>);

    fn tried(count: usize, answer: impl FnMut(usize, &[Record]) -> Delivery) -> Tried {
        let mut sink = Scripted { answer, seen: Vec::new() };
        let mut pause = Noted::default();
        let deadline = Instant::now() + Duration::from_secs(3600);
        let outcome = attempt(&mut sink, &batch(count), 0, deadline, &mut pause);
        (outcome, sink.seen, pause.0)
    }

    fn retry(after: Option<u64>) -> Delivery {
        Delivery::Retry { after: after.map(Duration::from_secs), reason: "503".to_owned() }
    }

    #[test]
    fn what_is_taken_is_done() {
        let (outcome, seen, _) = tried(3, |_, _| Delivery::Accepted);
        assert_eq!((outcome.done, outcome.refused.len(), seen.len()), (3, 0, 1));
        let (outcome, _, _) =
            tried(3, |_, _| Delivery::Partly(vec![(1, "bad".to_owned()), (9, "lie".to_owned())]));
        assert_eq!((outcome.done, outcome.refused), (3, vec![(1, "bad".to_owned())]));
    }

    #[test]
    fn the_same_is_tried_again_after_a_longer_pause_each_time() {
        let answer = |attempt, _: &[Record]| if attempt < 5 { retry(None) } else { Delivery::Accepted };
        let (outcome, seen, pauses) = tried(2, answer);
        assert_eq!((outcome.done, outcome.stopped), (2, None));
        assert!(seen.iter().all(|ids| *ids == ["0", "1"]), "the same ids: {seen:?}");
        assert!(pauses.len() == 4 && pauses.is_sorted() && pauses[3] >= Duration::from_secs(1), "{pauses:?}");
        let answer = |attempt, _: &[Record]| if attempt == 1 { retry(Some(7)) } else { Delivery::Accepted };
        assert_eq!(tried(1, answer).2, [Duration::from_secs(7)], "the other side said when");
        let (outcome, seen, pauses) = tried(1, |_, _| retry(Some(3601)));
        assert_eq!((outcome.done, outcome.stopped.as_deref()), (0, Some("503")));
        assert_eq!((seen.len(), pauses.len()), (1, 0), "nobody waits for what is too late");
        let again = outcome.again.unwrap();
        assert_eq!((again.wait, again.failures, again.is_asked_for), (Duration::from_secs(3601), 1, true));
    }

    #[test]
    fn a_refused_batch_is_halved_until_the_reason_is_found() {
        let bad = ["2", "5"];
        let answer = |_, batch: &[Record]| {
            let is_bad = batch.iter().any(|record| bad.contains(&record.id.as_str()));
            if is_bad { Delivery::Refused("400".to_owned()) } else { Delivery::Accepted }
        };
        let (outcome, seen, _) = tried(8, answer);
        let refused: Vec<usize> = outcome.refused.iter().map(|(at, _)| *at).collect();
        assert_eq!((outcome.done, refused), (8, vec![2, 5]));
        let taken: Vec<&String> =
            seen.iter().filter(|ids| !ids.iter().any(|id| bad.contains(&id.as_str()))).flatten().collect();
        assert_eq!(taken, ["0", "1", "3", "4", "6", "7"], "in order, each once");
    }

    #[test]
    fn what_was_done_before_a_stop_is_told() {
        let answer = |_, batch: &[Record]| match batch.len() {
            4.. => Delivery::Refused("413".to_owned()),
            _ if batch[0].id == "0" => Delivery::Accepted,
            _ => retry(Some(9999)),
        };
        let (outcome, _, _) = tried(4, answer);
        assert_eq!((outcome.done, outcome.stopped.as_deref()), (2, Some("503")));
    }

    #[test]
    fn what_nothing_changes_in_this_run_is_tried_soon_in_the_next() {
        let never =
            |_, _: &[Record]| Delivery::Retry { after: Some(Duration::MAX), reason: "404".to_owned() };
        let (outcome, seen, pauses) = tried(1, never);
        let again = outcome.again.unwrap();
        assert_eq!((seen.len(), pauses.len(), again.is_asked_for), (1, 0, false));
        assert!(again.wait <= Duration::from_millis(250), "{again:?}");
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        for failures in 1..100 {
            let (least, most) = (backoff(failures, 0), backoff(failures, u64::MAX));
            assert!(least >= Duration::from_millis(125) && most <= Duration::from_secs(30));
            assert!(least <= most && least <= backoff(failures + 1, 0), "{failures}");
        }
    }
}
