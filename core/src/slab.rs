//! Storage by generational key: a stale key misses, it never hits another entry.

use alloc::vec::Vec;

use crate::id::Key;
use crate::id::MAX_GENERATION;
use crate::id::MAX_SLOTS;

#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Entry<T>>,
    first_free: Option<usize>,
    len: usize,
}

#[derive(Debug)]
struct Entry<T> {
    generation: u32,
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    Occupied(T),
    Free {
        next: Option<usize>,
    },
    /// All generations of this slot were handed out.
    Retired,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            first_free: None,
            len: 0,
        }
    }

    /// Stores what `make` returns for its own key; `None` when all slots are taken.
    pub(crate) fn insert_with(&mut self, make: impl FnOnce(Key) -> T) -> Option<Key> {
        let slot = match self.first_free {
            Some(slot) => slot,
            None if self.entries.len() < MAX_SLOTS => {
                self.entries.push(Entry {
                    generation: 0,
                    state: State::Free { next: None },
                });
                self.entries.len() - 1
            }
            None => return None,
        };
        let entry = self.entries.get_mut(slot)?;
        if let State::Free { next } = entry.state {
            self.first_free = next;
        }
        let key = Key::new(slot, entry.generation);
        entry.state = State::Occupied(make(key));
        self.len += 1;
        Some(key)
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        let entry = self.entries.get_mut(key.slot())?;
        let next = if entry.generation == MAX_GENERATION {
            State::Retired
        } else {
            entry.generation += 1;
            let next = self.first_free;
            self.first_free = Some(key.slot());
            State::Free { next }
        };
        match core::mem::replace(&mut entry.state, next) {
            State::Occupied(value) => {
                self.len -= 1;
                Some(value)
            }
            State::Free { .. } | State::Retired => None,
        }
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.entries.get_mut(key.slot()) {
            Some(Entry {
                generation,
                state: State::Occupied(value),
            }) if u64::from(*generation) == key.generation() => Some(value),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        match self.entries.get(key.slot()) {
            Some(Entry {
                generation,
                state: State::Occupied(value),
            }) if u64::from(*generation) == key.generation() => Some(value),
            _ => None,
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| matches!(entry.state, State::Occupied(_)))
            .map(|(slot, entry)| Key::new(slot, entry.generation))
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_misses_although_its_slot_is_taken_again() {
        let mut slab = Slab::new();
        let old = slab.insert_with(|_| "old").unwrap();
        assert_eq!(slab.remove(old), Some("old"));
        let new = slab.insert_with(|_| "new").unwrap();
        assert_eq!(old.slot(), new.slot());
        assert_eq!(slab.get(old), None);
        assert_eq!(slab.remove(old), None);
        assert_eq!(slab.get(new), Some(&"new"));
        assert_eq!(slab.len(), 1);
    }

    #[test]
    fn a_slot_is_retired_when_its_generations_are_used_up() {
        let mut slab = Slab::new();
        let first = slab.insert_with(|_| 1).unwrap();
        slab.entries[first.slot()].generation = MAX_GENERATION;
        let last = Key::new(first.slot(), MAX_GENERATION);
        assert_eq!(slab.remove(last), Some(1));
        let next = slab.insert_with(|_| 2).unwrap();
        assert_ne!(next.slot(), first.slot());
        assert_eq!(slab.get(last), None);
    }

    #[test]
    fn a_key_is_an_exact_javascript_number() {
        let key = Key::new(MAX_SLOTS - 1, MAX_GENERATION);
        assert_eq!(key.as_u64(), (1 << 53) - 1);
        assert_eq!(key.slot(), MAX_SLOTS - 1);
        assert_eq!(key.generation(), u64::from(MAX_GENERATION));
    }

    #[test]
    fn a_number_from_nowhere_names_nothing() {
        let mut slab = Slab::new();
        slab.insert_with(|_| ()).unwrap();
        assert!(slab.get(Key::from_u64(u64::MAX)).is_none());
        assert!(slab.get(Key::from_u64(1)).is_none());
    }
}
