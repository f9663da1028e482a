//! The store of checkpoints: rows and the record they stand at. Survives crashes, written at once.

use std::collections::BTreeMap;

use weir_canary::{Canary, planted};
use weir_engine::{Partition, key::PartitionId, state::Change};
use weir_journal::Sequence;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

pub(super) struct Store {
    partitions: Vec<(Sequence, Rows)>,
}

impl Store {
    pub(super) fn new(partitions: u16) -> Store {
        Store { partitions: vec![(Sequence(0), Rows::new()); usize::from(partitions)] }
    }

    pub(super) fn write(&mut self, partition: PartitionId, sequence: Sequence, changes: Vec<Change>) {
        let (at, rows) = &mut self.partitions[usize::from(partition.0) - 1];
        for Change { key, value } in changes {
            match value {
                Some(value) => {
                    rows.insert(key, value);
                }
                None if planted(Canary::RemovalsLost) => {}
                None => {
                    rows.remove(&key);
                }
            }
        }
        *at = sequence;
    }

    /// The record that a partition's rows stand at.
    pub(super) fn at(&self, partition: u16) -> Sequence {
        self.partitions[usize::from(partition) - 1].0
    }

    pub(super) fn load(&self, id: PartitionId, partition: &mut Partition) -> Result<Sequence, String> {
        let (at, rows) = &self.partitions[usize::from(id.0) - 1];
        for (key, value) in rows {
            let forgotten = (planted(Canary::MailWatermarkLost) && key[0] == 82)
                || (planted(Canary::KeyCounterLost) && key[0] == 0 && key.ends_with(&[0]));
            if !forgotten {
                partition.load(key, value).map_err(|_| format!("a row of table {} is damaged", key[0]))?;
            }
        }
        Ok(*at)
    }
}
