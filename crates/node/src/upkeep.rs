//! The upkeep of partitions between their commands: checkpoints are collected and rows evicted in slices, so that no
//! command waits for more than one slice.

use weir_engine::{key::PartitionId, state::Change};
use weir_journal::Sequence;

use crate::driver::{Action, Led};

/// Rows that a checkpoint looks at in one slice.
const COLLECTED_ROWS: usize = 1_000;
/// Rows that an eviction looks at in one slice.
const EVICTED_ROWS: usize = 2_000;
/// Rows that changed or went since the last checkpoint after which the next one begins: a checkpoint is copied on its way into the
/// store, and removed rows, small as they are here, take ten times their memory there.
const UNWRITTEN_ROWS: usize = 50_000;
/// Bytes of records since the last checkpoint, of all partitions together, after which the next one begins: a start replays what no
/// checkpoint holds, and a checkpoint of few rows that are large must stay small, too.
const UNWRITTEN_BYTES: usize = 64 << 20;
/// Memory for the rows of all partitions where nothing else is said, in bytes.
pub(crate) const DEFAULT_ROWS_BYTES: usize = 128 << 20;

/// How far the checkpoint of a partition is.
#[derive(Debug)]
enum Phase {
    /// None is under way.
    Idle,
    /// It is being collected.
    Collecting { sequence: Sequence, changes: Vec<Change> },
    /// It waits for its records to be durable, or is being written.
    Writing,
}

/// The upkeep of one partition.
#[derive(Debug)]
struct Kept {
    phase: Phase,
    /// Whether another checkpoint was asked for while one was under way.
    wanted: bool,
    /// Bytes of its records since the last checkpoint began.
    unwritten_bytes: usize,
    /// Memory of its rows when it was last looked at.
    bytes: usize,
    /// Whether it did something since.
    stale: bool,
    /// Whether an eviction freed nothing: then the next checkpoint is waited for.
    dirty: bool,
}

/// The upkeep of all partitions of a node.
#[derive(Debug)]
pub(crate) struct Upkeep {
    kept: Vec<Kept>,
    pub(crate) rows_bytes_max: usize,
}

impl Upkeep {
    pub(crate) fn new(partitions: usize) -> Upkeep {
        let kept = |_| Kept {
            phase: Phase::Idle,
            wanted: false,
            unwritten_bytes: 0,
            bytes: 0,
            stale: true,
            dirty: false,
        };
        Upkeep { kept: (0..partitions).map(kept).collect(), rows_bytes_max: DEFAULT_ROWS_BYTES }
    }

    /// A partition did something, in a record of so many bytes.
    pub(crate) fn note(&mut self, place: usize, record_bytes: usize) {
        let kept = &mut self.kept[place];
        kept.stale = true;
        kept.unwritten_bytes += record_bytes;
    }

    /// Memory of all rows, about, in bytes.
    pub(crate) fn rows_bytes(&self) -> usize {
        self.kept.iter().map(|kept| kept.bytes).sum()
    }

    /// Whether rows take half more than they may.
    pub(crate) fn is_overfull(&self) -> bool {
        self.rows_bytes() > self.rows_bytes_max / 2 * 3
    }

    /// Whether a checkpoint is being collected: the next slice can be taken at once.
    pub(crate) fn is_collecting(&self) -> bool {
        self.kept.iter().any(|kept| matches!(kept.phase, Phase::Collecting { .. }))
    }

