//! Caches on disk: where they are, how large, what was used when, and how to take the oldest of it away.

pub mod apply;
pub mod disk;
pub mod entry;
pub mod find;
pub mod gather;
pub mod index;
pub mod journal;
pub mod ledger;
pub mod measure;
pub mod meter;
pub mod nx;
pub mod plan;
pub mod run;
pub mod store;
pub mod trash;
pub mod turbo;
pub mod users;
pub mod watch;
