//! Write buffers of the store. Freeing one takes tens of milliseconds, and the library does it under the lock that readers need, unless
//! somebody else still holds the buffer: so the checkpoint thread does, and frees it when nobody else does.

use std::{
    any::Any,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fjall::{AbstractTree, Keyspace};

/// A write buffer, of whatever type.
type WriteBuffer = Arc<dyn Any + Send + Sync>;

/// The write buffers of a store that may still be in use, the newest last, by their numbers.
#[derive(Clone, Default)]
pub(super) struct WriteBuffers(Arc<Mutex<Vec<(u64, WriteBuffer)>>>);

impl WriteBuffers {
    /// Holds the one that is written to now.
    pub(super) fn hold(&self, rows: &Keyspace) {
        let buffer = rows.tree.active_memtable();
        let number = buffer.id();
        let mut held = self.held();
        if held.last().is_none_or(|(last, _)| *last != number) {
            held.push((number, buffer));
        }
    }

    /// Frees those that nobody else holds any more; returns whether more are left than the one that is written to.
    pub(super) fn free(&self) -> bool {
        let mut held = self.held();
        held.retain(|(_, buffer)| Arc::strong_count(buffer) > 1);
        held.len() > 1
    }

    fn held(&self) -> MutexGuard<'_, Vec<(u64, WriteBuffer)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use weir_engine::key::PartitionId;
    use weir_journal::Sequence;

    use crate::checkpoint::Store;

    #[test]
    fn write_buffers_are_held_while_in_use_and_freed_after() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(folder.path(), 1 << 20, 16 << 10).unwrap();
        let mut freed = 0;
        for number in 1..=40 {
            let rows = (0..20u8).map(|row| (vec![7, row], Some(vec![number as u8; 1_000])));
            store.write_rows(PartitionId(1), Sequence(number), rows).unwrap();
            store.settle();
            let before = store.write_buffers.held().len();
            store.write_buffers.free();
            let after = store.write_buffers.held().len();
            assert!((1..=4).contains(&after), "{after} write buffers are held");
            assert!(
                store.write_buffers.held().iter().all(|(_, buffer)| std::sync::Arc::strong_count(buffer) > 1)
            );
            freed += before - after;
        }
        assert!(freed > 10, "{freed} write buffers were freed");
    }
}
