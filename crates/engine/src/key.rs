//! Identities: 64-bit keys in the layout that existing clients expect.
//!
//! The upper 13 bits name the partition that made the key, the lower 51 bits count. Partitions start at 1, so the
//! first key of partition 1 is 2251799813685249. One counter serves all kinds of entities of a partition.

use minicbor::{Decode, Encode};

const COUNTER_BITS: u32 = 51;
const COUNTER_MASK: u64 = (1 << COUNTER_BITS) - 1;

/// Number of a partition, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PartitionId(#[n(0)] pub u16);

impl PartitionId {
    /// The partition that takes deployments and numbers definitions.
    pub const DEPLOYMENT: PartitionId = PartitionId(1);

    /// The key with this `counter` in this partition.
    pub fn key(self, counter: u64) -> u64 {
        (u64::from(self.0) << COUNTER_BITS) | (counter & COUNTER_MASK)
    }

    /// The partition that made `key`; 0 where no partition can have made it.
    pub fn of_key(key: u64) -> PartitionId {
        PartitionId((key >> COUNTER_BITS) as u16)
    }
}

/// The counter part of a key.
pub fn counter_of(key: u64) -> u64 {
    key & COUNTER_MASK
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] pub u64);

        impl $name {
            /// The partition that made this key.
            pub fn partition(self) -> PartitionId {
                PartitionId::of_key(self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}:{}", PartitionId::of_key(self.0).0, counter_of(self.0))
            }
        }
    )*};
}

keys! {
    /// One deployment.
    DeploymentKey
    /// One version of a process.
    ProcessKey
    /// One version of a decision requirements graph (a DMN file).
    DrgKey
    /// One version of a decision.
    DecisionKey
    /// One element instance; that of the process itself is the process instance's key.
    ElementKey
    /// One job.
    JobKey
    /// One timer.
    TimerKey
    /// One published message.
    MessageKey
    /// One broadcast of a signal.
    SignalKey
    /// One subscription to a message or a signal.
    SubscriptionKey
    /// One incident.
    IncidentKey
}
