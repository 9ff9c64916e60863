//! The gate every call to an outside account passes: a rate limit shared by all instances.
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Why a call may not be made now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// The account's budget is used up for longer than a call may wait: save the work with this `due_at`.
    #[error("rate limit reached, next call at {until}")]
    Deferred {
        /// When to try again.
        until: DateTime<Utc>,
    },
    /// The limit's state could not be read.
    #[error("rate limit state is unavailable: {0}")]
    Unavailable(String),
}

/// Admits calls one by one. Waits up to 30 s inside; longer waits are the caller's `due_at`.
#[async_trait]
pub trait CallGate: Send + Sync {
    /// Returns when one call may be made.
    async fn admit(&self) -> Result<(), GateError>;
    /// The far side asked for silence (`Retry-After`): nothing is admitted before `until`, by anybody.
    async fn hold_until(&self, until: DateTime<Utc>) -> Result<(), GateError>;
}

/// A gate that is always open: for tests and for files.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

#[async_trait]
impl CallGate for OpenGate {
    async fn admit(&self) -> Result<(), GateError> {
        Ok(())
    }
    async fn hold_until(&self, _until: DateTime<Utc>) -> Result<(), GateError> {
        Ok(())
    }
}
