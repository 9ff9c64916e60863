//! The deployed product, in a binary of its own: it needs the functions as release binaries, which `tests/run` builds first.
#![cfg(test)]
#![expect(unreachable_pub, reason = "modules of a test binary are shared within it")]

mod end_to_end;
#[expect(dead_code, reason = "the tests of the command line use all of it")]
mod erp_sync;
