//! The N-API door of sansocket: names, numbers and bytes across the boundary, no protocol.
//!
//! JavaScript owns the memory: what a server wants done is written into a `Float64Array` and a
//! `Uint8Array` that the caller passes in, and all texts of one call are one string.
//! `lib/records.ts` reads what `columns.rs` writes.

mod columns;
mod convert;
mod options;
mod server;
