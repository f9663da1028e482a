//! Checkpoints: the state of partitions in an embedded store, behind the work.
//!
//! A checkpoint holds what a partition's state was after a record of the journal. Rows and the record's number are
//! written in one atomic batch, and only when that record is durable; afterwards the journal up to it may go.
//!
//! Keys in the store: partition number (2 bytes), then the row's key as [`weir_engine::state`] makes it. The number of the
//! record is kept under the partition number and 0xFF.

#[cfg(test)]
mod images;
mod order;
#[cfg(test)]
mod recording;
mod replaced;
mod torn;
mod transfer;
mod write_buffers;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use weir_engine::{
    key::PartitionId,
    state::{
        Change, Waste,
        below::{Direction, Limit, Stored, StoredError, StoredRows},
    },
};
use weir_journal::Sequence;

use self::{torn::Cut, write_buffers::WriteBuffers};
use crate::{
    disk_space::DiskSpace,
    driver::Input,
    metrics::Metrics,
    node::{StartError, spawn},
    precedence::stand_behind,
    shell::ToShell,
    stores::{CheckpointStore, Stores},
};

/// The row that holds the number of the record; no table has this number.
const POSITION: u8 = 0xFF;

/// What the checkpoint thread is told.
pub(crate) enum ToCheckpointer {
    /// Write these rows, then the journal of the partition may be trimmed up to `sequence`.
    Write { partition: PartitionId, sequence: Sequence, changes: Vec<Change> },
    /// Drop this.
    Discard(Vec<Waste>),
}

/// Bytes of the store's write buffer; about three of them are in memory while it is flushed.
pub(crate) const WRITE_BUFFER_BYTES: u64 = 16 << 20;
/// Threads of the store. With one only, a write buffer that is full waits until a compaction is over, and grows meanwhile (to ten times
/// its size while a million timers fire); the first of two does not compact.
const STORE_THREADS: usize = 2;
/// Bytes of the store's own journal.
const STORE_JOURNAL_BYTES: u64 = 128 << 20;

/// When nothing was to be written for so long, the store is tidied.
const QUIET: Duration = Duration::from_secs(1);
/// How often write buffers are looked at that can be freed soon.
const FREEING: Duration = Duration::from_millis(50);

/// The embedded store.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
    rows: Keyspace,
    write_buffers: WriteBuffers,
}

impl Store {
    /// Opens or makes the store in a folder.
    pub(crate) fn open(folder: &Path, cache_bytes: u64) -> Result<Store, StartError> {
        Store::open_with(folder, cache_bytes, WRITE_BUFFER_BYTES)
    }

    fn open_with(folder: &Path, cache_bytes: u64, write_buffer_bytes: u64) -> Result<Store, StartError> {
        let failed = |why: String| StartError::Store(folder.to_path_buf(), why);
        if folder.exists() {
            order::check(folder).map_err(|error| failed(error.to_string()))?.map_err(|why| {
                failed(format!("{why}; restore a backup, or start with the mirror; nothing was changed"))
            })?;
        } else {
            make(folder, write_buffer_bytes).map_err(|error| failed(error.to_string()))?;
        }
        Store::open_torn(folder, cache_bytes, write_buffer_bytes).map_err(|error| failed(error.to_string()))
    }

    /// Opens it, if need be without a last batch that was never confirmed.
    fn open_torn(folder: &Path, cache_bytes: u64, write_buffer_bytes: u64) -> Result<Store, fjall::Error> {
        let refused = match Store::open_made(folder, cache_bytes, write_buffer_bytes) {
            Err(error @ fjall::Error::JournalRecovery(_)) => error,
            opened => return opened,
        };
        let Some(cut) = Cut::make(folder)? else { return Err(refused) };
        let opened = Store::open_made(folder, cache_bytes, write_buffer_bytes);
        match opened {
            Ok(_) => tracing::warn!(
                "the state store dropped a checkpoint that was never confirmed: its last write is torn"
            ),
            Err(_) => cut.undo()?,
        }
        opened
    }

    fn open_made(folder: &Path, cache_bytes: u64, write_buffer_bytes: u64) -> Result<Store, fjall::Error> {
        let database = Database::builder(folder)
            .worker_threads(STORE_THREADS)
            .cache_size(cache_bytes)
            .max_journaling_size(STORE_JOURNAL_BYTES);
        // Its own threads begin as the one that opens it is: behind those of the faces, too, which stand behind once.
        let opening = spawn("open-store", move || {
            stand_behind();
            stand_behind();
            database.open()
        });
        let database = opening.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let rows = database
            .keyspace("rows", || KeyspaceCreateOptions::default().max_memtable_size(write_buffer_bytes))?;
        Ok(Store { database, rows, write_buffers: WriteBuffers::default() })
    }

    fn write_rows(
        &self,
        id: PartitionId,
        sequence: Sequence,
        rows: impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
    ) -> Result<(), fjall::Error> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        let place = |key: &[u8]| [&id.0.to_be_bytes(), key].concat();
        for (key, value) in rows {
            match value {
                Some(value) => batch.insert(&self.rows, place(&key), value),
                None => batch.remove(&self.rows, place(&key)),
            }
        }
        batch.insert(&self.rows, place(&[POSITION]), sequence.0.to_be_bytes());
        // While it is written, another buffer may take the place of this one.
        self.write_buffers.hold(&self.rows);
        let committed = batch.commit();
        self.write_buffers.hold(&self.rows);
        committed
    }
}

