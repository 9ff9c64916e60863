//! The statements on items. Times are microseconds since 1970.
//!
//! A row whose body is NULL is a tombstone, a row that has expired is hidden; both still know their version.
use crate::database::{Failure, Session};
use crate::seal::{Place, Sealer};
use crate::state::{Change, NewRow};
use chrono::DateTime;
use flows::ports::state::Range;
use flows::ports::{Check, Expect, Item, ItemKey, Page, StoreError, WriteOutcome};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Params, Row, named_params, params};

/// A live row as it stands in the table.
struct Stored {
    key: ItemKey,
    version: i64,
    index: Option<ItemKey>,
    expires_at: Option<i64>,
    sealed: Vec<u8>,
}

impl Stored {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let index = match (row.get::<_, Option<String>>(3)?, row.get::<_, Option<String>>(4)?) {
            (Some(pk), Some(sk)) => Some(ItemKey { pk, sk }),
            _ => None,
        };
        Ok(Self {
            key: ItemKey { pk: row.get(0)?, sk: row.get(1)? },
            version: row.get(2)?,
            index,
            expires_at: row.get(5)?,
            sealed: row.get(6)?,
        })
    }

    fn open(self, sealer: &Sealer) -> Result<Item, StoreError> {
        let unreadable = |reason: String| StoreError::Unreadable {
            key: format!("{}/{}", self.key.pk, self.key.sk),
            reason,
        };
        let plain = sealer
            .open(&place(&self.key, self.version), &self.sealed)
            .map_err(|error| unreadable(error.to_string()))?;
        // The text itself stays out of the message.
        let body =
            serde_json::from_slice(&plain).map_err(|_| unreadable("its body is not JSON".to_owned()))?;
        let expires_at = match self.expires_at {
            None => None,
            Some(end) => Some(
                DateTime::from_timestamp_micros(end)
                    .ok_or_else(|| unreadable("its expiry is not a time".to_owned()))?,
            ),
        };
        let version =
            u64::try_from(self.version).map_err(|_| unreadable("its version is negative".to_owned()))?;
        Ok(Item { key: self.key, version, index: self.index, expires_at, body })
    }
}

fn place(key: &ItemKey, version: i64) -> Place {
    Place::new(&[b"item", key.pk.as_bytes(), key.sk.as_bytes(), &version.to_le_bytes()])
}

/// An upper bound on text. SQLite orders every text before every blob, so an empty blob is above them all.
struct UpperBound<'a>(Option<&'a str>);

impl ToSql for UpperBound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = self.0.map_or(ValueRef::Blob(&[]), |text| ValueRef::Text(text.as_bytes()));
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// The least text above another one, in the order of bytes.
fn just_above(text: &str) -> String {
    format!("{text}\0")
}

pub(crate) type Answer<T> = Result<Result<T, StoreError>, Failure>;

/// The live item at a key.
pub(crate) fn get(session: &Session<'_>, sealer: &Sealer, key: ItemKey, now: i64) -> Answer<Option<Item>> {
    let sql =
        select("WHERE pk = ?1 AND sk = ?2 AND body IS NOT NULL AND (expires_at IS NULL OR expires_at > ?3)");
    let found = session
        .connection
        .prepare_cached(&sql)
        .and_then(|mut statement| {
            statement.query_row(params![key.pk, key.sk, now], Stored::from_row).optional()
        })
        .map_err(|error| session.failure(&error))?;
    Ok(found.map(|stored| stored.open(sealer)).transpose())
}

fn select(conditions: &str) -> String {
    format!("SELECT pk, sk, version, index_pk, index_sk, expires_at, body FROM item {conditions}")
}

/// A page of a partition. The cursor is the last sort key of the page before.
pub(crate) fn query(
    session: &Session<'_>,
    sealer: &Sealer,
    pk: &str,
    range: &Range,
    limit: usize,
    cursor: Option<String>,
    now: i64,
) -> Answer<Page> {
    let from =
        range.from.clone().unwrap_or_default().max(cursor.as_deref().map(just_above).unwrap_or_default());
    let sql = select(
        "WHERE pk = :pk AND sk >= :from AND sk <= :to AND body IS NOT NULL
          AND (expires_at IS NULL OR expires_at > :now) ORDER BY sk LIMIT :limit",
    );
    let bounds = named_params! {
        ":pk": pk, ":from": from, ":to": UpperBound(range.to.as_deref()), ":now": now, ":limit": one_more(limit)
    };
    page(session, sealer, &sql, bounds, limit, |item| Some(item.key.sk.clone()))
}

