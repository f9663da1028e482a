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

use crate::{cli::Cli, exit::Exit, failure::Failure, output::Output};

/// Requests and records are many small pieces of memory, made by one thread and freed by another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
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

/// A command line that is none, or one that asks for help.
fn refused(error: &clap::Error) -> ExitCode {
    let asks_for_json = std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json");
    if error.use_stderr() && asks_for_json {
        let output = Output { json: true };
        let text = error.render().to_string();
        output.failure(&Failure::usage("the command line cannot be used").because(text.trim()));
        return Exit::Usage.into();
    }
    // A reader that went away is no error.
    let _gone = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() }
}
