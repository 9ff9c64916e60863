//! Time and chance under the control of a test: a clock that jumps where a real one would wait, and
//! randomness that says the same numbers again for the same seed.
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use flows::ports::{Clock, Randomness};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A clock that only moves when it is told to, or when somebody sleeps on it.
///
/// A sleep moves the clock to the end of the sleep and lets other tasks run; it never moves it back.
/// Clones show the same time.
#[derive(Debug, Clone)]
pub struct SimulatedClock {
    face: Arc<Mutex<Face>>,
}

#[derive(Debug)]
struct Face {
    now: DateTime<Utc>,
    slept: Vec<Duration>,
}

impl SimulatedClock {
    /// A clock that shows the time.
    pub fn starting_at(now: DateTime<Utc>) -> Self {
        Self { face: Arc::new(Mutex::new(Face { now, slept: Vec::new() })) }
    }

    /// A clock that shows a time in UTC; for tests that want to read well. A date that does not exist
    /// shows 1970.
    pub fn at(year: i32, month: u32, day: u32, hour: u32, minute: u32) -> Self {
        let then = Utc.with_ymd_and_hms(year, month, day, hour, minute, 0).earliest();
        Self::starting_at(then.unwrap_or(DateTime::UNIX_EPOCH))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.with(|face| face.now = later(face.now, by));
    }

    /// Sets the clock, backwards too.
    pub fn set(&self, now: DateTime<Utc>) {
        self.with(|face| face.now = now);
    }

    /// Every sleep so far, in the order in which they began.
    pub fn slept(&self) -> Vec<Duration> {
        self.with(|face| face.slept.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Face) -> T) -> T {
        look(&mut self.face.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for SimulatedClock {
    /// Noon (UTC) of an ordinary Friday, 2024-03-15.
    fn default() -> Self {
        Self::at(2024, 3, 15, 12, 0)
    }
}

/// The time after a duration; the end of time when that is too far.
fn later(from: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|delta| from.checked_add_signed(delta))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> DateTime<Utc> {
        self.with(|face| face.now)
    }

    async fn sleep(&self, duration: Duration) {
        let wake_at = self.with(|face| {
            face.slept.push(duration);
            later(face.now, duration)
        });
        tokio::task::yield_now().await;
        self.with(|face| face.now = face.now.max(wake_at));
    }
}

/// Randomness that repeats itself for the same seed. Clones go on in one common sequence.
#[derive(Clone)]
pub struct SeededRandomness {
    clock: Option<Arc<dyn Clock>>,
    source: Arc<Mutex<Source>>,
}

struct Source {
    rng: StdRng,
    ids: u64,
}

impl std::fmt::Debug for SeededRandomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeededRandomness").finish_non_exhaustive()
    }
}

impl SeededRandomness {
    /// Randomness whose ids sort by the order in which this source (or a clone) made them.
    pub fn new(seed: u64) -> Self {
        let source = Source { rng: StdRng::seed_from_u64(seed), ids: 0 };
        Self { clock: None, source: Arc::new(Mutex::new(source)) }
    }

    /// Randomness whose ids also sort by the time a clock shows, so that sources with other seeds
    /// (another process, the next run) line up with this one.
    pub fn with_clock(seed: u64, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..Self::new(seed) }
    }
}

impl Randomness for SeededRandomness {
    fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        self.source.lock().unwrap_or_else(PoisonError::into_inner).rng.random_range(0..bound)
    }

    fn unique_id(&self) -> String {
        let at_ms = self.clock.as_ref().map_or(0, |clock| clock.now().timestamp_millis().max(0));
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.ids += 1;
        let chance = source.rng.next_u32();
        format!("{at_ms:012x}-{:06x}-{chance:08x}", source.ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleep_moves_the_clock_instead_of_waiting() {
        let clock = SimulatedClock::default();
        let before = clock.now();
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now() - before, TimeDelta::hours(1));
        assert_eq!(clock.slept(), [Duration::from_secs(3600)]);
    }

    #[tokio::test]
    async fn sleeps_side_by_side_overlap() {
        let clock = SimulatedClock::default();
        let before = clock.now();
        tokio::join!(clock.sleep(Duration::from_secs(30)), clock.sleep(Duration::from_secs(10)));
        assert_eq!(clock.now() - before, TimeDelta::seconds(30));
    }

    #[test]
    fn clones_show_the_same_time_and_set_goes_backwards() {
        let clock = SimulatedClock::default();
        let other = clock.clone();
        clock.advance(Duration::from_secs(5));
        assert_eq!(other.now(), clock.now());
        other.set(DateTime::UNIX_EPOCH);
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH);
    }

    #[test]
    fn the_same_seed_says_the_same_numbers_and_ids_differ_and_sort() {
        let (one, two) = (SeededRandomness::new(7), SeededRandomness::new(7));
        let draw = |source: &SeededRandomness| (0..50).map(|_| source.below(1000)).collect::<Vec<_>>();
        assert_eq!(draw(&one), draw(&two));
        assert_eq!(one.below(0), 0);
        let ids: Vec<_> = (0..300).map(|_| one.unique_id()).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 300);
    }

    #[test]
    fn ids_of_different_sources_sort_by_the_clock() {
        let clock = SimulatedClock::default();
        let early = SeededRandomness::with_clock(9, Arc::new(clock.clone())).unique_id();
        clock.advance(Duration::from_secs(1));
        let late = SeededRandomness::with_clock(1, Arc::new(clock)).unique_id();
        assert!(early < late);
    }
}