/// Where a page of the index ended: index sort key, then the key of the item.
pub(crate) struct IndexCursor {
    index_sk: String,
    pk: String,
    sk: String,
}

impl IndexCursor {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (index_sk, pk, sk) = serde_json::from_str(text).ok()?;
        Some(Self { index_sk, pk, sk })
    }

    fn after(item: &Item) -> Option<String> {
        let index = item.index.as_ref()?;
        serde_json::to_string(&(&index.sk, &item.key.pk, &item.key.sk)).ok()
    }
}

/// A page of the index.
pub(crate) fn query_index(
    session: &Session<'_>,
    sealer: &Sealer,
    pk: &str,
    range: Range,
    limit: usize,
    cursor: Option<IndexCursor>,
    now: i64,
) -> Answer<Page> {
    let start = (range.from.unwrap_or_default(), String::new(), String::new());
    let resumed = cursor.map(|cursor| (cursor.index_sk, cursor.pk, just_above(&cursor.sk)));
    let from = resumed.map_or(start.clone(), |resumed| resumed.max(start));
    let sql = select(
        "WHERE index_pk = :pk AND (index_sk, pk, sk) >= (:index_sk, :item_pk, :item_sk)
          AND index_sk <= :to AND body IS NOT NULL AND (expires_at IS NULL OR expires_at > :now)
          ORDER BY index_sk, pk, sk LIMIT :limit",
    );
    let bounds = named_params! {
        ":pk": pk, ":index_sk": from.0, ":item_pk": from.1, ":item_sk": from.2,
        ":to": UpperBound(range.to.as_deref()), ":now": now, ":limit": one_more(limit)
    };
    page(session, sealer, &sql, bounds, limit, IndexCursor::after)
}

/// One row more than asked for says whether there is a next page.
fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn page(
    session: &Session<'_>,
    sealer: &Sealer,
    sql: &str,
    bounds: &[(&str, &dyn ToSql)],
    limit: usize,
    cursor: impl Fn(&Item) -> Option<String>,
) -> Answer<Page> {
    let mut rows: Vec<Stored> = session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(bounds, Stored::from_row)?.collect())
        .map_err(|error| session.failure(&error))?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let items = rows.into_iter().map(|stored| stored.open(sealer)).collect::<Result<Vec<_>, _>>();
    Ok(items.map(|items| {
        let cursor = items.last().filter(|_| more).and_then(cursor);
        Page { items, cursor }
    }))
}

/// What stands at a key, seen or hidden.
struct Standing {
    row: i64,
    version: i64,
    live: bool,
    index_pk: Option<String>,
    index_sk: Option<String>,
    expires_at: Option<i64>,
}

impl Standing {
    /// Whether the row keeps its place in both indexes, which then need not be touched.
    fn keeps_place(&self, index: Option<&ItemKey>, expires_at: Option<i64>) -> bool {
        let (pk, sk) = index.map(|index| (&index.pk, &index.sk)).unzip();
        self.index_pk.as_ref() == pk && self.index_sk.as_ref() == sk && self.expires_at == expires_at
    }
}

fn standing(session: &Session<'_>, key: &ItemKey, now: i64) -> Result<Option<Standing>, Failure> {
    let sql = "SELECT rowid, version, body IS NOT NULL AND (expires_at IS NULL OR expires_at > ?3),
               index_pk, index_sk, expires_at FROM item WHERE pk = ?1 AND sk = ?2";
    session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            let read = |row: &Row<'_>| {
                Ok(Standing {
                    row: row.get(0)?,
                    version: row.get(1)?,
                    live: row.get(2)?,
                    index_pk: row.get(3)?,
                    index_sk: row.get(4)?,
                    expires_at: row.get(5)?,
                })
            };
            statement.query_row(params![key.pk, key.sk, now], read).optional()
        })
        .map_err(|error| session.failure(&error))
}

fn holds(standing: Option<&Standing>, expect: Expect) -> bool {
    let live = standing.filter(|standing| standing.live);
    match (expect, live) {
        (Expect::Absent, None) => true,
        (Expect::Version(wanted), Some(live)) => u64::try_from(live.version) == Ok(wanted),
        (Expect::Absent, Some(_)) | (Expect::Version(_), None) => false,
    }
}

