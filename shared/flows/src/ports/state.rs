//! The one conditional primitive on which leases, ledgers, plans, cursors and rate limits stand.
//!
//! ```text
//! item = { pk, sk, version, index?, expires_at?, body }
//! write(Absent)      succeeds only when no live item stands there
//! write(Version(n))  succeeds only when the live item has version n
//! delete             leaves a tombstone: the next version is greater than any before it
//! ```
//! A refused condition is a typed answer ([`WriteOutcome::Refused`]), never an error: the caller reads
//! again and decides. Bodies are JSON objects that carry their own version `v`.
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// The most writes and checks one [`StateStore::transact`] takes together.
pub const TRANSACTION_ITEMS_MAX: usize = 25;
/// The most bytes of JSON text that the bodies of one transaction have together. DynamoDB takes 4 MB with keys.
pub const TRANSACTION_BYTES_MAX: usize = 3 * 1024 * 1024;
/// The longest partition key, in bytes.
pub const PK_BYTES_MAX: usize = 2048;
/// The longest sort key, in bytes.
pub const SK_BYTES_MAX: usize = 1024;
/// The largest body, in bytes of its JSON text. DynamoDB takes 400 KB with keys and names.
pub const BODY_BYTES_MAX: usize = 350 * 1024;
/// The most items of one page.
pub const PAGE_ITEMS_MAX: usize = 1000;

/// Where an item stands: partition and sort key. Never contains personal data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    /// Partition key.
    pub pk: String,
    /// Sort key, ordered by bytes.
    pub sk: String,
}

impl ItemKey {
    /// A key from its two parts.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// An item as it stands in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Where it stands.
    pub key: ItemKey,
    /// Grows by at least one with each write and across deletes.
    pub version: u64,
    /// Its place in the index, if it has one.
    pub index: Option<ItemKey>,
    /// When it stops being visible.
    pub expires_at: Option<DateTime<Utc>>,
    /// A JSON object with a field `v`.
    pub body: Value,
}

/// What to put at a key.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    /// Where to put it.
    pub key: ItemKey,
    /// Its place in the index; `None` removes it from the index.
    pub index: Option<ItemKey>,
    /// When it stops being visible; hidden from reads from that instant on.
    pub expires_at: Option<DateTime<Utc>>,
    /// A JSON object with a field `v`.
    pub body: Value,
}

/// The condition of a write or delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// No live item stands there (never written, deleted, or expired).
    Absent,
    /// A live item stands there with exactly this version.
    Version(u64),
}

/// One change of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteOp {
    /// Put an item.
    Put(NewItem, Expect),
    /// Delete an item, leaving a tombstone.
    Delete(ItemKey, Expect),
}

impl WriteOp {
    /// The key it changes.
    pub fn key(&self) -> &ItemKey {
        match self {
            Self::Put(new, _) => &new.key,
            Self::Delete(key, _) => key,
        }
    }

    /// What must hold.
    pub fn expect(&self) -> Expect {
        match self {
            Self::Put(_, expect) | Self::Delete(_, expect) => *expect,
        }
    }
}

/// A condition of a transaction on an item that it does not change.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The item.
    pub key: ItemKey,
    /// What must hold.
    pub expect: Expect,
}

/// The typed answer of a conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Applied. For each write of the call, in order, the version that now stands (for a delete: the tombstone's).
    Written(Vec<u64>),
    /// Nothing was applied: the condition on this key did not hold (the first one, in the order writes then checks).
    Refused(ItemKey),
}

/// Bounds on the sort key, both inclusive; `None` is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Range {
    /// Lower bound.
    pub from: Option<String>,
    /// Upper bound.
    pub to: Option<String>,
}

impl Range {
    /// Every sort key.
    pub fn all() -> Self {
        Self::default()
    }

    /// Every sort key that starts with the prefix. `\u{10FFFF}` never occurs in our keys.
    pub fn prefix(prefix: &str) -> Self {
        Self { from: Some(prefix.to_owned()), to: Some(format!("{prefix}\u{10FFFF}")) }
    }

    /// Every sort key up to and including the bound.
    pub fn up_to(to: impl Into<String>) -> Self {
        Self { from: None, to: Some(to.into()) }
    }
}

/// One page of a query, in ascending order of the sort key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The live items.
    pub items: Vec<Item>,
    /// Pass it back to go on; `None` means that the range is exhausted.
    pub cursor: Option<String>,
}

/// Why the store could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The call is wrong (too many items, empty key, a key named twice, a body that is not an object).
    #[error("state store refused the call: {0}")]
    Invalid(String),
    /// The store cannot be reached or is overloaded; the same call may succeed later.
    #[error("state store is unavailable: {0}")]
    Unavailable(String),
    /// A stored item cannot be read (wrong key file, damaged, written by a release that is too new).
    #[error("state store item {key} cannot be read: {reason}")]
    Unreadable {
        /// `pk/sk` of the item.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Conditional items. Every implementation passes `testkit::contract::state`.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// The live item at a key. Strongly consistent; hides what has expired.
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError>;

    /// Live items of a partition within a range of sort keys. Each item is as it stands, but a page is no snapshot:
    /// of two items written together while it is read, it may show the one before and the other after.
    /// `limit` is at least 1 and at most [`PAGE_ITEMS_MAX`].
    async fn query(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError>;

    /// Live items by their index key, those that share one in any order. May lag behind writes: re-read an item
    /// before acting on it.
    async fn query_index(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError>;

    /// Puts one item if the condition holds.
    async fn write(&self, item: NewItem, expect: Expect) -> Result<WriteOutcome, StoreError> {
        self.transact(vec![WriteOp::Put(item, expect)], Vec::new()).await
    }

    /// Deletes one item if the condition holds, leaving a tombstone.
    async fn delete(&self, key: &ItemKey, expect: Expect) -> Result<WriteOutcome, StoreError> {
        self.transact(vec![WriteOp::Delete(key.clone(), expect)], Vec::new()).await
    }

    /// Applies every write if every condition and check holds, else none.
    /// At most [`TRANSACTION_ITEMS_MAX`] writes and checks together, each key at most once, with bodies of at most
    /// [`TRANSACTION_BYTES_MAX`] bytes.
    async fn transact(&self, writes: Vec<WriteOp>, checks: Vec<Check>) -> Result<WriteOutcome, StoreError>;
}
