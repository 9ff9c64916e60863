//! Larger pieces of evidence: before-images, originals, replies.
use async_trait::async_trait;

/// Why a blob could not be stored or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The key is empty, absolute, or leaves the store (`..`).
    #[error("blob key {0:?} is not allowed")]
    BadKey(String),
    /// The store cannot be reached or written.
    #[error("blob store is unavailable: {0}")]
    Unavailable(String),
    /// The blob is there but cannot be read back (damaged, other key file).
    #[error("blob {key} cannot be read: {reason}")]
    Unreadable {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Bytes by key; keys are `/`-separated paths. Every implementation passes `testkit::contract::blobs`.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Stores bytes, replacing what stood there; visible whole or not at all.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BlobError>;
    /// The bytes, or `None`.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError>;
    /// Keys that start with the prefix, ascending, at most `limit`.
    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, BlobError>;
    /// Removes a blob; removing nothing is fine.
    async fn delete(&self, key: &str) -> Result<(), BlobError>;
}
