//! What the cases share: surroundings of their own, and processes of their own.

mod actor;
pub mod agent_events;
pub mod bus;
pub mod cache;
mod environment;
pub mod jetstream;
pub mod nx;
pub mod receiver;
pub mod registry;
mod run;
pub mod server;
pub mod signals;
pub mod spool;
pub mod stopped;
pub mod store;
mod watchdog;

pub use actor::{Actor, Script, is_alive, wait_until};
pub use environment::TestEnv;
pub use run::{Output, is_root, not_tested, unshare};
pub use server::Server;
pub use watchdog::SetAtTheEnd;
