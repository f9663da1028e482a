//! Files of the store that newer ones have replaced. The library lets go of them only when its write buffer is full the next time: after
//! a burst of work that may be never, and they take as much of the disk as the rows themselves.

use std::fs;

use fjall::Error;

use super::Store;

/// The key of a removal that removes nothing: no partition has this number. It makes sure that the write buffer is not empty.
const NOTHING: [u8; 3] = [0xFF; 3];

impl Store {
    /// Lets go of replaced files, unless files are being written or merged.
    pub(crate) fn let_go_of_replaced(&self) -> Result<(), Error> {
        if self.is_busy() || !self.holds_replaced()? {
            return Ok(());
        }
        let mut batch = self.database.batch();
        batch.remove(&self.rows, NOTHING);
        batch.commit()?;
        self.rows.rotate_memtable()?;
        Ok(())
    }

    /// Waits until it is at rest.
    #[cfg(test)]
    pub(super) fn settle(&self) {
        while self.is_busy() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    fn is_busy(&self) -> bool {
        self.database.active_compactions() > 0 || self.database.outstanding_flushes() > 0
    }

    /// Whether there are more files than the store reads.
    fn holds_replaced(&self) -> Result<bool, Error> {
        let files = fs::read_dir(self.rows.path().join("tables"))?.count();
        Ok(files > self.rows.table_count())
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use weir_engine::{
        key::PartitionId,
        state::below::{Direction, Limit},
    };
    use weir_journal::Sequence;

    use super::*;
    use crate::stores::CheckpointStore;

    const PARTITION: PartitionId = PartitionId(1);

    #[test]
    fn a_store_at_rest_keeps_no_replaced_files_and_all_rows() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(folder.path(), 1 << 20, 16 << 10).unwrap();
        let mut number = 0;
        while !store.holds_replaced().unwrap() {
            number += 1;
            let rows = (0..10u8).map(|row| (vec![7, row], Some(vec![number as u8; 1_000])));
            store.write_rows(PARTITION, Sequence(number), rows).unwrap();
            // A look at rows in their order is what the library remembers.
            let (rows, _) = store.partition(PARTITION).unwrap();
            rows.scan(&[7], &[8], Limit::rows(100), Direction::Forward).unwrap();
            store.settle();
        }
        while store.holds_replaced().unwrap() {
            store.let_go_of_replaced().unwrap();
            thread::sleep(Duration::from_millis(10));
        }
        let (rows, at) = store.partition(PARTITION).unwrap();
        assert_eq!(at, Sequence(number));
        let found = rows.scan(&[], &[0xFF], Limit::rows(100), Direction::Forward).unwrap();
        assert_eq!(found.len(), 10);
        assert!(found.iter().all(|(_, value)| *value == vec![number as u8; 1_000]));
    }
}
