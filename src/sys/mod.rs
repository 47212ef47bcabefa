//! The operating system. No other folder knows which one it is.
//!
//! Linux reads `/proc` itself; everything else, and Linux with the feature `portable`, goes through sysinfo.

pub mod child;
pub mod detached;
pub mod disk;
pub mod entropy;
pub mod fault;
pub mod git;
pub mod own_file;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod power;
pub mod process_exit;
pub mod signals;
mod unix_connect;

#[cfg(all(target_os = "linux", not(feature = "portable")))]
#[path = "linux/mod.rs"]
mod platform;

#[cfg(not(all(target_os = "linux", not(feature = "portable"))))]
#[path = "portable/mod.rs"]
mod platform;

pub use platform::SystemHost;
