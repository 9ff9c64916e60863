//! A switch that stops the world at one port call, before or after its effect: what a `kill -9` leaves behind.
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::document::DocumentKey;
use domain::order::Order;
use domain::person::PersonRecord;
use flows::ports::*;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Where the world stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Never; calls are only counted.
    Never,
    /// Before the effect of call number `n`.
    Before(usize),
    /// After the effect of call number `n`, before its answer is seen.
    After(usize),
}

pub struct Switch {
    at: At,
    calls: AtomicUsize,
    tripped: Notify,
}

impl Switch {
    pub fn new(at: At) -> Arc<Self> {
        Arc::new(Self { at, calls: AtomicUsize::new(0), tripped: Notify::new() })
    }

    /// Resolves when the world has stopped.
    pub async fn tripped(&self) {
        self.tripped.notified().await;
    }

    async fn pass<T>(&self, effect: impl Future<Output = T>) -> T {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        if self.at == At::Before(call) {
            self.stop().await;
        }
        let answer = effect.await;
        if self.at == At::After(call) {
            self.stop().await;
        }
        answer
    }

    async fn stop(&self) {
        self.tripped.notify_one();
        std::future::pending::<()>().await;
    }
}

/// A port behind the switch.
pub struct Switched<T: ?Sized> {
    pub switch: Arc<Switch>,
    pub inner: Arc<T>,
}

impl<T: ?Sized> Switched<T> {
    pub fn new(switch: &Arc<Switch>, inner: &Arc<T>) -> Arc<Self> {
        Arc::new(Self { switch: switch.clone(), inner: inner.clone() })
    }
}

#[async_trait]
impl StateStore for Switched<dyn StateStore> {
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        self.switch.pass(self.inner.get(key)).await
    }
    async fn query(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        self.switch.pass(self.inner.query(pk, range, limit, cursor)).await
    }
    async fn query_index(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        self.switch.pass(self.inner.query_index(pk, range, limit, cursor)).await
    }
    async fn transact(&self, writes: Vec<WriteOp>, checks: Vec<Check>) -> Result<WriteOutcome, StoreError> {
        self.switch.pass(self.inner.transact(writes, checks)).await
    }
}

#[async_trait]
impl WorkQueue for Switched<dyn WorkQueue> {
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError> {
        self.switch.pass(self.inner.send(queue, message)).await
    }
    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        self.switch.pass(self.inner.receive(queue, max, visibility)).await
    }
    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        self.switch.pass(self.inner.acknowledge(queue, receipt)).await
    }
    async fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        self.switch.pass(self.inner.change_visibility(queue, receipt, visibility)).await
    }
    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        self.switch.pass(self.inner.counts(queue)).await
    }
}

#[async_trait]
impl BlobStore for Switched<dyn BlobStore> {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        self.switch.pass(self.inner.put(key, bytes)).await
    }
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        self.switch.pass(self.inner.get(key)).await
    }
    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, BlobError> {
        self.switch.pass(self.inner.list(prefix, limit)).await
    }
    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        self.switch.pass(self.inner.delete(key)).await
    }
}

#[async_trait]
impl OrderSource for Switched<dyn OrderSource> {
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError> {
        self.switch.pass(self.inner.billed_orders(day)).await
    }
    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        self.switch.pass(self.inner.orders_changed_since(since)).await
    }
    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        self.switch.pass(self.inner.people(document)).await
    }
}

#[async_trait]
impl ReportSheet for Switched<dyn ReportSheet> {
    async fn read_bookings(&self, max_rows: Option<u32>) -> Result<BookingBlock, SheetReadError> {
        self.switch.pass(self.inner.read_bookings(max_rows)).await
    }
    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError> {
        self.switch.pass(self.inner.read_grid()).await
    }
    async fn read_rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError> {
        self.switch.pass(self.inner.read_rows(rows)).await
    }
    async fn write_day(&self, write: &DayWrite) -> Result<(), SheetWriteError> {
        self.switch.pass(self.inner.write_day(write)).await
    }
}
