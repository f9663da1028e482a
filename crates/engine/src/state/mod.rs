//! What a partition knows: typed tables, written only by [`crate::apply`].
//!
//! The list below is the whole schema. Table numbers are the first byte of a row's key in a checkpoint and are never
//! reused.

mod ahead;
pub mod below;
pub mod bytes;
mod changes;
mod coverage;
mod memory;
#[cfg(test)]
mod properties;
pub mod reach;
pub mod row;
mod scan;
pub mod table;
pub mod weight;

use std::sync::Arc;

pub use changes::{Change, SharedRow, Waste};
pub use scan::{Rows, RowsBackward};

use crate::key::{
    DecisionKey, DeploymentKey, DrgKey, ElementKey, IncidentKey, JobKey, MessageKey, PartitionId, ProcessKey,
    SubscriptionKey, TimerKey,
};
use below::{Below, Stored, StoredError};
use row::{
    AwaitedResult, DecisionDefinition, DrgDefinition, ElementInstance, Gathered, Incident, Job, Json,
    Message, ProcessDefinition, StartEvent, StartLock, Subscription, Timer, Trigger, Wait,
};
use table::Table;

/// An index row: its key says everything.
pub type Present = ();

/// What all tables can do, whatever is in them.
trait AnyTable {
    fn overlay_bytes(&self) -> usize;
    fn evict(&mut self, limit_rows: usize) -> usize;
}

impl<K: bytes::RowKey + Send + 'static, V: bytes::RowValue> AnyTable for Table<K, V> {
    fn overlay_bytes(&self) -> usize {
        Table::overlay_bytes(self)
    }
    fn evict(&mut self, limit_rows: usize) -> usize {
        Table::evict(self, limit_rows)
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $number:literal $name:ident: $key:ty => $row:ty;)*) => {
        /// All tables of a partition.
        #[derive(Debug)]
        pub struct State {
            $($(#[$doc])* pub $name: Table<$key, $row>,)*
            below: Option<Arc<Below>>,
            /// Number of the last checkpoint that was begun.
            cut: u32,
        }

        impl Default for State {
            fn default() -> State {
                State { $($name: Table::new($number),)* below: None, cut: 0 }
            }
        }

        impl State {
            /// The state of a checkpoint. Nothing of it is in memory yet.
            pub fn over(stored: Arc<dyn Stored>) -> State {
                let below = Below::new(stored);
                let mut state =
                    State { $($name: Table::over($number, below.clone()),)* below: Some(below), cut: 0 };
                state.take_over_subscriptions();
                state
            }

            /// Begins a checkpoint of the state as it is now. The one before must be confirmed.
            pub(crate) fn cut(&mut self) {
                self.cut += 1;
                $(self.$name.cut(self.cut);)*
            }

            /// Hands out rows of the checkpoint that was begun, looking at `limit_rows` at most; whether it is complete.
            pub(crate) fn collect(&mut self, mut limit_rows: usize, out: &mut Vec<Change>) -> bool {
                $(if !self.$name.collect(&mut limit_rows, out) {
                    return false;
                })*
                true
            }

            /// The checkpoint that was begun is written: its rows may be evicted.
            pub(crate) fn confirm(&mut self) -> Vec<Waste> {
                let mut waste = Vec::new();
                $(self.$name.confirm(&mut waste);)*
                waste
            }

            /// Memory that the tables take, about, in bytes.
            pub fn overlay_bytes(&self) -> usize {
                0 $(+ self.$name.overlay_bytes())*
            }

            /// Rows that changed or went since the last checkpoint was begun.
            pub fn unwritten_rows(&self) -> usize {
                0 $(+ self.$name.unwritten_rows())*
            }

            fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
                vec![$(&mut self.$name,)*]
            }

            /// Shows every row as bytes, in order: two states are equal exactly if these are. `false`: a stored row cannot
            /// be read.
            pub fn show(&self, show: &mut dyn FnMut(&[u8], &[u8])) -> bool {
                $(self.$name.show(show) &&)* true
            }

            /// Number of rows by table. Costs as much as there is.
            pub fn row_counts(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($name), self.$name.len()),)*]
            }
        }
    };
}

