//! The SQLite file behind items and messages: one thread that writes, one that reads, and callers that
//! wait for either without blocking the async threads.
//!
//! ```text
//! caller ── job ──> writer thread: BEGIN IMMEDIATE, every job that waits (up to 128), COMMIT ── answers
//! caller ── job ──> reader thread: one statement at a time on its own snapshot ──────────────── answer
//! caller ── a glance at a few rows: done on the spot, which is quicker than waking another thread
//! ```
//! Jobs that wait while the disk syncs go into the next transaction together, so that the price of
//! `synchronous=FULL` is paid once for all of them. An answer is given after the commit, never before. A
//! job that fails is rolled back alone. A caller that goes away does not stop a job that was handed over.
use crate::files::{self, FileError};
use crate::open::OpenError;
use crate::schema;
use crate::seal::Sealer;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Jobs that share one commit at most.
const BATCH_JOBS_MAX: usize = 128;
/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements kept per connection; more than there are in this crate.
const STATEMENTS_KEPT: usize = 64;

/// Why the database could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("another process has been writing to {0} for too long: wait for it to end, or stop it")]
    Busy(PathBuf),
    #[error("{0}")]
    File(#[from] FileError),
    #[error("{path} is damaged ({reason}): restore it from a backup")]
    Damaged { path: PathBuf, reason: String },
    #[error("{path}: {reason}")]
    Failed { path: PathBuf, reason: String },
    #[error("a value is too large to be stored")]
    TooLarge,
    #[error("the store has been closed")]
    Closed,
}

/// What a job gets: the connection, within a transaction when it writes.
pub(crate) struct Session<'c> {
    pub(crate) connection: &'c Connection,
    path: &'c Path,
}

impl Session<'_> {
    /// The decision behind an error of SQLite.
    pub(crate) fn failure(&self, error: &rusqlite::Error) -> Failure {
        failure(self.path, error)
    }
}

/// The decision behind an error of SQLite.
pub(crate) fn failure(path: &Path, error: &rusqlite::Error) -> Failure {
    let named = path.to_path_buf();
    let code = error.sqlite_error_code();
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Failure::Busy(named),
        Some(ErrorCode::DiskFull) => FileError::DiskFull(named).into(),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            FileError::NotWritable(named).into()
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Failure::Damaged { path: named, reason: error.to_string() }
        }
        Some(ErrorCode::SystemIoFailure) => {
            let reason = format!("{error}: the disk is full or failing; free some space and try again");
            Failure::Failed { path: named, reason }
        }
        _ => Failure::Failed { path: named, reason: error.to_string() },
    }
}

/// A job, whatever it answers.
trait Job: Send {
    /// Does the work and keeps the answer.
    fn run(&mut self, session: &Session<'_>) -> Result<(), Failure>;
    /// Gives the answer, or the reason why there is none.
    fn answer(self: Box<Self>, outcome: Result<(), Failure>);
}

struct Asked<T, F> {
    work: Option<F>,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, Failure>>,
}

impl<T, F> Job for Asked<T, F>
where
    T: Send,
    F: FnOnce(&Session<'_>) -> Result<T, Failure> + Send,
{
    fn run(&mut self, session: &Session<'_>) -> Result<(), Failure> {
        let work = self.work.take().ok_or(Failure::Closed)?;
        self.value = Some(work(session)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), Failure>) {
        let Self { value, reply, .. } = *self;
        // The caller may be gone; what was committed stays committed.
        drop(reply.send(outcome.and_then(|()| value.ok_or(Failure::Closed))));
    }
}

/// A thread with a connection of its own.
struct Worker {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn start(
        name: &str,
        path: &Path,
        connection: Connection,
        work: fn(&Session<'_>, &Receiver<Box<dyn Job>>),
    ) -> Result<Self, OpenError> {
        let (jobs, waiting) = channel();
        let owned = path.to_path_buf();
        let body = move || work(&Session { connection: &connection, path: &owned }, &waiting);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(body);
        let thread = thread.map_err(|error| FileError::of(path, &error))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    async fn ask<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Session<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Asked { work: Some(work), value: None, reply });
        self.jobs.as_ref().and_then(|jobs| jobs.send(job).ok()).ok_or(Failure::Closed)?;
        answer.await.unwrap_or(Err(Failure::Closed))
    }
}

impl Drop for Worker {
    /// Waits until what was handed over is done, so that the file is closed when the store is gone.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a thread of the local database ended in a panic");
        }
    }
}

