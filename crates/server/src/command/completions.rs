//! `weir completions`: what the shell needs to complete commands with the tab key.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{cli::Cli, exit::Exit, failure::Failure};

/// Print completions for a shell.
///
/// bash:  weir completions bash > ~/.local/share/bash-completion/completions/weir
/// zsh:   weir completions zsh > "${fpath[1]}/_weir"
/// fish:  weir completions fish > ~/.config/fish/completions/weir.fish
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Completions {
    /// For which shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        clap_complete::generate(self.shell, &mut Cli::command(), "weir", &mut io::stdout());
        Ok(Exit::Ok)
    }
}
