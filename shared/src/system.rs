//! The machine's own clock and chance. The one module that asks the system for either.
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use flows::ports::{Clock, Randomness};
use rand::RngExt;
use std::time::Duration;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that others take as a port")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The system's randomness; ids are UUIDs of version 7, which sort by time of creation.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { rand::rng().random_range(0..bound) }
    }

    fn unique_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_sort_by_creation() {
        let ids: Vec<_> = (0..1000).map(|_| SystemRandomness.unique_id()).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 1000);
    }

    #[test]
    fn numbers_stay_below_the_bound() {
        assert_eq!(SystemRandomness.below(0), 0);
        assert_eq!(SystemRandomness.below(1), 0);
        assert!((0..1000).all(|_| SystemRandomness.below(7) < 7));
    }

    #[tokio::test]
    async fn the_clock_goes_on_while_one_sleeps() {
        let before = SystemClock.now();
        SystemClock.sleep(Duration::from_millis(2)).await;
        assert!(SystemClock.now() > before);
    }
}
