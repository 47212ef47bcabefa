//! The corpus of tests/redaction.rs, and the ways in which it is written.

pub mod corpus;
pub mod events;
pub mod letters;
pub mod wrapping;
