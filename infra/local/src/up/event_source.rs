//! Messages of a queue become invocations of a function, as an event source mapping of Lambda does it.
//!
//! ```text
//! a worker is free ── receive ── nothing? wait (bell, or 250 ms growing to 1 s) ──┐
//!      ^                 └── batch ── invoke ── answered: acknowledge what did not fail
//!      │                                └────── failed: leave all; they come back when their visibility ends
//!      └──────────────────────────────────────────────────────────────────────────┘
//! ```
//! A message that fails stays in the queue; after its deliveries are used up the queue moves it to the dead letters. When
//! the runtime ends, nothing is received any more and what is in hand is finished; asked to end at once, it is handed back.
use super::invocation::invoke;
use super::sqs_event;
use super::stop::Stop;
use crate::template::EventSource;
use flows::ports::{Clock, Delivery, QueueError, WorkQueue};
use shared::function::Function;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// How long to wait after a look at an empty queue, at first and at most. Other processes send without ringing.
const IDLE_MIN: Duration = Duration::from_millis(250);
const IDLE_MAX: Duration = Duration::from_secs(1);
/// How long to wait when the queue cannot be read, at most.
const OUTAGE_MAX: Duration = Duration::from_secs(30);
/// Messages that one look takes at most, by the port.
const RECEIVE_MAX: usize = 10;

/// One queue and the function that works on it.
pub struct EventSourceLoop {
    /// The queue's port.
    pub queue: Arc<dyn WorkQueue>,
    /// Rings when something was sent within this process.
    pub bell: Arc<Notify>,
    /// The function.
    pub function: Arc<dyn Function>,
    /// Batch size and number of workers.
    pub source: EventSource,
    /// How long a delivery stays hidden.
    pub visibility: Duration,
    /// The time of one invocation.
    pub timeout: Duration,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl EventSourceLoop {
    /// Works until the end is asked for, and until what is in hand has been finished or handed back.
    pub async fn run(self: Arc<Self>, stop: Stop) {
        let workers = Arc::new(Semaphore::new(self.source.concurrency_max));
        let mut units = JoinSet::new();
        let mut idle = IDLE_MIN;
        loop {
            let Some(free) = self.free_workers(&workers, &stop).await else { break };
            match self.receive(free.len()).await {
                Ok(deliveries) if deliveries.is_empty() => {
                    drop(free);
                    self.wait(idle, &stop).await;
                    idle = idle.saturating_mul(2).min(IDLE_MAX);
                }
                Ok(deliveries) => {
                    idle = IDLE_MIN;
                    self.hand_out(deliveries, free, &stop, &mut units);
                }
                Err(error) => {
                    drop(free);
                    tracing::error!(queue = self.source.queue, %error, "the queue cannot be read");
                    idle = idle.saturating_mul(2).min(OUTAGE_MAX);
                    self.wait(idle, &stop).await;
                }
            }
            while units.try_join_next().is_some() {}
        }
        while units.join_next().await.is_some() {}
    }

    /// Waits for a worker that is free and takes others that are with it; `None` when the end is asked for.
    async fn free_workers(&self, workers: &Arc<Semaphore>, stop: &Stop) -> Option<Vec<OwnedSemaphorePermit>> {
        if stop.is_requested() {
            return None;
        }
        let first = tokio::select! {
            () = stop.requested() => return None,
            first = Arc::clone(workers).acquire_owned() => first.ok()?,
        };
        let mut free = vec![first];
        while (free.len() + 1) * self.source.batch_size <= RECEIVE_MAX {
            let Ok(another) = Arc::clone(workers).try_acquire_owned() else { break };
            free.push(another);
        }
        Some(free)
    }

    async fn receive(&self, workers: usize) -> Result<Vec<Delivery>, QueueError> {
        let wanted = workers.saturating_mul(self.source.batch_size).clamp(1, RECEIVE_MAX);
        self.queue.receive(&self.source.queue, wanted, self.visibility).await
    }

    async fn wait(&self, time: Duration, stop: &Stop) {
        tokio::select! {
            () = stop.requested() => {}
            () = self.bell.notified() => {}
            () = self.clock.sleep(time) => {}
        }
    }

    /// A batch for each worker; workers without one are free again.
    fn hand_out(
        self: &Arc<Self>,
        deliveries: Vec<Delivery>,
        free: Vec<OwnedSemaphorePermit>,
        stop: &Stop,
        units: &mut JoinSet<()>,
    ) {
        let mut left = deliveries.into_iter();
        for worker in free {
            let batch: Vec<_> = left.by_ref().take(self.source.batch_size).collect();
            if batch.is_empty() {
                break;
            }
            let (this, stop) = (Arc::clone(self), stop.clone());
            units.spawn(async move {
                this.work(batch, &stop).await;
                drop(worker);
            });
        }
    }

    async fn work(&self, batch: Vec<Delivery>, stop: &Stop) {
        let event = sqs_event::event(&self.source.queue, &batch);
        let invoked = tokio::select! {
            invoked = invoke(&self.function, event, self.timeout, &*self.clock) => invoked,
            () = stop.at_once() => return self.hand_back(&batch).await,
        };
        let failed = match invoked {
            Ok(answer) if self.source.reports_failures => sqs_event::failures(&answer, &batch),
            Ok(_) => Ok(BTreeSet::new()),
            // Told by the function, or by whoever ended it.
            Err(_) => return,
        };
        match failed {
            Ok(failed) => {
                let done = batch.iter().filter(|delivery| !failed.contains(&delivery.message_id));
                for delivery in done {
                    self.acknowledge(delivery).await;
                }
            }
            Err(error) => {
                tracing::error!(function = self.function.name(), %error, "the whole batch counts as failed");
            }
        }
    }

    /// A message that cannot be acknowledged is delivered again, and found to be done.
    async fn acknowledge(&self, delivery: &Delivery) {
        if let Err(error) = self.queue.acknowledge(&self.source.queue, &delivery.receipt).await {
            let (queue, message) = (&self.source.queue, &delivery.message_id);
            tracing::warn!(queue, message, %error, "a message that is done could not be acknowledged");
        }
    }

    async fn hand_back(&self, batch: &[Delivery]) {
        for delivery in batch {
            let shown =
                self.queue.change_visibility(&self.source.queue, &delivery.receipt, Duration::ZERO).await;
            let (queue, message) = (&self.source.queue, &delivery.message_id);
            match shown {
                Ok(()) => tracing::warn!(queue, message, "handed back unfinished"),
                Err(error) => {
                    tracing::warn!(queue, message, %error, "not handed back, it comes back by itself")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
