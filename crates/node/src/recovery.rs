//! Recovery: partitions from the rows of a checkpoint and the journal after it. The simulator recovers by this very code.

use std::{fmt, sync::Arc};

use weir_engine::{
    Partition, Payload, Settings,
    event::Batch,
    key::PartitionId,
    state::{Change, below::Stored},
};
use weir_feel::temporal::Zone;
use weir_journal::{Claim, Journal, JournalError, Reader, Sequence};

use crate::driver::Led;

/// Why partitions could not be recovered.
#[derive(Debug)]
pub enum RecoveryError {
    /// The journal refuses.
    Journal(JournalError),
    /// What the rows and the journal say does not fit together, or cannot be read.
    Damaged(String),
}

impl fmt::Display for RecoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => error.fmt(f),
            Self::Damaged(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for RecoveryError {}

impl From<JournalError> for RecoveryError {
    fn from(error: JournalError) -> RecoveryError {
        RecoveryError::Journal(error)
    }
}

/// Records replayed before memory is looked at.
const RECORDS_PER_LOOK: usize = 1_024;

/// The last checkpoint of a partition.
pub struct Checkpoint {
    /// Its rows.
    pub rows: Arc<dyn Stored>,
    /// The record after which they stand; 0: there is none.
    pub at: Sequence,
    /// A copy of the rows elsewhere that stands at a later record.
    pub ahead: Option<Ahead>,
}

/// A copy of a partition's rows that is ahead of the rows that are read. To let it wait for the next checkpoint would not do: a
/// row that was made before the copy's record and is gone by then leaves no trace in that checkpoint, and would stay in the copy for ever.
pub struct Ahead {
    /// The record after which it stands.
    pub at: Sequence,
    /// Brings the rows that are read to that record, too.
    pub catch_up: CatchUp,
}

/// Writes these changes to the rows that are read, together with the record that the copy stands at; the error in words.
pub type CatchUp = Box<dyn FnOnce(&[Change]) -> Result<(), String>>;

impl Ahead {
    /// The partition has come to the copy's record: the rows below it come there, too.
    fn reached(self, partition: &mut Partition) -> Result<(), String> {
        let mut changes = Vec::new();
        partition.cut();
        while !partition.collect(usize::MAX, &mut changes) {}
        (self.catch_up)(&changes)?;
        drop(partition.confirm());
        Ok(())
    }
}

/// Claims all partitions of a journal and brings each to its last record. `open` gives a partition's checkpoint. What is
/// replayed takes about `rows_bytes_max` of memory, or as much as changed since the checkpoints.
///
/// # Errors
/// See [`RecoveryError`].
pub fn recover(
    journal: &mut dyn Journal,
    partitions: u16,
    rows_bytes_max: usize,
    mut open: impl FnMut(PartitionId) -> Result<Checkpoint, String>,
) -> Result<Vec<Led>, RecoveryError> {
    let mut led = Vec::new();
    for number in 1..=partitions {
        let id = PartitionId(number);
        let damaged = |why| RecoveryError::Damaged(format!("partition {number}: {why}"));
        let Checkpoint { rows, at, ahead } = open(id).map_err(damaged)?;
        check_reach(number, at, journal.tail(weir_journal::PartitionId(number))?.trimmed)
            .map_err(RecoveryError::Damaged)?;
        let mut partition = Partition::over(settings(id, partitions), rows);
        let claim = claim(journal, weir_journal::PartitionId(number))?;
        let latest = ahead.as_ref().map_or(at, |ahead| ahead.at);
        if latest > claim.last_sequence {
            return Err(RecoveryError::Damaged(format!(
                "partition {number}: the checkpoint stands at record {latest}, but the journal ends at {}; the journal lost \
                 records; restore a backup, or see the journal's folder",
                claim.last_sequence
            )));
        }
        let share_bytes = rows_bytes_max / usize::from(partitions);
        replay(journal.reader().as_ref(), number, at, ahead, &mut partition, share_bytes)
            .map_err(RecoveryError::Damaged)?;
        if let Some(failure) = partition.failure() {
            return Err(damaged(failure.to_string()));
        }
        led.push(Led { partition, epoch: claim.epoch, sequence: claim.last_sequence });
    }
    Ok(led)
}

/// The journal was trimmed only behind a checkpoint that was confirmed: one that stands before that is an older one.
fn check_reach(number: u16, at: Sequence, trimmed: Sequence) -> Result<(), String> {
    if at >= trimmed {
        return Ok(());
    }
    Err(format!(
        "partition {number}: the checkpoint stands at record {at}, but the journal begins after {trimmed}; the state store lost a \
         checkpoint that was confirmed; restore a backup or start with the mirror, or see what is left with `weir data inspect`; nothing of \
         the journal was changed"
    ))
}

/// Claims a partition, on a full disk from the reserve: work that is under way shall end.
fn claim(journal: &mut dyn Journal, partition: weir_journal::PartitionId) -> Result<Claim, JournalError> {
    match journal.claim(partition) {
        Err(JournalError::Full(failure)) => match journal.release_reserve()? {
            true => journal.claim(partition),
            false => Err(JournalError::Full(failure)),
        },
        claimed => claimed,
    }
}

/// The settings of a partition.
pub(crate) fn settings(id: PartitionId, partitions: u16) -> Settings {
    Settings {
        partition: id,
        partitions,
        zone: Zone::UTC,
        feel_limits: weir_feel::Limits::DEFAULT,
        payload: Payload::default(),
    }
}

/// Applies all records after `at`.
pub(crate) fn replay(
    journal: &dyn Reader,
    number: u16,
    at: Sequence,
    mut ahead: Option<Ahead>,
    partition: &mut Partition,
    share_bytes: usize,
) -> Result<(), String> {
    let records =
        journal.read(weir_journal::PartitionId(number), at.next()).map_err(|error| error.to_string())?;
    for (place, record) in records.enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let batch = Batch::from_bytes(&record.payload).map_err(|error| {
            format!(
                "partition {number}: record {} cannot be read ({error}); it may be of a newer release",
                record.sequence
            )
        })?;
        partition.apply(&batch);
        // From a row that could not be read nothing right follows, and nothing of that may be written.
        if let Some(failure) = partition.failure() {
            return Err(format!("partition {number}: {failure}"));
        }
        if let Some(reached) = ahead.take_if(|ahead| ahead.at == record.sequence) {
            reached.reached(partition)?;
        }
        if place % RECORDS_PER_LOOK == 0 && partition.overlay_bytes() > share_bytes {
            while partition.evict(RECORDS_PER_LOOK) > 0 {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    };

    use weir_engine::{
        Partition,
        command::{Command, CreateInstance, ProcessRef, Resource},
        key::PartitionId,
        state::{
            Change,
            below::{Direction, Limit, MemoryStore, Stored, StoredError, StoredRows},
        },
    };
    use weir_journal::{Journal, Record, Sequence, memory};

    use super::{Ahead, Checkpoint, recover, settings};

    const WAITS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="waits" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask></process></definitions>"#;

    /// A store that answers so many questions and then fails.
    #[derive(Debug)]
    struct Failing {
        rows: Arc<MemoryStore>,
        answers: AtomicU32,
    }

    impl Failing {
        fn answer(&self) -> Result<&MemoryStore, StoredError> {
            let left = |answers: u32| answers.checked_sub(1);
            match self.answers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left) {
                Ok(_) => Ok(&self.rows),
                Err(_) => Err(StoredError("input/output error".to_owned())),
            }
        }
    }

    impl Stored for Failing {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
            self.answer()?.get(key)
        }

        fn scan(
            &self,
            from: &[u8],
            to: &[u8],
            limit: Limit,
            direction: Direction,
        ) -> Result<StoredRows, StoredError> {
            self.answer()?.scan(from, to, limit, direction)
        }
    }

    fn keep(changes: &[Change], rows: &MemoryStore) {
        for Change { key, value } in changes {
            rows.write(key.clone(), value.as_ref().map(|row| row.to_bytes()));
        }
    }

    fn checkpoint(partition: &mut Partition, to: &[&MemoryStore]) {
        let mut changes = Vec::new();
        partition.cut();
        while !partition.collect(usize::MAX, &mut changes) {}
        to.iter().for_each(|rows| keep(&changes, rows));
        drop(partition.confirm());
    }

    /// The copy of the rows that is behind gets what the journal says, or nothing: not what follows from rows that could not be read.
    #[test]
    fn rows_that_cannot_be_read_bring_no_copy_up_to_date() {
        let id = PartitionId(1);
        let [behind, ahead] = [(); 2].map(|()| Arc::new(MemoryStore::default()));
        let mut live = Partition::over(settings(id, 1), Arc::clone(&ahead) as Arc<dyn Stored>);
        let journal = memory::MemoryStore::default();
        let mut records = Vec::new();
        let mut handle = |live: &mut Partition, command| {
            let output = live.handle(1_000, None, command, &mut ());
            records.push(output.batch.expect("it changes something").to_bytes());
        };
        let resource = Resource { name: "waits.bpmn".into(), content: WAITS.as_bytes().into() };
        handle(&mut live, Command::Deploy(vec![resource]));
        let process = ProcessRef::Latest("waits".into());
        let create = CreateInstance {
            process,
            variables: Default::default(),
            start_at: Vec::new(),
            with_result: None,
        };
        handle(&mut live, Command::CreateInstance(create));
        checkpoint(&mut live, &[&behind, &ahead]);
        let instance = live.state().elements.iter().next().map(|(key, _)| key).expect("it waits");
        handle(&mut live, Command::CancelInstance(instance));
        checkpoint(&mut live, &[&ahead]);
        let mut writer = journal.open();
        let partition = weir_journal::PartitionId(1);
        let epoch = writer.claim(partition).expect("claim").epoch;
        for (sequence, payload) in (1..).map(Sequence).zip(&records) {
            writer.append(&[Record { partition, epoch, sequence, payload }]).expect("append");
        }
        let mut failed = 0;
        for answers in 0.. {
            let caught_up = Arc::new(Mutex::new(None));
            let recovered = recover(&mut journal.open(), 1, 1 << 20, |_| {
                let caught_up = Arc::clone(&caught_up);
                let catch_up = move |changes: &[Change]| {
                    *caught_up.lock().expect("a lock") = Some(changes.to_vec());
                    Ok(())
                };
                let rows = Failing { rows: Arc::clone(&behind), answers: AtomicU32::new(answers) };
                let ahead = Ahead { at: Sequence(3), catch_up: Box::new(catch_up) };
                Ok(Checkpoint { rows: Arc::new(rows), at: Sequence(2), ahead: Some(ahead) })
            });
            let changes = caught_up.lock().expect("a lock").take();
            if recovered.is_ok() {
                keep(&changes.expect("it came to the copy's record"), &behind);
                break;
            }
            failed += 1;
            assert!(changes.is_none(), "after {answers} answers it was written all the same: {changes:?}");
        }
        assert!(failed > 3, "the store failed {failed} times");
        assert_eq!(behind.rows(), ahead.rows());
    }
}
