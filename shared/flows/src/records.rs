//! What the ledger keeps about a day and about an order: enough to say where each one is and why.
use crate::ports::{Expect, ItemKey, NewItem, StoreError, WriteOp};
use crate::reason::Reason;
use crate::typed::{self, Stored};
use chrono::{DateTime, NaiveDate, Utc};
use domain::flag::Flag;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Transitions kept per document.
pub const TRANSITIONS_MAX: usize = 20;
/// Orders of one day and account that one atomic write takes (about 2 MB of request).
pub const ORDERS_PER_DAY_MAX: usize = 3_000;

/// One step in the life of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub at: DateTime<Utc>,
    /// Which run did it.
    pub run: String,
    /// What it became.
    pub to: String,
}

/// Appends a transition, dropping the oldest beyond [`TRANSITIONS_MAX`].
pub fn record(transitions: &mut Vec<Transition>, at: DateTime<Utc>, run: &str, to: &str) {
    transitions.push(Transition { at, run: run.to_owned(), to: to.to_owned() });
    let surplus = transitions.len().saturating_sub(TRANSITIONS_MAX);
    transitions.drain(..surplus);
}

/// An order as it stands on the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenOrder {
    /// `Codigo`.
    pub code: i64,
    /// First 16 hex digits of the row's hash.
    pub hash: String,
}

/// The ledger of one sale day of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayRecord {
    /// Hash of the rows that were last confirmed on the sheet.
    pub hash: String,
    /// Generation of the write that put them there; 0 when they were found there.
    pub generation: i32,
    /// The orders behind these rows, by identity.
    pub orders: BTreeMap<String, WrittenOrder>,
    /// A contact could not be looked up: the day is read again on the next daily run.
    pub unfinished: bool,
    /// Last confirmed change of the sheet.
    pub written_at: Option<DateTime<Utc>>,
    /// What happened to it.
    pub transitions: Vec<Transition>,
}

/// Where an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Its row is on the sheet.
    Written,
    /// It cannot become a row; an earlier row of it is left alone.
    Quarantined,
    /// It is no longer billed on that day; its row was taken away.
    Removed,
    /// It cannot become a row, and a person has decided that it need not. It comes back when it says something else.
    Discarded,
}

/// The ledger of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// `Codigo`.
    pub code: i64,
    /// The sale day its row stands under.
    pub day: NaiveDate,
    /// Where it is.
    pub state: OrderState,
    /// First 16 hex digits of the row's hash.
    pub hash: String,
    /// What is worth knowing about the row.
    pub flags: Vec<Flag>,
    /// Why it is not on the sheet.
    pub reason: Option<Reason>,
    /// What it said when it could not become a row, as a hash.
    #[serde(default)]
    pub content: String,
    /// What happened to it.
    pub transitions: Vec<Transition>,
    /// Days on which a row of it was left alone while it was in quarantine: looked at again whenever it changes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left_on: BTreeSet<NaiveDate>,
}

/// Key of a day's record.
pub fn day_key(account: &str, day: NaiveDate) -> ItemKey {
    ItemKey::new(format!("ledger#{account}#sige-day"), day.to_string())
}

/// Key of an order's record.
pub fn order_key(account: &str, identity: &str) -> ItemKey {
    ItemKey::new(format!("ledger#{account}#sige-order"), identity)
}

/// Index partition of the days that wait for a contact.
pub fn unfinished_days(account: &str) -> String {
    format!("unfinished#{account}")
}

/// Index partition of the orders that cannot be mapped.
pub fn quarantine(account: &str) -> String {
    format!("quarantine#{account}")
}

/// The write of a day's record.
pub fn put_day(
    account: &str,
    day: NaiveDate,
    record: &DayRecord,
    before: Option<&Stored<DayRecord>>,
) -> Result<WriteOp, StoreError> {
    let index = record.unfinished.then(|| ItemKey::new(unfinished_days(account), day.to_string()));
    let expect = before.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
    let item = NewItem { key: day_key(account, day), index, expires_at: None, body: typed::encode(record)? };
    Ok(WriteOp::Put(item, expect))
}

/// The write of an order's record.
pub fn put_order(
    account: &str,
    identity: &str,
    record: &OrderRecord,
    before: Option<&Stored<OrderRecord>>,
) -> Result<WriteOp, StoreError> {
    let index = (record.state == OrderState::Quarantined)
        .then(|| ItemKey::new(quarantine(account), format!("{}#{identity}", record.day)));
    let expect = before.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
    let item =
        NewItem { key: order_key(account, identity), index, expires_at: None, body: typed::encode(record)? };
    Ok(WriteOp::Put(item, expect))
}
