//! The one signal that ends nothing.

use crate::core::host::{Host, Signal, Unknown};
use crate::core::process::Identity;

/// Tells a parent that a child of it has ended. It is opened first and verified afterwards, like a process that
/// is to be ended.
///
/// # Errors
/// [`Unknown::Gone`] when the process is not there any more, and whatever keeps us from telling it.
pub fn tell_of_dead_child<H: Host>(host: &H, parent: Identity) -> Result<(), Unknown> {
    let handle = host.open(parent.pid)?;
    let stat = host.stat(parent.pid.get())?;
    if stat.start != parent.start || host.boot() != parent.boot {
        return Err(Unknown::Gone);
    }
    host.signal(&handle, Signal::ChildEnded)
}
