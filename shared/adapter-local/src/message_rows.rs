//! The statements on messages. Times are microseconds since 1970.
//!
//! ```text
//! group A   [1 head] [4] [7]      only heads are looked at, so a long group costs nothing;
//! group B   [2 head] [3]          a head that is hidden (in flight) keeps its group back;
//! no group  [5 head] [6 head]     when a head leaves, the next of its group becomes one
//! ```
use crate::database::{Failure, Session};
use crate::seal::{Place, Sealer};
use flows::ports::{Delivery, Message, QueueConfig, QueueCounts};
use rusqlite::{OptionalExtension, Row, params};

/// Messages that one call moves to the dead letters or drops, at most; the next call goes on.
const REMOVED_PER_CALL_MAX: usize = 1000;

/// A delivery: the place of the message, and which of its deliveries.
#[derive(Clone, Copy)]
pub(crate) struct Receipt {
    place: i64,
    receive_count: u32,
}

impl Receipt {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (place, receive_count) = text.split_once('.')?;
        Some(Self { place: place.parse().ok()?, receive_count: receive_count.parse().ok()? })
    }
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.place, self.receive_count)
    }
}

/// The times and the number of one receive call.
pub(crate) struct Receiving {
    pub(crate) now: i64,
    pub(crate) hidden_until: i64,
    /// What was sent at it or before is beyond retention.
    pub(crate) horizon: i64,
    pub(crate) max: usize,
}

/// The queue is not part of the place: a message moves to the dead letters as it is.
fn place_of(message_id: &str) -> Place {
    Place::new(&[b"message", message_id.as_bytes()])
}

/// Adds a message at the end of its line, unless its deduplication id is remembered.
pub(crate) fn send(
    session: &Session<'_>,
    sealer: &Sealer,
    queue: &str,
    message_id: &str,
    message: &Message,
    now: i64,
    remember_until: i64,
) -> Result<(), Failure> {
    if let Some(id) = &message.deduplication_id {
        let sql = "INSERT INTO remembered (queue, deduplication_id, until) VALUES (?1, ?2, ?3)
                   ON CONFLICT DO UPDATE SET until = excluded.until WHERE until <= ?4";
        let remembered = session
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params![queue, id, remember_until, now]))
            .map_err(|error| session.failure(&error))?;
        if remembered == 0 {
            return Ok(());
        }
    }
    let body = sealer.seal(&place_of(message_id), message.body.as_bytes()).ok_or(Failure::TooLarge)?;
    join_line(session, queue, message.group.as_deref(), message_id, &body, now)
}

fn join_line(
    session: &Session<'_>,
    queue: &str,
    group: Option<&str>,
    message_id: &str,
    body: &[u8],
    now: i64,
) -> Result<(), Failure> {
    let sql =
        "INSERT INTO message (queue, grouping, message_id, body, sent_at, visible_at, receive_count, head)
               VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0,
                       NOT EXISTS (SELECT 1 FROM message WHERE queue = ?1 AND grouping = ?2))";
    session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params![queue, group, message_id, body, now]))
        .map_err(|error| session.failure(&error))?;
    Ok(())
}

/// The head of a line.
struct Head {
    place: i64,
    group: Option<String>,
    message_id: String,
    body: Vec<u8>,
    sent_at: i64,
    receive_count: u32,
}

impl Head {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            place: row.get(0)?,
            group: row.get(1)?,
            message_id: row.get(2)?,
            body: row.get(3)?,
            sent_at: row.get(4)?,
            receive_count: row.get(5)?,
        })
    }
}

/// Delivers up to `max` heads that are visible.
pub(crate) fn receive(
    session: &Session<'_>,
    sealer: &Sealer,
    config: &QueueConfig,
    receiving: &Receiving,
) -> Result<Vec<Delivery>, Failure> {
    let mut deliveries = Vec::new();
    let mut removed = 0;
    // Places are looked at in ascending order. When a head is removed, the next of its group stands later in
    // the line, so it is still ahead of this walk.
    let mut walked_to = 0;
    while deliveries.len() < receiving.max && removed < REMOVED_PER_CALL_MAX {
        let Some(head) = next_head(session, &config.name, walked_to, receiving.now)? else { break };
        walked_to = head.place;
        if head.sent_at <= receiving.horizon {
            removed += 1;
            remove(session, &config.name, head.place, head.group.as_deref())?;
            continue;
        }
        if let Some(dead_letters) = &config.dead_letter_queue
            && head.receive_count >= config.max_receive_count
        {
            removed += 1;
            remove(session, &config.name, head.place, head.group.as_deref())?;
            let group = head.group.as_deref();
            join_line(session, dead_letters, group, &head.message_id, &head.body, receiving.now)?;
            continue;
        }
        let receive_count = head.receive_count.saturating_add(1);
        hide(session, head.place, receive_count, receiving.hidden_until)?;
        if let Some(body) = open(sealer, &head) {
            let receipt = Receipt { place: head.place, receive_count }.to_string();
            let Head { message_id, group, .. } = head;
            deliveries.push(Delivery { message_id, receipt, group, body, receive_count });
        }
    }
    Ok(deliveries)
}

/// The body, or `None` when it cannot be read: such a message counts its deliveries like any other and ends
/// among the dead letters, without keeping back those of other groups.
fn open(sealer: &Sealer, head: &Head) -> Option<String> {
    let opened = sealer.open(&place_of(&head.message_id), &head.body).map_err(|error| error.to_string());
    match opened.and_then(|plain| String::from_utf8(plain).map_err(|_| "it is not text".to_owned())) {
        Ok(body) => Some(body),
        Err(reason) => {
            tracing::error!(message_id = head.message_id, reason, "the body of a message cannot be read");
            None
        }
    }
}