impl CheckpointStore for Store {
    fn partition(&self, id: PartitionId) -> Result<(Arc<dyn Stored>, Sequence), String> {
        let place = [&id.0.to_be_bytes()[..], &[POSITION]].concat();
        let sequence = match self.rows.get(place).map_err(|error| error.to_string())? {
            Some(bytes) => {
                let bytes =
                    <[u8; 8]>::try_from(&*bytes).map_err(|_| "its position is damaged".to_string())?;
                Sequence(u64::from_be_bytes(bytes))
            }
            None => Sequence(0),
        };
        Ok((Arc::new(RowsOf { rows: self.rows.clone(), id }), sequence))
    }

    fn write(&self, id: PartitionId, sequence: Sequence, changes: &[Change]) -> Result<(), String> {
        let rows = changes
            .iter()
            .map(|Change { key, value }| (key.clone(), value.as_ref().map(|row| row.to_bytes())));
        self.write_rows(id, sequence, rows).map_err(|error| error.to_string())
    }
}

/// Makes an empty store beside its place first: one that is made in part does not open, and cannot be told from a damaged one.
fn make(folder: &Path, write_buffer_bytes: u64) -> Result<(), fjall::Error> {
    let half_made = folder.with_extension("new");
    if half_made.exists() {
        fs::remove_dir_all(&half_made)?;
    }
    drop(Store::open_made(&half_made, 0, write_buffer_bytes)?);
    fs::rename(&half_made, folder)?;
    if let Some(parent) = folder.parent() {
        fs::File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// The rows of one partition in the store.
struct RowsOf {
    rows: Keyspace,
    id: PartitionId,
}

impl std::fmt::Debug for RowsOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowsOf({:?})", self.id)
    }
}

impl RowsOf {
    fn place(&self, key: &[u8]) -> Vec<u8> {
        [&self.id.0.to_be_bytes(), key].concat()
    }
}

impl Stored for RowsOf {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
        let row = self.rows.get(self.place(key)).map_err(unreadable)?;
        Ok(row.map(|value| value.to_vec()))
    }

    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        limit: Limit,
        direction: Direction,
    ) -> Result<StoredRows, StoredError> {
        let rows = self.rows.range(self.place(from)..self.place(to));
        let row = |row: fjall::Guard| {
            let (key, value) = row.into_inner().map_err(unreadable)?;
            Ok((key.get(2..).unwrap_or_default().to_vec(), value.to_vec()))
        };
        match direction {
            Direction::Forward => limit.take(rows.map(row)),
            Direction::Backward => limit.take(rows.rev().map(row)),
        }
    }
}

fn unreadable(error: fjall::Error) -> StoredError {
    StoredError(error.to_string())
}

/// The checkpoint thread. Where the store fails, it ends, and the node stops: the journal has all that was acknowledged.
pub(crate) fn run(
    store: &Stores<Store>,
    inbox: &Receiver<ToCheckpointer>,
    trims: &Sender<(weir_journal::PartitionId, Sequence)>,
    written: &Sender<ToShell>,
    metrics: &Arc<Metrics>,
    space: &DiskSpace,
) {
    stand_behind();
    let mut tidies = true;
    let mut quiet_since = Instant::now();
    loop {
        let frees_soon = free_write_buffers(store) && quiet_since.elapsed() < QUIET;
        let wait = if frees_soon { FREEING } else { QUIET };
        let (partition, sequence, changes) = match inbox.recv_timeout(wait) {
            Ok(ToCheckpointer::Write { partition, sequence, changes }) => (partition, sequence, changes),
            Ok(ToCheckpointer::Discard(waste)) => {
                drop(waste);
                continue;
            }
            Err(RecvTimeoutError::Timeout) if quiet_since.elapsed() < QUIET => continue,
            Err(RecvTimeoutError::Timeout) => {
                quiet_since = Instant::now();
                // Tidying writes, and a store that finds a full disk must be opened anew.
                tidies = tidies && (!space.has_checkpoint_room() || tidy(store));
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if !space.waits_for_checkpoint_room() {
            // The journal has it, and the next start replays it. The deciding thread may have ended before this one.
            let _ = written.send(ToShell::CheckpointGivenUp);
            continue;
        }
        let rows = changes.len() as u64;
        if let Err(error) = store.write(partition, sequence, &changes) {
            let why = format!("the state store failed, and the node stops so that nothing is lost: {error}");
            // The deciding thread may have ended before this one.
            let _ = written.send(ToShell::Committed(Err(why)));
            return;
        }
        Metrics::add(&metrics.checkpoints_total, 1);
        Metrics::add(&metrics.checkpoint_rows_total, rows);
        // The other threads may have ended before this one.
        let _ = trims.send((weir_journal::PartitionId(partition.0), sequence));
        let _ = written.send(ToShell::Input(Input::CheckpointWritten(partition)));
        quiet_since = Instant::now();
    }
}

/// Frees write buffers that are in files now; returns whether more will be soon.
fn free_write_buffers(stores: &Stores<Store>) -> bool {
    let left: Vec<bool> = stores.sides().map(|store| store.write_buffers.free()).collect();
    left.contains(&true)
}

/// Lets go of files that take room for nothing; returns whether that works. Where it does not, the next checkpoint says why it fails.
fn tidy(stores: &Stores<Store>) -> bool {
    stores.sides().all(|store| {
        let done = store.let_go_of_replaced();
        if let Err(error) = &done {
            tracing::warn!("the state store keeps files that it does not need any more: {error}");
        }
        done.is_ok()
    })
}
