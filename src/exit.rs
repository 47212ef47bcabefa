//! The exit codes: a public contract, printed in every man page.

/// How a run ended, as the number that the calling script sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Nothing is wrong, or everything that was found has been put right.
    Success,
    /// Problems were found and are still there.
    ProblemsFound,
    /// The command line or the configuration is wrong; nothing was done.
    Usage,
    /// An action failed: a process survived, a file could not be written, permission was denied.
    ActionFailed,
    /// It was not possible to look. A scan that failed is never reported as clean.
    CouldNotLook,
    /// Another run holds the lock.
    Locked,
    /// The exit code of a command that was run, passed on.
    Passed(u8),
    /// A signal ended the work; the process then dies by that same signal.
    Signal(i32),
}

/// Every code with its meaning, in the order in which they are documented.
pub const DOCUMENTED: &[(&str, &str)] = &[
    ("0", "nothing is wrong, or everything that was found has been put right"),
    ("1", "problems were found and are still there (only looked, a dry run, or left alone for a reason)"),
    ("2", "usage or configuration error"),
    ("3", "an action failed (a process survived, a file could not be written, permission was denied)"),
    ("4", "could not look (a scan that failed is never reported as clean)"),
    ("75", "another run holds the lock; try again later"),
    ("128+n", "ended by signal n"),
];

/// Those of a command that runs another one.
pub const DOCUMENTED_OF_EXEC: &[(&str, &str)] = &[
    ("0-255", "the exit code of the command"),
    ("2", "usage or configuration error, and nothing was run; or the command ended with it"),
    ("126", "the command cannot be run; or it ended with that"),
    ("127", "the command is not there; or it ended with that"),
    ("128+n", "signal n ended the command, and then us"),
];

impl ExitCode {
    /// The number handed to the operating system.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::ProblemsFound => 1,
            Self::Usage => 2,
            Self::ActionFailed => 3,
            Self::CouldNotLook => 4,
            Self::Locked => 75,
            Self::Passed(code) => code,
            Self::Signal(number) => 128_u8.saturating_add((number & 0x7f) as u8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn the_numbers_are_the_documented_ones() {
        let codes = [
            (ExitCode::Success, 0),
            (ExitCode::ProblemsFound, 1),
            (ExitCode::Usage, 2),
            (ExitCode::ActionFailed, 3),
            (ExitCode::CouldNotLook, 4),
            (ExitCode::Locked, 75),
            (ExitCode::Passed(42), 42),
            (ExitCode::Signal(2), 130),
            (ExitCode::Signal(15), 143),
        ];
        for (code, number) in codes {
            assert_eq!(code.number(), number, "{code:?}");
        }
    }
}
