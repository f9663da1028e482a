//! FEEL: text to checked expression to value. Pure.

pub mod dialect;
pub mod temporal;
