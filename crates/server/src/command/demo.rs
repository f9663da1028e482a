//! `weir demo`: under construction.

use clap::Args;

use crate::{exit::Exit, failure::Failure, output::Output};

/// Not built yet.
#[derive(Args, Debug)]
pub(crate) struct Demo {}

impl Demo {
    pub(crate) fn run(self, _output: Output) -> Result<Exit, Failure> {
        Err(Failure::new(Exit::Failed, "not built yet"))
    }
}
