//! Ends or stops the process at a chosen instant, so that a test can see what is left, or change what is there. Builds
//! for use have none of this.

/// Kills this process if `wanted` is the name of this instant, and stops it until it is told to go on if it is
/// `NAME:stop`.
#[cfg(debug_assertions)]
pub fn at(wanted: &str, name: &str) {
    use rustix::process::{Signal, getpid, kill_process};
    // Neither can be handled: nothing is tidied up on the way.
    if wanted == name {
        let _ = kill_process(getpid(), Signal::KILL);
    } else if wanted.strip_suffix(":stop") == Some(name) {
        let _ = kill_process(getpid(), Signal::STOP);
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub const fn at(_wanted: &str, _name: &str) {}
