//! The cache of Nx: where each version keeps it, what its databases say, and how an entry is made a miss before its
//! files go.

pub mod commits;
pub mod database;
#[cfg(test)]
pub(super) mod fixture;
mod identity;
pub(super) mod jsonc;
pub mod layout;
pub mod locate;
pub mod notes;
mod repository;
mod settings;
pub mod strike;
mod version;
