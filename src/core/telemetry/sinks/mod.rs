//! Places to deliver to.

mod append;
mod file;
mod form;
mod queue;
mod writer;

pub use file::{FileSink, Rotation};
pub use form::Form;
pub use queue::QueueSink;
pub use writer::WriterSink;
