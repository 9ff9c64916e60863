//! What every function shares: telemetry, configuration, the SQS loop, guards for deadline and panic.
//!
//! A function is a name and a handler. [`function::Direct`] takes the event itself, [`sqs::Worker`] takes batches of a
//! queue; [`lambda::main`] serves either to AWS Lambda, and the one-machine runtime invokes the same value with the same
//! JSON. Ports are named here, adapters never.
pub mod environment;
pub mod function;
pub mod guard;
pub mod lambda;
pub mod metrics;
pub mod sqs;
pub mod system;
pub mod telemetry;

pub use {domain, flows};
