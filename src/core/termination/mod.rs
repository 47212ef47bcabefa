//! Ends processes: exactly those that were planned, and what they started.
//!
//! The flow is the same for every command: [`plan()`] decides, on plain values, whom it would take and whom it
//! must leave; [`end`] asks all of them at once to end, waits once for all of them, and ends those that did
//! not. A process is only ever signalled through a handle that was opened first and verified afterwards.

mod campaign;
mod nudge;
mod outcome;
mod plan;

pub use campaign::{Settings, end};
pub use nudge::tell_of_dead_child;
pub use outcome::{Ended, Outcome, Report};
pub use plan::{Kept, Plan, Planned, Role, Root, TooMany, plan};
