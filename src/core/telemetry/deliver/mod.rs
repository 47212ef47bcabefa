//! From the spool to the sinks, each at its own pace: at least once, and what is never taken is kept with the reason.

mod attempt;
mod backlog;
mod dead;
mod progress;
mod run;
mod status;

pub use attempt::{Pause, backoff};
pub use backlog::{Backlog, SinkBacklog, backlog};
pub use dead::DeadLetters;
pub use progress::{Failure, Progress};
pub use run::{End, Flush, SinkReport, deliver_all};
pub use status::{SinkStatus, Status, status};
