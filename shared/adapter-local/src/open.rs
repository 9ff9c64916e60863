//! Opening the data folder: everything at once, everything checked, one typed reason when it cannot be.
use crate::blobs::FileBlobStore;
use crate::database::{Database, Failure};
use crate::files::{self, FileError};
use crate::key;
use crate::queue::{self, SqliteWorkQueue};
use crate::secrets::FileSecretStore;
use crate::state::SqliteStateStore;
use flows::ports::{Clock, QueueConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DATABASE_FILE: &str = "state.sqlite3";
const KEY_FILE: &str = "key";
const OPEN_LOCK_FILE: &str = "open.lock";

/// Why the data folder cannot be opened. Each message names the path and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The folder, or the one above it, is not there.
    #[error("{path} does not exist: create it, or name another data folder")]
    Missing {
        /// What is missing.
        path: PathBuf,
    },
    /// Something else stands where a folder is needed.
    #[error("{path} is not a folder: move it away, or name another data folder")]
    NotAFolder {
        /// What stands in the way.
        path: PathBuf,
    },
    /// This user may not write there, or the disk is mounted read-only.
    #[error("{path} cannot be written by this user: change its owner or mode, or name another data folder")]
    NotWritable {
        /// What cannot be written.
        path: PathBuf,
    },
    /// No space left.
    #[error("the disk that holds {path} is full: free some space and try again")]
    DiskFull {
        /// What could not be written.
        path: PathBuf,
    },
    /// A key or secret may be read by others.
    #[error("{path} is open to others (mode {mode:04o}): chmod {wanted:o} {path}")]
    Loose {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it should have.
        wanted: u32,
    },
    /// There is data, but not the key it was written with.
    #[error(
        "{path} is missing, and the data beside it was written with it: put the key file back from its backup"
    )]
    KeyMissing {
        /// Where the key file should be.
        path: PathBuf,
    },
    /// The key file does not hold a key.
    #[error("{path} is not a key file (64 hex digits): put the key file back from its backup")]
    BadKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// The key file is another one than the data was written with.
    #[error(
        "the key file beside {path} is not the one it was written with: put the right one back from its backup"
    )]
    WrongKey {
        /// The database.
        path: PathBuf,
    },
    /// The data was written by a release that is newer than this one.
    #[error(
        "{path} has schema {found}, this release knows {known}: use the newer release, or restore a backup"
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The schema version of this release.
        known: i64,
    },
    /// A SQLite file of something else.
    #[error("{path} is a database of another program: move it away, or name another data folder")]
    NotOurs {
        /// The database.
        path: PathBuf,
    },
    /// The database file is not readable as one.
    #[error("{path} is damaged ({reason}): restore it from a backup")]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// Another process keeps the database to itself.
    #[error("another process has been writing to {path} for too long: wait for it to end, or stop it")]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// A queue is not configured in a way that can work.
    #[error("queue {name}: {reason}")]
    BadQueue {
        /// Name of the queue.
        name: String,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// Anything else, with the words of the system.
    #[error("{path}: {reason}")]
    Failed {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl From<FileError> for OpenError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Missing(path) => Self::Missing { path },
            FileError::NotAFolder(path) => Self::NotAFolder { path },
            FileError::NotWritable(path) => Self::NotWritable { path },
            FileError::DiskFull(path) => Self::DiskFull { path },
            FileError::Loose { path, mode, wanted } => Self::Loose { path, mode, wanted },
            FileError::Failed { path, reason } => Self::Failed { path, reason },
        }
    }
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::File(error) => error.into(),
            Failure::Busy(path) => Self::Busy { path },
            Failure::Damaged { path, reason } => Self::Damaged { path, reason },
            Failure::Failed { path, reason } => Self::Failed { path, reason },
            Failure::TooLarge | Failure::Closed => {
                Self::Failed { path: PathBuf::from(DATABASE_FILE), reason: failure.to_string() }
            }
        }
    }
}

/// The stores of one data folder. Clones share them; the files are closed when the last one goes.
#[derive(Clone)]
pub struct LocalStores {
    /// Items.
    pub state: Arc<SqliteStateStore>,
    /// Messages.
    pub queue: Arc<SqliteWorkQueue>,
    /// Evidence.
    pub blobs: Arc<FileBlobStore>,
    /// Secrets.
    pub secrets: Arc<FileSecretStore>,
}

impl std::fmt::Debug for LocalStores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalStores").finish_non_exhaustive()
    }
}

impl LocalStores {
    /// Opens the data folder. Makes it when only its last part is missing, and on first use its key and
    /// tables. Blocks on the disk; several processes may have the same folder open.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>, queues: &[QueueConfig]) -> Result<Self, OpenError> {
        queue::check_configs(queues)?;
        files::ensure_folder(dir)?;
        let (database_path, key_path) = (dir.join(DATABASE_FILE), dir.join(KEY_FILE));
        let lock_path = dir.join(OPEN_LOCK_FILE);
        // Two processes that open a new folder at once would make two keys. Unlocked when dropped.
        let lock = files::open_private(&lock_path)?;
        lock.lock().map_err(|error| FileError::of(&lock_path, &error))?;
        let data_exists = std::fs::metadata(&database_path).is_ok_and(|file| file.len() > 0);
        let sealer = Arc::new(key::load_or_create(&key_path, data_exists)?);
        let database = Arc::new(Database::open(&database_path, &sealer)?);
        Ok(Self {
            state: Arc::new(SqliteStateStore::new(database.clone(), sealer.clone(), clock.clone())),
            queue: Arc::new(SqliteWorkQueue::new(database, sealer.clone(), clock, queues)),
            blobs: Arc::new(FileBlobStore::open(dir.join("blobs"), sealer)?),
            secrets: Arc::new(FileSecretStore::open(dir.join("secrets"))?),
        })
    }
}
