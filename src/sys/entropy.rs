//! Randomness from the operating system.

use std::fs::File;
use std::io::{self, Read as _};

/// Fills the buffer with random bytes.
///
/// # Errors
/// When there are none: in a chroot without devices, or without a descriptor left.
pub fn fill(buffer: &mut [u8]) -> io::Result<()> {
    const DEVICE: &str = "/dev/urandom";
    let filled = File::open(DEVICE).and_then(|mut device| device.read_exact(buffer));
    filled.map_err(|error| io::Error::new(error.kind(), format!("no random bytes from {DEVICE}: {error}")))
}
