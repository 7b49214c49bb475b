//! HTTP as far as an upgrade and a long poll need it: request heads, queries, origins, responses.
//!
//! A host that has an HTTP server already passes [`Request`]s and writes [`Response`]s. A host that
//! owns a bare socket lets a [`Connection`] read and write them.

mod body;
mod connection;
mod cookie;
mod head;
mod origin;
mod parse;
mod query;
mod respond;
mod secret;

pub use connection::Connection;
pub use connection::Event;
pub use cookie::Cookie;
pub use cookie::Cookies;
pub use cookie::SameSite;
pub use head::Duplicate;
pub use head::Header;
pub use head::Headers;
pub use head::Request;
pub use head::ResponseHead;
pub use head::Version;
pub use origin::Cors;
pub use origin::OriginVerdict;
pub use origin::Origins;
pub use parse::HeadError;
pub use parse::HeadLimits;
pub use parse::HeadParser;
pub use query::Parameter;
pub use query::Query;
pub use respond::Response;
pub use secret::constant_time_eq;

pub(crate) use respond::is_field_value;
pub(crate) use respond::is_token;
pub(crate) use respond::push_line;
