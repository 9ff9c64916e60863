//! The limits of the use cases. Every loop, wait and batch of this crate is bounded by one of these.
use crate::config::{Limit, Timing, check_nest};
use crate::ports::QueueConfig;
use std::time::Duration;

/// Name of the queue of window wake-ups.
pub const WINDOWS_QUEUE: &str = "sige-windows.fifo";
/// Name of the queue of the wake-ups that nobody could answer.
pub const WINDOWS_DEAD_LETTERS: &str = "sige-windows-dlq.fifo";
/// The same window is planned again at most this often when the tab changes under our hands.
pub const PLANS_PER_WRITE_MAX: u32 = 3;
/// A day is written again at most this often when the read-back differs.
pub const WRITES_PER_WINDOW_MAX: u32 = 2;
/// Person look-ups that fail in a row before the rest of the day goes without.
pub const PERSON_FAILURES_MAX: u32 = 3;
/// Attempts at a window after which a person endpoint that only ever announces waits counts as failed.
pub const PERSON_ATTEMPTS_MAX: u32 = 4;
/// Crashes in a row after which a window needs a person instead of another try.
pub const CRASHES_MAX: u32 = 5;
/// Plans that one commit tells about a window; with the window, the day, the run and the fence it fits a transaction.
pub const PLANS_TOLD_MAX: usize = 15;
/// Retries of a conditional write that lost a race.
pub const RACES_MAX: usize = 20;

/// Limits with their defaults; `erp-sync.toml` names the same ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowSettings {
    /// How long a lease is believed without renewal. Longer than the longest single call under it.
    pub lease_ttl: Duration,
    /// Absence of a write's marker counts only after this time since the sending.
    pub settle_after: Duration,
    /// Time one window may take in one go; the rest follows in the next.
    pub window_budget: Duration,
    /// A wake-up that was not answered for this long is sent again.
    pub requeue_after: Duration,
    /// Most days of one backfill.
    pub backfill_days_max: u32,
    /// How far the changed-since listing reaches back behind the last success.
    pub change_overlap: Duration,
    /// Days of the past that a changed order may wake.
    pub touched_days_max: u32,
    /// Waits before a window is tried again after an outage; the last one repeats.
    pub retry_delays: Vec<Duration>,
}

impl Default for FlowSettings {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            lease_ttl: minutes(5),
            settle_after: Duration::from_secs(200),
            window_budget: Duration::from_secs(240),
            requeue_after: minutes(30),
            backfill_days_max: 1_100,
            change_overlap: minutes(60),
            touched_days_max: 400,
            retry_delays: [1, 2, 5, 15, 30, 60].map(minutes).to_vec(),
        }
    }
}

/// The queues of the SIGE flows: wake-ups, and the dead letters that outlive them.
pub fn queues(visibility: Duration, receive_count_max: u32) -> [QueueConfig; 2] {
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let dead_letters = QueueConfig {
        name: WINDOWS_DEAD_LETTERS.to_owned(),
        fifo: true,
        max_receive_count: u32::MAX,
        dead_letter_queue: None,
        visibility,
        retention: days(14),
    };
    let windows = QueueConfig {
        name: WINDOWS_QUEUE.to_owned(),
        max_receive_count: receive_count_max,
        dead_letter_queue: Some(WINDOWS_DEAD_LETTERS.to_owned()),
        retention: days(4),
        ..dead_letters.clone()
    };
    [windows, dead_letters]
}

crate::settings_section! {
    /// How work is planned, leased, deferred and retried.
    ["flows"] FlowSection {
        /// Most days of one backfill.
        backfill_days_max: u64 = 1_100, Limit::of(1, 1_500);
        /// How far before the last success the question "changed since?" reaches back, in minutes.
        change_overlap_minutes: u64 = 60, Limit::of(0, 10_080);
        /// Days of the past that a changed order may bring back into the daily plan.
        touched_days_max: u64 = 400, Limit::of(0, 3_660);
        /// Time of one window (a sale day of an account) in one go, in seconds; the rest follows in the next.
        window_budget_s: u64 = 240, Limit::of(1, 280);
        /// Time of one handler call, in seconds.
        handler_timeout_s: u64 = 300, Limit::of(2, 900);
        /// How long a delivered message stays hidden, in seconds; at least 6 handler calls.
        visibility_s: u64 = 1_800, Limit::of(12, 43_200);
        /// A wake-up that was not answered for this long is sent again, in seconds.
        requeue_after_s: u64 = 1_800, Limit::of(1, 86_400);
        /// Deliveries of a message before it goes to the dead letters.
        receive_count_max: u64 = 5, Limit::of(5, 1_000);
        /// How long a lease is believed without renewal, in seconds; longer than the longest call made under it.
        lease_ttl_s: u64 = 300, Limit::of(1, 3_600);
        /// How long after a write without answer the sheet must stay unchanged before the write counts as lost, in seconds.
        settle_after_s: u64 = 200, Limit::of(0, 3_600);
        /// Waits before a window is tried again after an outage, in seconds; the last one repeats.
        retry_delays_s: Vec<u64> = vec![60, 120, 300, 900, 1_800, 3_600], Limit::of(1, 86_400);
    }
}

impl FlowSection {
    /// As the use cases take them.
    pub fn settings(&self) -> FlowSettings {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        FlowSettings {
            lease_ttl: Duration::from_secs(self.lease_ttl_s),
            settle_after: Duration::from_secs(self.settle_after_s),
            window_budget: Duration::from_secs(self.window_budget_s),
            requeue_after: Duration::from_secs(self.requeue_after_s),
            backfill_days_max: small(self.backfill_days_max),
            change_overlap: Duration::from_secs(self.change_overlap_minutes.saturating_mul(60)),
            touched_days_max: small(self.touched_days_max),
            retry_delays: self.retry_delays_s.iter().copied().map(Duration::from_secs).collect(),
        }
    }

    /// Settings that are each in range but do not go together: dotted key and reason. `calls` are the times of the
    /// outside calls that a window makes, `writes` of those that it makes under its lease.
    pub fn conflicts(&self, calls: &[Timing], writes: &[Timing]) -> Vec<(&'static str, String)> {
        let window = Timing::new("flows.window_budget_s", self.window_budget_s);
        let lease = Timing::new("flows.lease_ttl_s", self.lease_ttl_s);
        let handler = Timing::new("flows.handler_timeout_s", self.handler_timeout_s);
        let mut pairs: Vec<_> = calls.iter().map(|call| (*call, window)).collect();
        pairs.extend(writes.iter().map(|write| (*write, lease)));
        pairs.push((window, handler));
        let mut found = check_nest(&pairs);
        let hidden_min_s = self.handler_timeout_s.saturating_mul(6);
        if self.visibility_s < hidden_min_s {
            let told = format!(
                "is {}; it must be at least 6 times flows.handler_timeout_s, which makes {hidden_min_s}",
                self.visibility_s
            );
            found.push(("flows.visibility_s", told));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_section_are_the_defaults_of_the_flows() {
        assert_eq!(FlowSection::default().settings(), FlowSettings::default());
        assert_eq!(FlowSection::default().conflicts(&[], &[]), []);
    }

    #[test]
    fn times_that_do_not_nest_are_told() {
        let section = FlowSection { window_budget_s: 150, visibility_s: 600, ..FlowSection::default() };
        let write = Timing::new("sheets.write_timeout_s", 200);
        let keys: Vec<_> = section.conflicts(&[write], &[write]).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["sheets.write_timeout_s", "flows.visibility_s"]);
    }
}
