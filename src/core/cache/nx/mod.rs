//! The cache of Nx: where each version keeps it, what its databases say, and how an entry is made a miss before its
//! files go.

mod identity;
mod jsonc;
pub mod locate;
mod repository;
mod settings;
mod sha256;
mod version;
