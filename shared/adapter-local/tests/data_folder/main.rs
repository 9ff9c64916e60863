//! What happens to a data folder in a hostile world: other processes, crashes, damage, wrong keys, loose
//! modes, full disks.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as promised ends the test"
)]

mod maintenance;
mod opening;
mod processes;
mod sealed;
mod secret_files;

use adapter_local::{LocalStores, OpenError};
use flows::ports::{Expect, ItemKey, NewItem, QueueConfig, StateStore, WriteOutcome};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use testkit::clock::SimulatedClock;
use testkit::contract::queue;

/// A data folder that is not there yet, in a temporary one that is.
struct Folder {
    clock: SimulatedClock,
    above: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { clock: SimulatedClock::default(), above: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.above.path().join("data")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn try_open(&self) -> Result<LocalStores, OpenError> {
        open(&self.path(), &self.clock, &queue::queues())
    }

    fn open(&self) -> LocalStores {
        self.try_open().unwrap()
    }

    #[track_caller]
    fn refusal(&self) -> OpenError {
        self.try_open().unwrap_err()
    }

    /// The database as another program sees it.
    fn raw(&self) -> Connection {
        let connection = Connection::open(self.file("state.sqlite3")).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
    }
}

fn open(path: &Path, clock: &SimulatedClock, queues: &[QueueConfig]) -> Result<LocalStores, OpenError> {
    LocalStores::open(path, Arc::new(clock.clone()), queues)
}

fn key(sk: &str) -> ItemKey {
    ItemKey::new("pk", sk)
}

fn item(sk: &str, text: &str) -> NewItem {
    NewItem { key: key(sk), index: None, expires_at: None, body: serde_json::json!({ "v": 1, "text": text }) }
}

async fn create(stores: &LocalStores, sk: &str, text: &str) -> u64 {
    match stores.state.write(item(sk, text), Expect::Absent).await.unwrap() {
        WriteOutcome::Written(versions) => versions[0],
        WriteOutcome::Refused(key) => panic!("{key:?} is taken"),
    }
}

async fn text(stores: &LocalStores, sk: &str) -> Option<String> {
    let found = stores.state.get(&key(sk)).await.unwrap();
    found.map(|item| item.body["text"].as_str().unwrap().to_owned())
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
