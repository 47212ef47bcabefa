//! Caches on disk: where they are, how large, what was used when, and how to take the oldest of it away.

pub mod disk;
pub mod index;
pub mod ledger;
pub mod measure;
pub mod nx;
