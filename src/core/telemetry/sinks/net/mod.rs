//! The only place of the sinks that touches sockets.

mod connection;
mod endpoint;
mod http;
mod stream;
mod tls;

pub use connection::{Connection, read_line};
pub use endpoint::{Endpoint, HTTP, NATS, Scheme};
pub use http::{HttpClient, HttpRequest};
pub use stream::DeadlineStream;
pub use tls::client_config;
