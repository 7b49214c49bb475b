//! The namespaces of one server, by name and by a small number that stays while anybody uses it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::keyed::HashKey;
use crate::keyed::KeyedMap;

/// A small number for a namespace: what sockets and rooms keep instead of its name.
pub(super) type NamespaceIndex = u32;

#[derive(Debug)]
pub(super) struct Namespaces {
    entries: Vec<Namespace>,
    free: Vec<NamespaceIndex>,
    names: KeyedMap<Box<str>, NamespaceIndex>,
}

#[derive(Debug)]
struct Namespace {
    name: Box<str>,
    sockets: u32,
    /// The application added it: it stays when its last socket leaves.
    added: bool,
}

impl Namespaces {
    pub(super) fn new(hash_key: HashKey) -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            names: KeyedMap::with_hasher(hash_key),
        }
    }

    /// Adds a namespace for good.
    pub(super) fn add(&mut self, name: &str) -> NamespaceIndex {
        let index = self.enter(name);
        if let Some(entry) = self.entry_mut(index) {
            entry.added = true;
        }
        self.leave(index);
        index
    }

    pub(super) fn find(&self, name: &str) -> Option<NamespaceIndex> {
        self.names.get(name).copied()
    }

    pub(super) fn name(&self, index: NamespaceIndex) -> &str {
        self.entries
            .get(index as usize)
            .map_or("/", |entry| &entry.name)
    }

    /// Counts a socket into a namespace, which comes into being when it was not there.
    pub(super) fn enter(&mut self, name: &str) -> NamespaceIndex {
        if let Some(index) = self.find(name) {
            if let Some(entry) = self.entry_mut(index) {
                entry.sockets += 1;
            }
            return index;
        }
        let entry = Namespace {
            name: name.into(),
            sockets: 1,
            added: false,
        };
        let index = match self.free.pop() {
            Some(index) => {
                if let Some(place) = self.entry_mut(index) {
                    *place = entry;
                }
                index
            }
            None => {
                self.entries.push(entry);
                NamespaceIndex::try_from(self.entries.len() - 1).unwrap_or(NamespaceIndex::MAX)
            }
        };
        self.names.insert(name.into(), index);
        index
    }

    /// Counts a socket out. A namespace that only a client asked for goes with its last socket, so
    /// names that strangers make up keep no memory; `true` when it went, and its number is free.
    pub(super) fn leave(&mut self, index: NamespaceIndex) -> bool {
        let Some(entry) = self.entry_mut(index) else {
            return false;
        };
        entry.sockets = entry.sockets.saturating_sub(1);
        let goes = entry.sockets == 0 && !entry.added;
        if goes {
            let name = core::mem::take(&mut entry.name);
            self.names.remove(&name);
            self.free.push(index);
        }
        goes
    }

    fn entry_mut(&mut self, index: NamespaceIndex) -> Option<&mut Namespace> {
        self.entries.get_mut(index as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;
    use crate::EntropyError;

    struct Zero;

    impl Entropy for Zero {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(0);
            Ok(())
        }
    }

    fn namespaces() -> Namespaces {
        Namespaces::new(HashKey::draw(&mut Zero).unwrap())
    }

    #[test]
    fn an_added_namespace_stays_when_it_is_empty() {
        let mut namespaces = namespaces();
        let index = namespaces.add("/chat");
        assert_eq!(namespaces.enter("/chat"), index);
        namespaces.leave(index);
        assert_eq!(namespaces.find("/chat"), Some(index));
        assert_eq!(namespaces.name(index), "/chat");
    }

    #[test]
    fn names_that_clients_made_up_keep_no_memory() {
        let mut namespaces = namespaces();
        namespaces.add("/");
        for n in 0..1000 {
            let index = namespaces.enter(&alloc::format!("/{n}"));
            namespaces.leave(index);
        }
        assert_eq!(namespaces.entries.len(), 2);
        assert_eq!(namespaces.find("/999"), None);
    }
}
