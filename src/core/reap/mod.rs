//! What outlived whoever needed it: servers and workers without a client, zombies, sockets nobody listens on.
//! Each is judged by proof; where there can be none the answer is unknown, and nothing is done.

pub mod gather;
pub mod judge;
mod lineage;
pub mod sockets;
pub mod worker;
pub mod zombie_file;
pub mod zombies;

pub use gather::{Candidate, Request, gather};
pub use judge::{Class, Evidence, Judgement, Kind, Parent, Verdict, judge};
