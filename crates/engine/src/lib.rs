//! One partition of Weir as a state machine: `Command -> Event -> State`. Pure.
//!
//! [`Partition::handle`] decides what a command does and says it in events; [`apply`] changes state by events and decides
//! nothing. Neither reads a clock, does IO or draws lots: the same inputs give the same bytes.
//!
//! Where to start reading: [`command`], [`event`] and [`state`] are what it is about; `handle.rs` says which rule answers
//! which command; `flow.rs` is the life of an element; `element/` has a file for each BPMN element.

mod apply;
mod catch;
pub mod codec;
pub mod command;
mod decision;
mod definitions;
mod deploy;
pub mod document;
mod element;
mod error;
pub mod event;
mod expression;
mod flow;
mod handle;
mod incident;
mod instance;
mod job;
pub mod key;
pub mod limits;
pub mod mail;
mod mailroom;
pub mod message;
pub mod outline;
mod partition;
mod payload;
pub mod rejection;
mod signal;
pub mod state;
pub mod step;
mod termination;
mod timer;
mod tx;
mod variable;
mod work;

pub use partition::{Output, Partition};
pub use payload::Payload;
pub use tx::{Answer, Demand, Push, RequestId, Settings, Taker};
