//! The limits of the Socket.IO layer.

/// What one client may ask for. Everything is finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Binary attachments of one packet: 10, as in socket.io-parser 4.2.6 and later.
    pub max_attachments: u32,
    /// Bytes of one packet that waits for its attachments, text and attachments together: 2 MiB.
    pub max_packet_size: usize,
    /// Bytes of a namespace's name, without its query: 256.
    pub max_namespace_length: usize,
    /// Bytes of an event's name: 256.
    pub max_event_name_length: usize,
    /// Rooms that one socket is in at once, the room of its own id not counted: 1,024.
    pub max_rooms_per_socket: usize,
    /// Acknowledgements that one socket owes at once: 1,024.
    pub max_pending_acks: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_attachments: 10,
            max_packet_size: 2 * 1024 * 1024,
            max_namespace_length: 256,
            max_event_name_length: 256,
            max_rooms_per_socket: 1_024,
            max_pending_acks: 1_024,
        }
    }
}
