//! Maps whose keys a peer may choose: the hash is keyed, so nobody outside can aim for collisions.

use core::hash::BuildHasher;
use siphasher::sip::SipHasher13;

use crate::Entropy;
use crate::EntropyError;

/// A hash map with a secret key.
pub(crate) type KeyedMap<K, V> = hashbrown::HashMap<K, V, HashKey>;

/// The secret of a [`KeyedMap`], drawn once per server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashKey {
    key: [u8; 16],
}

impl HashKey {
    pub(crate) fn draw(entropy: &mut (impl Entropy + ?Sized)) -> Result<Self, EntropyError> {
        let mut key = [0; 16];
        entropy.fill(&mut key)?;
        Ok(Self { key })
    }
}

impl BuildHasher for HashKey {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.key)
    }
}
