//! A queue that rings when something may stand in it now, so that its reader in this process need not look all the time.
//! What other processes send rings nobody; the reader looks now and then all the same.
use async_trait::async_trait;
use flows::ports::{Delivery, Message, QueueCounts, QueueError, WorkQueue};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A queue around another one, with a bell for each of its queues that has a reader.
pub struct RingingQueue {
    inner: Arc<dyn WorkQueue>,
    bells: HashMap<String, Arc<Notify>>,
}

impl RingingQueue {
    /// Rings for these queues.
    pub fn new<'n>(inner: Arc<dyn WorkQueue>, queues: impl IntoIterator<Item = &'n str>) -> Self {
        let bells = queues.into_iter().map(|name| (name.to_owned(), Arc::default())).collect();
        Self { inner, bells }
    }

    /// The bell of a queue; one that never rings when the queue has none.
    pub fn bell(&self, queue: &str) -> Arc<Notify> {
        self.bells.get(queue).cloned().unwrap_or_default()
    }

    fn ring(&self, queue: &str) {
        if let Some(bell) = self.bells.get(queue) {
            bell.notify_one();
        }
    }
}

#[async_trait]
impl WorkQueue for RingingQueue {
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError> {
        self.inner.send(queue, message).await?;
        self.ring(queue);
        Ok(())
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        self.inner.receive(queue, max, visibility).await
    }

    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        self.inner.acknowledge(queue, receipt).await?;
        // The next one of its group may be delivered now.
        self.ring(queue);
        Ok(())
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        self.inner.change_visibility(queue, receipt, visibility).await?;
        if visibility.is_zero() {
            self.ring(queue);
        }
        Ok(())
    }

    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        self.inner.counts(queue).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::clock::SimulatedClock;
    use testkit::contract::queue;
    use testkit::reference::MemoryWorkQueue;

    #[tokio::test]
    async fn whatever_may_have_put_something_into_the_queue_rings() {
        let clock = Arc::new(SimulatedClock::default());
        let inner = Arc::new(MemoryWorkQueue::new(clock, &queue::queues()));
        let ringing = RingingQueue::new(inner, [queue::FIFO]);
        let bell = ringing.bell(queue::FIFO);
        let message =
            || Message { group: Some("g".to_owned()), deduplication_id: None, body: "1".to_owned() };
        ringing.send(queue::FIFO, message()).await.unwrap();
        bell.notified().await;
        ringing.send(queue::FIFO, message()).await.unwrap();
        bell.notified().await;
        let receive =
            async || ringing.receive(queue::FIFO, 1, queue::VISIBILITY).await.unwrap().remove(0).receipt;
        let receipt = receive().await;
        ringing.change_visibility(queue::FIFO, &receipt, Duration::ZERO).await.unwrap();
        bell.notified().await;
        ringing.acknowledge(queue::FIFO, &receive().await).await.unwrap();
        bell.notified().await;
    }
}
