//! Finds processes that exceed their limits, with the evidence for and against each.

mod assess;
pub mod inspect;
pub mod limits;
pub mod looks;
pub mod looks_file;
pub mod top;

pub use assess::{Finding, Note};
pub use inspect::{Inspection, Request, Watched, inspect};
pub use limits::{Effective, Limits, Overriding};
pub use looks::{Look, Looks, TreeLook};
pub use top::{DevelopmentTree, largest};
