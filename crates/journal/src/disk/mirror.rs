//! Two disks that hold the same: what is written is written to both, and durable on both before it counts.
//!
//! A side that fails is left behind: nothing is written to it or read from it any more, the other one goes on alone, and
//! whoever made the pair is told at once. Where it still can be written, the side is marked ([`STALE`]), so that nobody takes it for whole
//! before it was rebuilt. When both fail in one step, that step fails and no side is left behind. A full disk on either side
//! is a full disk: nobody is left behind for it. Until whoever made the pair says that both hold the same ([`Pair::are_alike`]), neither
//! is left behind either: the one that would go on may lack what the other one has.

use std::{
    collections::BTreeSet,
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use weir_canary::{Canary, planted};

use super::{DELETED_SUFFIX, Disk, DiskFile, DiskLock, Guard, LockError, SharedDisk, is_full, replace_file};

/// The file in a side that was left behind; it says why.
pub const STALE: &str = "stale";

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The one that is read.
    Primary,
    /// The other.
    Mirror,
}

impl Side {
    /// Both.
    pub const BOTH: [Side; 2] = [Side::Primary, Side::Mirror];

    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::Primary => Side::Mirror,
            Side::Mirror => Side::Primary,
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Side::Primary => 0,
            Side::Mirror => 1,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Primary => "primary",
            Side::Mirror => "mirror",
        })
    }
}

/// A side that was left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// Which.
    pub side: Side,
    /// What failed, where, and how.
    pub why: String,
}

/// Is told of a side that is left behind, on the thread that found it.
pub type Alarm = Box<dyn Fn(&LeftBehind) + Send + Sync>;

/// How both sides are flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushing {
    /// At the same time: the mirror's by a thread of its own.
    SideBySide,
    /// One after the other, for simulated disks.
    InTurn,
}

/// How the two sides stand to each other.
enum Standing {
    /// Being made alike: what fails on one of them fails.
    Uneven,
    /// Both hold the same: either can go on alone.
    Alike,
    /// One of them goes on alone.
    Parted(LeftBehind),
}

/// The two sides and which of them count.
pub struct Pair {
    disks: [SharedDisk; 2],
    standing: Mutex<Standing>,
    alarm: Alarm,
    flusher: Option<Mutex<Flusher>>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("disks", &self.disks).finish_non_exhaustive()
    }
}

impl Pair {
    /// Two disks that hold the same, or shall.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(
        primary: SharedDisk,
        mirror: SharedDisk,
        flushing: Flushing,
        alarm: Alarm,
    ) -> io::Result<Arc<Pair>> {
        let flusher = match flushing {
            Flushing::SideBySide => Some(Mutex::new(Flusher::start()?)),
            Flushing::InTurn => None,
        };
        Ok(Arc::new(Pair {
            disks: [primary, mirror],
            standing: Mutex::new(Standing::Uneven),
            alarm,
            flusher,
        }))
    }

    /// The disk of one side.
    pub fn disk(&self, side: Side) -> &SharedDisk {
        &self.disks[side.index()]
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Both sides hold the same now, whatever it is that is kept on them: from now on either may go on without the other.
    pub fn are_alike(&self) {
        let mut standing = self.standing();
        match *standing {
            Standing::Uneven => *standing = Standing::Alike,
            Standing::Alike | Standing::Parted(_) => {}
        }
    }

    /// The side that was left behind, if one was.
    pub fn left_behind(&self) -> Option<LeftBehind> {
        match &*self.standing() {
            Standing::Uneven | Standing::Alike => None,
            Standing::Parted(left) => Some(left.clone()),
        }
    }

    /// Whether a side is written and read.
    pub fn counts(&self, side: Side) -> bool {
        match &*self.standing() {
            Standing::Uneven | Standing::Alike => true,
            Standing::Parted(left) => left.side != side,
        }
    }

    /// Leaves a side behind; whether the other one goes on.
    pub fn leave_behind(&self, side: Side, why: &str) -> bool {
        let left = LeftBehind { side, why: why.to_owned() };
        {
            let mut standing = self.standing();
            match &*standing {
                Standing::Uneven => return false,
                Standing::Parted(before) => return before.side == side,
                Standing::Alike => *standing = Standing::Parted(left.clone()),
            }
        }
        // A disk that failed may not take it; then what it holds tells that it is behind.
        let _ = replace_file(self.disk(side).as_ref(), STALE, format!("{why}\n").as_bytes());
        (self.alarm)(&left);
        true
    }

    /// Does something on each side that counts. `Ok`: it is done on every side that counts now, and these are the results.
    fn on_both<T>(
        &self,
        step: Step<'_>,
        mut work: impl FnMut(Side) -> io::Result<T>,
    ) -> io::Result<[Option<T>; 2]> {
        let results = Side::BOTH.map(|side| self.counts(side).then(|| work(side)));
        self.settle(step, results)
    }

    /// Leaves behind who failed, unless nobody could go on then, and says what came of it.
    fn settle<T>(
        &self,
        step: Step<'_>,
        mut results: [Option<io::Result<T>>; 2],
    ) -> io::Result<[Option<T>; 2]> {
        let done = results.iter().any(|result| matches!(result, Some(Ok(_))));
        let broken = |result: &Option<io::Result<T>>| match result {
            Some(Err(error)) => step.is_broken(error, done),
            Some(Ok(_)) | None => false,
        };
        let lone = results.iter().filter(|result| result.is_some()).all(broken);
        for side in Side::BOTH {
            if lone || !broken(&results[side.index()]) {
                continue;
            }
            if let Some(Err(error)) = &results[side.index()] {
                let place = self.disk(side).describe(step.path);
                if self.leave_behind(side, &format!("{} {place}: {error}", step.action)) {
                    results[side.index()] = None;
                }
            }
        }
        let [primary, mirror] = results.map(|result| match result {
            Some(Err(error)) if done && step.forgives(&error) => Ok(None),
            other => other.transpose(),
        });
        Ok([primary?, mirror?])
    }
}

