//! `weir decision`: evaluates, checks and tests DMN models without a server.

mod eval;
mod test;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use weir_dmn::{Diagnostics, Drg, Mode};

use crate::{command::check::Check, exit::Exit, failure::Failure, output::Output};

/// Evaluate, check and test DMN decisions, without a server
///
/// Examples:
///   weir decision eval discount.dmn Discount --input '{"amount": 120, "customer": "gold"}'
///   weir decision check decisions/
///   weir decision test decisions/ --junit report.xml     test cases in the XML format of the DMN TCK
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Decision {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Evaluate a decision and show what was evaluated on the way
    Eval(eval::Eval),
    /// Check models: prints everything that is wrong with them
    Check(Check),
    /// Run test cases against models
    Test(test::Test),
}

/// How decisions are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// As the DMN standard says
    Standard,
    /// As a deployed decision
    Zeebe,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Standard => Self::Standard,
            ModeName::Zeebe => Self::Zeebe,
        }
    }
}

impl Decision {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        match self.action {
            Action::Eval(eval) => eval.run(output),
            Action::Check(check) => check.run(output),
            Action::Test(test) => test.run(output),
        }
    }
}

/// The files of a model: its own, and those beside it that it may import.
pub(crate) struct Source {
    own: Vec<u8>,
    beside: Vec<Vec<u8>>,
    mode: Mode,
}

impl Source {
    /// Reads a model's file. A deployed model cannot import, so in that mode nothing lies beside it.
    pub(crate) fn read(file: &Path, mode: ModeName) -> Result<Self, Failure> {
        let own = fs::read(file).map_err(|error| Failure::reading(file, &error))?;
        let beside = match mode {
            // One that cannot be read is missed where it is imported.
            ModeName::Standard => models_beside(file).iter().flat_map(fs::read).collect(),
            ModeName::Zeebe => Vec::new(),
        };
        Ok(Self { own, beside, mode: mode.into() })
    }

    /// The model, or everything that would keep it from being deployed.
    pub(crate) fn compile(&self) -> Result<Drg, Diagnostics> {
        Drg::parse_with_imports(&self.own, &self.others(), self.mode)
    }

    /// The model as far as it can be run: FEEL with errors fails only what evaluates it.
    fn compile_despite_feel_errors(&self) -> Result<Drg, Diagnostics> {
        Drg::parse_despite_feel_errors(&self.own, &self.others(), self.mode)
    }

    fn others(&self) -> Vec<&[u8]> {
        self.beside.iter().map(Vec::as_slice).collect()
    }
}

fn models_beside(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_other = |path: &PathBuf| {
        path.extension().is_some_and(|it| it == "dmn") && path.file_name() != file.file_name()
    };
    let mut files: Vec<PathBuf> = entries.filter(is_other).collect();
    files.sort();
    files
}
