//! The ports as one worker sees them: every call stops at its turnstile and gets the verdict that stands there.
use crate::simulation::audit::{Audit, Written};
use crate::simulation::turnstile::{Port, Stop, Turnstile, Verdict};
use crate::simulation::worker::WorkerId;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::document::DocumentKey;
use domain::order::Order;
use domain::person::PersonRecord;
use flows::ports::*;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::clock::SimulatedClock;

/// How long a 429 asks for silence.
const SILENCE: TimeDelta = TimeDelta::seconds(45);
/// A call leaves within this time after its intent; what takes longer is given up by who sends it.
pub const LEAVES_WITHIN: TimeDelta = TimeDelta::seconds(60);
/// The longest that Google works on a request.
pub const APPLIED_WITHIN: TimeDelta = TimeDelta::seconds(180);

/// A write that has left and is on its way.
pub struct LateCopy {
    pub branch: usize,
    pub write: DayWrite,
    /// It has arrived by then, or comes later than anybody promised.
    pub until: DateTime<Utc>,
    /// It comes later than anybody promised: then it meets a copy of itself, or nobody.
    pub is_overdue: bool,
}

/// What all workers share beside the stores.
pub struct Shared {
    pub clock: Arc<SimulatedClock>,
    pub audit: Audit,
    pub late: Mutex<Vec<LateCopy>>,
}

/// One worker's view of the world.
pub struct View {
    pub worker: WorkerId,
    pub turnstile: Turnstile,
    pub shared: Arc<Shared>,
    intent_at: Mutex<Option<DateTime<Utc>>>,
    tab_read: Mutex<bool>,
    sending: Mutex<Option<(usize, Marker)>>,
}

/// The generation that a marker claims.
pub fn generation_of(marker: &Marker) -> &str {
    marker.value.split(':').next().unwrap_or_default()
}

impl View {
    pub fn new(worker: WorkerId, shared: &Arc<Shared>) -> Arc<Self> {
        Arc::new(Self {
            worker,
            turnstile: Turnstile::new(),
            shared: shared.clone(),
            intent_at: Mutex::default(),
            tab_read: Mutex::default(),
            sending: Mutex::default(),
        })
    }

    /// When the write that the worker stands in front of has left at the latest.
    pub fn leaves_by(&self) -> DateTime<Utc> {
        let intent_at = self.intent_at.lock().unwrap().unwrap_or_else(|| self.shared.clock.now());
        intent_at + LEAVES_WITHIN
    }

    /// Whether the worker stands in front of a write to the tab of a branch with that generation.
    pub fn is_about_to_send(&self, branch: usize, generation: &str) -> bool {
        let sending = self.sending.lock().unwrap();
        self.turnstile.stop() == Stop::Before(Port::Write)
            && sending
                .as_ref()
                .is_some_and(|(of, marker)| *of == branch && generation_of(marker) == generation)
    }

    /// Whether a change of the tab now would come between the worker's last look and its write.
    pub fn is_about_to_write(&self) -> bool {
        *self.tab_read.lock().unwrap()
    }

    async fn before(&self, port: Port) -> Verdict {
        if !matches!(port, Port::Items | Port::Write) {
            *self.tab_read.lock().unwrap() = false;
        }
        self.turnstile.before(port).await
    }

    async fn after(&self, port: Port) {
        if matches!(port, Port::Tab | Port::Write) {
            *self.tab_read.lock().unwrap() = port == Port::Tab;
        }
        self.turnstile.after(port).await;
    }

    fn silence(&self) -> DateTime<Utc> {
        self.shared.clock.now() + SILENCE
    }

    /// A call to a store: it works, is down, or works and its answer gets lost.
    async fn store<T, E>(
        &self,
        port: Port,
        effect: impl Future<Output = Result<T, E>> + Send,
        unavailable: fn(String) -> E,
    ) -> Result<T, E> {
        let answer = match self.before(port).await {
            Verdict::Down => Err(unavailable("no connection".to_owned())),
            Verdict::ReplyLost => effect.await.and(Err(unavailable("the answer got lost".to_owned()))),
            _ => effect.await,
        };
        self.after(port).await;
        answer
    }

    async fn source<T>(
        &self,
        port: Port,
        effect: impl Future<Output = Result<T, SourceError>> + Send,
    ) -> Result<T, SourceError> {
        let system = "sige";
        let answer = match self.before(port).await {
            Verdict::Down => {
                Err(SourceError::Unavailable { system, detail: "HTTP 503".to_owned(), retry_at: None })
            }
            Verdict::Throttled => {
                let retry_at = Some(self.silence());
                Err(SourceError::Unavailable { system, detail: "HTTP 429".to_owned(), retry_at })
            }
            Verdict::Untrusted => {
                Err(SourceError::Untrusted { system, detail: "page 2 repeats page 1".to_owned() })
            }
            _ => effect.await,
        };
        self.after(port).await;
        answer
    }

    async fn sheet<T: Default>(
        &self,
        port: Port,
        effect: impl Future<Output = Result<T, SheetReadError>> + Send,
    ) -> Result<T, SheetReadError> {
        let down =
            |detail: &str, retry_at| SheetReadError::Unavailable { detail: detail.to_owned(), retry_at };
        let answer = match self.before(port).await {
            Verdict::Down => Err(down("HTTP 500", None)),
            Verdict::Throttled => Err(down("HTTP 429", Some(self.silence()))),
            Verdict::Empty => Ok(T::default()),
            _ => effect.await,
        };
        self.after(port).await;
        answer
    }
}

