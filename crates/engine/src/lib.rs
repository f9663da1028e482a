//! One partition as a state machine: commands to events to state. Pure.