fn next_head(session: &Session<'_>, queue: &str, after: i64, now: i64) -> Result<Option<Head>, Failure> {
    let sql = "SELECT place, grouping, message_id, body, sent_at, receive_count FROM message
               WHERE head = 1 AND queue = ?1 AND place > ?2 AND visible_at <= ?3 ORDER BY place LIMIT 1";
    session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(params![queue, after, now], Head::from_row).optional())
        .map_err(|error| session.failure(&error))
}

fn hide(session: &Session<'_>, place: i64, receive_count: u32, until: i64) -> Result<(), Failure> {
    let sql = "UPDATE message SET receive_count = ?2, visible_at = ?3 WHERE place = ?1";
    session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params![place, receive_count, until]))
        .map_err(|error| session.failure(&error))?;
    Ok(())
}

/// Removes a message and lets the next of its group come to the head.
fn remove(session: &Session<'_>, queue: &str, place: i64, group: Option<&str>) -> Result<(), Failure> {
    let failed = |error: rusqlite::Error| session.failure(&error);
    let delete = "DELETE FROM message WHERE place = ?1";
    session
        .connection
        .prepare_cached(delete)
        .and_then(|mut delete| delete.execute([place]))
        .map_err(failed)?;
    let Some(group) = group else { return Ok(()) };
    let promote = "UPDATE message SET head = 1
                   WHERE place = (SELECT min(place) FROM message WHERE queue = ?1 AND grouping = ?2)";
    let mut promote = session.connection.prepare_cached(promote).map_err(failed)?;
    promote.execute(params![queue, group]).map_err(failed)?;
    Ok(())
}

/// Removes the delivered message; false when the receipt is stale, or the message was sent before the horizon.
pub(crate) fn acknowledge(
    session: &Session<'_>,
    queue: &str,
    receipt: Receipt,
    horizon: i64,
) -> Result<bool, Failure> {
    let sql = "SELECT grouping FROM message
               WHERE place = ?1 AND queue = ?2 AND receive_count = ?3 AND sent_at > ?4";
    let group: Option<Option<String>> = session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            let delivered = params![receipt.place, queue, receipt.receive_count, horizon];
            statement.query_row(delivered, |row| row.get(0)).optional()
        })
        .map_err(|error| session.failure(&error))?;
    let Some(group) = group else { return Ok(false) };
    remove(session, queue, receipt.place, group.as_deref())?;
    Ok(true)
}

/// Hides the delivered message until then; false as with [`acknowledge`].
pub(crate) fn change_visibility(
    session: &Session<'_>,
    queue: &str,
    receipt: Receipt,
    visible_at: i64,
    horizon: i64,
) -> Result<bool, Failure> {
    let sql = "UPDATE message SET visible_at = ?4
               WHERE place = ?1 AND queue = ?2 AND receive_count = ?3 AND sent_at > ?5";
    let changed = session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.execute(params![receipt.place, queue, receipt.receive_count, visible_at, horizon])
        })
        .map_err(|error| session.failure(&error))?;
    Ok(changed == 1)
}

/// Makes every hidden message of a queue visible; says how many there were. In flight are heads only.
pub(crate) fn hand_back(session: &Session<'_>, queue: &str, now: i64) -> Result<usize, Failure> {
    let sql = "UPDATE message SET visible_at = ?2 WHERE head = 1 AND queue = ?1 AND visible_at > ?2";
    session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params![queue, now]))
        .map_err(|error| session.failure(&error))
}

/// Removes up to `limit` messages sent before their queue's horizon, and as many forgotten deduplication ids.
pub(crate) fn purge(
    session: &Session<'_>,
    horizons: &[(String, i64)],
    limit: usize,
    now: i64,
) -> Result<(usize, usize), Failure> {
    let failed = |error: rusqlite::Error| session.failure(&error);
    let rows = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let sql =
        "SELECT place, grouping FROM message WHERE queue = ?1 AND sent_at <= ?2 ORDER BY sent_at LIMIT ?3";
    let mut removed = 0;
    for (queue, horizon) in horizons {
        let old: Vec<(i64, Option<String>)> = session
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                let bounds = params![queue, horizon, rows(limit - removed)];
                statement.query_map(bounds, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(failed)?;
        removed += old.len();
        for (place, group) in old {
            remove(session, queue, place, group.as_deref())?;
        }
    }
    let forget = "DELETE FROM remembered WHERE (queue, deduplication_id) IN
                  (SELECT queue, deduplication_id FROM remembered WHERE until <= ?1 LIMIT ?2)";
    let mut forget = session.connection.prepare_cached(forget).map_err(failed)?;
    let forgotten = forget.execute(params![now, rows(limit)]).map_err(failed)?;
    Ok((removed, forgotten))
}

/// The messages of a queue within retention: those that could be delivered, and those that are hidden.
pub(crate) fn counts(
    session: &Session<'_>,
    queue: &str,
    horizon: i64,
    now: i64,
) -> Result<QueueCounts, Failure> {
    let sql = "SELECT count(*) FILTER (WHERE visible_at <= ?3), count(*) FILTER (WHERE visible_at > ?3)
               FROM message WHERE queue = ?1 AND sent_at > ?2";
    session
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.query_row(params![queue, horizon, now], |row| {
                let number = |count: i64| u64::try_from(count).unwrap_or_default();
                Ok(QueueCounts { waiting: number(row.get(0)?), in_flight: number(row.get(1)?) })
            })
        })
        .map_err(|error| session.failure(&error))
}
