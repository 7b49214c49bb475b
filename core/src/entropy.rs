//! Randomness as an argument: session ids, mask keys and hash seeds come from the host.

/// A source of unpredictable bytes.
///
/// Session ids are bearer secrets, so the bytes must come from a cryptographically secure source
/// in production. A simulation passes a seeded generator and replays exactly.
pub trait Entropy {
    /// Fills `bytes` completely.
    ///
    /// # Errors
    /// [`EntropyError`] when the source has failed. No session is opened then: a guessable id is
    /// worse than a refused connection.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The host's source of randomness has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host's source of randomness failed")]
pub struct EntropyError;

/// The operating system's secure source.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

#[cfg(feature = "std")]
impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}
