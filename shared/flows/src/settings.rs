//! The limits of the use cases. Every loop, wait and batch of this crate is bounded by one of these.
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
