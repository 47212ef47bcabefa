//! What survives a run: a folder of our own, locks, and files that are replaced as a whole.

mod folder;
mod lock;
mod versioned;

pub use folder::{Folder, FolderError};
pub use lock::{Lock, LockError};
pub use versioned::{Loaded, Versioned, load, save};
