//! Diagnostics of every rule, as they are told.

mod activities;
mod events;
mod gateways;
mod not_run_yet;
mod structure;
mod sub_processes;
mod timers;
