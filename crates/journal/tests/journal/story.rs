//! What a client did with a journal and was told, against which every image of the disk is compared.

use std::collections::BTreeMap;

use weir_journal::{Epoch, Journal, PartitionId, Record, Sequence, random::SplitMix};

use crate::suite::{payloads, record};

/// What a client was told, and what it may find beside that.
#[derive(Debug, Default, Clone)]
pub(crate) struct Told {
    pub(crate) epoch: Epoch,
    pub(crate) trimmed: Sequence,
    pub(crate) confirmed: Vec<Vec<u8>>,
    /// The payloads of the call that had no answer.
    pub(crate) doubtful: Vec<Vec<u8>>,
}

pub(crate) type Story = BTreeMap<PartitionId, Told>;

/// The records of a call: partition, epoch, sequence, payload.
pub(crate) type Group = Vec<(PartitionId, Epoch, u64, Vec<u8>)>;

/// Two more records for each partition of the story.
pub(crate) fn next_group(story: &Story, random: &mut SplitMix, step: u64) -> Group {
    let mut group = Group::new();
    for (partition, told) in story.iter() {
        for number in 0..2 {
            let payload = vec![random.draw() as u8; 500 + random.below(3000)];
            let payload = [step.to_le_bytes().to_vec(), payload].concat();
            group.push((*partition, told.epoch, told.confirmed.len() as u64 + 1 + number, payload));
        }
    }
    group
}

/// The records of a group.
pub(crate) fn records_of(group: &Group) -> Vec<Record<'_>> {
    group
        .iter()
        .map(|(partition, epoch, sequence, payload)| record(*partition, *epoch, *sequence, payload))
        .collect()
}

/// All that was confirmed of a partition is there, and nothing that nobody sent. How many of the doubtful records are there:
/// all or none.
pub(crate) fn survived(journal: &dyn Journal, partition: PartitionId, told: &Told, context: &str) -> usize {
    let tail = journal.tail(partition).expect("tail");
    assert!(tail.epoch >= told.epoch, "{context}: an epoch was forgotten");
    assert!(tail.trimmed <= told.trimmed, "{context}: more is trimmed than was asked for");
    let mut expected = told.confirmed.clone();
    let survived = (tail.last_sequence.0 as usize)
        .checked_sub(expected.len())
        .unwrap_or_else(|| panic!("{context}: confirmed records of partition {partition} are lost"));
    assert!(survived == 0 || survived == told.doubtful.len(), "{context}: half a group survived");
    expected.extend(told.doubtful.iter().cloned());
    let expected = &expected[tail.trimmed.0 as usize..tail.last_sequence.0 as usize];
    assert!(
        payloads(journal, partition) == expected,
        "{context}: partition {partition} holds something else"
    );
    survived
}
