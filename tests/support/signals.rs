//! The signals that end a run.

use super::run::not_tested;

/// Those of a terminal and of whoever ends a job, by name and number; without one that whoever runs the tests ignores, as
/// `nohup` and jobs in the background of a script do, and with that all that the tests start.
pub fn endings() -> Vec<(&'static str, i32)> {
    let is_tested = |(name, number): &(&str, i32)| {
        let is_tested = !is_ignored(*number);
        if !is_tested {
            not_tested(&format!("SIG{name} is ignored by whoever runs the tests, and so by what they start"));
        }
        is_tested
    };
    [("INT", 2), ("TERM", 15)].into_iter().filter(is_tested).collect()
}

/// Whether whoever runs the tests ignores a signal.
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0").trim();
    u64::from_str_radix(mask, 16).is_ok_and(|mask| mask & (1 << (signal - 1)) != 0)
}

/// What a script does until a condition holds, for a minute at most. It reads no line meanwhile: a shell that gets a signal
/// just before it begins to read runs the trap only when there is one.
pub fn slept_until(condition: &str) -> String {
    format!("i=0; until {condition} || [ $i -gt 600 ]; do sleep 0.1; i=$((i+1)); done")
}
