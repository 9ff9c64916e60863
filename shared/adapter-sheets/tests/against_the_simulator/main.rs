//! The adapter against the simulator: what it reads and writes, what it makes of every failure, and
//! that the four traps of `google-sheets4` stay closed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod bookings;
mod conformity;
mod destination;
mod read_failures;
mod support;
mod tokens;
mod traps;
mod write_failures;
