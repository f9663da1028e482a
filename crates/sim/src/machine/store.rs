//! The store of checkpoints: rows and the record they stand at. Survives crashes, written at once.

use std::sync::Arc;

use weir_canary::{Canary, planted};
use weir_engine::{
    key::PartitionId,
    state::{
        Change,
        below::{MemoryStore, Stored},
    },
};
use weir_journal::Sequence;

pub(super) struct Store {
    partitions: Vec<(Sequence, Arc<MemoryStore>)>,
}

impl Store {
    pub(super) fn new(partitions: u16) -> Store {
        Store { partitions: (0..partitions).map(|_| (Sequence(0), Arc::default())).collect() }
    }

    pub(super) fn write(&mut self, partition: PartitionId, sequence: Sequence, changes: Vec<Change>) {
        let (at, rows) = &mut self.partitions[usize::from(partition.0) - 1];
        for Change { key, value } in changes {
            if value.is_some() || !planted(Canary::RemovalsLost) {
                rows.write(key, value.map(|row| row.to_bytes()));
            }
        }
        *at = match planted(Canary::CheckpointMisplaced) {
            true => Sequence(sequence.0.saturating_sub(1)),
            false => sequence,
        };
    }

    /// The record that a partition's rows stand at.
    pub(super) fn at(&self, partition: u16) -> Sequence {
        self.partitions[usize::from(partition) - 1].0
    }

    /// A partition's rows, and the record they stand at.
    pub(super) fn open(&self, id: PartitionId) -> (Arc<dyn Stored>, Sequence) {
        let (at, rows) = &self.partitions[usize::from(id.0) - 1];
        for (key, _) in rows.rows() {
            let forgotten = (planted(Canary::MailWatermarkLost) && key[0] == 82)
                || (planted(Canary::KeyCounterLost) && key[0] == 0 && key.ends_with(&[0]));
            if forgotten {
                rows.write(key, None);
            }
        }
        (rows.clone(), *at)
    }
}
