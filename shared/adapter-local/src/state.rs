//! The state port on SQLite: the rules of the calls here, the statements in `item_rows`.
use crate::database::{Database, Failure, Session};
use crate::item_rows::{self, IndexCursor};
use crate::seal::Sealer;
use async_trait::async_trait;
use flows::ports::state::Range;
use flows::ports::{
    Check, Clock, Expect, Item, ItemKey, Page, StateStore, StoreError, WriteOp, WriteOutcome, rules,
};
use std::sync::Arc;

/// Items of a page that are read on the caller's own thread; more would keep others waiting.
const GLANCE_ITEMS_MAX: usize = 16;

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

    /// A page: a short one on the spot, a long one by the thread that reads.
    async fn look_up<F>(&self, limit: usize, read: F) -> Result<Page, StoreError>
    where
        F: FnOnce(&Session<'_>) -> item_rows::Answer<Page> + Send + 'static,
    {
        let found = if limit <= GLANCE_ITEMS_MAX {
            self.database.glance(read).await
        } else {
            self.database.read(read).await
        };
        found.map_err(unavailable)?
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

fn change(write: WriteOp, body: Option<String>) -> Change {
    match (write, body) {
        (WriteOp::Put(new, expect), Some(body)) => {
            let expires_at = new.expires_at.map(|end| end.timestamp_micros());
            let row = NewRow { index: new.index, expires_at, body: body.into_bytes() };
            Change { key: new.key, expect, new: Some(row) }
        }
        (write, _) => Change { key: write.key().clone(), expect: write.expect(), new: None },
    }
}

#[async_trait]
impl StateStore for SqliteStateStore {
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        rules::item_key(key)?;
        let (key, sealer, now) = (key.clone(), self.sealer.clone(), self.now());
        let found = self.database.glance(move |session| item_rows::get(session, &sealer, key, now)).await;
        found.map_err(unavailable)?
    }

    async fn query(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        rules::query(pk, limit)?;
        let (pk, sealer, now) = (pk.to_owned(), self.sealer.clone(), self.now());
        let read =
            move |session: &Session<'_>| item_rows::query(session, &sealer, &pk, &range, limit, cursor, now);
        self.look_up(limit, read).await
    }

    async fn query_index(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        rules::query(pk, limit)?;
        let cursor = cursor.map(|text| {
            IndexCursor::parse(&text)
                .ok_or_else(|| StoreError::Invalid("the cursor is not one of this index".to_owned()))
        });
        let cursor = cursor.transpose()?;
        let (pk, sealer, now) = (pk.to_owned(), self.sealer.clone(), self.now());
        let read = move |session: &Session<'_>| {
            item_rows::query_index(session, &sealer, &pk, range, limit, cursor, now)
        };
        self.look_up(limit, read).await
    }

    async fn transact(&self, writes: Vec<WriteOp>, checks: Vec<Check>) -> Result<WriteOutcome, StoreError> {
        let bodies = rules::transaction(&writes, &checks)?;
        let changes = writes.into_iter().zip(bodies).map(|(write, body)| change(write, body)).collect();
        let (sealer, now) = (self.sealer.clone(), self.now());
        let written = self
            .database
            .write(move |session| item_rows::transact(session, &sealer, changes, &checks, now))
            .await;
        written.map_err(unavailable)
    }
}
