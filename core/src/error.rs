//! Errors of the caller. What a peer does wrong is never an `Err` of a machine: it becomes the
//! right close and an event with a reason.

/// The caller used the API in a way that cannot be obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// The key names nothing: it is stale, or it was never given out.
    #[error(
        "this key names nothing (any more): the connection, session, socket or request has ended"
    )]
    Unknown,
    /// The operation needs an open connection.
    #[error("this connection is closing: nothing can be sent on it any more")]
    Closing,
    /// The acknowledgement was already sent, or the packet asked for none.
    #[error("this acknowledgement was already sent, or was never asked for")]
    AlreadyAcknowledged,
    /// The socket was already accepted or rejected.
    #[error("this socket was already accepted or rejected")]
    AlreadyAnswered,
    /// The socket is not connected yet: accept it first.
    #[error("this socket is not connected yet: accept it first")]
    NotConnected,
    /// A limit of the configuration would be passed; the text names it.
    #[error("the limit `{0}` would be passed")]
    Limit(&'static str),
    /// An argument breaks a rule of the protocol; the text says which.
    #[error("{0}")]
    Invalid(&'static str),
}
