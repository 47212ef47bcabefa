//! Takes out what must not be seen before anybody sees it: of documents, logs, events and command lines.
//!
//! One engine, and one table each of names (`name`) and of shapes (`shape`). A text is looked through once, by
//! `scan`; a document is walked as text by `json`, so that what is left alone keeps every byte. Regular expressions
//! would have to be compiled in every process that lives for a millisecond; tables made when the program is built need
//! not.

mod address;
mod class;
mod command_line;
mod confidential;
mod engine;
mod entropy;
mod escape;
mod json;
mod lines;
mod login;
mod members;
mod name;
mod number;
mod policy;
mod scan;
mod shape;
mod sibling;
mod stream;
mod text;
mod value;

pub use class::{CLASSES, Class, Counts};
pub use command_line::{redacted_words, without_secrets};
pub use confidential::Confidential;
pub use engine::{Redacted, Redactor};
pub use json::NotJson;
pub use lines::{LineFilter, LineFormat, Summary};
pub use policy::{Action, Limits, MARKER, Policy, PolicyError, PseudonymKey};
pub use stream::filter_stream;

/// The label with which an event says that it went through here.
pub const STAMP: (&str, &str) = ("brAInwav", "privacy-redacted");
