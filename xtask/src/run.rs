//! Running other programs, and saying so.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

/// Why a command of this tool failed, in a sentence.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

impl Failed {
    /// A failure that was told already.
    pub(crate) fn silently() -> Self {
        Self(String::new())
    }

    /// An error of the system, with what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |error| Self(format!("{doing}: {error}"))
    }
}

/// One line to standard output.
pub(crate) fn say(text: &str) {
    let _gone = writeln!(io::stdout().lock(), "{text}");
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Runs a program to its end; a non-zero exit code is a failure.
pub(crate) fn run(command: &mut Command) -> Result<(), Failed> {
    let text = format!("{command:?}");
    let status = command.status().map_err(Failed::io(format!("cannot run {text}")))?;
    if status.success() { Ok(()) } else { Err(Failed(format!("{text} ended with {status}"))) }
}

/// Whether a program can be run at all.
pub(crate) fn exists(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Builds the release binary and says where it is. `WEIR_BINARY` names another one to be used as it is.
pub(crate) fn build_weir() -> Result<PathBuf, Failed> {
    if let Some(binary) = std::env::var_os("WEIR_BINARY") {
        return Ok(binary.into());
    }
    run(Command::new(env!("CARGO")).args(["build", "--release", "-p", "weir-server"]).current_dir(root()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/weir"))
}
