//! `/proc/PID/stat`: one line whose second field was chosen by the process and may hold anything.

use std::time::Duration;

use crate::core::host::{Stat, State};
use crate::core::process::StartTicks;

/// The thread flag of the kernel's own threads (`PF_KTHREAD` in the kernel's `include/linux/sched.h`).
const KERNEL_THREAD: u64 = 0x0020_0000;

/// The units in which the kernel counts.
#[derive(Debug, Clone, Copy)]
pub struct Units {
    /// Clock ticks in a second.
    pub ticks_per_second: u64,
    /// Bytes in a page.
    pub page_bytes: u64,
}

impl Units {
    /// As this machine has them.
    pub fn of_this_machine() -> Self {
        Self {
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            page_bytes: rustix::param::page_size() as u64,
        }
    }

    const fn duration(self, ticks: u64) -> Duration {
        let rest = ticks % self.ticks_per_second;
        Duration::new(ticks / self.ticks_per_second, (rest * 1_000_000_000 / self.ticks_per_second) as u32)
    }
}

/// Reads the line. The name ends at the *last* parenthesis: a process may call itself `a) Z 1 (`.
/// Field numbers are those of proc_pid_stat(5).
pub fn parse(line: &[u8], units: Units) -> Option<Stat> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let pid = std::str::from_utf8(line.get(..open)?).ok()?.trim().parse().ok()?;
    let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let text = |number: usize| fields.get(number - 3).copied();
    let unsigned = |number: usize| text(number)?.parse::<u64>().ok();
    let id = |number: usize| text(number)?.parse::<i64>().ok().map(|id| u32::try_from(id).unwrap_or(0));
    let start = unsigned(22)?;
    Some(Stat {
        pid,
        name: line.get(open + 1..close)?.to_vec(),
        state: state(text(3)?),
        parent: id(4)?,
        group: id(5)?,
        session: id(6)?,
        foreground_group: id(8).filter(|group| *group != 0),
        kernel_thread: unsigned(9)? & KERNEL_THREAD != 0,
        cpu: units.duration(unsigned(14)?.saturating_add(unsigned(15)?)),
        start: StartTicks(start),
        started: units.duration(start),
        rss_bytes: unsigned(24)?.saturating_mul(units.page_bytes),
    })
}

fn state(letter: &str) -> State {
    match letter {
        "R" => State::Running,
        "Z" | "X" | "x" => State::Zombie,
        "T" | "t" => State::Stopped,
        _ => State::Sleeping,
    }
}

/// The number behind `key` in a text of `key value` lines.
pub fn field(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.split_ascii_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{Units, field, parse};
    use crate::core::host::State;
    use std::time::Duration;

    const UNITS: Units = Units { ticks_per_second: 100, page_bytes: 4096 };

    fn line(name: &str, state: char) -> Vec<u8> {
        format!(
            "42 ({name}) {state} 7 42 40 34816 42 4194304 0 0 0 0 150 50 9 9 20 0 1 0 12345 999 10 18446744073709551615 1"
        )
        .into_bytes()
    }

    #[test]
    fn the_fields_are_those_of_the_manual() {
        let found = parse(&line("node", 'S'), UNITS).unwrap();
        assert_eq!((found.pid, found.parent, found.group, found.session), (42, 7, 42, 40));
        assert_eq!((found.start.0, found.started), (12345, Duration::from_millis(123_450)));
        assert_eq!((found.cpu, found.rss_bytes), (Duration::from_secs(2), 40_960));
        assert_eq!((found.foreground_group, found.kernel_thread), (Some(42), false));
    }

    #[test]
    fn a_name_cannot_pretend_to_be_another_field() {
        for name in ["foo) Z 1 (", "a b", ")", "((", "x\ny", ") R 1 1 1 1 1 1", "\x1b[2J"] {
            let found = parse(&line(name, 'S'), UNITS).unwrap();
            assert_eq!((found.name.as_slice(), found.parent), (name.as_bytes(), 7), "{name:?}");
            assert_eq!(found.state, State::Sleeping, "{name:?}");
        }
        let mut bytes = b"42 (\xff\xfe) S".to_vec();
        bytes.extend_from_slice(&line("x", 'S')[8..]);
        assert_eq!(parse(&bytes, UNITS).unwrap().name, b"\xff\xfe");
    }

    #[test]
    fn a_torn_line_is_no_process() {
        let whole = line("node", 'S');
        for length in 0..whole.len() - 25 {
            assert_eq!(parse(&whole[..length], UNITS), None, "{length} bytes");
        }
    }

    #[test]
    fn states() {
        let table = [
            ('R', State::Running),
            ('S', State::Sleeping),
            ('D', State::Sleeping),
            ('T', State::Stopped),
            ('t', State::Stopped),
            ('Z', State::Zombie),
            ('X', State::Zombie),
            ('I', State::Sleeping),
        ];
        for (letter, expected) in table {
            assert_eq!(parse(&line("a", letter), UNITS).unwrap().state, expected, "{letter}");
        }
    }

    #[test]
    fn a_field_is_found_by_its_key() {
        let text = "Rss:   12 kB\nPss:                 345 kB\nPss_Dirty: 1 kB\n";
        assert_eq!(field(text, "Pss:"), Some(345));
        assert_eq!(field(text, "Swap:"), None);
    }
}
