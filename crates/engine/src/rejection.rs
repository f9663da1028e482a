//! Refusals: a command that cannot be carried out changes nothing and says why.

use std::fmt;

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The kind, which clients act on.
    pub code: RejectionCode,
    /// The whole sentence, which people read and some clients match on.
    pub reason: String,
}

/// The kinds of refusal that clients know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionCode {
    /// The request itself is wrong.
    InvalidArgument,
    /// What it names does not exist.
    NotFound,
    /// What it would make exists already.
    AlreadyExists,
    /// What it names is in a state that does not allow it.
    InvalidState,
    /// The engine could not do it although nothing is wrong with the request.
    ProcessingError,
}

impl RejectionCode {
    /// The name used in rejection texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::InvalidState => "INVALID_STATE",
            Self::ProcessingError => "PROCESSING_ERROR",
        }
    }
}

impl Rejection {
    /// A refusal with its reason.
    pub fn new(code: RejectionCode, reason: impl Into<String>) -> Rejection {
        Rejection { code, reason: reason.into() }
    }

    /// The request itself is wrong.
    pub fn invalid(reason: impl Into<String>) -> Rejection {
        Rejection::new(RejectionCode::InvalidArgument, reason)
    }

    /// What it names does not exist.
    pub fn not_found(reason: impl Into<String>) -> Rejection {
        Rejection::new(RejectionCode::NotFound, reason)
    }

    /// What it names is in a state that does not allow it.
    pub fn state(reason: impl Into<String>) -> Rejection {
        Rejection::new(RejectionCode::InvalidState, reason)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
