//! What every use case is handed: the ports, the limits, and a way to reach an account's outside systems.
use crate::accounts::Account;
use crate::lease::Takeover;
use crate::ports::{
    BlobError, BlobStore, Clock, OrderSource, QueueError, Randomness, ReportSheet, StateStore,
};
use crate::ports::{StoreError, WorkQueue};
use crate::pseudonym::Pseudonym;
use crate::reason::Reason;
use crate::settings::FlowSettings;
use async_trait::async_trait;
use std::sync::Arc;

/// Opens the outside systems of an account; the wiring implements it.
#[async_trait]
pub trait Connections: Send + Sync {
    /// Where its orders come from. Refused with a reason when the secret is missing or malformed.
    async fn orders(&self, account: &Account) -> Result<Arc<dyn OrderSource>, Reason>;
    /// Its two spreadsheets.
    async fn sheet(&self, account: &Account) -> Result<Arc<dyn ReportSheet>, Reason>;
}

/// The dependencies of a handler, built once at start.
#[derive(Clone)]
pub struct Deps {
    /// Items.
    pub state: Arc<dyn StateStore>,
    /// Wake-ups.
    pub queue: Arc<dyn WorkQueue>,
    /// Evidence.
    pub blobs: Arc<dyn BlobStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance and ids.
    pub random: Arc<dyn Randomness>,
    /// Outside systems by account.
    pub connections: Arc<dyn Connections>,
    /// Keys for the person cache.
    pub pseudonym: Pseudonym,
    /// Limits.
    pub settings: FlowSettings,
    /// Whether a lease that has not ended may be taken: only when this machine's other workers are known to be gone.
    pub takeover: Takeover,
}

/// The infrastructure failed: nothing is concluded, the message is delivered again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// The state store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The blob store.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A conditional write lost too many races.
    #[error("item {0} is fought over by too many writers")]
    Contended(String),
    /// The event cannot be worked on; repeating it does not help.
    #[error("{0}")]
    Refused(Reason),
    /// The request itself is wrong: named option, and what would be right.
    #[error("{0}")]
    BadRequest(String),
}
