//! The conformance suite: what every back end must do, whoever it is.

use std::collections::BTreeMap;

use weir_journal::{
    AppendError, Claim, Epoch, Journal, JournalError, MAX_PAYLOAD_BYTES, OwnedRecord, PartitionId, Record,
    Sequence, random::SplitMix,
};

/// A back end under test.
pub(crate) trait World {
    /// Opens the journal as a process does that starts after the one before it ended.
    fn open(&mut self) -> Box<dyn Journal>;

    /// Opens a second handle beside the first; `None` where the back end forbids it.
    fn rival(&mut self) -> Option<Box<dyn Journal>>;
}

pub(crate) const P: PartitionId = PartitionId(1);
pub(crate) const Q: PartitionId = PartitionId(8191);

/// Claims until the back end answers; one that answers at once answers at once.
pub(crate) fn claim(journal: &mut dyn Journal, partition: PartitionId) -> Claim {
    loop {
        match journal.claim(partition) {
            Ok(claim) => return claim,
            Err(JournalError::Unavailable(_)) => {}
            Err(error) => panic!("claim of {partition}: {error}"),
        }
    }
}

pub(crate) fn record(partition: PartitionId, epoch: Epoch, sequence: u64, payload: &[u8]) -> Record<'_> {
    Record { partition, epoch, sequence: Sequence(sequence), payload }
}

pub(crate) fn read_all(journal: &dyn Journal, partition: PartitionId) -> Vec<OwnedRecord> {
    let first = journal.tail(partition).expect("tail").trimmed.next();
    let records = journal.read(partition, first).expect("read");
    records.map(|record| record.expect("record")).collect()
}

pub(crate) fn payloads(journal: &dyn Journal, partition: PartitionId) -> Vec<Vec<u8>> {
    read_all(journal, partition).into_iter().map(|record| record.payload).collect()
}

/// Everything that holds for a back end that always answers.
pub(crate) fn run(make: &mut dyn FnMut() -> Box<dyn World>) {
    run_with(make, 40);
}

/// The same with fewer random histories, for a back end that takes its time.
pub(crate) fn run_with(make: &mut dyn FnMut() -> Box<dyn World>, histories: u64) {
    for case in [
        starts_empty,
        gives_back_what_was_appended,
        counts_epochs,
        refuses_unclaimed_and_stale,
        refuses_gaps_and_repeats,
        refused_group_leaves_nothing,
        keeps_groups_over_reopening,
        rival_wins,
        trims,
        reads_while_appending,
        takes_any_payload,
    ] {
        case(make().as_mut());
    }
    for seed in 0..histories {
        random_histories(make().as_mut(), seed);
    }
}

fn starts_empty(world: &mut dyn World) {
    let mut journal = world.open();
    assert_eq!(journal.tail(P).expect("tail").last_sequence, Sequence(0));
    assert_eq!(journal.reader().partitions().expect("partitions"), []);
    assert_eq!(payloads(journal.as_ref(), P), Vec::<Vec<u8>>::new());
    let claim = journal.claim(P).expect("claim");
    assert_eq!((claim.epoch, claim.last_sequence), (Epoch(1), Sequence(0)));
    journal.append(&[]).expect("an empty group");
    assert_eq!(journal.reader().partitions().expect("partitions"), [P]);
}

