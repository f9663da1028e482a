//! What the process tells the shell when it ends.

use std::process::ExitCode;

/// Exit codes of `weir`, the same for every subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It was done, and the answer is good.
    Ok = 0,
    /// It was done, and the answer is bad: a model has errors, a test failed, work was lost.
    Failed = 1,
    /// The command line, the configuration or an input file is wrong; nothing was sent.
    Usage = 2,
    /// The server could not be reached, or the connection broke.
    Connection = 3,
    /// The server refused; nothing was changed.
    Rejected = 4,
    /// No answer in time; the server may still do it.
    Timeout = 5,
    /// The server could not start or had to stop: port in use, data folder locked, disk failed.
    Server = 6,
}

impl Exit {
    /// For the end of `--help`.
    pub(crate) const HELP: &str = "Exit codes: 0 done; 1 done, with a bad answer (model errors, failed tests); \
        2 wrong usage; 3 no connection; 4 refused by the server; 5 no answer in time; 6 the server could not start or had to stop";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
