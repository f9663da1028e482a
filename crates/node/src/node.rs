//! Starting a node: open the journal and the store, recover every partition, set the threads going. And stopping it.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64, mpsc},
    thread::JoinHandle,
    time::Instant,
};

use tokio::sync::watch;
use weir_engine::Payload;
use weir_journal::{
    Journal, JournalError,
    local::{LocalJournal, Scrubber},
};

use crate::{
    admission::Admission,
    checkpoint::{self, Store},
    clock::Clock,
    commit::{Committer, SharedCommitter},
    delivery::Postbox,
    disk_space::DiskSpace,
    driver::{Driver, GroupRecord},
    handle::{Handle, Inner},
    housekeeping,
    limits::{IN_FLIGHT_COMMANDS, MAX_PARTITIONS},
    memory::Memory,
    metrics::Metrics,
    mirror::{self, Opened},
    recovery::{RecoveryError, recover},
    scrub,
    shell::{Desk, Shell, ToShell},
    stores::Stores,
};

/// How a node is started.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// A second folder, best on another disk, in which everything is kept as well.
    pub mirror_dir: Option<PathBuf>,
    /// How many partitions; fixed when the data folder is made. `None`: what the folder has, or the default.
    pub partitions: Option<u16>,
    /// Memory that it may take.
    pub memory: Memory,
    /// Whether the clock may be stopped for tests.
    pub settable_clock: bool,
    /// What variables may weigh.
    pub payload: Payload,
}

impl NodeConfig {
    /// The memory to share out: a mirror's store needs some of it.
    pub(crate) fn shared_memory(&self) -> Memory {
        match self.mirror_dir {
            Some(_) => self.memory.with_mirror(mirror::STORE_BYTES),
            None => self.memory,
        }
    }
}

/// Partitions of a new data folder.
pub const DEFAULT_PARTITIONS: u16 = 3;
/// Why a node could not start.
#[derive(Debug)]
pub enum StartError {
    /// The data folder cannot be used.
    Folder(PathBuf, std::io::Error),
    /// The journal cannot be opened, or refuses what it finds.
    Journal(JournalError),
    /// The store cannot be opened.
    Store(PathBuf, String),
    /// The second folder cannot be used.
    Mirror(PathBuf, String),
    /// What the store and the journal say does not fit together.
    Damaged(PathBuf, String),
    /// Another number of partitions was asked for than the folder has.
    Partitions {
        /// The folder.
        folder: PathBuf,
        /// What it has.
        has: u16,
        /// What was asked for.
        asked: u16,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder, error) => {
                write!(f, "the data folder {} cannot be used: {error}", folder.display())
            }
            Self::Journal(error) => error.fmt(f),
            Self::Store(folder, why) => {
                write!(f, "the state store {} cannot be opened: {why}", folder.display())
            }
            Self::Mirror(folder, why) => {
                write!(f, "the mirror {} cannot be used: {why}", folder.display())
            }
            Self::Damaged(folder, why) => write!(f, "the data folder {} is damaged: {why}", folder.display()),
            Self::Partitions { folder, has, asked } => write!(
                f,
                "the data folder {} was made with {has} partitions, but {asked} were asked for; start it with {has} \
                 (the number is fixed when the folder is made), or choose another folder",
                folder.display()
            ),
        }
    }
}

impl std::error::Error for StartError {}

impl From<JournalError> for StartError {
    fn from(error: JournalError) -> StartError {
        StartError::Journal(error)
    }
}

/// A running node.
pub struct Node {
    handle: Handle,
    stop: mpsc::Sender<ToShell>,
    threads: Vec<JoinHandle<()>>,
    ended: JoinHandle<Result<(), String>>,
    failed: watch::Receiver<Option<String>>,
    space: Arc<DiskSpace>,
}

impl Node {
    /// Opens the data folder, recovers, and takes commands.
    ///
    /// # Errors
    /// See [`StartError`]; nothing in the folder is changed by a start that fails.
    pub fn start(config: &NodeConfig) -> Result<Node, StartError> {
        let began = Instant::now();
        let folder = &config.data_dir;
        std::fs::create_dir_all(folder).map_err(|error| StartError::Folder(folder.clone(), error))?;
        let Opened { mut journal, store, mirror } = mirror::open(config)?;
        let cluster_id = journal.incarnation().to_string();
        let partitions = partition_count(folder, &journal, config.partitions)?;
        let rows_bytes_max = config.shared_memory().rows_bytes();
        let mut led =
            recover(&mut journal, partitions, rows_bytes_max, |id| store.partition(id)).map_err(|error| {
                match error {
                    RecoveryError::Journal(error) => StartError::Journal(error),
                    RecoveryError::Damaged(why) => StartError::Damaged(folder.clone(), why),
                }
            })?;
        led.iter_mut().for_each(|one| one.partition.limit_payload(config.payload));
        let mut driver = Driver::new(led);
        driver.limit_rows_memory(rows_bytes_max);
        let admission = Admission::new(IN_FLIGHT_COMMANDS);
        let space = DiskSpace::of(folder, mirror.clone(), admission.clone());
        let metrics = Arc::new(Metrics::new(admission.clone(), mirror.map(|mirror| mirror.pair)));
        Metrics::add(&metrics.partitions, u64::from(partitions));
        Metrics::add(&metrics.recovery_milliseconds, began.elapsed().as_millis() as u64);
        metrics.set_recovered();
        let clock = Arc::new(Clock::new(config.settable_clock));
        let scrubbing = scrub(journal.scrubber(), metrics.clone(), space.clone());
        let mut node = Node::run(driver, Box::new(journal), store, cluster_id, space, metrics, clock);
        node.threads.push(scrubbing);
        Ok(node)
    }