/// The open database.
pub(crate) struct Database {
    path: PathBuf,
    writer: Worker,
    reader: Worker,
    glances: Mutex<Connection>,
}

impl Database {
    /// Opens the file, making it and its tables when they are not there.
    pub(crate) fn open(path: &Path, sealer: &Sealer) -> Result<Self, OpenError> {
        // SQLite gives its journal the mode of the file, so the file is made private before it sees it.
        drop(files::open_private(path)?);
        let writing = connect(path)?;
        schema::prepare(&writing, path, sealer)?;
        Ok(Self {
            path: path.to_path_buf(),
            writer: Worker::start("local-writer", path, writing, write_batches)?,
            reader: Worker::start("local-reader", path, connect_for_reading(path)?, read_one_by_one)?,
            glances: Mutex::new(connect_for_reading(path)?),
        })
    }

    /// Runs a job within a write transaction and answers after the commit.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Session<'_>) -> Result<T, Failure> + Send + 'static,
    {
        self.writer.ask(work).await
    }

    /// Runs a job that only reads; it sees everything that was committed before it was asked for.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Session<'_>) -> Result<T, Failure> + Send + 'static,
    {
        self.reader.ask(work).await
    }

    /// As [`Self::read`], for a job that looks at a few rows by their key: readers wait for nobody, so it is done on the
    /// caller's own thread, unless another caller is just doing that.
    pub(crate) async fn glance<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Session<'_>) -> Result<T, Failure> + Send + 'static,
    {
        match self.on_the_spot(work) {
            Ok(answer) => answer,
            Err(work) => self.read(work).await,
        }
    }

    /// The answer; or the job itself, when another caller is at it.
    fn on_the_spot<T, F>(&self, work: F) -> Result<Result<T, Failure>, F>
    where
        F: FnOnce(&Session<'_>) -> Result<T, Failure>,
    {
        let connection = match self.glances.try_lock() {
            Ok(connection) => connection,
            // A panic in a glance leaves the connection as it was: it only reads.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(work),
        };
        Ok(work(&Session { connection: &connection, path: &self.path }))
    }
}

fn connect_for_reading(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| failure(path, &error))?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error: rusqlite::Error| failure(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Plans do not depend on the values that are bound: without this each new value may compile its statement again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;
             PRAGMA trusted_schema = OFF;",
        )
        .map_err(failed)?;
    Ok(connection)
}

fn read_one_by_one(session: &Session<'_>, waiting: &Receiver<Box<dyn Job>>) {
    while let Ok(mut job) = waiting.recv() {
        let outcome = job.run(session);
        job.answer(outcome);
    }
}

fn write_batches(session: &Session<'_>, waiting: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = waiting.recv() {
        let mut jobs = vec![first];
        jobs.extend(waiting.try_iter().take(BATCH_JOBS_MAX - 1));
        let outcomes = write_batch(session, &mut jobs);
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            job.answer(outcome);
        }
    }
}

/// One transaction for all; one outcome for each.
fn write_batch(session: &Session<'_>, jobs: &mut [Box<dyn Job>]) -> Vec<Result<(), Failure>> {
    let execute = |sql: &str| {
        let statement = session.connection.prepare_cached(sql);
        statement.and_then(|mut statement| statement.execute([])).map_err(|error| session.failure(&error))
    };
    let alone = jobs.len() == 1;
    if let Err(failure) = execute("BEGIN IMMEDIATE") {
        return vec![Err(failure); jobs.len()];
    }
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs.iter_mut() {
        let outcome = if alone {
            job.run(session)
        } else {
            execute("SAVEPOINT job").and_then(|_| job.run(session)).and_then(|()| {
                execute("RELEASE job")?;
                Ok(())
            })
        };
        // A full disk and the like end the transaction itself: nothing of the batch is left.
        let ended = session.connection.is_autocommit();
        if let Err(failure) = &outcome
            && (ended || alone || execute("ROLLBACK TO job").and_then(|_| execute("RELEASE job")).is_err())
        {
            return abandon(session, failure, jobs.len());
        }
        outcomes.push(outcome);
    }
    match execute("COMMIT") {
        Ok(_) => outcomes,
        Err(failure) => abandon(session, &failure, jobs.len()),
    }
}

fn abandon(session: &Session<'_>, failure: &Failure, jobs: usize) -> Vec<Result<(), Failure>> {
    if !session.connection.is_autocommit()
        && let Err(error) = session.connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "the local database cannot roll back");
    }
    vec![Err(failure.clone()); jobs]
}

#[cfg(test)]
mod tests;