tables! {
    /// The partition itself: 0 the key counter, 1 the time of the last batch in milliseconds since 1970. Always there.
    0 meta: u32 => u64;

    /// Element instances; the process instance is the one of element 0. While they live.
    1 elements: ElementKey => ElementInstance;
    /// Who lives in whom: (parent, child).
    2 children: (ElementKey, ElementKey) => Present;
    /// Variables as JSON text: (scope, name). While the scope lives.
    3 variables: (ElementKey, Arc<str>) => Json;
    /// Tokens that wait at joining gateways: (scope, gateway, flow) to a count.
    4 joins: (ElementKey, u32, u32) => u32;
    /// What happens when an element instance that is being interrupted has ended.
    5 triggers: ElementKey => Trigger;
    /// Items of a multi-instance body, several in a row as a JSON list: (body, number of the first).
    6 loop_items: (ElementKey, u32) => Json;
    /// Results of a multi-instance body's items, as JSON text: (body, number).
    7 loop_results: (ElementKey, u32) => Json;
    /// Results of items in a row, put together: (body, number of the first).
    8 loop_gathered: (ElementKey, u32) => Gathered;

    /// Jobs, until completed or canceled.
    10 jobs: JobKey => Job;
    /// Jobs free to be taken: (type, job), oldest first.
    11 job_queue: (Arc<str>, JobKey) => Present;
    /// Time-outs and back-offs of jobs: (due in milliseconds since 1970, job).
    12 job_dues: (i64, JobKey) => Present;

    /// Timers, until fired or canceled.
    20 timers: TimerKey => Timer;
    /// Timers by due time: (due in milliseconds since 1970, timer).
    21 timer_dues: (i64, TimerKey) => Present;
    /// Timers by who waits: (owner, timer).
    22 timers_of_element: (ElementKey, TimerKey) => Present;
    /// Timers of start events: (process, timer).
    23 timers_of_process: (ProcessKey, TimerKey) => Present;

    /// Element instances of this partition that wait for messages and signals.
    30 waits: SubscriptionKey => Wait;
    /// The same by who waits: (owner, subscription).
    31 waits_of_element: (ElementKey, SubscriptionKey) => Present;
    /// Subscriptions to messages that this partition keeps, from all partitions.
    32 subscriptions: SubscriptionKey => Subscription;
    /// Those that no message is on its way to: (message name, correlation key, process id, subscription). (Number 33 was an
    /// index without process ids: to find one for each process, all had to be read.)
    42 free_subscriptions: (Arc<str>, Arc<str>, Arc<str>, SubscriptionKey) => Present;
    /// Those who wait for signals: (signal name, subscription), oldest first.
    43 signal_waits: (Arc<str>, SubscriptionKey) => Present;
    /// Start events by (signal name, process id).
    44 signal_starts: (Arc<str>, Arc<str>) => StartEvent;
    /// Messages kept, and messages on their way.
    34 messages: MessageKey => Message;
    /// The same by (name, correlation key, message), oldest first.
    35 messages_by_name: (Arc<str>, Arc<str>, MessageKey) => Present;
    /// Ids of kept messages, so that the same is not taken twice: (name, correlation key, id).
    36 message_ids: (Arc<str>, Arc<str>, Arc<str>) => MessageKey;
    /// When messages are forgotten: (milliseconds since 1970, message).
    37 message_dues: (i64, MessageKey) => Present;
    /// Which processes a message went to: (message, process id) to the subscription or 0.
    38 messages_correlated: (MessageKey, Arc<str>) => u64;
    /// Start events by (message name, process id).
    39 message_starts: (Arc<str>, Arc<str>) => StartEvent;
    /// Instances started by a message with a correlation key: (process id, correlation key). While they run.
    40 start_locks: (Arc<str>, Arc<str>) => ElementKey;
    /// The same by instance.
    41 start_lock_of: ElementKey => StartLock;

    /// Incidents, until resolved or their element ends.
    50 incidents: IncidentKey => Incident;
    /// The same by (element instance, incident).
    51 incidents_of_element: (ElementKey, IncidentKey) => Present;

    /// Files of deployments: (deployment, place) to name and content.
    60 files: (DeploymentKey, u32) => crate::event::DeployedFile;
    /// Versions of processes.
    61 processes: ProcessKey => ProcessDefinition;
    /// The same by (id, version).
    62 process_versions: (Arc<str>, i32) => ProcessKey;
    /// Versions of DMN files.
    63 drgs: DrgKey => DrgDefinition;
    /// The same by (id, version).
    64 drg_versions: (Arc<str>, i32) => DrgKey;
    /// Versions of decisions.
    65 decisions: DecisionKey => DecisionDefinition;
    /// The same by (id, version).
    66 decision_versions: (Arc<str>, i32) => DecisionKey;
    /// The last version ever given to an id, so that none is given twice: (0 process, 1 DMN file, 2 decision; id).
    67 last_versions: (u32, Arc<str>) => i32;

    /// Who waits for the result of an instance. Answers to callers who are gone are dropped by the node.
    70 awaited_results: ElementKey => AwaitedResult;

    /// Mail to other partitions until they have it: (to, number).
    80 outbox: (PartitionId, u64) => crate::mail::Mail;
    /// The last number given to mail: to whom.
    81 outbox_last: PartitionId => u64;
    /// The last number taken: from whom.
    82 inbox_last: PartitionId => u64;

    /// Steps that were put off, in order.
    90 deferred: u64 => crate::step::Step;
}

