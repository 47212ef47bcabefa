//! brAInwav keeps a developer machine or a CI runner healthy: it finds what leaks, hangs or outlives its
//! session, and ends exactly that.
//!
//! The layers, each of which may use only those to its right:
//!
//! `main` → [`commands`] → { [`config`], [`core`], [`output`] }
//!
//! * [`cli`] describes the command line. It is data only.
//! * [`config`] is the only reader of configuration files and of the environment.
//! * [`core`] decides, and depends on nothing else of ours. [`core::host::Host`] is its one window to the
//!   operating system.
//! * [`sys`] implements that trait. It is the only place that knows which operating system this is.
//! * [`output`] is the only place that knows the terminal, and how a document is written.
//!
//! The library exists for the binary and its tests; it makes no promise of a stable interface.

pub mod cli;
pub mod commands;
pub mod config;
pub mod context;
pub mod core;
pub mod error;
pub mod exit;
pub mod output;
pub mod sys;
