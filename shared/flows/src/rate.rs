//! A rate limit per outside account, shared by every instance: GCRA on one item.
//!
//! ```text
//! tat  = theoretical arrival time: when the bucket would be full again
//! slot = max(now, tat - burst·T, last + min_interval, held_until)      T = period / calls
//! ```
//! A slot within 30 s is slept for; a later one is handed back as a `due_at`, so that no worker sits idle on
//! paid time and no message is held. Slots may be reserved a few at a time, so that a hundred calls are not a
//! hundred durable writes; those that a process does not use are lost, which errs on the quiet side.
use crate::ports::{CallGate, Clock, Expect, GateError, ItemKey, NewItem, StateStore, WriteOutcome};
use crate::typed;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// The longest wait that is slept inside a call.
pub const WAIT_MAX: Duration = Duration::from_secs(30);
/// How often a lost race for the item is run again before giving up.
const RACES_MAX: usize = 50;

/// How many calls an outside account takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Calls per period.
    pub calls: u32,
    /// The period.
    pub period: Duration,
    /// Calls that may come at once after a pause.
    pub burst: u32,
    /// Least time between two calls.
    pub min_interval: Duration,
    /// Slots reserved in one go.
    pub block: u32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Bucket {
    tat_ms: i64,
    last_ms: i64,
    held_until_ms: i64,
}

/// Slots that are ours, in milliseconds since the epoch, and the last one that was used.
#[derive(Debug, Default)]
struct Reserved {
    slots_ms: VecDeque<i64>,
    used_ms: i64,
}

/// The gate of one outside account.
pub struct RateLimit {
    store: Arc<dyn StateStore>,
    clock: Arc<dyn Clock>,
    key: ItemKey,
    quota: Quota,
    reserved: Mutex<Reserved>,
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl RateLimit {
    /// A gate for the account named by `scope` (for example `sige#matriz`).
    pub fn new(store: Arc<dyn StateStore>, clock: Arc<dyn Clock>, scope: &str, quota: Quota) -> Self {
        Self { store, clock, key: ItemKey::new("rate", scope), quota, reserved: Mutex::default() }
    }

    async fn change<R>(
        &self,
        change: impl Fn(&mut Bucket, i64) -> Result<R, GateError>,
    ) -> Result<R, GateError> {
        for _ in 0..RACES_MAX {
            let stored = typed::load::<Bucket>(&*self.store, &self.key).await.map_err(unavailable)?;
            let expect = stored.as_ref().map_or(Expect::Absent, |item| Expect::Version(item.version));
            let mut bucket = stored.map(|item| item.value).unwrap_or_default();
            let result = change(&mut bucket, self.clock.now().timestamp_millis())?;
            let body = typed::encode(&bucket).map_err(unavailable)?;
            let item = NewItem { key: self.key.clone(), index: None, expires_at: None, body };
            match self.store.write(item, expect).await.map_err(unavailable)? {
                WriteOutcome::Written(_) => return Ok(result),
                WriteOutcome::Refused(_) => continue,
            }
        }
        Err(GateError::Unavailable(format!("item {} is fought over by too many callers", self.key.sk)))
    }

    /// Reserves a block of slots; the first one within [`WAIT_MAX`], or when to come back.
    fn reserve(&self, bucket: &mut Bucket, now_ms: i64) -> Result<VecDeque<i64>, GateError> {
        let mut slots_ms = VecDeque::new();
        for _ in 0..self.quota.block.max(1) {
            let slot_ms = self.next_slot(bucket, now_ms);
            if slot_ms - now_ms > millis(WAIT_MAX) {
                break;
            }
            let interval_ms = millis(self.quota.period) / i64::from(self.quota.calls.max(1));
            bucket.tat_ms = bucket.tat_ms.max(slot_ms).saturating_add(interval_ms);
            bucket.last_ms = slot_ms;
            slots_ms.push_back(slot_ms);
        }
        if slots_ms.is_empty() {
            let slot_ms = self.next_slot(bucket, now_ms);
            let until = DateTime::from_timestamp_millis(slot_ms).unwrap_or(DateTime::<Utc>::MAX_UTC);
            return Err(GateError::Deferred { until });
        }
        Ok(slots_ms)
    }

    fn next_slot(&self, bucket: &Bucket, now_ms: i64) -> i64 {
        let interval_ms = millis(self.quota.period) / i64::from(self.quota.calls.max(1));
        let tolerance_ms = interval_ms.saturating_mul(i64::from(self.quota.burst.max(1)) - 1);
        now_ms
            .max(bucket.tat_ms.saturating_sub(tolerance_ms))
            .max(bucket.last_ms.saturating_add(millis(self.quota.min_interval)))
            .max(bucket.held_until_ms)
    }
}

fn unavailable(error: crate::ports::StoreError) -> GateError {
    GateError::Unavailable(error.to_string())
}

#[async_trait]
impl CallGate for RateLimit {
    async fn admit(&self) -> Result<(), GateError> {
        let mut reserved = self.reserved.lock().await;
        let now_ms = self.clock.now().timestamp_millis();
        // Slots of a pause long ago would come all at once.
        reserved.slots_ms.retain(|slot_ms| now_ms - slot_ms <= millis(WAIT_MAX));
        if reserved.slots_ms.is_empty() {
            reserved.slots_ms = self.change(|bucket, now_ms| self.reserve(bucket, now_ms)).await?;
        }
        let slot_ms = reserved.slots_ms.pop_front().unwrap_or(now_ms);
        let slot_ms =
            slot_ms.max(now_ms).max(reserved.used_ms.saturating_add(millis(self.quota.min_interval)));
        reserved.used_ms = slot_ms;
        drop(reserved);
        if let Ok(wait_ms) = u64::try_from(slot_ms - now_ms)
            && wait_ms > 0
        {
            self.clock.sleep(Duration::from_millis(wait_ms)).await;
        }
        Ok(())
    }

    async fn hold_until(&self, until: DateTime<Utc>) -> Result<(), GateError> {
        let until = until.min(self.clock.now() + TimeDelta::hours(1));
        self.reserved.lock().await.slots_ms.clear();
        self.change(|bucket, _| {
            bucket.held_until_ms = bucket.held_until_ms.max(until.timestamp_millis());
            Ok(())
        })
        .await
    }
}
