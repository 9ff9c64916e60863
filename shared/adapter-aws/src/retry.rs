//! The one layer of retries towards AWS. The SDK's own are switched off, so that delays, their jitter and the time
//! they take are those of the ports: a test sees every one of them, and none costs it time.
//!
//! A call is repeated as it is. Those that change something carry what makes a repetition harmless: a transaction
//! its token, a message its deduplication id; the rest says the same thing twice.
use flows::ports::{Clock, Randomness};
use std::sync::Arc;
use std::time::Duration;

/// The longest wait before each repetition; what is waited is a random part of it.
const DELAYS_MS_MAX: [u64; 6] = [50, 100, 200, 400, 800, 1600];
/// After this time nothing is repeated any more, so that with its last attempt a call ends within half a minute.
const REPEAT_WITHIN_S: i64 = 20;

/// Clock and chance of the waits.
#[derive(Clone)]
pub(crate) struct Retrying {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
}

impl Retrying {
    pub(crate) fn new(clock: Arc<dyn Clock>, random: Arc<dyn Randomness>) -> Self {
        Self { clock, random }
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// An id that nobody had before.
    pub(crate) fn unique_id(&self) -> String {
        self.random.unique_id()
    }

    /// Makes the call until it succeeds, fails in a way that does not pass, or the delays are used up.
    pub(crate) async fn call<T, E, F>(
        &self,
        passes: impl Fn(&E) -> bool,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let start = self.clock.now();
        for delay_ms_max in DELAYS_MS_MAX {
            match attempt().await {
                Err(error)
                    if passes(&error) && (self.clock.now() - start).num_seconds() < REPEAT_WITHIN_S =>
                {
                    let delay_ms = self.random.below(delay_ms_max + 1);
                    tracing::debug!(delay_ms, "the call is repeated");
                    self.clock.sleep(Duration::from_millis(delay_ms)).await;
                }
                outcome => return outcome,
            }
        }
        attempt().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::clock::{SeededRandomness, SimulatedClock};

    fn retrying() -> (SimulatedClock, Retrying) {
        let clock = SimulatedClock::default();
        (clock.clone(), Retrying::new(Arc::new(clock), Arc::new(SeededRandomness::new(1))))
    }

    async fn attempts(retrying: &Retrying, outcome: impl Fn(usize) -> Result<(), &'static str>) -> usize {
        let mut count = 0;
        let _outcome = retrying
            .call(
                |error| *error == "passes",
                || {
                    count += 1;
                    std::future::ready(outcome(count))
                },
            )
            .await;
        count
    }

    #[tokio::test]
    async fn what_passes_is_repeated_with_growing_random_delays_and_not_for_ever() {
        let (clock, retrying) = retrying();
        assert_eq!(attempts(&retrying, |_| Err("passes")).await, DELAYS_MS_MAX.len() + 1);
        let slept = clock.slept();
        assert_eq!(slept.len(), DELAYS_MS_MAX.len());
        let within = slept.iter().zip(DELAYS_MS_MAX).all(|(slept, max)| slept.as_millis() <= u128::from(max));
        assert!(within, "{slept:?}");
    }

    #[tokio::test]
    async fn what_stays_wrong_and_what_succeeds_is_not_repeated() {
        let (clock, retrying) = retrying();
        assert_eq!(attempts(&retrying, |_| Err("stays")).await, 1);
        assert_eq!(attempts(&retrying, |count| if count < 3 { Err("passes") } else { Ok(()) }).await, 3);
        assert_eq!(clock.slept().len(), 2);
    }

    #[tokio::test]
    async fn slow_attempts_use_up_the_time_for_repetitions() {
        let (clock, retrying) = retrying();
        let slow = |_| {
            clock.advance(Duration::from_secs(9));
            Err("passes")
        };
        assert_eq!(attempts(&retrying, slow).await, 3);
    }
}
