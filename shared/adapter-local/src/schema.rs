//! The tables, and what opening a file checks first: that it is ours, of a release we know, and sealed
//! with the key at hand.
use crate::database::{Failure, failure};
use crate::open::OpenError;
use crate::seal::{Place, Sealer};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;

/// The number of the tables below, kept in `user_version`.
const SCHEMA_VERSION: i64 = 1;
/// Kept in `application_id`: "ERPS".
const APPLICATION_ID: i64 = 0x4552_5053;
/// A sealed constant under which the key is tried.
const KEY_CHECK: &[u8] = b"erp-sync";

/// `body` is sealed; NULL is a tombstone. `expires_at` and all other times are microseconds since 1970, UTC.
/// `head` marks the message of a group that is next in line; a message without group is always marked.
const TABLES: &str = "
    CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE item (
        pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL,
        index_pk TEXT, index_sk TEXT, expires_at INTEGER, body BLOB,
        UNIQUE (pk, sk)
    ) STRICT;
    CREATE INDEX item_by_index ON item (index_pk, index_sk, pk, sk) WHERE index_pk IS NOT NULL;
    CREATE INDEX item_by_expiry ON item (expires_at) WHERE expires_at IS NOT NULL;
    CREATE INDEX item_tombstone ON item (version) WHERE body IS NULL;
    CREATE TABLE message (
        place INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, queue TEXT NOT NULL, grouping TEXT,
        message_id TEXT NOT NULL, body BLOB NOT NULL, sent_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL, receive_count INTEGER NOT NULL, head INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX message_in_line ON message (queue, place, visible_at) WHERE head = 1;
    CREATE INDEX message_of_group ON message (queue, grouping, place) WHERE grouping IS NOT NULL;
    CREATE INDEX message_by_age ON message (queue, sent_at);
    CREATE TABLE remembered (
        queue TEXT NOT NULL, deduplication_id TEXT NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (queue, deduplication_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX remembered_by_end ON remembered (until);
";

/// Checks the file and makes the tables of a new one.
pub(crate) fn prepare(connection: &Connection, path: &Path, sealer: &Sealer) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| failure(path, &error);
    match schema_version(connection).map_err(failed)? {
        SCHEMA_VERSION => {}
        0 if is_empty(connection).map_err(failed)? => create(connection, path, sealer)?,
        0 => return Err(OpenError::NotOurs { path: path.to_path_buf() }),
        found if application_id(connection).map_err(failed)? != APPLICATION_ID => {
            tracing::debug!(found, "the schema version of a foreign file");
            return Err(OpenError::NotOurs { path: path.to_path_buf() });
        }
        found => {
            return Err(OpenError::NewerSchema { path: path.to_path_buf(), found, known: SCHEMA_VERSION });
        }
    }
    if application_id(connection).map_err(failed)? != APPLICATION_ID {
        return Err(OpenError::NotOurs { path: path.to_path_buf() });
    }
    let check: Option<Vec<u8>> = connection
        .query_row("SELECT value FROM meta WHERE name = 'key_check'", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    match sealer.open(&key_check_place(), &check.unwrap_or_default()) {
        Ok(found) if found == KEY_CHECK => Ok(()),
        Ok(_) | Err(_) => Err(OpenError::WrongKey { path: path.to_path_buf() }),
    }
}

fn key_check_place() -> Place {
    Place::new(&[b"key-check"])
}

fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn application_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA application_id", [], |row| row.get(0))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_master", [], |row| row.get(0))
}

/// The caller holds the lock of the data folder, so nobody else is making these tables.
fn create(connection: &Connection, path: &Path, sealer: &Sealer) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| failure(path, &error);
    let check = sealer.seal(&key_check_place(), KEY_CHECK).ok_or(Failure::TooLarge)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        let reason =
            format!("the file system allows journal mode {mode} only, WAL is needed: use a local disk");
        return Err(Failure::Failed { path: path.to_path_buf(), reason }.into());
    }
    let transaction = connection.unchecked_transaction().map_err(failed)?;
    transaction.execute_batch(TABLES).map_err(failed)?;
    let meta = "INSERT INTO meta (name, value) VALUES ('version_floor', 0), ('key_check', ?1)";
    transaction.execute(meta, params![check]).map_err(failed)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(())
}
