//! The ports: what the use cases need from the outside, as traits. Roles, not products: an adapter
//! implements one of them, a contract suite in `testkit` says what every implementation must do.

pub mod blobs;
pub mod clock;
pub mod gate;
pub mod orders;
pub mod queue;
pub mod rules;
pub mod secrets;
pub mod sheet;
pub mod state;

pub use blobs::{BlobError, BlobStore, NoBlobs};
pub use clock::{Clock, Randomness};
pub use gate::{CallGate, GateError, OpenGate};
pub use orders::{OrderSource, SourceError};
pub use queue::{Delivery, Message, QueueConfig, QueueCounts, QueueError, WorkQueue};
pub use secrets::{SecretError, SecretStore};
pub use sheet::{
    BookingBlock, DayWrite, DestinationGrid, Marker, ReportSheet, RowBlock, SheetReadError, SheetWriteError,
};
pub use state::{
    Check, Expect, Item, ItemKey, NewItem, Page, Range, StateStore, StoreError, WriteOp, WriteOutcome,
};
