//! Schema registries that speak the HTTP interface which Confluent's has made common (Karapace, Redpanda and Apicurio
//! speak it too), and the one of the original bus, which only reads: its schemas lie in a folder.
//!
//! Source: the API reference of Confluent's Schema Registry, version 7.

mod client;
mod protocol;
mod register;

pub use client::{Registry, RegistryError, RegistrySettings};
pub use protocol::Unsettled;
pub use register::{LEVEL, Level, Registration, State, register};
