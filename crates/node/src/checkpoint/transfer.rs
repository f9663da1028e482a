//! All rows of one store into another.

use fjall::PersistMode;

use super::{POSITION, Store};

/// Bytes of rows that are copied in one batch.
const COPY_BYTES: usize = 4 << 20;

impl Store {
    /// Fills an empty store with all rows of another one. The numbers of the records come last and are durable when it returns: a store
    /// without them holds nothing.
    pub(crate) fn fill_from(&self, other: &Store) -> Result<(), fjall::Error> {
        let (mut positions, mut batch, mut bytes) = (Vec::new(), self.database.batch(), 0);
        for row in other.rows.iter() {
            let (key, value) = row.into_inner()?;
            if key.len() == 3 && key.last() == Some(&POSITION) {
                positions.push((key, value));
                continue;
            }
            bytes += key.len() + value.len();
            batch.insert(&self.rows, key, value);
            if bytes > COPY_BYTES {
                std::mem::replace(&mut batch, self.database.batch()).commit()?;
                bytes = 0;
            }
        }
        batch.commit()?;
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        for (key, value) in positions {
            batch.insert(&self.rows, key, value);
        }
        batch.commit()
    }
}
