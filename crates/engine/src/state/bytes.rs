//! How keys and rows of tables become bytes.
//!
//! Keys keep their order as bytes: numbers big-endian (signed ones with the sign bit turned), texts with 0x00 escaped
//! as 0x00 0xFF and ended by 0x00 0x00. Rows are CBOR (see [`crate::codec`]).

use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::codec;
use crate::key::{
    DecisionKey, DeploymentKey, DrgKey, ElementKey, IncidentKey, JobKey, MessageKey, PartitionId, ProcessKey,
    SubscriptionKey, TimerKey,
};
use crate::state::weight::Weigh;

/// A key of a table.
pub trait RowKey: Ord + Clone {
    /// Appends the key; the order of the bytes is the order of the keys.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes a key off the front.
    fn take(bytes: &mut &[u8]) -> Option<Self>;
    /// Bytes that the key keeps outside of itself.
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// A key as bytes.
pub(crate) fn key_bytes<K: RowKey>(key: &K) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    key.put(&mut bytes);
    bytes
}

/// A row of a table.
pub trait RowValue: Clone + Weigh + Send + Sync + 'static {
    /// The row as bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// A row from its bytes.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl<V: Clone + Weigh + Send + Sync + 'static + Encode<()> + for<'b> Decode<'b, ()>> RowValue for V {
    fn to_bytes(&self) -> Vec<u8> {
        codec::to_bytes(self, 64)
    }

    fn from_bytes(bytes: &[u8]) -> Option<V> {
        minicbor::decode(bytes).ok()
    }
}

fn split<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

impl RowKey for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
    fn take(bytes: &mut &[u8]) -> Option<u64> {
        split(bytes).map(u64::from_be_bytes)
    }
}

impl RowKey for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
    fn take(bytes: &mut &[u8]) -> Option<u32> {
        split(bytes).map(u32::from_be_bytes)
    }
}

impl RowKey for i32 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&((*self as u32) ^ (1 << 31)).to_be_bytes());
    }
    fn take(bytes: &mut &[u8]) -> Option<i32> {
        split(bytes).map(|b| (u32::from_be_bytes(b) ^ (1 << 31)) as i32)
    }
}

impl RowKey for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&((*self as u64) ^ (1 << 63)).to_be_bytes());
    }
    fn take(bytes: &mut &[u8]) -> Option<i64> {
        split(bytes).map(|b| (u64::from_be_bytes(b) ^ (1 << 63)) as i64)
    }
}

impl RowKey for Arc<str> {
    fn put(&self, out: &mut Vec<u8>) {
        for &byte in self.as_bytes() {
            out.push(byte);
            if byte == 0 {
                out.push(0xFF);
            }
        }
        out.extend_from_slice(&[0, 0]);
    }
    fn take(bytes: &mut &[u8]) -> Option<Arc<str>> {
        let mut text = Vec::new();
        loop {
            match *split::<1>(bytes)?.first()? {
                0 => match split::<1>(bytes)? {
                    [0] => return String::from_utf8(text).ok().map(Arc::from),
                    [0xFF] => text.push(0),
                    _ => return None,
                },
                byte => text.push(byte),
            }
        }
    }
    fn heap_bytes(&self) -> usize {
        self.as_ref().heap_bytes()
    }
}

macro_rules! number_keys {
    ($($name:ident)*) => {$(
        impl RowKey for $name {
            fn put(&self, out: &mut Vec<u8>) {
                self.0.put(out);
            }
            fn take(bytes: &mut &[u8]) -> Option<Self> {
                RowKey::take(bytes).map($name)
            }
        }
    )*};
}

number_keys! { DecisionKey DeploymentKey DrgKey ElementKey IncidentKey JobKey MessageKey ProcessKey SubscriptionKey TimerKey }

impl RowKey for PartitionId {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes());
    }
    fn take(bytes: &mut &[u8]) -> Option<PartitionId> {
        split(bytes).map(|b| PartitionId(u16::from_be_bytes(b)))
    }
}

impl<A: RowKey, B: RowKey> RowKey for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(bytes: &mut &[u8]) -> Option<(A, B)> {
        Some((A::take(bytes)?, B::take(bytes)?))
    }
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes()
    }
}

impl<A: RowKey, B: RowKey, C: RowKey> RowKey for (A, B, C) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
        self.2.put(out);
    }
    fn take(bytes: &mut &[u8]) -> Option<(A, B, C)> {
        Some((A::take(bytes)?, B::take(bytes)?, C::take(bytes)?))
    }
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes() + self.2.heap_bytes()
    }
}

impl<A: RowKey, B: RowKey, C: RowKey, D: RowKey> RowKey for (A, B, C, D) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
        self.2.put(out);
        self.3.put(out);
    }
    fn take(bytes: &mut &[u8]) -> Option<(A, B, C, D)> {
        Some((A::take(bytes)?, B::take(bytes)?, C::take(bytes)?, D::take(bytes)?))
    }
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes() + self.2.heap_bytes() + self.3.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_the_order_of_keys_and_come_back() {
        let mut keys: Vec<(Arc<str>, i64, u64)> = Vec::new();
        for text in ["", "\0", "\0\0", "\0a", "a", "a\0", "ab", "b"] {
            for number in [i64::MIN, -1, 0, 1, i64::MAX] {
                keys.push((text.into(), number, 5));
            }
        }
        keys.sort();
        let encoded: Vec<_> = keys.iter().map(key_bytes).collect();
        assert!(encoded.is_sorted());
        for (key, bytes) in keys.iter().zip(&encoded) {
            let mut rest = bytes.as_slice();
            assert_eq!(RowKey::take(&mut rest).as_ref(), Some(key));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn damaged_keys_are_refused() {
        assert_eq!(<Arc<str>>::take(&mut &b"ab"[..]), None);
        assert_eq!(<Arc<str>>::take(&mut &b"a\0\x01"[..]), None);
        assert_eq!(u64::take(&mut &b"1234567"[..]), None);
    }
}
