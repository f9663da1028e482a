//! `weir completions`: what the shell needs to complete commands with the tab key.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{cli::Cli, exit::Exit, failure::Failure};

/// Print completions for a shell
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
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "weir", &mut script);
        // A reader that went away (`weir completions bash | head`) is no error.
        let _gone = io::stdout().lock().write_all(&script);
        Ok(Exit::Ok)
    }
}
