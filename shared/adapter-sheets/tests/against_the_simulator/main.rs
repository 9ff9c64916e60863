//! The adapter against the simulator: what it reads and writes, what it makes of every failure, and
//! what its requests look like.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod bookings;
mod conformity;
mod destination;
mod read_failures;
mod requests;
mod support;
mod tokens;
mod write_failures;
