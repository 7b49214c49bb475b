//! The Socket.IO protocol, version 5.
