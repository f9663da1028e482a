//! Checkpoints: the state of partitions in an embedded store, behind the work.
//!
//! A checkpoint holds what a partition's state was after a record of the journal. Rows and the record's number are
//! written in one atomic batch, and only when that record is durable; afterwards the journal up to it may go.
//!
//! Keys in the store: partition number (2 bytes), then the row's key as [`weir_engine::state`] makes it. The number of the
//! record is kept under the partition number and 0xFF.

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, Sender},
    },
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use weir_engine::{Partition, key::PartitionId, state::Change};
use weir_journal::Sequence;

use crate::{metrics::Metrics, node::StartError};

/// The row that holds the number of the record; no table has this number.
const POSITION: u8 = 0xFF;

/// What the checkpoint thread is told.
pub(crate) enum ToCheckpointer {
    /// Write these rows, then the journal of the partition may be trimmed up to `sequence`.
    Write { partition: PartitionId, sequence: Sequence, changes: Vec<Change> },
}

/// The embedded store.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
    rows: Keyspace,
}

impl Store {
    /// Opens or makes the store in a folder.
    pub(crate) fn open(folder: &Path) -> Result<Store, StartError> {
        let failed = |error: fjall::Error| StartError::Store(folder.to_path_buf(), error.to_string());
        let database = Database::builder(folder).worker_threads(1).open().map_err(failed)?;
        let rows = database.keyspace("rows", KeyspaceCreateOptions::default).map_err(failed)?;
        Ok(Store { database, rows })
    }

    /// Loads a partition's rows; returns the number of the record that they stand at.
    pub(crate) fn load(&self, id: PartitionId, partition: &mut Partition) -> Result<Sequence, String> {
        let mut sequence = Sequence(0);
        for row in self.rows.prefix(id.0.to_be_bytes()) {
            let (key, value) = row.into_inner().map_err(|error| error.to_string())?;
            let key = key.get(2..).unwrap_or_default();
            if key == [POSITION] {
                let bytes =
                    <[u8; 8]>::try_from(&*value).map_err(|_| "its position is damaged".to_string())?;
                sequence = Sequence(u64::from_be_bytes(bytes));
            } else {
                partition
                    .load(key, &value)
                    .map_err(|_| format!("a row of table {} is damaged", key.first().unwrap_or(&0)))?;
            }
        }
        Ok(sequence)
    }

    fn write(&self, id: PartitionId, sequence: Sequence, changes: Vec<Change>) -> Result<(), fjall::Error> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        let place = |key: &[u8]| [&id.0.to_be_bytes(), key].concat();
        for Change { key, value } in changes {
            match value {
                Some(value) => batch.insert(&self.rows, place(&key), value),
                None => batch.remove(&self.rows, place(&key)),
            }
        }
        batch.insert(&self.rows, place(&[POSITION]), sequence.0.to_be_bytes());
        batch.commit()
    }
}

/// The checkpoint thread. It ends with an error when the store fails: then the journal is no longer trimmed, and the
/// node stops at its next checkpoint.
pub(crate) fn run(
    store: &Store,
    inbox: &Receiver<ToCheckpointer>,
    trims: &Sender<(weir_journal::PartitionId, Sequence)>,
    metrics: &Arc<Metrics>,
) {
    while let Ok(ToCheckpointer::Write { partition, sequence, changes }) = inbox.recv() {
        let rows = changes.len() as u64;
        if let Err(error) = store.write(partition, sequence, changes) {
            tracing::error!(%error, "a checkpoint could not be written; the node stops at the next one");
            return;
        }
        Metrics::add(&metrics.checkpoints_total, 1);
        Metrics::add(&metrics.checkpoint_rows_total, rows);
        // The commit thread may have ended before this one.
        let _ = trims.send((weir_journal::PartitionId(partition.0), sequence));
    }
}
