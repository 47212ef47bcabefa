//! Events that are private by default, never lost, and understood everywhere.
//!
//! An event is completed ([`event`]), validated ([`document`]), redacted and put into its envelope ([`seal`]).

pub mod bridge;
pub mod ci;
pub mod compatibility;
pub mod deliver;
pub mod document;
pub mod envelope;
pub mod event;
pub mod json;
pub mod phase;
pub mod phase_store;
pub mod registry;
pub mod schema;
pub mod seal;
pub mod sink;
pub mod sinks;
pub mod spool;
pub mod timestamp;
pub mod topic;
pub mod trace;
pub mod uuid;
