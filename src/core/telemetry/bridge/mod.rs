//! Events of the bus that is there already, as events of agents.
//!
//! A line is read without trust ([`Received`]), looked up in one table, and becomes the events that the table says
//! ([`bridged`]). A call that has finished is joined with its start ([`Starts`]). A queue is a file that others append
//! to, cut and move: a place in it ([`Cursor`]) is known by what stands before it, not by the name or the number of
//! the file.

mod cursor;
mod map;
mod received;
mod route;
mod starts;
mod table;
mod tail;
mod tally;

pub use cursor::{Cursor, Progress};
pub use map::{Bridged, Derived, MOST_EVENTS, bridged, derived_id};
pub use received::Received;
pub use route::{Part, Route, route};
pub use starts::{MOST_STARTS, OLDEST_START, Start, Starts};
pub use tail::{NumberedLine, Step, Tail};
pub use tally::{MOST_EXAMPLES, Tally};
