//! The only clock of the engine: the world's, or one that a developer sets.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use weir_engine::rejection::Rejection;

use crate::handle::SubmitError;

const RUNNING: i64 = i64::MIN;

/// A clock in milliseconds since 1970.
#[derive(Debug)]
pub struct Clock {
    pinned_ms: AtomicI64,
    may_be_set: bool,
}

impl Clock {
    /// The world's clock; whether it may be stopped for tests.
    pub fn new(may_be_set: bool) -> Clock {
        Clock { pinned_ms: AtomicI64::new(RUNNING), may_be_set }
    }

    /// Now.
    pub fn now_ms(&self) -> i64 {
        match self.pinned_ms.load(Ordering::Relaxed) {
            RUNNING => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
            }
            pinned => pinned,
        }
    }

    /// Whether it stands.
    pub fn is_pinned(&self) -> bool {
        self.pinned_ms.load(Ordering::Relaxed) != RUNNING
    }

    pub(crate) fn pin(&self, epoch_ms: i64) -> Result<(), SubmitError> {
        self.settable()?;
        self.pinned_ms.store(epoch_ms.max(0), Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn reset(&self) -> Result<(), SubmitError> {
        self.settable()?;
        self.pinned_ms.store(RUNNING, Ordering::Relaxed);
        Ok(())
    }

    fn settable(&self) -> Result<(), SubmitError> {
        if self.may_be_set {
            return Ok(());
        }
        let reason = "Expected to set the clock, but only a server started with `weir dev` lets it be set";
        Err(SubmitError::Rejected(Rejection::state(reason)))
    }
}
