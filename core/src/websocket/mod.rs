//! The WebSocket protocol, RFC 6455.
