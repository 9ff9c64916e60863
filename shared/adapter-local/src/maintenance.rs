//! Forgetting what has expired, a bounded piece at a time.
use crate::open::LocalStores;
use flows::ports::{QueueError, StoreError};

/// What one call removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Maintained {
    /// Expired items and tombstones.
    pub items: usize,
    /// Messages beyond their queue's retention.
    pub messages: usize,
    /// Deduplication ids whose window has passed.
    pub deduplication_ids: usize,
}

/// Which store could not be maintained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MaintenanceError {
    /// Items.
    #[error(transparent)]
    State(#[from] StoreError),
    /// Messages.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl LocalStores {
    /// Removes what nobody sees any more: at most `limit` rows of each kind. Nothing depends on it but the
    /// size of the file; call it when there is time, again when something was removed.
    pub async fn maintain(&self, limit: usize) -> Result<Maintained, MaintenanceError> {
        let items = self.state.purge(limit).await?;
        let (messages, deduplication_ids) = self.queue.purge(limit).await?;
        Ok(Maintained { items, messages, deduplication_ids })
    }
}
