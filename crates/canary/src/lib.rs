//! Canaries: bugs that are planted on purpose, one at a time, to see whether the tests find them.
//!
//! The code under test asks [`planted`] where such a bug would be. In the product the answer is a constant `false`, so
//! nothing is left of the question. With the feature `planted`, which only the simulator asks for, the thread that runs a world says
//! which bug it has. A test that finds none of a planted bug fails: the battery itself is tested.

/// A planted bug. The numbers m01 to m35 are those of the reliability battery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Canary {
    /// m01: the journal confirms a group that was not synced.
    ConfirmedBeforeSync,
    /// m01: answers and jobs leave before their group is durable.
    ReleasedBeforeDurable,
    /// m03: a reader does not look at the epoch of a record.
    EpochNotRead,
    /// m06: what became of an append is not known, and it is appended once more.
    BlindRetry,
    /// m06: after an append of which nobody knows what became of it, the same epoch goes on.
    ClaimKept,
    /// m07: the key counter is not restored from a checkpoint.
    KeyCounterLost,
    /// m08: what a refused command changed stays, and is not written.
    RefusedChangesStay,
    /// m09: the order of a hash map decides what ends first.
    HashOrder,
    /// m10: the engine reads the machine's clock.
    ClockRead,
    /// m11: a new name is not synced.
    NameNotSynced,
    /// m12: the journal is cut at the first bad checksum, wherever it is.
    CutAnywhere,
    /// What is written is confirmed before the mirror has it.
    MirrorNotAwaited,
    /// m13: a sync that failed is tried again.
    SyncRetried,
    /// m14: what was cut off stays where it is and may be read as part of what comes after it.
    CutNotWiped,
    /// m15: a job that could not be delivered is taken from whoever has it now.
    HandedBackByAnother,
    /// m15: a job's time is over before it is.
    TimedOutEarly,
    /// m16: a job that failed or threw is completed all the same.
    LateCompletionTaken,
    /// m17: mail that comes again has its effect again.
    MailTakenTwice,
    /// m18: a message that a closed subscription did not take is not offered to others.
    RefusedMessageLost,
    /// m19: time goes back with the clock.
    TimeGoesBack,
    /// m19: a timer fires once more than it should.
    TimerFiresAgain,
    /// m20: a joining gateway does not wait for all flows.
    JoinsEarly,
    /// m21: of a multi-instance that is started in parts the last item is lost.
    LastItemLost,
    /// m22: what an activity waits for stays when it is ended.
    WaitLeaks,
    /// A checkpoint's rows and the record they stand at are not written together.
    CheckpointMisplaced,
    /// A checkpoint forgets the last number of mail taken.
    MailWatermarkLost,
    /// A checkpoint does not take rows out that are gone.
    RemovalsLost,
    /// A checkpoint is written, and the journal trimmed, before what it holds is durable.
    CheckpointTooEarly,
    /// A job is given to two workers.
    PushedTwice,
}

impl Canary {
    /// All of them.
    pub const ALL: [Canary; 29] = [
        Self::ConfirmedBeforeSync,
        Self::ReleasedBeforeDurable,
        Self::EpochNotRead,
        Self::BlindRetry,
        Self::ClaimKept,
        Self::KeyCounterLost,
        Self::RefusedChangesStay,
        Self::HashOrder,
        Self::ClockRead,
        Self::NameNotSynced,
        Self::CutAnywhere,
        Self::MirrorNotAwaited,
        Self::SyncRetried,
        Self::CutNotWiped,
        Self::HandedBackByAnother,
        Self::TimedOutEarly,
        Self::LateCompletionTaken,
        Self::MailTakenTwice,
        Self::RefusedMessageLost,
        Self::TimeGoesBack,
        Self::TimerFiresAgain,
        Self::JoinsEarly,
        Self::LastItemLost,
        Self::WaitLeaks,
        Self::CheckpointMisplaced,
        Self::MailWatermarkLost,
        Self::RemovalsLost,
        Self::CheckpointTooEarly,
        Self::PushedTwice,
    ];
}

/// Whether this bug is in the program.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub const fn planted(_: Canary) -> bool {
    false
}

#[cfg(feature = "planted")]
mod thread {
    use std::cell::Cell;

    use super::Canary;

    thread_local! {
        static PLANTED: Cell<Option<Canary>> = const { Cell::new(None) };
    }

    /// Whether this bug is in what the current thread runs.
    pub fn planted(canary: Canary) -> bool {
        PLANTED.get() == Some(canary)
    }

    /// Runs `work` on this thread with a bug in it, or without.
    pub fn with<T>(canary: Option<Canary>, work: impl FnOnce() -> T) -> T {
        let before = PLANTED.replace(canary);
        let result = work();
        PLANTED.set(before);
        result
    }
}

#[cfg(feature = "planted")]
pub use thread::{planted, with};

/// The order that a hash map would give: another one each time.
pub fn shuffle<T: std::hash::Hash>(items: &mut [T]) {
    use std::hash::BuildHasher;

    if planted(Canary::HashOrder) {
        let order = std::hash::RandomState::new();
        items.sort_by_key(|item| order.hash_one(item));
    }
}

/// What the machine's clock says, in milliseconds since 1970. (Made worse: no two readings are alike.)
pub fn machine_clock_ms() -> i64 {
    if !planted(Canary::ClockRead) {
        return 0;
    }
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| (since.as_millis() + since.as_nanos() % 1_000) as i64)
}
