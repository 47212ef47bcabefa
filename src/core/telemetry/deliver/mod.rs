//! From the spool to the sinks, each at its own pace: at least once, and what is never taken is kept with the reason.

mod attempt;
mod backlog;
mod courier;
mod dead;
mod progress;
mod run;
mod status;
mod waiting;

pub use attempt::{Again, Pause, backoff};
pub use backlog::{Backlog, SinkBacklog, backlog};
pub use dead::{DeadLetters, letters_of};
pub use progress::{Failure, Progress, Retry};
pub use run::{End, Flush, Part, SinkReport, deliver_all};
pub use status::{SinkStatus, Status, status};
