//! Every back end against the one suite.

use std::sync::Arc;

use weir_journal::{
    Journal,
    disk::{
        RealDisk, SharedDisk,
        mirror::{Flushing, LeftBehind, Pair},
        sim::SimDisk,
    },
    local::{Incarnation, LocalJournal, Options, open_mirrored},
    memory::MemoryStore,
    treacherous::{TreacherousStore, Treachery},
};

use crate::suite::{self, World};

struct Memory(MemoryStore);

impl World for Memory {
    fn open(&mut self) -> Box<dyn Journal> {
        Box::new(self.0.open())
    }

    fn rival(&mut self) -> Option<Box<dyn Journal>> {
        Some(Box::new(self.0.open()))
    }
}

struct Treacherous(TreacherousStore);

impl World for Treacherous {
    fn open(&mut self) -> Box<dyn Journal> {
        Box::new(self.0.open())
    }

    fn rival(&mut self) -> Option<Box<dyn Journal>> {
        Some(Box::new(self.0.open()))
    }
}

struct Local {
    disk: SharedDisk,
    segment_bytes: u64,
    _folder: Option<tempfile::TempDir>,
}

impl World for Local {
    fn open(&mut self) -> Box<dyn Journal> {
        let mut options = Options::new(Incarnation([7; 16]));
        options.segment_bytes = self.segment_bytes;
        options.reserve_bytes = 0;
        Box::new(LocalJournal::open(Arc::clone(&self.disk), options).expect("open"))
    }

    fn rival(&mut self) -> Option<Box<dyn Journal>> {
        None
    }
}

#[test]
fn memory() {
    suite::run(&mut || Box::new(Memory(MemoryStore::default())));
}

#[test]
fn local_on_a_simulated_disk() {
    for segment_bytes in [16 * 1024, 256 * 1024] {
        suite::run(&mut || Box::new(Local { disk: Arc::new(SimDisk::new()), segment_bytes, _folder: None }));
    }
}

#[test]
fn local_on_the_real_disk() {
    suite::run(&mut || {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(RealDisk::new(folder.path()).expect("a disk"));
        Box::new(Local { disk, segment_bytes: 64 * 1024, _folder: Some(folder) })
    });
}

struct Mirrored {
    sides: [SharedDisk; 2],
    flushing: Flushing,
    _folder: Option<tempfile::TempDir>,
}

impl World for Mirrored {
    fn open(&mut self) -> Box<dyn Journal> {
        let mut options = Options::new(Incarnation([7; 16]));
        options.segment_bytes = 16 * 1024;
        options.reserve_bytes = 0;
        let [primary, mirror] = self.sides.clone();
        let alarm = Box::new(|left: &LeftBehind| panic!("{left:?}"));
        let pair = Pair::new(primary, mirror, self.flushing, alarm).expect("a pair");
        Box::new(open_mirrored(&pair, options).expect("open").0)
    }

    fn rival(&mut self) -> Option<Box<dyn Journal>> {
        None
    }
}

#[test]
fn mirrored_on_a_simulated_disk() {
    suite::run(&mut || {
        let sides: [SharedDisk; 2] = [Arc::new(SimDisk::new()), Arc::new(SimDisk::new())];
        Box::new(Mirrored { sides, flushing: Flushing::InTurn, _folder: None })
    });
}

#[test]
fn mirrored_on_the_real_disk() {
    let mut make = || -> Box<dyn World> {
        let folder = tempfile::tempdir().expect("a folder");
        let sides = ["primary", "mirror"]
            .map(|name| -> SharedDisk { Arc::new(RealDisk::new(folder.path().join(name)).expect("a disk")) });
        Box::new(Mirrored { sides, flushing: Flushing::SideBySide, _folder: Some(folder) })
    };
    suite::run_with(&mut make, 4);
}

#[test]
fn treacherous_without_treachery() {
    let treachery = Treachery {
        lost_percent: 0,
        late_percent: 0,
        twice_percent: 0,
        torn_percent: 0,
        unanswered_percent: 0,
    };
    suite::run(&mut || Box::new(Treacherous(TreacherousStore::new(1, treachery))));
}

#[test]
fn treacherous() {
    for seed in 0..200 {
        let treachery = Treachery {
            lost_percent: 5,
            late_percent: 10,
            twice_percent: 20,
            torn_percent: 10,
            unanswered_percent: 5,
        };
        suite::random_histories(&mut Treacherous(TreacherousStore::new(seed, treachery)), seed);
    }
}
