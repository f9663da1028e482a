//! `weir`: the one binary. Reads the command line, runs one subcommand, ends with its exit code.

mod bench;
mod cli;
mod client;
mod command;
mod config;
mod exit;
mod failure;
mod follow;
mod output;
mod start;
mod variables;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

use crate::{cli::Cli, exit::Exit, output::Output};

/// Requests and records are many small pieces of memory, made by one thread and freed by another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color.apply();
    let output = Output { json: cli.json };
    match command::run(cli.command, output) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.failure(&failure);
            let exit: Exit = failure.exit;
            exit.into()
        }
    }
}
