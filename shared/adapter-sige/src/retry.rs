//! When a failed call is made again: data, not code.
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::Randomness;
use std::time::Duration;

/// The waits between attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The longest wait before each further attempt; the real one is drawn between zero and it (full jitter), so that
    /// instances that failed together do not come back together. One attempt more than there are delays.
    pub delays: Vec<Duration>,
    /// A longer `Retry-After` is shortened to this.
    pub retry_after_cap: Duration,
    /// A longer wait is not slept: the caller gets the time and saves its work.
    pub sleep_max: Duration,
}

impl Default for RetryPolicy {
    /// 1.5, 3, 6 and 12 seconds; `Retry-After` up to 15 minutes; sleeps up to 30 seconds.
    fn default() -> Self {
        Self {
            delays: [1_500, 3_000, 6_000, 12_000].map(Duration::from_millis).to_vec(),
            retry_after_cap: Duration::from_secs(15 * 60),
            sleep_max: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// The drawn wait before the attempt after this one (counted from 0); `None` when it was the last.
    pub(crate) fn jittered_delay(&self, attempt: usize, randomness: &dyn Randomness) -> Option<Duration> {
        let delay_ms = u64::try_from(self.delays.get(attempt)?.as_millis()).unwrap_or(u64::MAX - 1);
        Some(Duration::from_millis(randomness.below(delay_ms.saturating_add(1))))
    }

    /// What `Retry-After` asks for, seconds or an HTTP date, shortened to the cap. Nonsense asks for nothing.
    pub(crate) fn asked_wait(&self, retry_after: Option<&str>, now: DateTime<Utc>) -> Option<Duration> {
        let text = retry_after?.trim();
        let asked = if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            // More digits than fit are a very long time.
            Duration::from_secs(text.parse().unwrap_or(u64::MAX))
        } else {
            let until = DateTime::parse_from_rfc2822(text).ok()?;
            until.signed_duration_since(now).to_std().unwrap_or(Duration::ZERO)
        };
        Some(asked.min(self.retry_after_cap))
    }
}

/// The time after a wait.
pub(crate) fn later(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    struct Highest;
    impl Randomness for Highest {
        fn below(&self, bound: u64) -> u64 {
            bound.saturating_sub(1)
        }
        fn unique_id(&self) -> String {
            String::new()
        }
    }

    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn a_delay_is_drawn_up_to_its_limit_and_there_are_as_many_as_listed() {
        let policy = RetryPolicy::default();
        let drawn: Vec<_> = (0..6).map(|attempt| policy.jittered_delay(attempt, &Highest)).collect();
        let limits = [Some(1_500), Some(3_000), Some(6_000), Some(12_000), None, None];
        assert_eq!(drawn, limits.map(|limit| limit.map(Duration::from_millis)));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_capped() {
        let policy = RetryPolicy::default();
        let now = Utc.with_ymd_and_hms(2026, 11, 24, 12, 0, 0).unwrap();
        let asked = |text: &str| policy.asked_wait(Some(text), now);
        assert_eq!(asked("7"), seconds(7));
        assert_eq!(asked(" 0 "), seconds(0));
        assert_eq!(asked("901"), seconds(900));
        assert_eq!(asked("99999999999999999999999999"), seconds(900));
        assert_eq!(asked("Tue, 24 Nov 2026 12:01:30 GMT"), seconds(90));
        assert_eq!(asked("Tue, 24 Nov 2026 11:00:00 GMT"), seconds(0));
        assert_eq!(asked("Tue, 24 Nov 2099 12:00:00 GMT"), seconds(900));
        for nonsense in ["", "soon", "-5", "1.5", "Tue, 99 Nov 2026 12:00:00 GMT"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
        assert_eq!(policy.asked_wait(None, now), None);
    }
}
