//! `weir check`: under construction.

use clap::Args;

use crate::{exit::Exit, failure::Failure, output::Output};

/// Not built yet.
#[derive(Args, Debug)]
pub(crate) struct Check {}

impl Check {
    pub(crate) fn run(self, _output: Output) -> Result<Exit, Failure> {
        Err(Failure::new(Exit::Failed, "not built yet"))
    }
}
