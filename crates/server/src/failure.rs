//! Why a subcommand could not do what was asked, told so that a person can act on it.

use std::{
    fmt::{self, Display},
    io,
    path::Path,
};

use serde_json::json;
use tonic::{Code, Status};

use crate::exit::Exit;

/// What went wrong, where, why, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the process ends.
    pub(crate) exit: Exit,
    what: String,
    place: Option<String>,
    why: Option<String>,
    remedy: Option<String>,
}

impl Failure {
    /// A failure with a sentence that says what did not work.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), place: None, why: None, remedy: None }
    }

    /// An argument or an input file that cannot be used.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// Where: a file, a line, an address.
    pub(crate) fn at(mut self, place: impl Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// Why, often another program's words.
    pub(crate) fn because(mut self, why: impl Display) -> Self {
        self.why = Some(why.to_string());
        self
    }

    /// What to do about it.
    pub(crate) fn try_this(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// A file that could not be read.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "check the path; it is taken from the current directory",
            io::ErrorKind::PermissionDenied => "check who may read it: ls -l",
            io::ErrorKind::IsADirectory => "this is a folder: name a file in it",
            _ => "check that it is a readable file",
        };
        Self::usage("cannot read the file").at(path.display()).because(error).try_this(remedy)
    }

    /// An answer of the gateway that is not the wished one.
    pub(crate) fn status(doing: &str, address: &str, status: &Status) -> Self {
        let (exit, remedy) = match misunderstanding(status) {
            Some(known) => known,
            None => remedy(status.code()),
        };
        // Without a connection the useful text is at the end of the chain of causes.
        let mut why = status.message().to_owned();
        let mut source = std::error::Error::source(status);
        while let Some(cause) = source {
            let text = cause.to_string();
            if !why.contains(&text) {
                why = format!("{why}: {text}");
            }
            source = cause.source();
        }
        let code = format!("{:?}", status.code());
        Self::new(exit, format!("{doing} failed"))
            .at(address)
            .because(format!("{code}: {why}"))
            .try_this(remedy)
    }

    /// As an object for programs.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        json!({ "error": {
            "exit": self.exit as u8, "what": self.what, "where": self.place, "why": self.why, "remedy": self.remedy,
        }})
    }
}

/// What a status means that does not mean what its code says.
fn misunderstanding(status: &Status) -> Option<(Exit, &'static str)> {
    let (code, text) = (status.code(), status.message());
    let is_answered = std::error::Error::source(status).is_none();
    if code == Code::Cancelled && text == "Timeout expired" {
        // The client's own time-out, which the library gives another name.
        return Some(remedy(Code::DeadlineExceeded));
    }
    let no_grpc = ["compression flag", "response with status", "grpc-status header missing"];
    if no_grpc.iter().any(|sign| text.contains(sign)) {
        return Some((
            Exit::Connection,
            "something else than a gRPC server answers there: the usual port is 26500; 8080 is for REST, 9600 for metrics",
        ));
    }
    if code == Code::Unavailable && is_answered && text.contains("the key belongs to partition") {
        return Some((Exit::Rejected, "check the key: this server never gave it out"));
    }
    if code == Code::ResourceExhausted && text.contains("disk") {
        return Some((
            Exit::Rejected,
            "free space on the server's disk; work that is under way can still be ended",
        ));
    }
    None
}

/// How the process ends for a status of the gateway, and what its reader can do.
fn remedy(code: Code) -> (Exit, &'static str) {
    match code {
        Code::Unavailable => (
            Exit::Connection,
            "is the server running? start one with `weir dev`, or name another with --address HOST:PORT",
        ),
        Code::DeadlineExceeded => (
            Exit::Timeout,
            "the server may still do it; raise --timeout, or look whether a worker or an incident holds it up",
        ),
        Code::Cancelled | Code::Aborted => (
            Exit::Connection,
            "the connection broke and the server may have done it; look before you repeat it",
        ),
        Code::NotFound => (Exit::Rejected, "check the key or id; what has ended is no longer found"),
        Code::AlreadyExists => {
            (Exit::Rejected, "it is there already; use another id if you mean another one")
        }
        Code::FailedPrecondition => (Exit::Rejected, "its state does not allow this now"),
        Code::InvalidArgument => (Exit::Rejected, "correct the input; nothing was changed"),
        Code::ResourceExhausted => (
            Exit::Rejected,
            "the server is busy or the request too large, and nothing was applied; try again in a moment",
        ),
        Code::Unimplemented => {
            (Exit::Rejected, "this server does not offer it; `weir version --server` tells which one it is")
        }
        Code::PermissionDenied | Code::Unauthenticated => {
            (Exit::Rejected, "the server wants to know who you are, or you may not do this")
        }
        Code::Ok | Code::Unknown | Code::OutOfRange | Code::Internal | Code::DataLoss => {
            (Exit::Failed, "look into the server's log")
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let lines = [("where", &self.place), ("why", &self.why), ("try", &self.remedy)];
        for (name, text) in lines.iter().filter_map(|(name, text)| text.as_ref().map(|text| (name, text))) {
            write!(f, "\n  {name:>5}: {}", text.trim_end().replace('\n', "\n         "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_library_calls_otherwise_is_told_as_it_is() {
        let told = |code, text: &str| Failure::status("asking", "a:1", &Status::new(code, text));
        assert_eq!(told(Code::Cancelled, "Timeout expired").exit, Exit::Timeout);
        assert_eq!(told(Code::Cancelled, "stream ended").exit, Exit::Connection);
        let wrong_port =
            "protocol error: received message with invalid compression flag: 123 (valid flags are 0 and 1)";
        let wrong_port = told(Code::Internal, wrong_port);
        assert_eq!(wrong_port.exit, Exit::Connection);
        assert!(wrong_port.to_string().contains("usual port is 26500"), "{wrong_port}");
        let other_face = "grpc-status header missing, mapped from HTTP status code 404";
        assert_eq!(told(Code::Unimplemented, other_face).exit, Exit::Connection);
        let full = told(Code::ResourceExhausted, "the disk of the data folder is full");
        assert!(full.to_string().contains("free space"), "{full}");
        let key = told(
            Code::Unavailable,
            "the key belongs to partition 0, but this system has the partitions 1 to 3",
        );
        assert_eq!(key.exit, Exit::Rejected);
        assert_eq!(told(Code::Unavailable, "the node is stopping").exit, Exit::Connection);
    }
}
