//! Which rows of a table are meant: all, a range, or those whose keys begin alike.

use std::ops::Bound;

use crate::state::bytes::{RowKey, key_bytes};

/// A stretch of a table that is read from its smallest key up.
pub trait Reach<K> {
    /// Where it begins.
    fn start(&self) -> Bound<K>;
    /// Whether a key at or after the start belongs to it. After one that does not, none does.
    fn holds(&self, key: &K) -> bool;
    /// The bytes of the first key after it; `None`: it goes to the end of the table.
    fn end(&self) -> Option<Vec<u8>>;
}

/// All rows.
#[derive(Clone, Copy, Debug)]
pub struct All;

impl<K> Reach<K> for All {
    fn start(&self) -> Bound<K> {
        Bound::Unbounded
    }
    fn holds(&self, _: &K) -> bool {
        true
    }
    fn end(&self) -> Option<Vec<u8>> {
        None
    }
}

/// The rows after a bound and up to a key.
#[derive(Clone, Debug)]
pub struct UpTo<K> {
    /// Where it begins.
    pub from: Bound<K>,
    /// The last key that belongs to it.
    pub to: K,
}

impl<K: RowKey> Reach<K> for UpTo<K> {
    fn start(&self) -> Bound<K> {
        self.from.clone()
    }
    fn holds(&self, key: &K) -> bool {
        *key <= self.to
    }
    fn end(&self) -> Option<Vec<u8>> {
        Some(after(&self.to))
    }
}

/// The rows whose keys begin with a part, from a key of these on.
#[derive(Clone, Debug)]
pub struct Beginning<P, K> {
    /// What the keys begin with.
    pub part: P,
    /// The smallest key that belongs to it.
    pub from: K,
}

impl<K: RowKey, P: Part<K>> Reach<K> for Beginning<P, K> {
    fn start(&self) -> Bound<K> {
        Bound::Included(self.from.clone())
    }
    fn holds(&self, key: &K) -> bool {
        self.part.begins(key)
    }
    fn end(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(32);
        self.part.put_part(&mut bytes);
        // The next text of the same length: no key begins with it that begins with this one.
        while let Some(last) = bytes.pop() {
            if last < 0xFF {
                bytes.push(last + 1);
                return Some(bytes);
            }
        }
        None
    }
}

/// What a composed key begins with.
pub trait Part<K> {
    /// Whether the key begins with this.
    fn begins(&self, key: &K) -> bool;
    /// Appends the bytes that the keys begin with.
    fn put_part(&self, out: &mut Vec<u8>);
}

impl<A: RowKey, B> Part<(A, B)> for A {
    fn begins(&self, key: &(A, B)) -> bool {
        key.0 == *self
    }
    fn put_part(&self, out: &mut Vec<u8>) {
        self.put(out);
    }
}

impl<A: RowKey, B, C> Part<(A, B, C)> for A {
    fn begins(&self, key: &(A, B, C)) -> bool {
        key.0 == *self
    }
    fn put_part(&self, out: &mut Vec<u8>) {
        self.put(out);
    }
}

impl<A: RowKey, B: RowKey, C> Part<(A, B, C)> for (A, B) {
    fn begins(&self, key: &(A, B, C)) -> bool {
        key.0 == self.0 && key.1 == self.1
    }
    fn put_part(&self, out: &mut Vec<u8>) {
        self.put(out);
    }
}

impl<A: RowKey, B: RowKey, C, D> Part<(A, B, C, D)> for (A, B) {
    fn begins(&self, key: &(A, B, C, D)) -> bool {
        key.0 == self.0 && key.1 == self.1
    }
    fn put_part(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
}

/// The bytes right after a key: greater than it, and not greater than any key after it.
pub(crate) fn after<K: RowKey>(key: &K) -> Vec<u8> {
    let mut bytes = key_bytes(key);
    bytes.push(0);
    bytes
}