/// What is being done.
#[derive(Clone, Copy)]
struct Step<'a> {
    action: &'static str,
    path: &'a str,
    /// Whether a name that is missing on one side only is as good as done: something is being removed.
    removes: bool,
    opens: bool,
}

impl Step<'_> {
    fn forgives(&self, error: &io::Error) -> bool {
        self.removes && error.kind() == io::ErrorKind::NotFound
    }

    /// Whether the side that answers so is no longer to be trusted, when the other one did it or not.
    fn is_broken(&self, error: &io::Error, done_elsewhere: bool) -> bool {
        // A file that is being opened may be one that is on one side only: a spare, a reserve.
        let out_of_step = done_elsewhere && !self.removes && !self.opens;
        match error.kind() {
            io::ErrorKind::NotFound => out_of_step,
            io::ErrorKind::AlreadyExists => false,
            _ => !is_full(error),
        }
    }
}

fn step<'a>(action: &'static str, path: &'a str) -> Step<'a> {
    Step { action, path, removes: false, opens: false }
}

/// Two disks as one.
#[derive(Debug, Clone)]
pub struct MirrorDisk {
    pair: Arc<Pair>,
}

impl MirrorDisk {
    /// The pair as a disk.
    pub fn new(pair: Arc<Pair>) -> MirrorDisk {
        MirrorDisk { pair }
    }

    fn file(&self, path: &str, files: [Option<Box<dyn DiskFile>>; 2]) -> Box<dyn DiskFile> {
        let files = files.map(|file| file.map(Arc::from));
        Box::new(MirrorFile { pair: Arc::clone(&self.pair), path: path.to_owned(), files })
    }

    /// The side that is asked where one answer is enough.
    fn first(&self) -> &SharedDisk {
        let side = if self.pair.counts(Side::Primary) { Side::Primary } else { Side::Mirror };
        self.pair.disk(side)
    }
}

impl Disk for MirrorDisk {
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let step = Step { opens: true, ..step("opening", path) };
        let files = self.pair.on_both(step, |side| self.pair.disk(side).open(path))?;
        Ok(self.file(path, files))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let files = self.pair.on_both(step("creating", path), |side| self.pair.disk(side).create(path))?;
        Ok(self.file(path, files))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let step = Step { removes: to.ends_with(DELETED_SUFFIX), ..step("renaming", from) };
        self.pair.on_both(step, |side| self.pair.disk(side).rename(from, to)).map(drop)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let step = Step { removes: true, ..step("removing", path) };
        self.pair.on_both(step, |side| self.pair.disk(side).remove(path)).map(drop)
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        self.pair.on_both(step("creating", path), |side| self.pair.disk(side).create_dir(path)).map(drop)
    }

    /// What is on either side.
    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let names = self.pair.on_both(step("listing", dir), |side| self.pair.disk(side).list(dir))?;
        let names: BTreeSet<String> = names.into_iter().flatten().flatten().collect();
        Ok(names.into_iter().collect())
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        self.pair.on_both(step("syncing", dir), |side| self.pair.disk(side).sync_dir(dir)).map(drop)
    }

    fn lock(&self, path: &str, holder: &str) -> Result<DiskLock, LockError> {
        let [primary, mirror] = Side::BOTH.map(|side| {
            self.pair.disk(side).lock(path, holder).map_err(|error| match error {
                LockError::Held { holder } => {
                    let place = self.pair.disk(side).describe("");
                    LockError::Held { holder: format!("{holder} (its {side} {place} is)") }
                }
                LockError::Io(error) => LockError::Io(error),
            })
        });
        Ok(DiskLock { _guard: Box::new(Both { _locks: [primary?, mirror?] }) })
    }

    fn describe(&self, path: &str) -> String {
        self.first().describe(path)
    }

    fn copies(&self) -> Vec<SharedDisk> {
        let counting = Side::BOTH.into_iter().filter(|side| self.pair.counts(*side));
        counting.map(|side| Arc::clone(self.pair.disk(side))).collect()
    }
}

