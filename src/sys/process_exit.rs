//! What the process itself asks the operating system, apart from other processes.

use std::process::ExitCode as ProcessExitCode;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::exit::ExitCode;

/// Turns the exit code of the program into that of the process. After a signal the process dies by the same
/// signal, so that a calling shell sees what happened; the number is only what is left if that fails.
#[must_use]
pub fn finish(code: ExitCode) -> ProcessExitCode {
    if let ExitCode::Signal(signal) = code {
        // A failure leaves the number below, which says the same.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    ProcessExitCode::from(code.number())
}

/// The number of the user whose rights we have.
#[must_use]
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Time since some fixed moment of this boot, without the time that the machine slept.
#[must_use]
pub fn awake() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
