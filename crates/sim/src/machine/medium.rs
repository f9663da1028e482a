//! Where a journal keeps what it is given: a disk, or a log behind a network.

use std::{io, sync::Arc};

use weir_journal::{
    Journal, JournalError,
    disk::sim::SimDisk,
    local::{Incarnation, LocalJournal, Options},
    treacherous::{TreacherousStore, Treachery},
};

/// What a disk answers that is broken.
pub(super) const IO_ERROR: io::ErrorKind = io::ErrorKind::Other;

/// A log behind a network.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// Decides what happens to each message.
    pub seed: u64,
    /// How often what happens.
    pub treachery: Treachery,
}

/// A disk or a network.
#[derive(Debug)]
pub enum Medium {
    /// A disk.
    Disk(SimDisk),
    /// A network.
    Network(TreacherousStore),
}

impl Medium {
    pub(super) fn new(network: Option<Network>) -> Medium {
        match network {
            Some(Network { seed, treachery }) => Medium::Network(TreacherousStore::new(seed, treachery)),
            None => Medium::Disk(SimDisk::new()),
        }
    }

    /// Whether the power is off.
    pub(super) fn is_dark(&self) -> bool {
        match self {
            Medium::Disk(disk) => disk.is_dark(),
            Medium::Network(_) => false,
        }
    }

    pub(super) fn heal(&self) {
        match self {
            Medium::Disk(disk) => disk.heal(),
            Medium::Network(store) => store.set_treachery(Treachery::default()),
        }
    }

    /// A journal on it, and whether a torn write was cut off.
    pub(super) fn open(
        &self,
        segment_bytes: u64,
        reserve_bytes: u64,
    ) -> Result<(Box<dyn Journal>, bool), JournalError> {
        match self {
            Medium::Disk(disk) => {
                let journal =
                    LocalJournal::open(Arc::new(disk.clone()), options(segment_bytes, reserve_bytes))?;
                let cut = journal.recovery().cut.is_some();
                Ok((Box::new(journal), cut))
            }
            Medium::Network(store) => Ok((Box::new(store.open()), false)),
        }
    }
}

pub(super) fn options(segment_bytes: u64, reserve_bytes: u64) -> Options {
    Options { segment_bytes, reserve_bytes, holder: "simulated".into(), incarnation: Incarnation([7; 16]) }
}
