//! Batches, failures within them, and what a full or read-only disk looks like.
use super::*;
use crate::seal::KEY_BYTES;
use std::sync::Arc;
use tempfile::TempDir;

fn database() -> (TempDir, Arc<Database>) {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&dir.path().join("state.sqlite3"), &Sealer::new(&[7; KEY_BYTES])).unwrap();
    (dir, Arc::new(database))
}

fn insert(name: String) -> impl FnOnce(&Session<'_>) -> Result<(), Failure> + Send + 'static {
    move |session| {
        let sql = "INSERT INTO meta (name, value) VALUES (?1, zeroblob(100))";
        session.connection.execute(sql, [name]).map_err(|error| session.failure(&error))?;
        Ok(())
    }
}

async fn count(database: &Database, like: &'static str) -> i64 {
    let sql = "SELECT count(*) FROM meta WHERE name LIKE ?1";
    let counted = database.read(move |session| {
        session.connection.query_row(sql, [like], |row| row.get(0)).map_err(|error| session.failure(&error))
    });
    counted.await.unwrap()
}

/// Keeps the writer busy until told, so that what is asked for meanwhile waits and shares a batch.
async fn hold(database: &Arc<Database>) -> (std::sync::mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
    let (release, held) = channel::<()>();
    let (started, start) = oneshot::channel::<()>();
    let database = database.clone();
    let task = tokio::spawn(async move {
        let held = database.write(move |_| {
            drop(started);
            // Ends when the other side is dropped.
            assert!(held.recv().is_err());
            Ok(())
        });
        held.await.unwrap();
    });
    assert!(start.await.is_err());
    (release, task)
}

#[tokio::test]
async fn a_job_that_fails_in_a_batch_fails_alone() {
    let (_dir, database) = database();
    let (release, held) = hold(&database).await;
    let mut waiting = Vec::new();
    for number in 0..30 {
        let database = database.clone();
        waiting.push(tokio::spawn(async move {
            // Every third one inserts first and then breaks its own primary key.
            database
                .write(move |session| {
                    insert(format!("job {number}"))(session)?;
                    if number % 3 == 0 { insert(format!("job {number}"))(session) } else { Ok(()) }
                })
                .await
        }));
    }
    tokio::task::yield_now().await;
    drop(release);
    held.await.unwrap();
    for (number, job) in waiting.into_iter().enumerate() {
        let outcome = job.await.unwrap();
        assert_eq!(outcome.is_err(), number % 3 == 0, "job {number}: {outcome:?}");
    }
    assert_eq!(count(&database, "job %").await, 20);
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_the_store_usable() {
    let (_dir, database) = database();
    let limit = |pages: &'static str| {
        database.write(move |session| {
            let set = session.connection.query_row(pages, [], |row| row.get::<_, i64>(0));
            set.map_err(|error| session.failure(&error))
        })
    };
    limit("PRAGMA max_page_count = 1").await.unwrap();
    let mut failure = None;
    for number in 0..200 {
        if let Err(error) = database.write(insert(format!("filler {number}"))).await {
            failure = Some((number, error));
            break;
        }
    }
    let (written, failure) = failure.expect("the file cannot grow");
    assert!(matches!(&failure, Failure::File(FileError::DiskFull(path)) if path.ends_with("state.sqlite3")));
    assert!(failure.to_string().contains("free some space"), "{failure}");
    assert_eq!(count(&database, "filler %").await, written);
    limit("PRAGMA max_page_count = 100000").await.unwrap();
    database.write(insert("filler again".to_owned())).await.unwrap();
    assert_eq!(count(&database, "filler %").await, written + 1);
}

#[tokio::test]
async fn when_the_disk_fills_up_nothing_of_the_batch_is_told_as_done() {
    let (_dir, database) = database();
    let (release, held) = hold(&database).await;
    let mut waiting = Vec::new();
    for number in 0..40 {
        let database = database.clone();
        waiting.push(tokio::spawn(async move {
            database
                .write(move |session| {
                    session.connection.query_row("PRAGMA max_page_count = 1", [], |_| Ok(())).unwrap();
                    insert(format!("job {number}"))(session)
                })
                .await
        }));
    }
    tokio::task::yield_now().await;
    drop(release);
    held.await.unwrap();
    let mut done = 0;
    for job in waiting {
        done += i64::from(job.await.unwrap().is_ok());
    }
    assert!(done < 40, "the disk never filled up");
    assert_eq!(count(&database, "job %").await, done);
}

#[tokio::test]
async fn a_database_that_may_not_be_written_is_told_with_the_remedy() {
    let (_dir, database) = database();
    database
        .write(|session| {
            session
                .connection
                .pragma_update(None, "query_only", true)
                .map_err(|error| session.failure(&error))
        })
        .await
        .unwrap();
    let failure = database.write(insert("x".to_owned())).await.unwrap_err();
    assert!(matches!(failure, Failure::File(FileError::NotWritable(_))), "{failure:?}");
    assert!(failure.to_string().contains("change its owner or mode"), "{failure}");
}

#[tokio::test]
async fn readers_cannot_write() {
    let (_dir, database) = database();
    assert!(database.read(insert("x".to_owned())).await.is_err());
    assert!(database.glance(insert("x".to_owned())).await.is_err());
    assert_eq!(count(&database, "x").await, 0);
}

#[tokio::test]
async fn every_commit_is_synced_and_the_journal_is_a_wal() {
    let (_dir, database) = database();
    let pragma = |sql: &'static str| {
        database.write(move |session| {
            let value = session.connection.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0));
            value.map_err(|error| session.failure(&error))
        })
    };
    assert_eq!(pragma("PRAGMA synchronous").await.unwrap(), rusqlite::types::Value::Integer(2));
    assert_eq!(pragma("PRAGMA journal_mode").await.unwrap(), rusqlite::types::Value::Text("wal".to_owned()));
}

#[tokio::test]
async fn a_glance_sees_what_was_committed_before_it_and_waits_for_no_writer() {
    let (_dir, database) = database();
    let counted = |session: &Session<'_>| {
        let sql = "SELECT count(*) FROM meta WHERE name LIKE 'seen %'";
        session
            .connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map_err(|error| session.failure(&error))
    };
    for number in 0..3 {
        database.write(insert(format!("seen {number}"))).await.unwrap();
        assert_eq!(database.glance(counted).await.unwrap(), number + 1);
    }
    let (release, held) = hold(&database).await;
    assert_eq!(database.glance(counted).await.unwrap(), 3);
    drop(release);
    held.await.unwrap();
}
