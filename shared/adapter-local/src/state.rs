//! The state port on SQLite: the rules of the calls here, the statements in `item_rows`.
use crate::database::{Database, Failure};
use crate::item_rows::{self, IndexCursor};
use crate::seal::Sealer;
use async_trait::async_trait;
use flows::ports::state::{Range, TRANSACTION_ITEMS_MAX};
use flows::ports::{
    Check, Clock, Expect, Item, ItemKey, Page, StateStore, StoreError, WriteOp, WriteOutcome,
};
use std::collections::HashSet;
use std::sync::Arc;

/// The longest partition key, in bytes.
const PK_BYTES_MAX: usize = 2048;
/// The longest sort key, in bytes.
const SK_BYTES_MAX: usize = 1024;
/// The largest body, in bytes of its JSON text.
const BODY_BYTES_MAX: usize = 350 * 1024;
/// The most items of one page.
const PAGE_ITEMS_MAX: usize = 1000;

/// Items in the database of a data folder.
pub struct SqliteStateStore {
    database: Arc<Database>,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for SqliteStateStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStateStore").finish_non_exhaustive()
    }
}

impl SqliteStateStore {
    pub(crate) fn new(database: Arc<Database>, sealer: Arc<Sealer>, clock: Arc<dyn Clock>) -> Self {
        Self { database, sealer, clock }
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp_micros()
    }

    /// Removes up to `limit` expired items and tombstones. Versions go on above all that were removed.
    pub(crate) async fn purge(&self, limit: usize) -> Result<usize, StoreError> {
        let now = self.now();
        let purged = self.database.write(move |session| item_rows::purge(session, limit, now)).await;
        purged.map_err(unavailable)
    }
}

/// A conditional change, ready to be written.
pub(crate) struct Change {
    pub(crate) key: ItemKey,
    pub(crate) expect: Expect,
    /// `None` deletes.
    pub(crate) new: Option<NewRow>,
}

/// What is put at a key.
pub(crate) struct NewRow {
    pub(crate) index: Option<ItemKey>,
    pub(crate) expires_at: Option<i64>,
    /// JSON text.
    pub(crate) body: Vec<u8>,
}

fn unavailable(failure: Failure) -> StoreError {
    StoreError::Unavailable(failure.to_string())
}

fn invalid<T>(reason: impl Into<String>) -> Result<T, StoreError> {
    Err(StoreError::Invalid(reason.into()))
}

fn check_key(key: &ItemKey) -> Result<(), StoreError> {
    if key.pk.is_empty() || key.sk.is_empty() {
        return invalid("a key has an empty part");
    }
    if key.pk.len() > PK_BYTES_MAX || key.sk.len() > SK_BYTES_MAX {
        return invalid(format!("a key is longer than {PK_BYTES_MAX} and {SK_BYTES_MAX} bytes"));
    }
    Ok(())
}

fn check_query(pk: &str, limit: usize) -> Result<(), StoreError> {
    if pk.is_empty() {
        return invalid("the partition key of a query is empty");
    }
    if !(1..=PAGE_ITEMS_MAX).contains(&limit) {
        return invalid(format!("limit {limit} is not 1 to {PAGE_ITEMS_MAX}"));
    }
    Ok(())
}

fn change(write: WriteOp) -> Result<Change, StoreError> {
    let (new, expect) = match write {
        WriteOp::Delete(key, expect) => return Ok(Change { key, expect, new: None }),
        WriteOp::Put(new, expect) => (new, expect),
    };
    new.index.as_ref().map_or(Ok(()), check_key)?;
    if new.body.get("v").is_none() {
        return invalid("a body is a JSON object with a field v");
    }
    let body = serde_json::to_vec(&new.body).or_else(|error| invalid(error.to_string()))?;
    if body.len() > BODY_BYTES_MAX {
        return invalid(format!("a body is longer than {BODY_BYTES_MAX} bytes"));
    }
    let expires_at = new.expires_at.map(|end| end.timestamp_micros());
    Ok(Change { key: new.key, expect, new: Some(NewRow { index: new.index, expires_at, body }) })
}

fn check_transaction(changes: &[Change], checks: &[Check]) -> Result<(), StoreError> {
    let count = changes.len() + checks.len();
    if count == 0 || count > TRANSACTION_ITEMS_MAX {
        return invalid(format!("{count} writes and checks, at least 1 and at most {TRANSACTION_ITEMS_MAX}"));
    }
    let mut keys = HashSet::with_capacity(count);
    for key in changes.iter().map(|change| &change.key).chain(checks.iter().map(|check| &check.key)) {
        check_key(key)?;
        if !keys.insert(key) {
            return invalid(format!("key {}/{} is named twice", key.pk, key.sk));
        }
    }
    Ok(())
}

#[async_trait]
impl StateStore for SqliteStateStore {
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        check_key(key)?;
        let (key, sealer, now) = (key.clone(), self.sealer.clone(), self.now());
        let found = self.database.read(move |session| item_rows::get(session, &sealer, key, now)).await;
        found.map_err(unavailable)?
    }

    async fn query(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        check_query(pk, limit)?;
        let (pk, sealer, now) = (pk.to_owned(), self.sealer.clone(), self.now());
        let found = self
            .database
            .read(move |session| item_rows::query(session, &sealer, &pk, &range, limit, cursor, now))
            .await;
        found.map_err(unavailable)?
    }

    async fn query_index(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        check_query(pk, limit)?;
        let cursor = cursor.map(|text| {
            IndexCursor::parse(&text)
                .ok_or_else(|| StoreError::Invalid("the cursor is not one of this index".to_owned()))
        });
        let cursor = cursor.transpose()?;
        let (pk, sealer, now) = (pk.to_owned(), self.sealer.clone(), self.now());
        let found = self
            .database
            .read(move |session| item_rows::query_index(session, &sealer, &pk, range, limit, cursor, now))
            .await;
        found.map_err(unavailable)?
    }

    async fn transact(&self, writes: Vec<WriteOp>, checks: Vec<Check>) -> Result<WriteOutcome, StoreError> {
        let changes = writes.into_iter().map(change).collect::<Result<Vec<_>, _>>()?;
        check_transaction(&changes, &checks)?;
        let (sealer, now) = (self.sealer.clone(), self.now());
        let written = self
            .database
            .write(move |session| item_rows::transact(session, &sealer, changes, &checks, now))
            .await;
        written.map_err(unavailable)
    }
}
