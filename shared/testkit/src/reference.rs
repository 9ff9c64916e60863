//! A reference model of every storage port: small enough to be right by reading it. Contract suites
//! and property tests compare the real adapters with it, scenarios run on it.
mod blobs;
mod queue;
mod secrets;
mod state;

pub use blobs::MemoryBlobStore;
pub use queue::MemoryWorkQueue;
pub use secrets::MemorySecretStore;
pub use state::MemoryStateStore;