/// A port behind a worker's turnstile.
pub struct Behind<T: ?Sized> {
    view: Arc<View>,
    inner: Arc<T>,
    branch: usize,
}

impl<T: ?Sized> Behind<T> {
    /// A port that all accounts share.
    pub fn new(view: &Arc<View>, inner: &Arc<T>) -> Arc<Self> {
        Self::of_branch(view, inner, 0)
    }

    /// A port of one account.
    pub fn of_branch(view: &Arc<View>, inner: &Arc<T>, branch: usize) -> Arc<Self> {
        Arc::new(Self { view: view.clone(), inner: inner.clone(), branch })
    }
}

#[async_trait]
impl StateStore for Behind<dyn StateStore> {
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        self.view.store(Port::Items, self.inner.get(key), StoreError::Unavailable).await
    }
    async fn query(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        let effect = self.inner.query(pk, range, limit, cursor);
        self.view.store(Port::Items, effect, StoreError::Unavailable).await
    }
    async fn query_index(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        let effect = self.inner.query_index(pk, range, limit, cursor);
        self.view.store(Port::Index, effect, StoreError::Unavailable).await
    }
    async fn transact(&self, writes: Vec<WriteOp>, checks: Vec<Check>) -> Result<WriteOutcome, StoreError> {
        let written = Written::of(&writes);
        let effect = async {
            let outcome = self.inner.transact(writes, checks).await?;
            if let WriteOutcome::Written(_) = outcome {
                self.view.shared.audit.committed(self.view.worker, &written);
                if written.is_intent {
                    *self.view.intent_at.lock().unwrap() = Some(self.view.shared.clock.now());
                }
            }
            Ok(outcome)
        };
        self.view.store(Port::Items, effect, StoreError::Unavailable).await
    }
}

#[async_trait]
impl WorkQueue for Behind<dyn WorkQueue> {
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError> {
        self.view.store(Port::Queue, self.inner.send(queue, message), QueueError::Unavailable).await
    }
    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let effect = self.inner.receive(queue, max, visibility);
        self.view.store(Port::Queue, effect, QueueError::Unavailable).await
    }
    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        self.view.store(Port::Queue, self.inner.acknowledge(queue, receipt), QueueError::Unavailable).await
    }
    async fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        let effect = self.inner.change_visibility(queue, receipt, visibility);
        self.view.store(Port::Queue, effect, QueueError::Unavailable).await
    }
    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        self.view.store(Port::Queue, self.inner.counts(queue), QueueError::Unavailable).await
    }
}

#[async_trait]
impl BlobStore for Behind<dyn BlobStore> {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        self.view.store(Port::Blobs, self.inner.put(key, bytes), BlobError::Unavailable).await
    }
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        self.view.store(Port::Blobs, self.inner.get(key), BlobError::Unavailable).await
    }
    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, BlobError> {
        self.view.store(Port::Blobs, self.inner.list(prefix, limit), BlobError::Unavailable).await
    }
    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        self.view.store(Port::Blobs, self.inner.delete(key), BlobError::Unavailable).await
    }
}

#[async_trait]
impl OrderSource for Behind<dyn OrderSource> {
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError> {
        self.view.source(Port::Orders, self.inner.billed_orders(day)).await
    }
    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        self.view.source(Port::Changes, self.inner.orders_changed_since(since)).await
    }
    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        self.view.source(Port::People, self.inner.people(document)).await
    }
}

#[async_trait]
impl ReportSheet for Behind<dyn ReportSheet> {
    async fn read_bookings(&self, max_rows: Option<u32>) -> Result<BookingBlock, SheetReadError> {
        self.view.sheet(Port::Bookings, self.inner.read_bookings(max_rows)).await
    }
    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError> {
        self.view.sheet(Port::Tab, self.inner.read_grid()).await
    }
    async fn read_rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError> {
        self.view.sheet(Port::Tab, self.inner.read_rows(rows)).await
    }
    async fn write_day(&self, write: &DayWrite) -> Result<(), SheetWriteError> {
        let no_answer = || Err(SheetWriteError::Unknown("no answer".to_owned()));
        let not_sent =
            |detail: &str, retry_at| Err(SheetWriteError::NotSent { detail: detail.to_owned(), retry_at });
        *self.view.sending.lock().unwrap() = Some((self.branch, write.marker.clone()));
        let answer = match self.view.before(Port::Write).await {
            Verdict::Down => not_sent("no connection", None),
            Verdict::Throttled => not_sent("HTTP 429", Some(self.view.silence())),
            Verdict::Rejected => Err(SheetWriteError::Rejected("HTTP 400".to_owned())),
            Verdict::Vanishes => no_answer(),
            Verdict::ReplyLost => self.inner.write_day(write).await.or(Ok(())).and_then(|()| no_answer()),
            Verdict::Late => {
                let until = self.view.shared.clock.now() + APPLIED_WITHIN;
                let (branch, write) = (self.branch, write.clone());
                let copy = LateCopy { branch, write, until, is_overdue: false };
                self.view.shared.late.lock().unwrap().push(copy);
                no_answer()
            }
            _ => self.inner.write_day(write).await,
        };
        self.view.after(Port::Write).await;
        answer
    }
}
