//! Keys that name a thing across FFI: plain numbers that go stale instead of naming something else.

/// A slot number with a generation, packed into 53 bits so that it is an exact JavaScript number.
///
/// 24 bits of slot (16,777,216 at once), 29 bits of generation. A slot whose generations are used up
/// is retired, so a stale key misses for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(u64);

pub(crate) const SLOT_BITS: u32 = 24;
pub(crate) const MAX_SLOTS: usize = 1 << SLOT_BITS;
pub(crate) const MAX_GENERATION: u32 = (1 << 29) - 1;

impl Key {
    pub(crate) fn new(slot: usize, generation: u32) -> Self {
        debug_assert!(slot < MAX_SLOTS && generation <= MAX_GENERATION);
        Self((u64::from(generation) << SLOT_BITS) | slot as u64)
    }

    pub(crate) const fn from_u64(raw: u64) -> Self {
        Self(raw)
    }

    pub(crate) const fn as_u64(self) -> u64 {
        self.0
    }

    pub(crate) const fn slot(self) -> usize {
        (self.0 & (MAX_SLOTS as u64 - 1)) as usize
    }

    pub(crate) const fn generation(self) -> u64 {
        self.0 >> SLOT_BITS
    }
}

macro_rules! key_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) Key);

        impl $name {
            /// The key of a number that a host kept, for example as a JavaScript number.
            ///
            /// Any number is allowed: one that names nothing is refused by whatever it is passed to.
            #[must_use]
            pub const fn from_u64(raw: u64) -> Self {
                Self(Key::from_u64(raw))
            }

            /// A number below 2^53.
            #[must_use]
            pub const fn as_u64(self) -> u64 {
                self.0.as_u64()
            }

            /// An index for a host's own table, below 2^24 and as small as possible.
            ///
            /// No two keys that live at the same time share it, but a later one may have it again:
            /// keep the key beside the entry, and compare.
            #[must_use]
            pub const fn slot(self) -> usize {
                self.0.slot()
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({}#{})", stringify!($name), self.0.slot(), self.0.generation())
            }
        }
    };
}

key_type!(
    /// A transport-level link: one WebSocket connection.
    ConnId
);
key_type!(
    /// One HTTP request that waits for its reply.
    RequestId
);
key_type!(
    /// An Engine.IO session: one client, whatever transport it uses at the moment.
    SessionId
);
key_type!(
    /// One client in one namespace.
    SocketId
);
