//! The product as a whole, in one binary: each module is one kind of promise.
#![cfg(test)]
#![expect(unreachable_pub, reason = "modules of a test binary are shared within it")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail the test; an expectation would not be seen as fulfilled across the modules of a test crate"
)]

mod cli;
mod erp_sync;
mod flow;
mod kill_points;
mod scenario;
mod simulators;
mod world;
