//! A function that is fed by a queue: the envelope is read first, then each body alone.
//!
//! ```text
//! record ── no time left ───────────────────> failed, untouched: delivered again when its visibility ends
//!        ── its group has failed before it ─> failed, untouched: order within a group is kept
//!        ── body unreadable ────────────────> refused: journalled once, redelivered at once until it is a dead letter
//!        ── must not be worked on ──────────> refused: journalled, acknowledged (there is nothing to come back for)
//!        ── infrastructure, time, panic ────> failed: visible again after a short wait that grows with its deliveries
//!        ── handled ────────────────────────> acknowledged
//! ```
//! The answer names the failed records one by one (`ReportBatchItemFailures`). A record without an id cannot be named,
//! and an empty name would fail the whole batch without a word: such a batch is refused as a whole, with one.
use crate::function::{Function, FunctionError, Handler, known_name, read, tell};
use crate::guard;
use crate::metrics::{Measured, Metrics};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use flows::deps::Deps;
use flows::journal::{NO_ACCOUNT, Run};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a failed record stays hidden, by its deliveries so far; the last one repeats.
const RETRY_AFTER: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(60), Duration::from_secs(180)];

/// How long shortening the wait may take: the rest of the margin is for the answer.
const VISIBILITY_TIME_MAX: Duration = Duration::from_secs(1);

/// What Lambda hands over: the records of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqsEvent {
    /// The records, in the order of the queue.
    #[serde(rename = "Records")]
    pub records: Vec<SqsRecord>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqsRecord {
    /// The queue's id of it; what a failure is reported by.
    #[serde(default)]
    pub message_id: String,
    /// Handle of this delivery.
    #[serde(default)]
    pub receipt_handle: String,
    /// The body, JSON text.
    #[serde(default)]
    pub body: String,
    /// What the queue knows about it.
    #[serde(default)]
    pub attributes: SqsAttributes,
}

/// What the queue knows about a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SqsAttributes {
    /// Deliveries, this one included; a number as text.
    #[serde(default)]
    pub approximate_receive_count: String,
    /// FIFO group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_group_id: Option<String>,
}

impl SqsRecord {
    fn deliveries(&self) -> usize {
        self.attributes.approximate_receive_count.parse().unwrap_or(1).max(1)
    }
}

/// A function around the handler of one message's body.
pub struct Worker<E, R> {
    name: &'static str,
    queue: &'static str,
    deps: Deps,
    metrics: Arc<Metrics>,
    handle: Handler<E, R>,
}

impl<E, R> Worker<E, R>
where
    E: DeserializeOwned + Send + 'static,
    R: Measured + Send + 'static,
{
    /// A function that works on the messages of a queue.
    pub fn new(
        name: &'static str,
        queue: &'static str,
        deps: Deps,
        metrics: Arc<Metrics>,
        handle: Handler<E, R>,
    ) -> Self {
        Self { name, queue, deps, metrics, handle }
    }

    /// Works on one record; whether it is to be acknowledged.
    async fn work(&self, record: &SqsRecord, end: DateTime<Utc>) -> bool {
        let started_at = self.deps.clock.now();
        let body = serde_json::from_str::<Value>(&record.body)
            .map_err(|error| FunctionError::BadEvent(format!("the body is not JSON: {error}")));
        let result = match body.as_ref().map_err(Clone::clone).and_then(read::<E>) {
            Ok(event) => guard::within(&*self.deps.clock, end, (self.handle)(event, &self.deps)).await,
            Err(refused) => Err(refused),
        };
        let elapsed = self.deps.clock.now() - started_at;
        let error = match result {
            Ok(report) => {
                self.metrics.ended(self.name, elapsed, &report);
                return true;
            }
            Err(error) => error,
        };
        self.metrics.failed(self.name, elapsed, &error);
        let unreadable = matches!(error, FunctionError::BadEvent(_));
        let account = body.as_ref().ok().and_then(|body| body.get("account")).and_then(Value::as_str);
        let mut run = Run::begun(&self.deps, self.name, known_name(account.unwrap_or(NO_ACCOUNT)));
        let day = body.as_ref().ok().and_then(|body| body.get("day")).and_then(Value::as_str);
        run.day = day.and_then(|day| day.parse().ok());
        if !error.is_worth_repeating() {
            // However often it is delivered, it stands in the journal once.
            run.id = format!("refused-{}", record.message_id);
        }
        let noted = tell(&self.deps, run, &error).await;
        if let Err(unnoted) = &noted {
            tracing::error!(function = self.name, message = record.message_id, %unnoted, "the refusal is not in the journal");
        }
        if !unreadable && !error.is_worth_repeating() && noted.is_ok() {
            return true;
        }
        let wait = if unreadable { Duration::ZERO } else { retry_after(record.deliveries()) };
        self.show_again_after(record, wait).await;
        false
    }

    /// Shortens the wait for the next delivery. Without it the message comes back all the same, only later.
    async fn show_again_after(&self, record: &SqsRecord, wait: Duration) {
        let change = self.deps.queue.change_visibility(self.queue, &record.receipt_handle, wait);
        let problem = match tokio::time::timeout(VISIBILITY_TIME_MAX, change).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the queue took too long".to_owned(),
        };
        let message = record.message_id.as_str();
        tracing::warn!(function = self.name, message, problem, "visibility was not shortened");
    }
}

fn retry_after(deliveries: usize) -> Duration {
    let last = RETRY_AFTER.last().copied().unwrap_or_default();
    RETRY_AFTER.get(deliveries.saturating_sub(1)).copied().unwrap_or(last)
}

#[async_trait]
impl<E, R> Function for Worker<E, R>
where
    E: DeserializeOwned + Send + 'static,
    R: Measured + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    async fn invoke(&self, event: Value, deadline: DateTime<Utc>) -> Result<Value, FunctionError> {
        let batch = match SqsEvent::deserialize(&event) {
            Ok(batch) if batch.records.iter().all(|record| !record.message_id.is_empty()) => batch,
            Ok(_) => {
                let told = "a record has no messageId, so its failure could not be reported".to_owned();
                return Err(self.refuse(FunctionError::BadEvent(told)).await);
            }
            Err(error) => {
                let told = format!("not an SQS event with Records: {error}");
                return Err(self.refuse(FunctionError::BadEvent(told)).await);
            }
        };
        let end = guard::end_of_work(&*self.deps.clock, deadline);
        let mut failed: Vec<&str> = Vec::new();
        let mut failed_groups: BTreeSet<&str> = BTreeSet::new();
        for record in &batch.records {
            let group = record.attributes.message_group_id.as_deref();
            let behind = group.is_some_and(|group| failed_groups.contains(group));
            let untouched = behind || guard::remaining(&*self.deps.clock, end).is_none();
            if untouched || !self.work(record, end).await {
                failed.push(&record.message_id);
                failed_groups.extend(group);
            }
        }
        let failures: Vec<Value> = failed.iter().map(|id| json!({ "itemIdentifier": id })).collect();
        Ok(json!({ "batchItemFailures": failures }))
    }
}

impl<E, R> Worker<E, R> {
    async fn refuse(&self, error: FunctionError) -> FunctionError {
        self.metrics.failed(self.name, chrono::TimeDelta::zero(), &error);
        if let Err(unnoted) = tell(&self.deps, Run::begun(&self.deps, self.name, NO_ACCOUNT), &error).await {
            tracing::error!(function = self.name, %unnoted, "the refusal is not in the journal");
        }
        error
    }
}

#[cfg(test)]
mod tests;
