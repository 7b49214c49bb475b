//! The Engine.IO protocol, version 4.