    fn run(
        driver: Driver,
        journal: Box<dyn Journal>,
        store: Stores<Store>,
        cluster_id: String,
        space: Arc<DiskSpace>,
        metrics: Arc<Metrics>,
        clock: Arc<Clock>,
    ) -> Node {
        let partitions = driver.led().len() as u16;
        let epoch = driver.led().iter().map(|led| led.epoch.0).max().unwrap_or(1);
        let (to_shell, inbox) = mpsc::channel();
        let (to_committer, groups) = mpsc::sync_channel(1);
        let (to_checkpointer, checkpoints) = mpsc::channel();
        let (trim, trims) = mpsc::channel();
        let (to_housekeeper, chores) = mpsc::channel::<weir_journal::Chore>();
        let committer = SharedCommitter::new(Committer {
            journal,
            trims,
            chores: to_housekeeper,
            admission: space.admission(),
            space: space.clone(),
            metrics: metrics.clone(),
        });
        committer.clear_up();
        let committing = commit(committer.clone(), groups, to_shell.clone());
        let housekeeper = spawn("housekeep", move || housekeeping::run(&chores));
        let watcher = watch(space.clone(), committer.clone());
        let (written, checkpointing, room) = (to_shell.clone(), metrics.clone(), space.clone());
        let checkpointer = spawn("checkpoint", move || {
            checkpoint::run(&store, &checkpoints, &trim, &written, &checkpointing, &room)
        });
        let shell = Shell {
            driver,
            inbox,
            to_committer,
            committer,
            checkpointer: to_checkpointer,
            clock: clock.clone(),
            metrics: metrics.clone(),
            admission: space.admission(),
            next_request: epoch << 40,
            desk: Desk::default(),
            postbox: Postbox::open(to_shell.clone()),
            quiet: false,
        };
        let (ended, failed) = decide(shell);
        let handle = Handle::new(Inner {
            to_shell: to_shell.clone(),
            partitions,
            cluster_id,
            admission: space.admission(),
            metrics,
            clock,
            next_partition: AtomicU64::new(0),
            next_taker: AtomicU64::new(1),
        });
        let threads = vec![committing, checkpointer, housekeeper, watcher];
        Node { handle, stop: to_shell, threads, ended, failed, space }
    }

    /// The door.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Waits until the node cannot go on, and says why. Does not return while it runs well.
    pub async fn failed(&self) -> String {
        let mut failed = self.failed.clone();
        loop {
            if let Some(why) = &*failed.borrow_and_update() {
                return why.clone();
            }
            if failed.changed().await.is_err() {
                // Stopped in order.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Stops: what was decided becomes durable, the state is checkpointed, the threads end.
    ///
    /// # Errors
    /// Why the node could not go on.
    pub fn stop(self) -> Result<(), String> {
        self.end(ToShell::Stop)
    }

    /// Ends the threads as a crash would end them: what is not durable is lost, nothing is checkpointed.
    ///
    /// # Errors
    /// Why the node could not go on.
    pub fn abandon(self) -> Result<(), String> {
        self.end(ToShell::Abandon)
    }

    fn end(self, how: ToShell) -> Result<(), String> {
        self.space.stop();
        // A thread that has ended already needs no word.
        let _ = self.stop.send(how);
        let result = self.ended.join().unwrap_or_else(|_| Err("the deciding thread panicked".into()));
        for thread in self.threads {
            let _ = thread.join();
        }
        result
    }
}

/// Starts the thread that commits large groups.
fn commit(
    committer: SharedCommitter,
    groups: mpsc::Receiver<Vec<GroupRecord>>,
    done: mpsc::Sender<ToShell>,
) -> JoinHandle<()> {
    spawn("commit", move || committer.run(&groups, &done))
}

/// Starts the thread that looks at the disk's free space.
fn watch(space: Arc<DiskSpace>, committer: SharedCommitter) -> JoinHandle<()> {
    spawn("disk-space", move || space.watch(&committer))
}

/// Starts the thread that reads again what is cold.
fn scrub(scrubber: Scrubber, metrics: Arc<Metrics>, space: Arc<DiskSpace>) -> JoinHandle<()> {
    spawn("scrub", move || scrub::run(&scrubber, &metrics, &space, scrub::PACE))
}

/// Starts the deciding thread; its failure is made known to who watches.
fn decide(shell: Shell) -> (JoinHandle<Result<(), String>>, watch::Receiver<Option<String>>) {
    let (fail, failed) = watch::channel(None);
    let ended = spawn("decide", move || {
        let result = shell.run();
        if let Err(why) = &result {
            // Nobody may be watching any more.
            let _ = fail.send(Some(why.clone()));
        }
        result
    });
    (ended, failed)
}

pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let built = std::thread::Builder::new().name(format!("weir-{name}")).spawn(work);
    match built {
        Ok(thread) => thread,
        Err(error) => panic!("the system gives no thread: {error}"),
    }
}

/// How many partitions the folder has, or shall have.
fn partition_count(folder: &Path, journal: &LocalJournal, asked: Option<u16>) -> Result<u16, StartError> {
    let has = journal.reader().partitions()?.len() as u16;
    match (has, asked) {
        (0, asked) => Ok(asked.unwrap_or(DEFAULT_PARTITIONS).clamp(1, MAX_PARTITIONS)),
        (has, Some(asked)) if has != asked => {
            Err(StartError::Partitions { folder: folder.to_path_buf(), has, asked })
        }
        (has, _) => Ok(has),
    }
}

pub(crate) fn random_bytes() -> [u8; 16] {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's hash keys come from the system's source of randomness.
    let mut bytes = [0; 16];
    for half in bytes.chunks_mut(8) {
        let word = std::hash::RandomState::new().build_hasher().finish();
        half.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}