fn gives_back_what_was_appended(world: &mut dyn World) {
    let mut journal = world.open();
    let (p, q) = (journal.claim(P).expect("claim").epoch, journal.claim(Q).expect("claim").epoch);
    journal
        .append(&[record(P, p, 1, b"a"), record(Q, q, 1, b"x"), record(P, p, 2, b""), record(P, p, 3, b"c")])
        .expect("append");
    journal.append(&[record(Q, q, 2, b"y")]).expect("append");
    let read = read_all(journal.as_ref(), P);
    assert_eq!(read.iter().map(|record| record.sequence.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(payloads(journal.as_ref(), P), [&b"a"[..], b"", b"c"]);
    assert_eq!(payloads(journal.as_ref(), Q), [b"x", b"y"]);
    let mut chain = weir_journal::ChainHash::START;
    for record in &read {
        assert_eq!(record.hash, record.as_record().hash(chain));
        chain = record.hash;
    }
    assert_eq!(journal.tail(P).expect("tail").last_hash, chain);
    let from_two: Vec<_> =
        journal.read(P, Sequence(2)).expect("read").map(|r| r.expect("record").sequence.0).collect();
    assert_eq!(from_two, [2, 3]);
    assert_eq!(journal.read(P, Sequence(4)).expect("one past the end").count(), 0);
    assert!(matches!(journal.read(P, Sequence(5)), Err(JournalError::PastEnd { .. })));
}

fn counts_epochs(world: &mut dyn World) {
    for expected in 1..=5 {
        let mut journal = world.open();
        assert_eq!(journal.claim(P).expect("claim").epoch, Epoch(expected));
    }
    let mut journal = world.open();
    assert_eq!(journal.claim(Q).expect("claim").epoch, Epoch(1), "partitions count on their own");
    assert_eq!(journal.claim(P).expect("claim").epoch, Epoch(6));
    assert_eq!(journal.claim(P).expect("claim").epoch, Epoch(7), "also on the same handle");
}

fn refuses_unclaimed_and_stale(world: &mut dyn World) {
    let mut journal = world.open();
    let refused = journal.append(&[record(P, Epoch(0), 1, b"unclaimed")]);
    assert!(matches!(refused, Err(AppendError::Fenced { .. })), "{refused:?}");
    let first = journal.claim(P).expect("claim").epoch;
    let second = journal.claim(P).expect("claim").epoch;
    let refused = journal.append(&[record(P, first, 1, b"stale")]);
    assert!(matches!(refused, Err(AppendError::Fenced { current, .. }) if current == second), "{refused:?}");
    let refused = journal.append(&[record(P, second.next(), 1, b"from the future")]);
    assert!(matches!(refused, Err(AppendError::Fenced { .. })), "{refused:?}");
    drop(journal);
    let mut journal = world.open();
    let refused = journal.append(&[record(P, second, 1, b"claimed by the process before")]);
    assert!(matches!(refused, Err(AppendError::Fenced { .. })), "{refused:?}");
    assert_eq!(payloads(journal.as_ref(), P), Vec::<Vec<u8>>::new());
}

fn refuses_gaps_and_repeats(world: &mut dyn World) {
    let mut journal = world.open();
    let epoch = journal.claim(P).expect("claim").epoch;
    journal.append(&[record(P, epoch, 1, b"a")]).expect("append");
    for wrong in [0, 1, 3, u64::MAX] {
        let refused = journal.append(&[record(P, epoch, wrong, b"wrong")]);
        assert!(matches!(refused, Err(AppendError::OutOfOrder { expected: Sequence(2), .. })), "{refused:?}");
    }
    journal.append(&[record(P, epoch, 2, b"b")]).expect("append");
    assert_eq!(payloads(journal.as_ref(), P), [b"a", b"b"]);
}

fn refused_group_leaves_nothing(world: &mut dyn World) {
    let mut journal = world.open();
    let p = journal.claim(P).expect("claim").epoch;
    let group = [record(P, p, 1, b"good"), record(Q, Epoch(1), 1, b"unclaimed")];
    assert!(matches!(journal.append(&group), Err(AppendError::Fenced { partition: Q, .. })));
    let large = vec![7; MAX_PAYLOAD_BYTES + 1];
    let refused = journal.append(&[record(P, p, 1, b"good"), record(P, p, 2, &large)]);
    assert!(matches!(refused, Err(AppendError::TooLarge { .. })), "{refused:?}");
    assert_eq!(journal.tail(P).expect("tail").last_sequence, Sequence(0));
    journal.append(&[record(P, p, 1, b"now")]).expect("append");
    drop(journal);
    assert_eq!(payloads(world.open().as_ref(), P), [b"now"]);
}

fn keeps_groups_over_reopening(world: &mut dyn World) {
    let mut next = BTreeMap::from([(P, 1), (Q, 1)]);
    for round in 0..6_u64 {
        let mut journal = world.open();
        for partition in [P, Q] {
            let claim = journal.claim(partition).expect("claim");
            assert_eq!(claim.last_sequence.0 + 1, next[&partition]);
            let payload = vec![round as u8; 700 * (round as usize + 1)];
            let first = next[&partition];
            let group = [
                record(partition, claim.epoch, first, &payload),
                record(partition, claim.epoch, first + 1, &payload),
            ];
            journal.append(&group).expect("append");
            next.insert(partition, first + 2);
        }
    }
    let journal = world.open();
    for partition in [P, Q] {
        let rounds: Vec<_> = payloads(journal.as_ref(), partition).iter().map(|payload| payload[0]).collect();
        assert_eq!(rounds, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }
}

fn rival_wins(world: &mut dyn World) {
    let mut old = world.open();
    let Some(mut new) = world.rival() else { return };
    let first = old.claim(P).expect("claim").epoch;
    old.append(&[record(P, first, 1, b"old")]).expect("append");
    let claim = new.claim(P).expect("claim");
    assert_eq!((claim.epoch, claim.last_sequence), (first.next(), Sequence(1)));
    for offered in [first, claim.epoch] {
        let refused = old.append(&[record(P, offered, 2, b"zombie")]);
        assert!(matches!(refused, Err(AppendError::Fenced { .. })), "{refused:?}");
    }
    new.append(&[record(P, claim.epoch, 2, b"new")]).expect("append");
    assert_eq!(payloads(old.as_ref(), P), [b"old", b"new"]);
}

fn trims(world: &mut dyn World) {
    let mut journal = world.open();
    let (p, q) = (journal.claim(P).expect("claim").epoch, journal.claim(Q).expect("claim").epoch);
    let payload = vec![1; 3000];
    for sequence in 1..=30 {
        journal
            .append(&[record(P, p, sequence, &payload), record(Q, q, sequence, &payload)])
            .expect("append");
    }
    assert!(matches!(journal.trim(P, Sequence(31)), Err(JournalError::PastEnd { .. })));
    journal.trim(P, Sequence(20)).expect("trim");
    journal.trim(P, Sequence(10)).expect("an older trim changes nothing");
    journal.trim(Q, Sequence(5)).expect("trim");
    assert!(matches!(journal.read(P, Sequence(20)), Err(JournalError::Trimmed { first: Sequence(21), .. })));
    assert_eq!(journal.read(P, Sequence(21)).expect("read").count(), 10);
    assert_eq!(journal.read(Q, Sequence(6)).expect("read").count(), 25);
    journal.trim(Q, Sequence(30)).expect("trim");
    journal.trim(P, Sequence(30)).expect("trim");
    drop(journal);
    let mut journal = world.open();
    let claim = journal.claim(P).expect("claim");
    assert_eq!((claim.epoch, claim.last_sequence), (p.next(), Sequence(30)), "a trim forgets nothing else");
    journal.append(&[record(P, claim.epoch, 31, b"on")]).expect("append");
    let read: Vec<_> =
        journal.read(P, Sequence(31)).expect("read").map(|r| r.expect("record").payload).collect();
    assert_eq!(read, [b"on"]);
}

fn reads_while_appending(world: &mut dyn World) {
    let mut journal = world.open();
    let epoch = journal.claim(P).expect("claim").epoch;
    journal.append(&[record(P, epoch, 1, b"a"), record(P, epoch, 2, b"b")]).expect("append");
    let reader = journal.reader();
    let mut records = reader.read(P, Sequence(1)).expect("read");
    assert_eq!(records.next().expect("first").expect("record").payload, b"a");
    journal.append(&[record(P, epoch, 3, b"c")]).expect("append");
    assert_eq!(records.next().expect("second").expect("record").payload, b"b");
    assert!(records.next().is_none(), "it ends where the journal ended when it was asked");
    assert_eq!(reader.tail(P).expect("tail").last_sequence, Sequence(3));
}

fn takes_any_payload(world: &mut dyn World) {
    let mut journal = world.open();
    let epoch = journal.claim(P).expect("claim").epoch;
    let mut random = SplitMix(7);
    let payloads_in: Vec<Vec<u8>> = [0, 1, 7, 8, 9, 95, 96, 97, 4000, 4096, 100_000, 3_000_000]
        .iter()
        .map(|bytes| (0..*bytes).map(|_| random.draw() as u8).collect())
        .collect();
    for (payload, sequence) in payloads_in.iter().zip(1..) {
        journal.append(&[record(P, epoch, sequence, payload)]).expect("append");
    }
    drop(journal);
    assert!(payloads(world.open().as_ref(), P) == payloads_in);
}

/// A partition as a client with a good memory knows it.
#[derive(Debug, Default)]
struct Known {
    confirmed: Vec<Vec<u8>>,
    /// Sent after the last confirmed one and not answered, in order.
    doubtful: Vec<Vec<u8>>,
    epoch: Epoch,
}

/// Random claims, appends, trims and restarts; also with a back end that often does not answer. What was confirmed is there,
/// once, in order; what was not may be there, but only where it belongs.
pub(crate) fn random_histories(world: &mut dyn World, seed: u64) {
    let mut random = SplitMix(seed);
    let mut journal = world.open();
    let mut known: BTreeMap<PartitionId, Known> = BTreeMap::new();
    let partitions = [PartitionId(0), PartitionId(5), PartitionId(77)];
    for step in 0..60 {
        match random.below(10) {
            0 => {
                drop(journal);
                journal = world.open();
                known.values_mut().for_each(|partition| partition.epoch = Epoch(0));
            }
            1 => {
                let partition = partitions[random.below(3)];
                let until = journal.tail(partition).expect("tail").last_sequence;
                let until = Sequence(random.below(until.0 as usize + 1) as u64);
                journal.trim(partition, until).expect("trim");
            }
            _ => append_some(journal.as_mut(), &mut random, &partitions, &mut known, step),
        }
    }
    for (partition, known) in &mut known {
        settle(journal.as_mut(), *partition, known);
    }
}

fn append_some(
    journal: &mut dyn Journal,
    random: &mut SplitMix,
    partitions: &[PartitionId],
    known: &mut BTreeMap<PartitionId, Known>,
    step: u64,
) {
    let mut group: Vec<(PartitionId, Epoch, u64, Vec<u8>)> = Vec::new();
    for partition in partitions {
        if random.percent(40) {
            continue;
        }
        let known = known.entry(*partition).or_default();
        if known.epoch == Epoch(0) {
            settle(journal, *partition, known);
        }
        for number in 0..=random.below(3) as u64 {
            let payload = vec![random.draw() as u8; random.below(2000)];
            let payload = [step.to_le_bytes().to_vec(), payload].concat();
            group.push((*partition, known.epoch, known.confirmed.len() as u64 + 1 + number, payload));
        }
    }
    let records: Vec<_> = group
        .iter()
        .map(|(partition, epoch, sequence, payload)| record(*partition, *epoch, *sequence, payload))
        .collect();
    let answer = journal.append(&records);
    for (partition, _, _, payload) in group {
        let known = known.entry(partition).or_default();
        match &answer {
            Ok(()) => known.confirmed.push(payload),
            Err(AppendError::Unknown(_)) => {
                known.doubtful.push(payload);
                known.epoch = Epoch(0);
            }
            // A claim of ours that was given up for lost arrived after all.
            Err(AppendError::Fenced { .. }) => known.epoch = Epoch(0),
            Err(error) => panic!("append: {error}"),
        }
    }
}

/// Claims the partition, which ends all doubt, and compares.
fn settle(journal: &mut dyn Journal, partition: PartitionId, known: &mut Known) {
    let claim = claim(journal, partition);
    known.epoch = claim.epoch;
    let trimmed = journal.tail(partition).expect("tail").trimmed.0 as usize;
    let there = payloads(journal, partition);
    assert_eq!(there.len() + trimmed, claim.last_sequence.0 as usize);
    let survived = (claim.last_sequence.0 as usize)
        .checked_sub(known.confirmed.len())
        .expect("what was confirmed is there");
    assert!(survived <= known.doubtful.len(), "nothing is there that was not sent");
    known.confirmed.extend(known.doubtful.drain(..survived));
    known.doubtful.clear();
    assert!(there == known.confirmed[trimmed..], "partition {partition} holds what was sent, in order");
}
