//! State, queue, blobs and secrets of one machine: SQLite and files in one data folder, Unix only.
//!
//! ```text
//! <data folder>/
//!   key             32 bytes in hex, mode 0600, made on first use; bodies are sealed with it
//!   state.sqlite3   items and messages (WAL, synchronous=FULL); several processes may use it at once
//!   blobs/          one sealed file per blob
//!   secrets/        one plain file per secret, mode 0600, in folders of mode 0700
//!   instance.lock   locked by the process that works here, with its pid inside
//!   open.lock       locked while a process opens the folder
//! ```
//! [`LocalStores::open`] opens the lot; what it hands out implements the ports and passes the contract
//! suites of `testkit`.

mod blobs;
mod database;
mod files;
mod instance;
mod item_rows;
mod key;
mod maintenance;
mod message_rows;
mod open;
mod queue;
mod schema;
mod seal;
mod secrets;
mod state;
mod system;

pub use blobs::FileBlobStore;
pub use instance::{Holder, InstanceLock, LockError, Work};
pub use maintenance::{Maintained, MaintenanceError};
pub use open::{LocalStores, OpenError};
pub use queue::SqliteWorkQueue;
pub use secrets::FileSecretStore;
pub use state::SqliteStateStore;
