//! A machine with a mirror: a journal and a store on each of two disks, which are made alike at every start, as a node does it.

use std::sync::Arc;

use weir_journal::{
    JournalError,
    disk::{
        mirror::{Pair, Side},
        sim::SimDisk,
    },
    local::{LocalJournal, Mending, open_mirrored},
    random::SplitMix,
};
use weir_node::stores::{Stores, fits};

use super::{Machine, medium::options};
use crate::{
    ledger::{Violation, broken},
    sides::{SIDES, pair_on},
    situations::Situation,
};

impl Machine {
    /// Opens both journals and both stores; whether a torn write was cut off.
    pub(super) fn open_pair(&mut self, disk: &SimDisk) -> Result<(LocalJournal, bool), JournalError> {
        let pair = pair_on(disk)?;
        let (journal, mending) =
            open_mirrored(&pair, options(self.build.segment_bytes, self.build.reserve_bytes))?;
        self.even_stores(&journal, &mending);
        mending.done(&pair)?;
        let seen = &mut self.ledger.seen;
        seen.note_if(mending.was_left_behind.is_some(), Situation::SideRebuilt);
        seen.note_if(mending.built.is_none() && !mending.mended.is_empty(), Situation::SidesMended);
        self.stores = Stores::two(self.sides[0].clone(), self.sides[1].clone(), &pair);
        self.pair = Some(pair);
        let cut = journal.recovery().cut.is_some();
        Ok((journal, cut))
    }

    /// A store that was left behind or is too old is made from the other one.
    fn even_stores(&mut self, journal: &LocalJournal, mending: &Mending) {
        let [primary, mirror] = &self.sides;
        let fit = [(Side::Primary, primary), (Side::Mirror, mirror)]
            .map(|(side, store)| mending.was_left_behind != Some(side) && fits(store, journal));
        match fit {
            [true, false] => mirror.copy_from(primary),
            [false, true] => primary.copy_from(mirror),
            // Where neither fits, recovery refuses.
            [true, true] | [false, false] => {}
        }
        let uneven = (1..=self.build.partitions).any(|number| primary.at(number) != mirror.at(number));
        self.ledger.seen.note_if(uneven, Situation::StoresUneven);
        self.ledger.seen.note_if(fit != [true, true], Situation::StoreRebuilt);
    }

    /// Whether one of the two was left behind since the start.
    pub(super) fn left_behind(&self) -> Option<Side> {
        self.pair.as_ref()?.left_behind().map(|left| left.side)
    }

    /// Whether a store can be read: where none can, the node stops when it has to.
    pub(super) fn has_readable_store(&self) -> bool {
        let left = self.left_behind();
        [Side::Primary, Side::Mirror]
            .into_iter()
            .zip(&self.sides)
            .any(|(side, store)| left != Some(side) && !store.fails())
    }

    /// The store on one of the two disks fails.
    pub(super) fn break_store_of_a_side(&mut self, random: &mut SplitMix) {
        self.note(Situation::StoreOfASideFailed);
        self.sides[random.below(2)].fail(true);
    }

    /// An image of which one side is lost altogether has everything, too.
    pub(super) fn check_lone_side(&self, image: &SimDisk, random: &mut SplitMix) -> Result<(), Violation> {
        let lost = match self.left_behind() {
            Some(Side::Primary) => SIDES[0],
            Some(Side::Mirror) => SIDES[1],
            None => SIDES[random.below(2)],
        };
        image.lose_folder(lost);
        let journal = self.open_image(image).map_err(|error| {
            Violation(format!("an image of the disk without its {lost} does not open: {error}"))
        })?;
        self.check_holds(&journal, &format!("the power went and the {lost} was lost"))
    }

    /// The journal of an image that is looked at and thrown away.
    pub(super) fn open_image(&self, image: &SimDisk) -> Result<LocalJournal, JournalError> {
        let options = options(self.build.segment_bytes, self.build.reserve_bytes);
        if !self.build.mirrored {
            return LocalJournal::open(Arc::new(image.clone()), options);
        }
        let pair: Arc<Pair> = pair_on(image)?;
        let (journal, mending) = open_mirrored(&pair, options)?;
        mending.done(&pair)?;
        Ok(journal)
    }

    /// What one side lacks after damage, the other one has.
    pub(super) fn check_damage_mended(&mut self, image: &SimDisk, what: &str) -> Result<(), Violation> {
        if self.left_behind().is_some() {
            return Ok(());
        }
        match self.open_image(image) {
            Ok(journal) => {
                self.note(Situation::RotMended);
                self.check_holds(&journal, what)
            }
            Err(error) => broken(format!("{what} on one side only, and the pair does not open: {error}")),
        }
    }
}
