//! Processes as plain values: who they are, what they run, whose they are, and what may be done to them.

pub mod builtin;
pub mod command_line;
pub mod identity;
pub mod invocation;
pub mod launcher;
pub mod life;
pub mod pattern;
pub mod protect;
pub mod rule;
pub mod tree;

pub use command_line::{Arguments, CommandLine};
pub use identity::{BootId, Identity, Pid, StartTicks};
pub use pattern::{NamePattern, PatternError};
pub use protect::{Facts, Guard, Protection};
pub use rule::{MatchedBy, Rule, RuleLimits, Scope};
pub use tree::Tree;
