//! What the process itself asks the operating system, apart from other processes.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::exit::ExitCode;

/// Turns the exit code of the program into that of the process. After a signal the process dies by the same
/// signal, so that a calling shell sees what happened; the number is only what is left if that fails.
#[must_use]
pub fn finish(code: ExitCode) -> u8 {
    if let ExitCode::Signal(signal) = code {
        leave_no_core();
        // A failure leaves the number below, which says the same.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    code.number()
}

/// Whoever dies by the signal that ended a command would leave a picture of the wrong memory.
fn leave_no_core() {
    // A dump too many is no harm.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(not(target_os = "linux"))]
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit { current: Some(0), maximum: Some(0) },
    );
}

/// Which start of the machine this is; nothing where the operating system does not tell.
#[must_use]
pub fn boot() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

/// Lets go of every stream but the standard ones, so that nobody waits for the end of a pipe that we were handed and do
/// not know. To be called before anything is open.
pub fn close_inherited() {
    let open = std::fs::read_dir("/dev/fd").into_iter().flatten().flatten();
    let numbers = open.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    for number in numbers.filter(|number: &i32| *number > 2).collect::<Vec<_>>() {
        close(number);
    }
}

#[allow(unsafe_code, reason = "descriptors that were inherited have no owner in this program")]
fn close(number: i32) {
    // SAFETY: nothing of ours is open yet. The folder that was read for the numbers is closed, and closing it again fails.
    unsafe { libc::close(number) };
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
