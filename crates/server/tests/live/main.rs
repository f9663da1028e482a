//! The real program, as its users start it: what it does with bad input, on bad days of its disk, and by hand.

mod bad_input;
mod by_hand;
mod data;
mod full_disk;
mod mirror;
mod server;
