//! Time and chance as values passed in.
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// The time, and waiting for it to pass.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
    /// Returns after the duration. A simulated clock may jump.
    async fn sleep(&self, duration: Duration);
}

/// The source of jitter and ids.
pub trait Randomness: Send + Sync {
    /// A number in `0..bound`; 0 when `bound` is 0.
    fn below(&self, bound: u64) -> u64;
    /// A new unique id, URL-safe, that sorts by time of creation.
    fn unique_id(&self) -> String;
}
