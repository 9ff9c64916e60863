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

/// The store of a function that keeps no evidence.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBlobs;

fn not_wired<T>() -> Result<T, BlobError> {
    Err(BlobError::Unavailable("this function was started without it".to_owned()))
}

#[async_trait]
impl BlobStore for NoBlobs {
    async fn put(&self, _: &str, _: Vec<u8>) -> Result<(), BlobError> {
        not_wired()
    }
    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, BlobError> {
        not_wired()
    }
    async fn list(&self, _: &str, _: usize) -> Result<Vec<String>, BlobError> {
        not_wired()
    }
    async fn delete(&self, _: &str) -> Result<(), BlobError> {
        not_wired()
    }
}