    /// Whether no checkpoint is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.kept.iter().all(|kept| matches!(kept.phase, Phase::Idle))
    }

    /// Begins a checkpoint of a partition as it is now; while one is under way, as soon as that is written.
    pub(crate) fn begin(&mut self, led: &mut [Led], place: usize) {
        let (Some(kept), Some(led)) = (self.kept.get_mut(place), led.get_mut(place)) else { return };
        match kept.phase {
            Phase::Idle => {
                led.partition.cut();
                kept.unwritten_bytes = 0;
                kept.phase = Phase::Collecting { sequence: led.sequence, changes: Vec::new() };
            }
            Phase::Collecting { .. } | Phase::Writing => kept.wanted = true,
        }
    }

    /// A checkpoint is written: its rows may go from memory.
    pub(crate) fn written(&mut self, led: &mut [Led], place: usize, actions: &mut Vec<Action>) {
        let (Some(kept), Some(one)) = (self.kept.get_mut(place), led.get_mut(place)) else { return };
        kept.phase = Phase::Idle;
        (kept.stale, kept.dirty) = (true, false);
        let waste = one.partition.confirm();
        if !waste.is_empty() {
            actions.push(Action::Discard(waste));
        }
        if std::mem::take(&mut kept.wanted) {
            self.begin(led, place);
        }
    }

    /// Takes the next slice of each checkpoint that is being collected; returns those that are complete.
    pub(crate) fn collect(&mut self, led: &mut [Led]) -> Vec<Action> {
        let mut complete = Vec::new();
        for (kept, led) in self.kept.iter_mut().zip(led) {
            let Phase::Collecting { sequence, changes } = &mut kept.phase else { continue };
            if !led.partition.collect(COLLECTED_ROWS, changes) {
                continue;
            }
            let (sequence, changes) = (*sequence, std::mem::take(changes));
            if changes.is_empty() {
                // Nothing changed since the last one.
                drop(led.partition.confirm());
                (kept.phase, kept.wanted, kept.dirty) = (Phase::Idle, false, false);
                continue;
            }
            kept.phase = Phase::Writing;
            let partition = led.partition.settings().partition;
            complete.push(Action::Checkpoint { partition, sequence, changes });
        }
        complete
    }

    /// Begins checkpoints that would become too large, and keeps the memory of rows within its limit: evicts a slice of rows that a checkpoint holds; where that frees nothing,
    /// begins a checkpoint of the partition that takes the most.
    pub(crate) fn bound(&mut self, led: &mut [Led]) {
        let unwritten_bytes_max = UNWRITTEN_BYTES / self.kept.len().max(1);
        for place in 0..self.kept.len() {
            let kept = &mut self.kept[place];
            if !std::mem::take(&mut kept.stale) {
                continue;
            }
            kept.bytes = led[place].partition.overlay_bytes();
            let is_much = led[place].partition.unwritten_rows() >= UNWRITTEN_ROWS
                || kept.unwritten_bytes >= unwritten_bytes_max;
            if is_much && matches!(kept.phase, Phase::Idle) {
                self.begin(led, place);
            }
        }
        if self.rows_bytes() <= self.rows_bytes_max {
            return;
        }
        let largest = (0..self.kept.len()).max_by_key(|place| self.kept[*place].bytes);
        let Some(place) = largest.filter(|place| !self.kept[*place].dirty) else { return };
        let freed = led[place].partition.evict(EVICTED_ROWS);
        self.kept[place].bytes = led[place].partition.overlay_bytes();
        if freed == 0 {
            // Looking again before a checkpoint has made rows clean would cost every turn the same for nothing.
            self.kept[place].dirty = true;
            if matches!(self.kept[place].phase, Phase::Idle) {
                self.begin(led, place);
            }
        }
    }
}

/// The place of a partition among all of a node, which are in the order of their numbers from 1.
pub(crate) fn place_of(partition: PartitionId) -> usize {
    usize::from(partition.0).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use weir_engine::Partition;
    use weir_journal::Epoch;

    use super::*;
    use crate::recovery;

    #[test]
    fn a_checkpoint_begins_when_the_records_since_the_last_one_are_large() {
        let partition = Partition::new(recovery::settings(PartitionId(1), 1));
        let mut led = [Led { partition, epoch: Epoch(1), sequence: Sequence(0) }];
        let mut upkeep = Upkeep::new(1);
        upkeep.note(0, UNWRITTEN_BYTES - 1);
        upkeep.bound(&mut led);
        assert!(upkeep.is_idle());
        upkeep.note(0, 1);
        upkeep.bound(&mut led);
        assert!(!upkeep.is_idle());
        upkeep.collect(&mut led);
        upkeep.note(0, 1);
        upkeep.bound(&mut led);
        assert!(upkeep.is_idle(), "it counts from the last checkpoint on");
    }
}
