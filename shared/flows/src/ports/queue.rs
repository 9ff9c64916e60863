//! A queue of wake-ups. A message says *look at this item*; the truth is the item.
use async_trait::async_trait;
use std::time::Duration;

/// The largest body of a message, in bytes.
pub const MESSAGE_BODY_BYTES_MAX: usize = 256 * 1024;

/// The longest a delivery may be hidden.
pub const VISIBILITY_MAX: Duration = Duration::from_secs(12 * 3600);

/// The most messages of one call.
pub const RECEIVE_MESSAGES_MAX: usize = 10;

/// The longest group or deduplication id, in bytes.
pub const ID_BYTES_MAX: usize = 128;

/// For how long a second message with the same deduplication id is accepted and dropped.
pub const DEDUPLICATION_WINDOW: Duration = Duration::from_secs(5 * 60);

/// What a queue is, as the one who opens it declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueConfig {
    /// Its name, as callers of [`WorkQueue`] say it.
    pub name: String,
    /// Whether its messages have groups that are delivered in order.
    pub fifo: bool,
    /// After this many deliveries without acknowledgement a message goes to the dead-letter queue.
    pub max_receive_count: u32,
    /// Where it goes then, a queue of the same kind; `None` delivers it for ever.
    pub dead_letter_queue: Option<String>,
    /// For how long its consumers hide a delivery; what they pass to [`WorkQueue::receive`].
    pub visibility: Duration,
    /// A message that stood for this long is dropped, whatever its state.
    pub retention: Duration,
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// FIFO group: messages of a group are delivered in order and one at a time. `None` on a standard queue.
    pub group: Option<String>,
    /// Identity of the request; a second message with it within five minutes is accepted and dropped.
    pub deduplication_id: Option<String>,
    /// The body, JSON.
    pub body: String,
}

/// A message as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The queue's id of the message, the same for every delivery of it.
    pub message_id: String,
    /// Handle of this delivery; a later delivery of the same message makes it stale.
    pub receipt: String,
    /// FIFO group.
    pub group: Option<String>,
    /// The body.
    pub body: String,
    /// How often it has been delivered, this time included.
    pub receive_count: u32,
}

/// How many messages stand in a queue. A service that only estimates may be off for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueCounts {
    /// Not delivered, or handed back.
    pub waiting: u64,
    /// Delivered, hidden, not acknowledged yet.
    pub in_flight: u64,
}

/// Why the queue could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// No such queue is configured.
    #[error("there is no queue named {0}")]
    NoSuchQueue(String),
    /// The call is wrong (a FIFO message without group, a body that is too large).
    #[error("queue refused the call: {0}")]
    Invalid(String),
    /// The receipt is of an earlier delivery, or the message is gone.
    #[error("the receipt is no longer valid")]
    StaleReceipt,
    /// The queue cannot be reached; the same call may succeed later.
    #[error("queue is unavailable: {0}")]
    Unavailable(String),
}

/// At-least-once queues with FIFO groups, visibility and dead letters.
/// Every implementation passes `testkit::contract::queue`.
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Adds a message.
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError>;

    /// Up to `max` messages (1 to 10), each hidden from others for `visibility`. A message received more often than the
    /// queue's `max_receive_count` goes to its dead-letter queue instead of being delivered.
    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError>;

    /// Removes a delivered message for good. Removing it twice may be told as [`QueueError::StaleReceipt`] or be fine.
    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError>;

    /// Sets how long from now the delivery stays hidden; zero hands it back at once.
    async fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<(), QueueError>;

    /// How many messages stand in a queue.
    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError>;
}
