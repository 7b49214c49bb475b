//! The harness that the test files of this crate share: a server and its clients on a network
//! without wires, in virtual time, replayed exactly from a seed.
//!
//! ```
//! use std::time::Duration;
//! use sansocket_tests::Net;
//! use sansocket_tests::Via;
//!
//! let mut net = Net::default();
//! let ada = net.open(Via::Polling);
//! net.say(ada, "0"); // CONNECT to the main namespace; the harness accepts
//! net.run_for(Duration::from_secs(3600)); // an hour of heartbeats, at once
//! assert!(net.is_open(ada));
//! ```

// Whatever goes wrong here is a failed test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

pub mod fuzz;

mod deflate;
mod entropy;
mod happened;
mod meter;
mod net;

pub use deflate::deflate_agreed;
pub use entropy::Seeded;
pub use happened::Happened;
pub use meter::Meter;
pub use meter::Usage;
pub use net::Cuts;
pub use net::Net;
pub use net::Via;
