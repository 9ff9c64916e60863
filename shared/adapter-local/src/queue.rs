//! The queue port on SQLite: the rules of the calls here, the statements in `message_rows`.
use crate::database::{Database, Failure};
use crate::message_rows::{self, Receipt, Receiving};
use crate::open::OpenError;
use crate::seal::Sealer;
use crate::system::random_bytes;
use async_trait::async_trait;
use flows::ports::queue::{DEDUPLICATION_WINDOW, VISIBILITY_MAX};
use flows::ports::{Clock, Delivery, Message, QueueConfig, QueueCounts, QueueError, WorkQueue, rules};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Messages in the database of a data folder.
pub struct SqliteWorkQueue {
    database: Arc<Database>,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    configs: HashMap<String, Arc<QueueConfig>>,
}

impl std::fmt::Debug for SqliteWorkQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteWorkQueue").finish_non_exhaustive()
    }
}

/// Refuses queues that could not work.
pub(crate) fn check_configs(queues: &[QueueConfig]) -> Result<(), OpenError> {
    for (place, config) in queues.iter().enumerate() {
        if let Some(reason) = wrong_with(config, queues, place) {
            return Err(OpenError::BadQueue { name: config.name.clone(), reason });
        }
    }
    Ok(())
}

fn wrong_with(config: &QueueConfig, queues: &[QueueConfig], place: usize) -> Option<String> {
    if config.name.is_empty() {
        return Some("its name is empty".to_owned());
    }
    if queues.iter().take(place).any(|other| other.name == config.name) {
        return Some("it is configured twice".to_owned());
    }
    if config.max_receive_count == 0 {
        return Some("max_receive_count is 0, it must be at least 1".to_owned());
    }
    if config.visibility > VISIBILITY_MAX {
        return Some("visibility is longer than 12 hours".to_owned());
    }
    if config.retention.is_zero() {
        return Some("retention is 0, messages would be dropped at once".to_owned());
    }
    let dead_letters = config.dead_letter_queue.as_ref()?;
    match queues.iter().find(|other| other.name == *dead_letters) {
        None => Some(format!("its dead-letter queue {dead_letters} is not configured")),
        Some(other) if other.name == config.name => Some("it is its own dead-letter queue".to_owned()),
        Some(other) if other.fifo != config.fifo => {
            Some(format!("its dead-letter queue {dead_letters} must be of its own kind, FIFO or standard"))
        }
        Some(_) => None,
    }
}

impl SqliteWorkQueue {
    pub(crate) fn new(
        database: Arc<Database>,
        sealer: Arc<Sealer>,
        clock: Arc<dyn Clock>,
        queues: &[QueueConfig],
    ) -> Self {
        let configs = queues.iter().map(|config| (config.name.clone(), Arc::new(config.clone()))).collect();
        Self { database, sealer, clock, configs }
    }

    /// Removes messages beyond retention and deduplication ids beyond their window, up to `limit` of each.
    pub(crate) async fn purge(&self, limit: usize) -> Result<(usize, usize), QueueError> {
        let now = self.now();
        let horizons: Vec<(String, i64)> =
            self.configs.values().map(|config| (config.name.clone(), horizon(config, now))).collect();
        let purged =
            self.database.write(move |session| message_rows::purge(session, &horizons, limit, now)).await;
        purged.map_err(unavailable)
    }

    /// Makes every message that was delivered and not acknowledged visible again; says how many there were. For whoever
    /// holds the instance lock and starts to work: those that the messages were delivered to are gone.
    ///
    /// # Errors
    /// No such queue, or the database cannot be written.
    pub async fn hand_back(&self, queue: &str) -> Result<usize, QueueError> {
        let (queue, now) = (self.config(queue)?.name.clone(), self.now());
        let handed = self.database.write(move |session| message_rows::hand_back(session, &queue, now)).await;
        handed.map_err(unavailable)
    }

    fn config(&self, queue: &str) -> Result<&Arc<QueueConfig>, QueueError> {
        self.configs.get(queue).ok_or_else(|| QueueError::NoSuchQueue(queue.to_owned()))
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp_micros()
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// What was sent at this time or before is beyond retention.
fn horizon(config: &QueueConfig, now: i64) -> i64 {
    now.saturating_sub(micros(config.retention))
}

fn unavailable(failure: Failure) -> QueueError {
    QueueError::Unavailable(failure.to_string())
}

#[async_trait]
impl WorkQueue for SqliteWorkQueue {
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError> {
        rules::message(queue, self.config(queue)?.fifo, &message)?;
        let (queue, sealer, now) = (queue.to_owned(), self.sealer.clone(), self.now());
        let remember_until = now.saturating_add(micros(DEDUPLICATION_WINDOW));
        let message_id = hex::encode(random_bytes::<16>());
        let sent = self
            .database
            .write(move |session| {
                message_rows::send(session, &sealer, &queue, &message_id, &message, now, remember_until)
            })
            .await;
        sent.map_err(unavailable)
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let config = self.config(queue)?.clone();
        rules::receive(max, visibility)?;
        let (sealer, now) = (self.sealer.clone(), self.now());
        let receiving = Receiving {
            now,
            hidden_until: now.saturating_add(micros(visibility)),
            horizon: horizon(&config, now),
            max,
        };
        let received = self
            .database
            .write(move |session| message_rows::receive(session, &sealer, &config, &receiving))
            .await;
        received.map_err(unavailable)
    }

    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        let horizon = horizon(self.config(queue)?, self.now());
        let (queue, receipt) = (queue.to_owned(), Receipt::parse(receipt).ok_or(QueueError::StaleReceipt)?);
        let done = self
            .database
            .write(move |session| message_rows::acknowledge(session, &queue, receipt, horizon))
            .await;
        if done.map_err(unavailable)? { Ok(()) } else { Err(QueueError::StaleReceipt) }
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        let horizon = horizon(self.config(queue)?, self.now());
        rules::visibility(visibility)?;
        let (queue, receipt) = (queue.to_owned(), Receipt::parse(receipt).ok_or(QueueError::StaleReceipt)?);
        let visible_at = self.now().saturating_add(micros(visibility));
        let done = self
            .database
            .write(move |session| {
                message_rows::change_visibility(session, &queue, receipt, visible_at, horizon)
            })
            .await;
        if done.map_err(unavailable)? { Ok(()) } else { Err(QueueError::StaleReceipt) }
    }

    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        let now = self.now();
        let horizon = horizon(self.config(queue)?, now);
        let queue = queue.to_owned();
        let counted =
            self.database.read(move |session| message_rows::counts(session, &queue, horizon, now)).await;
        counted.map_err(unavailable)
    }
}
