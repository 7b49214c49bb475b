//! The first item of each tuple that crosses: what kind of output it is.

macro_rules! kinds {
    ($($name:ident = $number:literal),* $(,)?) => {
        $(pub(crate) const $name: u8 = $number;)*

        /// Every constant, for the module to offer.
        pub(crate) const ALL: &[(&str, u8)] = &[$((stringify!($name), $name)),*];
    };
}

kinds! {
    WRITE = 1,
    BROADCAST = 2,
    REPLY = 3,
    CLOSE = 4,
    TIMER = 5,
    REFUSED = 6,
    SESSION_OPENED = 10,
    SESSION_UPGRADED = 11,
    SESSION_MESSAGE = 12,
    SESSION_CLOSED = 13,
    CONNECT = 20,
    EVENT = 21,
    ANSWER = 22,
    ACK_SETTLED = 23,
    DISCONNECT = 24,
    WS_TEXT = 30,
    WS_BINARY = 31,
    WS_PONG = 32,
    WS_CLOSED = 33,
    WS_OCTETS = 34,
}
