//! One partition of Weir as a state machine: `Command -> Event -> State`. Pure.
mod apply;
pub mod codec;
pub mod command;
pub mod document;
pub mod event;
pub mod key;
pub mod limits;
pub mod mail;
pub mod rejection;
pub mod state;
pub mod step;
