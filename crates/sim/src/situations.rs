//! Situations that must come up: a simulator that never gets into trouble proves nothing.

use std::collections::BTreeMap;

macro_rules! situations {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Something that must be seen now and then.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Situation {
            $($(#[$doc])* $name,)*
        }

        impl Situation {
            /// All of them.
            pub const ALL: &[Situation] = &[$(Situation::$name,)*];
        }
    };
}

situations! {
    /// A crash before the group on its way reached the journal.
    CrashBeforeAppend,
    /// A crash after a group became durable and before anything of it came out.
    CrashAfterAppend,
    /// A crash in the middle of a write.
    CrashInAppend,
    /// A crash between a checkpoint and the trim after it.
    CrashInCheckpoint,
    /// A crash while the machine was recovering.
    CrashInRecovery,
    /// A crash while work was put off.
    CrashWithDeferredWork,
    /// A crash while mail was on its way.
    CrashWithMail,
    /// The power went, and with it some of what was not synced.
    PowerLost,
    /// Recovery cut off a write that was never confirmed.
    TailCut,
    /// A record that was on its way at the crash is there afterwards.
    UnconfirmedRecordKept,
    /// A record that was on its way at the crash is gone afterwards.
    UnconfirmedRecordLost,
    /// Recovery replayed records after a checkpoint.
    RecoveredWithTail,
    /// Recovery found all in the checkpoint.
    RecoveredWithoutTail,
    /// A checkpoint was written.
    CheckpointWritten,
    /// A checkpoint could not be written.
    CheckpointFailed,
    /// The journal was trimmed so far that it can no longer be read from the start.
    JournalTrimmed,
    /// A group held records of several partitions.
    GroupOfSeveralPartitions,
    /// Writing failed, and the node stopped.
    WriteFailed,
    /// Syncing failed, and the node stopped.
    SyncFailed,
    /// A name could not be made or removed, and the node stopped.
    NameFailed,
    /// The machine did not start the first time.
    StartRefused,
    /// The machine did not start because the disk was full.
    StartRefusedWhileFull,
    /// The disk was full, and a group waited.
    DiskFull,
    /// The reserve was given up so that work could end.
    ReserveReleased,
    /// New work was refused because the disk was full.
    RefusedWhileFull,
    /// There was room again, and work was let in.
    RoomAgain,
    /// The disk did not answer for a while.
    DiskStalled,
    /// A damaged journal was refused.
    RotRefused,
    /// A damaged journal was opened, and nothing was missing.
    RotHarmless,
    /// A journal that was damaged on one side was opened with the other one.
    RotMended,
    /// One of two disks failed, and the node went on with the other.
    SideLeftBehind,
    /// A side that was left behind was rebuilt at a start.
    SideRebuilt,
    /// Two journals differed at a start, and were made alike.
    SidesMended,
    /// The store of one side failed.
    StoreOfASideFailed,
    /// The store of one side was made from the other one.
    StoreRebuilt,
    /// The two stores stood at different records.
    StoresUneven,
    /// Nobody knew what became of an append, and it had arrived.
    UnknownArrived,
    /// Nobody knew what became of an append, and it had not arrived.
    UnknownLost,
    /// A journal that could not be claimed at once.
    ClaimUnanswered,
    /// The machine stood still for a while.
    Paused,
    /// The clock went back.
    ClockBack,
    /// The clock jumped ahead.
    ClockAhead,
    /// A job's time was over, and it was free again.
    JobTimedOut,
    /// A job rested after a failure, and was free again.
    JobBackOffElapsed,
    /// A job's worker was gone when it came.
    JobUndelivered,
    /// A job was asked for by a poll that rested.
    PollServed,
    /// A job that was done was reported again, and refused.
    SecondCompletionRefused,
    /// A job got more time.
    JobTimeoutUpdated,
    /// A worker threw an error.
    ErrorThrown,
    /// A job failed for the last time.
    IncidentOfJob,
    /// A gateway had no way to go.
    IncidentOfCondition,
    /// An error that nobody catches.
    IncidentOfError,
    /// A process or a decision was called that is not there.
    IncidentOfCall,
    /// An incident was resolved.
    IncidentResolved,
    /// A message was kept and taken later.
    KeptMessageTaken,
    /// A kept message's time was over.
    KeptMessageExpired,
    /// A message came twice with the same id, and was refused.
    SameMessageRefused,
    /// A message was taken on another partition.
    MessageCrossedPartitions,
    /// A message found nobody any more, and was offered to others.
    CorrelationRefused,
    /// A message started an instance.
    MessageStarted,
    /// A kept message started an instance when the one before it had ended.
    KeptMessageStarted,
    /// A message was correlated while its sender waited.
    CorrelatedAtOnce,
    /// A message found nobody while its sender waited.
    CorrelatedWithNobody,
    /// A signal was taken on the partition that it was broadcast on.
    SignalTaken,
    /// A signal was taken on another partition.
    SignalCrossedPartitions,
    /// Mail came again after a crash and was passed over.
    MailCameAgain,
    /// A timer fired.
    TimerFired,
    /// A timer of a cycle fired again.
    CycleWentOn,
    /// A timer was no longer needed.
    TimerCanceled,
    /// A timer was due while the machine was down.
    TimerDueWhileDown,
    /// A boundary event or event sub-process ended what it stands at.
    Interrupted,
    /// A joining gateway waited for its other tokens.
    JoinWaited,
    /// A multi-instance had no items.
    LoopWithoutItems,
    /// A multi-instance was started in parts.
    LoopInParts,
    /// Work was put off to another batch.
    WorkDeferred,
    /// An instance was cancelled.
    InstanceCancelled,
    /// A caller waited for the result of an instance and got it.
    ResultDelivered,
    /// An instance began in the middle.
    StartedInTheMiddle,
    /// Definitions were deployed while instances ran.
    DeployedAgain,
    /// A definition was deleted while instances ran.
    DefinitionDeleted,
    /// A decision was evaluated on request.
    DecisionEvaluated,
    /// A command named what does not exist, and was refused.
    UnknownKeyRefused,
}

/// How often which situation was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(BTreeMap<Situation, u64>);

impl Seen {
    /// It is seen once more.
    pub fn note(&mut self, situation: Situation) {
        *self.0.entry(situation).or_default() += 1;
    }

    /// It is seen if `holds`.
    pub fn note_if(&mut self, holds: bool, situation: Situation) {
        if holds {
            self.note(situation);
        }
    }

    /// Adds what another world saw.
    pub fn add(&mut self, other: &Seen) {
        for (situation, times) in &other.0 {
            *self.0.entry(*situation).or_default() += times;
        }
    }

    /// How often.
    pub fn times(&self, situation: Situation) -> u64 {
        self.0.get(&situation).copied().unwrap_or_default()
    }

    /// What was never seen.
    pub fn missing(&self) -> Vec<Situation> {
        Situation::ALL.iter().copied().filter(|situation| self.times(*situation) == 0).collect()
    }
}
