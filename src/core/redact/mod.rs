//! Takes secrets out of text before anybody sees it: terminal, documents, logs.

mod command_line;
mod key;
mod value;

pub use command_line::redacted_words;

/// What stands in the place of a secret.
pub const MARKER: &str = "[brAInwav-REDACTED]";
