//! Events that are private by default, never lost, and understood everywhere.

pub mod sink;
