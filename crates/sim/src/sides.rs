//! Two folders of one simulated disk as a mirrored pair: they lose power together, and each can fail alone.

use std::sync::Arc;

use weir_journal::{
    Failure, JournalError,
    disk::{
        mirror::{Flushing, Pair},
        sim::SimDisk,
    },
};

/// The names of the folders: the primary's and the mirror's.
pub(crate) const SIDES: [&str; 2] = ["primary", "mirror"];

/// Both folders of a disk. In the moment in which the power goes a side may seem to fail alone; its image tells what is there.
pub(crate) fn pair_on(disk: &SimDisk) -> Result<Arc<Pair>, JournalError> {
    let [primary, mirror] = SIDES.map(|side| Arc::new(disk.folder(side)));
    Pair::new(primary, mirror, Flushing::InTurn, Box::new(|_| {})).map_err(|error| {
        JournalError::Unavailable(Failure {
            action: "pairing",
            place: SIDES.join(" and "),
            cause: error.to_string().into(),
            remedy: "try again",
        })
    })
}