/// Applies every change if every condition holds, within the transaction of the session.
pub(crate) fn transact(
    session: &Session<'_>,
    sealer: &Sealer,
    changes: Vec<Change>,
    checks: &[Check],
    now: i64,
) -> Result<WriteOutcome, Failure> {
    let mut found = Vec::with_capacity(changes.len());
    for change in &changes {
        let standing = standing(session, &change.key, now)?;
        if !holds(standing.as_ref(), change.expect) {
            return Ok(WriteOutcome::Refused(change.key.clone()));
        }
        found.push(standing);
    }
    for check in checks {
        if !holds(standing(session, &check.key, now)?.as_ref(), check.expect) {
            return Ok(WriteOutcome::Refused(check.key.clone()));
        }
    }
    let mut versions = Vec::with_capacity(changes.len());
    for (change, standing) in changes.into_iter().zip(found) {
        let version = put(session, sealer, &change.key, change.new, standing)?;
        versions.push(version.unsigned_abs());
    }
    Ok(WriteOutcome::Written(versions))
}

fn put(
    session: &Session<'_>,
    sealer: &Sealer,
    key: &ItemKey,
    new: Option<NewRow>,
    standing: Option<Standing>,
) -> Result<i64, Failure> {
    let version = 1 + match &standing {
        Some(standing) => standing.version,
        None => version_floor(session)?,
    };
    let (index, expires_at, body) = match new {
        None => (None, None, None),
        Some(new) => {
            let sealed = sealer.seal(&place(key, version), &new.body).ok_or(Failure::TooLarge)?;
            (new.index, new.expires_at, Some(sealed))
        }
    };
    let written = match standing {
        Some(standing)
            if body.is_some() && standing.live && standing.keeps_place(index.as_ref(), expires_at) =>
        {
            let sql = "UPDATE item SET version = ?2, body = ?3 WHERE rowid = ?1";
            execute(session, sql, params![standing.row, version, body])
        }
        Some(standing) => {
            let (index_pk, index_sk) = index.map(|index| (index.pk, index.sk)).unzip();
            let sql = "UPDATE item SET version = ?2, index_pk = ?3, index_sk = ?4, expires_at = ?5, body = ?6
                       WHERE rowid = ?1";
            execute(session, sql, params![standing.row, version, index_pk, index_sk, expires_at, body])
        }
        None => {
            let (index_pk, index_sk) = index.map(|index| (index.pk, index.sk)).unzip();
            let sql = "INSERT INTO item (pk, sk, version, index_pk, index_sk, expires_at, body)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            execute(session, sql, params![key.pk, key.sk, version, index_pk, index_sk, expires_at, body])
        }
    };
    written.map(|()| version)
}

fn execute(session: &Session<'_>, sql: &str, values: impl Params) -> Result<(), Failure> {
    let statement = session.connection.prepare_cached(sql);
    let done = statement.and_then(|mut statement| statement.execute(values));
    done.map(|_| ()).map_err(|error| session.failure(&error))
}

/// No key may start at or below a version that was forgotten.
fn version_floor(session: &Session<'_>) -> Result<i64, Failure> {
    session
        .connection
        .prepare_cached("SELECT value FROM meta WHERE name = 'version_floor'")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(|error| session.failure(&error))
}

/// Removes up to `limit` expired rows and tombstones and raises the floor above them.
pub(crate) fn purge(session: &Session<'_>, limit: usize, now: i64) -> Result<usize, Failure> {
    let failed = |error: rusqlite::Error| session.failure(&error);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = "SELECT rowid, version FROM item WHERE expires_at <= ?1
               UNION ALL SELECT rowid, version FROM item WHERE body IS NULL LIMIT ?2";
    let dead: Vec<(i64, i64)> = session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.query_map(params![now, limit], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .map_err(failed)?;
    let Some(highest) = dead.iter().map(|(_, version)| *version).max() else { return Ok(0) };
    let raise = "UPDATE meta SET value = max(value, ?1) WHERE name = 'version_floor'";
    session.connection.execute(raise, [highest]).map_err(failed)?;
    let mut remove =
        session.connection.prepare_cached("DELETE FROM item WHERE rowid = ?1").map_err(failed)?;
    for (row, _) in &dead {
        remove.execute([row]).map_err(failed)?;
    }
    Ok(dead.len())
}
