//! Events on disk until every sink has them.
//!
//! The spool is a folder of segments with ascending numbers. Writers append whole lines to the one with the highest
//! number, each batch in one write, while they share a lock; whoever starts a new segment holds that lock alone. So a
//! segment that is not the last never changes again, the last one is never removed, and no number comes twice. No clock
//! decides anything.

mod lock;
pub mod place;
mod reader;
pub mod reserve;
mod segment;
mod writer;

pub use reader::{Batch, Line, Position, Reader};
pub use segment::{Segment, list, list_still};
pub use writer::{Durability, Spool, SpoolError, SpoolLimits};