#[derive(Debug)]
struct Both {
    // Dropping them releases both.
    _locks: [DiskLock; 2],
}

impl Guard for Both {}

/// A file on both sides.
#[derive(Debug)]
struct MirrorFile {
    pair: Arc<Pair>,
    path: String,
    files: [Option<Arc<dyn DiskFile>>; 2],
}

impl MirrorFile {
    /// The file of a side that counts. A side cannot begin to count again, so one that was opened is there.
    fn of(&self, side: Side) -> io::Result<&Arc<dyn DiskFile>> {
        self.files[side.index()].as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn on_both<T>(
        &self,
        action: &'static str,
        mut work: impl FnMut(&dyn DiskFile) -> io::Result<T>,
    ) -> io::Result<[Option<T>; 2]> {
        self.pair.on_both(step(action, &self.path), |side| work(self.of(side)?.as_ref()))
    }

    /// Asks one side after the other until one answers.
    fn on_either<T>(&self, mut ask: impl FnMut(&dyn DiskFile) -> io::Result<T>) -> io::Result<T> {
        let mut answer = Err(io::ErrorKind::NotConnected.into());
        for side in Side::BOTH.into_iter().filter(|side| self.pair.counts(*side)) {
            answer = self.of(side).and_then(|file| ask(file.as_ref()));
            if answer.is_ok() {
                break;
            }
        }
        answer
    }
}

impl DiskFile for MirrorFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.on_either(|file| file.read_at(buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.on_both("writing to", |file| file.write_at(bytes, offset)).map(drop)
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        self.on_both("writing to", |file| file.allocate(bytes)).map(drop)
    }

    fn size_bytes(&self) -> io::Result<u64> {
        self.on_either(|file| file.size_bytes())
    }

    fn sync_data(&self) -> io::Result<()> {
        if planted(Canary::MirrorNotAwaited) {
            return self.of(Side::Primary)?.sync_data();
        }
        let step = step("syncing", &self.path);
        let both_count = Side::BOTH.into_iter().all(|side| self.pair.counts(side));
        // While another thread has the flusher, one after the other is soon enough.
        let flusher = self.pair.flusher.as_ref().and_then(|flusher| flusher.try_lock().ok());
        match (flusher, both_count) {
            (Some(flusher), true) => {
                let (primary, mirror) = (self.of(Side::Primary)?, self.of(Side::Mirror)?);
                let results = flusher.sync(primary.as_ref(), Arc::clone(mirror));
                self.pair.settle(step, results.map(Some)).map(drop)
            }
            (Some(_) | None, _) => self.pair.on_both(step, |side| self.of(side)?.sync_data()).map(drop),
        }
    }

    fn drop_cache(&self) {
        self.files.iter().flatten().for_each(|file| file.drop_cache());
    }
}

/// The thread that flushes the mirror while the caller flushes the primary.
#[derive(Debug)]
struct Flusher {
    to_do: Sender<Arc<dyn DiskFile>>,
    done: Receiver<io::Result<()>>,
}

impl Flusher {
    /// The thread ends with the pair.
    fn start() -> io::Result<Flusher> {
        let (to_do, files) = channel::<Arc<dyn DiskFile>>();
        let (answers, done) = channel();
        thread::Builder::new().name("weir-mirror".to_owned()).spawn(move || {
            while let Ok(file) = files.recv() {
                if answers.send(file.sync_data()).is_err() {
                    return;
                }
            }
        })?;
        Ok(Flusher { to_do, done })
    }

    fn sync(&self, primary: &dyn DiskFile, mirror: Arc<dyn DiskFile>) -> [io::Result<()>; 2] {
        let asked = self.to_do.send(mirror);
        let primary = primary.sync_data();
        let gone = |_| io::Error::other("the thread that flushes the mirror is gone");
        // Sent: the answer is to this file, because one caller at a time has the flusher.
        let mirror = match asked {
            Ok(()) => self.done.recv().map_err(|_| gone(())).and_then(|synced| synced),
            Err(_) => Err(gone(())),
        };
        [primary, mirror]
    }
}
