//! What brainwav decides, and how it acts, without knowing the operating system, the terminal, the command
//! line or the configuration: those hand plain values in and take plain values out.

pub mod cache;
pub mod health;
pub mod host;
pub mod process;
pub mod reap;
pub mod redact;
pub mod state;
pub mod telemetry;
pub mod termination;
