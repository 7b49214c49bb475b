//! What goes into a session and comes out of it, beside packets.

use alloc::vec::Vec;

use super::error::CloseReason;
use super::handshake::Refusal;
use super::packet::OutgoingPacket;
use crate::ConnId;
use crate::RequestId;

/// Who delivered a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A WebSocket.
    Connection(ConnId),
    /// The body of a POST.
    Post(RequestId),
}

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Answer a GET: status 200, `text/plain; charset=UTF-8`, [`payload::encode`](super::payload::encode).
    Poll {
        /// The GET.
        request: RequestId,
        /// At least one.
        packets: Vec<OutgoingPacket>,
    },
    /// Answer a POST: status 200, `ok`.
    PostAccepted {
        /// The POST.
        request: RequestId,
    },
    /// Answer a GET or a POST: no.
    Refuse {
        /// The request.
        request: RequestId,
        /// The status and the body.
        refusal: Refusal,
    },
    /// Send a packet as one WebSocket message.
    Transmit {
        /// The WebSocket.
        conn: ConnId,
        /// The packet.
        packet: OutgoingPacket,
    },
    /// Close a WebSocket after what was transmitted. It is not the session's any more.
    CloseConnection {
        /// The WebSocket.
        conn: ConnId,
    },
    /// The session went over from polling to this WebSocket.
    Upgraded {
        /// The WebSocket.
        conn: ConnId,
    },
    /// The session is over; said exactly once, after everything else. Only a request that is handed
    /// to a session that is over already can still be refused later.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}