impl State {
    /// Evicts rows that a confirmed checkpoint holds, looking at about `limit_rows`, from the largest table that has some;
    /// returns the bytes that became free.
    pub(crate) fn evict(&mut self, limit_rows: usize) -> usize {
        let mut tables = self.tables();
        tables.sort_by_key(|table| std::cmp::Reverse(table.overlay_bytes()));
        tables.into_iter().map(|table| table.evict(limit_rows)).find(|freed| *freed > 0).unwrap_or(0)
    }

    /// Makes the index of free subscriptions where an earlier program wrote the checkpoint, and had none.
    fn take_over_subscriptions(&mut self) {
        if self.subscriptions.is_empty() || !self.free_subscriptions.is_empty() {
            return;
        }
        let free = self.subscriptions.iter().filter(|(_, row)| row.correlating.is_none());
        let places: Vec<_> = free.map(|(_, row)| row.opened.place()).collect();
        places.into_iter().for_each(|place| self.free_subscriptions.put(place, ()));
    }

    /// Why a stored row could not be read, once one could not: then this state is of no use any more.
    pub fn failure(&self) -> Option<&StoredError> {
        self.below.as_ref()?.failure()
    }

    /// Every row as bytes, in order.
    pub fn dump(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = Vec::new();
        self.show(&mut |key, value| rows.push((key.to_vec(), value.to_vec())));
        rows
    }

    /// The key counter: the last number that was given.
    pub fn counter(&self) -> u64 {
        self.meta.get(&0).map_or(0, |value| *value)
    }

    /// The time of the last batch, in milliseconds since 1970.
    pub fn last_ms(&self) -> i64 {
        self.meta.get(&1).map_or(0, |value| *value as i64)
    }

    /// The newest version of a process.
    pub fn latest_process(&self, id: &Arc<str>) -> Option<ProcessKey> {
        latest(&self.process_versions, id)
    }

    /// The newest version of a decision.
    pub fn latest_decision(&self, id: &Arc<str>) -> Option<DecisionKey> {
        latest(&self.decision_versions, id)
    }

    /// The newest version of a DMN file.
    pub fn latest_drg(&self, id: &Arc<str>) -> Option<DrgKey> {
        latest(&self.drg_versions, id)
    }
}

fn latest<K: bytes::RowValue + Copy>(versions: &Table<(Arc<str>, i32), K>, id: &Arc<str>) -> Option<K> {
    versions.backward((id.clone(), i32::MIN)..=(id.clone(), i32::MAX)).next().map(|(_, key)| *key)
}
