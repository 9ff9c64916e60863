//! State, queues, blobs and secrets of a stack on AWS; for its operator also its functions and their logs.
//!
//! ```text
//! StateStore    DynamoDB          one table, one index; every write a transaction with conditions
//! WorkQueue     SQS               standard and FIFO queues with their dead letters
//! BlobStore     S3                one bucket
//! SecretStore   Secrets Manager   read through a cache of five minutes
//! LogReader     CloudWatch Logs   with the feature `operator`
//! Invoker       Lambda            with the feature `operator`
//! ```
//! [`Aws`] gives the lot to a person with a profile, [`Connection`] what a function asks for. What they hand out
//! implements the ports and passes the contract suites of `testkit`.
//! A failed call is repeated in one place (`retry`) and told in one place (`failure`).

mod blobs;
mod connect;
mod connection;
mod credentials;
mod failure;
mod group;
mod http;
#[cfg(feature = "operator")]
mod invoke;
mod item;
#[cfg(feature = "operator")]
mod logs;
mod names;
mod query;
mod queue;
mod retry;
mod s3;
mod secret_cache;
mod secrets;
mod signing;
mod state;
mod transaction;

pub use connect::{Aws, ConnectError};
pub use connection::Connection;
pub use http::Http;
#[cfg(feature = "operator")]
pub use invoke::{InvokeError, Invoker};
#[cfg(feature = "operator")]
pub use logs::{LogError, LogLine, LogReader};
pub use names::{INDEX_NAME, Names};
